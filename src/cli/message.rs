//! `keysweep message`.

use std::path::Path;
use std::time::Instant;

use super::in_force;
use super::options::Common;
use super::scan::{self, Scan, finish};
use super::settings::Settings;
use crate::config::CONFIG_NAME;
use crate::error::Error;
use crate::git::repository::Repository;
use crate::scan::files::STDIN;
use crate::scan::message::Message;
use crate::scan::staged_config::StagedConfig;

/// Scans a commit message with the configuration in the index. A hook requires a repository.
pub(super) fn run(file: &Path, in_hook: bool, common: &Common) -> Result<u8, Error> {
    let started = Instant::now();
    let repository = match Repository::discover(Path::new(".")) {
        Err(error) if in_hook => return Err(error),
        repository => repository.ok().filter(|repository| repository.worktree().is_some()),
    };
    let mut notes = Vec::new();
    let settings = match (&repository, &common.config) {
        (_, Some(path)) => Settings::from_file(path, &common.allow)?,
        (Some(repository), None) => {
            in_force::of_index(&StagedConfig::find(repository, CONFIG_NAME)?, repository, &mut notes, common)?
        }
        (None, None) => Settings::without_file(&common.allow)?,
    };
    // Git documents this value for hooks: it opens no editor.
    let is_edited = std::env::var_os("GIT_EDITOR").is_none_or(|editor| editor != ":");
    let message = if file == Path::new(STDIN) && !in_hook {
        Message::read_stdin()?
    } else {
        Message::read(file, repository.as_ref().filter(|_| is_edited))?
    };
    let (result, kind) = scan::run(&message, &settings, Some(&settings.before), common);
    notes.extend(settings.unstaged_edit(&result, repository.as_ref().and_then(Repository::worktree)));
    finish(Scan { quiet: settings.quiet, ..Scan::new(kind, result, started, notes) }, common)
}
