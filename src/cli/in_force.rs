//! Which settings apply: for each kind of scan, where its configuration is read from. A file that `--config` names takes
//! precedence everywhere.

use super::options::Common;
use super::output;
use super::settings::Settings;
use super::unstaged::is_not_staged;
use crate::config::CONFIG_NAME;
use crate::error::Error;
use crate::git::repository::Repository;
use crate::scan::staged_config::StagedConfig;
use std::path::Path;

/// Settings of a commit: the configuration in the index, and what the configuration in HEAD allowed.
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
            notes.extend(is_not_staged(CONFIG_NAME, repository));
            Settings::without_file(&common.allow)
        }
    }
}

/// The file that `--config` names, or the one on disk at the top of the worktree.
pub(super) fn of_folder(top: Option<&Path>, common: &Common) -> Result<Settings, Error> {
    match &common.config {
        Some(path) => Settings::from_file(path, &common.allow),
        None => Settings::from_folder(top.unwrap_or(Path::new(".")), &common.allow),
    }
}

/// The configuration in the index, or in HEAD. If neither can be read, nothing is allowed and the scan goes on.
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
        StagedConfig::find(repository, CONFIG_NAME).and_then(|staged| staged.text())
    } else {
        config_of_head(repository)
    };
    match found {
        Ok(Some(text)) => Settings::from_change(text, None, &common.allow),
        Ok(None) => {
            notes.extend(is_not_staged(CONFIG_NAME, repository));
            Settings::without_file(&common.allow)
        }
        Err(error) => {
            unread.push(error);
            let settings = Settings::without_file(&common.allow);
            // The configuration that could not be read may have custom rules.
            output::expect_rules();
            settings
        }
    }
}

/// Of a repository that is not trusted: the file that `--config` names, or none. Markers on lines of the repository have no effect.
pub(super) fn of_untrusted(common: &Common) -> Result<Settings, Error> {
    let mut settings = match &common.config {
        Some(path) => Settings::from_file(path, &common.allow)?,
        None => Settings::without_file(&common.allow)?,
    };
    settings.allow = settings.allow.without_markers();
    Ok(settings)
}

/// Of a push: the configuration of the commit `source`, and what that of the commit `old` allowed.
pub(super) fn of_push(
    source: Option<&str>,
    old: Option<&str>,
    repository: &Repository,
    common: &Common,
) -> Result<Settings, Error> {
    if let Some(path) = &common.config {
        return Settings::from_file(path, &common.allow);
    }
    let read = |commit: &str| repository.top_file_of_commit(commit, CONFIG_NAME);
    match source.map(read).transpose()?.flatten() {
        Some(text) => {
            let before = old.map(read).transpose()?.flatten();
            Settings::from_change(text, before.as_deref(), &common.allow)
        }
        None => Settings::without_file(&common.allow),
    }
}

/// The configuration of the commit with the hex id `commit`.
pub(super) fn of_commit(commit: &str, repository: &Repository, common: &Common) -> Result<Settings, Error> {
    of_push(Some(commit), None, repository, common)
}

/// A bare repository has no index.
fn config_of_head(repository: &Repository) -> Result<Option<Vec<u8>>, Error> {
    let head = repository.head_id()?;
    Ok(head.map(|head| repository.top_file_of_commit(&head, CONFIG_NAME)).transpose()?.flatten())
}
