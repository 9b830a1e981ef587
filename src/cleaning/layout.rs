//! How a repository stands to others, which decides where its history is rewritten and where it goes from there.

use std::path::Path;

use crate::git::ask;
use crate::trouble::Trouble;

/// How a repository stands to others. Names are git's names of remotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layout {
    /// All refs of a remote, as `git clone --mirror` makes it: made to be rewritten.
    Mirror { remote: String },
    /// It has one remote or more; `others` are those beside the first. The branches of a bare one are the remote's.
    Clone { remote: String, others: Vec<String>, bare: bool },
    /// Others push to it.
    Bare,
    /// A worktree that knows no remote.
    Alone,
}

/// Asks git, in the folder in which the process runs.
pub fn layout(has_worktree: bool) -> Result<Layout, Trouble> {
    let here = Path::new(".");
    let names = ask(here, &["remote"])?.unwrap_or_default();
    let mut names: Vec<String> = String::from_utf8_lossy(&names).lines().map(str::to_owned).collect();
    // `origin` is what git itself takes where nothing is said.
    names.sort_by_key(|name| name != "origin");
    if names.is_empty() {
        return Ok(if has_worktree { Layout::Alone } else { Layout::Bare });
    }
    let remote = names.remove(0);
    let is_mirror = ask(here, &["config", "--type=bool", "--get", &format!("remote.{remote}.mirror")])?;
    Ok(if !has_worktree && is_mirror.is_some_and(|answer| answer.starts_with(b"true")) {
        Layout::Mirror { remote }
    } else {
        Layout::Clone { remote, others: names, bare: !has_worktree }
    })
}
