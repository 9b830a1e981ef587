//! How a repository stands to others, which decides where its history is rewritten and where it goes from there.

use std::path::Path;

use crate::detect::Detector;
use crate::finding::ShownPath;
use crate::git::ask;
use crate::trouble::Trouble;

/// How a repository stands to others. Remotes by their names, fit to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layout {
    /// All refs of a remote, as `git clone --mirror` makes it: made to be rewritten.
    Mirror { remote: ShownPath },
    /// It has remotes, one at least. The branches of a bare one are the remote's.
    Clone { remotes: Vec<ShownPath>, bare: bool },
    /// Others push to it.
    Bare,
    /// A worktree that knows no remote.
    Alone,
}

/// Asks git, in the folder in which the process runs.
pub fn layout(has_worktree: bool, detector: &Detector) -> Result<Layout, Trouble> {
    let here = Path::new(".");
    let names = ask(here, &["remote"])?.unwrap_or_default();
    let mut names: Vec<&[u8]> = names.split(|&b| b == b'\n').filter(|name| !name.is_empty()).collect();
    // `origin` is what git itself takes where nothing is said.
    names.sort_by_key(|name| *name != b"origin");
    let shown = |name: &[u8]| ShownPath::from_masked(detector.mask(name));
    let Some(first) = names.first() else {
        return Ok(if has_worktree { Layout::Alone } else { Layout::Bare });
    };
    let key = format!("remote.{}.mirror", String::from_utf8_lossy(first));
    let is_mirror = ask(here, &["config", "--type=bool", "--get", &key])?;
    Ok(if !has_worktree && is_mirror.is_some_and(|answer| answer.starts_with(b"true")) {
        Layout::Mirror { remote: shown(first) }
    } else {
        Layout::Clone { remotes: names.into_iter().map(shown).collect(), bare: !has_worktree }
    })
}
