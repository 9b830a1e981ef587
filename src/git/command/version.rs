//! The versions of git on this machine.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::{GitCommand, run_git};
use crate::error::Error;

/// The first two numbers of a version. Zeros where git printed none.
pub type Version = (u32, u32);

/// The version of the git that runs in `dir`.
pub fn version(dir: &Path) -> Result<Version, Error> {
    let printed = run_git(dir, &["--version"])?;
    Ok(parse(&String::from_utf8_lossy(printed.line().unwrap_or_default())))
}

/// Every git in the absolute folders of PATH, with the version that it prints. The first one is the git that runs.
pub fn in_path() -> Vec<(PathBuf, String, Version)> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut seen = HashSet::new();
    let programs = std::env::split_paths(&path).filter(|folder| folder.is_absolute()).map(|folder| folder.join("git"));
    let programs = programs.filter(|git| git.canonicalize().is_ok_and(|real| real.is_file() && seen.insert(real)));
    let asked = programs.filter_map(|git| {
        let printed = GitCommand::build(&git, Path::new("/"), ["--version"]).run().ok()?;
        let line = String::from_utf8_lossy(printed.line()?).into_owned();
        let number = line.split_whitespace().nth(2)?.to_owned();
        Some((git, number, parse(&line)))
    });
    asked.collect()
}

fn parse(line: &str) -> Version {
    let mut numbers = line.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse::<u32>().ok());
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_its_first_two_numbers() {
        for (line, version) in [
            ("git version 2.39.5", (2, 39)),
            ("git version 2.55.0.windows.1", (2, 55)),
            ("git version 2.50.1 (Apple Git-155)", (2, 50)),
            ("git version 2.56.0-rc1", (2, 56)),
            ("", (0, 0)),
        ] {
            assert_eq!(parse(line), version, "{line}");
        }
    }
}
