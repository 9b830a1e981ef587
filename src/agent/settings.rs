//! Where the settings of an agent are.

use std::path::PathBuf;

use crate::error::Error;

/// The form of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `{"matcher": …, "hooks": [{…}]}`, of Claude Code.
    ClaudeCode,
    /// The same without a matcher, of Codex CLI.
    Codex,
    /// The same with milliseconds, of Gemini CLI.
    Gemini,
    /// `{"command": …}`, of Cursor.
    Cursor,
    /// `{"bash": …}`, of Copilot.
    Copilot,
}

/// The settings files of an agent.
#[derive(Debug)]
pub struct Settings {
    /// From the top of the worktree.
    pub of_project: &'static str,
    /// A variable for the user's folder.
    pub(super) variable: Option<&'static str>,
    /// The user's folder, from the home folder.
    pub(super) folder: &'static str,
    /// From the user's folder.
    pub(super) file: &'static str,
    pub(super) form: Form,
    /// The text of a new file.
    pub(super) empty: &'static str,
    /// What a person must know or do.
    pub(super) note: Option<&'static str>,
}

impl Settings {
    /// The user's settings file.
    pub fn of_user(&self) -> Result<PathBuf, Error> {
        let set = self.variable.and_then(std::env::var_os).filter(|folder| !folder.is_empty()).map(PathBuf::from);
        let folder = set.or_else(|| std::env::home_dir().map(|home| home.join(self.folder)));
        folder
            .map(|folder| folder.join(self.file))
            .ok_or_else(|| Error::new("cannot find the agent's settings", "there is no home folder", "set HOME"))
    }
}
