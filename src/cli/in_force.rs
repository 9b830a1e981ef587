//! Which settings are in force: for each kind of scan, where its configuration is read from. A file that `--config` names comes
//! first everywhere.

use super::options::Common;
use super::output;
use super::settings::Settings;
use crate::config::CONFIG_NAME;
use crate::error::Error;
use crate::git::repository::Repository;
use crate::scan::push_request::Push;
use crate::scan::staged_config::StagedConfig;
use std::path::Path;

/// Of a commit: the configuration that the index has, and what the last commit's allowed.
pub(super) fn of_index(
    staged: &StagedConfig<'_>,
    repository: &Repository,
    notes: &mut Vec<String>,
    common: &Common,
) -> Result<Settings, Error> {
    match (&common.config, staged.text()?) {
        (Some(path), _) => Settings::from_file(path, &common.allow),
        (None, Some(text)) => Settings::from_change(text, staged.text_before()?.as_deref(), &common.allow),
        (None, None) => {
            notes.extend(unstaged_config(repository));
            Settings::without_file(&common.allow)
        }
    }
}

/// The file that was named, or the one at the top of the worktree as it is on disk.
pub(super) fn of_folder(top: Option<&Path>, common: &Common) -> Result<Settings, Error> {
    match &common.config {
        Some(path) => Settings::from_file(path, &common.allow),
        None => Settings::from_folder(top.unwrap_or(Path::new(".")), &common.allow),
    }
}

/// As the index has them, or HEAD. Where these cannot be read nothing is allowed, so that what can be read is scanned.
pub(super) fn of_history(
    repository: &Repository,
    notes: &mut Vec<String>,
    unread: &mut Vec<Error>,
    common: &Common,
) -> Result<Settings, Error> {
    if let Some(path) = &common.config {
        return Settings::from_file(path, &common.allow);
    }
    let found = if repository.worktree().is_some() {
        StagedConfig::find(repository).and_then(|staged| staged.text())
    } else {
        config_of_head(repository)
    };
    match found {
        Ok(Some(text)) => Settings::from_change(text, None, &common.allow),
        Ok(None) => {
            notes.extend(unstaged_config(repository));
            Settings::without_file(&common.allow)
        }
        Err(error) => {
            unread.push(error);
            let settings = Settings::without_file(&common.allow);
            // It may name more of them.
            output::expect_rules();
            settings
        }
    }
}

/// Of a push: the configuration that its refs bring, by its id in the first of `pushes`, and what the one before it allowed.
pub(super) fn of_push(
    config: Option<String>,
    pushes: &[Push],
    repository: &Repository,
    common: &Common,
) -> Result<Settings, Error> {
    match (&common.config, config) {
        (Some(path), _) => Settings::from_file(path, &common.allow),
        (None, Some(_)) => {
            let text = repository.config_of_commit(&pushes[0].new)?.unwrap_or_default();
            let old = pushes.iter().filter_map(|push| push.old.as_deref()).find(|old| repository.has(old));
            let before = old.map(|old| repository.config_of_commit(old)).transpose()?.flatten();
            Settings::from_change(text, before.as_deref(), &common.allow)
        }
        (None, None) => Settings::without_file(&common.allow),
    }
}

/// Says that there is a configuration which is in no index.
fn unstaged_config(repository: &Repository) -> Option<String> {
    let meta = repository.worktree()?.join(CONFIG_NAME).symlink_metadata().ok()?;
    if meta.is_symlink() {
        let why =
            "is a symbolic link, which is not followed, so it was not used: make it a regular file and git add it";
        return Some(format!("{CONFIG_NAME} {why}"));
    }
    meta.is_file().then(|| format!("{CONFIG_NAME} is not staged, so it was not used: git add {CONFIG_NAME}"))
}

/// A bare repository has no index.
fn config_of_head(repository: &Repository) -> Result<Option<Vec<u8>>, Error> {
    let head = repository.head_id()?;
    Ok(head.map(|head| repository.config_of_commit(&head)).transpose()?.flatten())
}
