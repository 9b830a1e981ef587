//! Questions to git's ignore rules.

use std::path::Path;

use super::reader::{Reader, folder_of};
use crate::error::Error;
use crate::git::command::GitCommand;

/// Whether git ignores a path, and by whose rule.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ignored {
    No,
    /// By a `.gitignore` of the repository, so in every clone.
    ByRepository,
    /// By a file of this machine alone, which is named.
    ByMachine(String),
}

/// Asks about each of `paths`, which need not exist, as if none were tracked.
pub(super) fn ask(paths: &[Vec<u8>], reader: &Reader, top: &Path) -> Result<Vec<Ignored>, Error> {
    // Git fails for a path beyond a symbolic link.
    let can_ask = |path: &[u8]| folder_of(path).is_empty() || reader.is_real_folder(folder_of(path));
    let asked: Vec<&[u8]> = paths.iter().map(Vec::as_slice).filter(|path| can_ask(path)).collect();
    let mut answers = check_ignore(&asked, top)?.into_iter();
    Ok(paths
        .iter()
        .map(|path| if can_ask(path) { answers.next().unwrap_or(Ignored::No) } else { Ignored::No })
        .collect())
}

fn check_ignore(paths: &[&[u8]], top: &Path) -> Result<Vec<Ignored>, Error> {
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    let mut input = paths.join(&0);
    input.push(0);
    let args = ["check-ignore", "--no-index", "--verbose", "--non-matching", "-z", "--stdin"];
    let answer = GitCommand::new(top, args).stdin(input).run()?;
    // 1 means that no path is ignored.
    if !matches!(answer.code, Some(0 | 1)) {
        let context = format!("cannot ask git's ignore rules in {}", top.display());
        return Err(Error::new(context, answer.cause(), "run git status to check the repository"));
    }
    // Four fields a path: the file of the rule, its line, the pattern, the path.
    let fields: Vec<&[u8]> = answer.stdout.split(|&b| b == 0).collect();
    Ok(fields.chunks_exact(4).map(|rule| verdict(rule[0], rule[2])).collect())
}

fn verdict(source: &[u8], pattern: &[u8]) -> Ignored {
    if source.is_empty() || pattern.starts_with(b"!") {
        return Ignored::No;
    }
    let is_of_repository = source == b".gitignore" || source.ends_with(b"/.gitignore") && !source.starts_with(b"/");
    if is_of_repository {
        Ignored::ByRepository
    } else {
        Ignored::ByMachine(String::from_utf8_lossy(source).into_owned())
    }
}
