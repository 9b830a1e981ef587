//! The script that `install` writes, and the seal that identifies it.

use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::finding::Secret;

const TEXT: &str = include_str!("../../hooks/pre-commit");
const INSTALLED: &str = "installed=''";
pub(super) const SEAL: &str = "# seal: ";
const NO_SEAL: &str = "none";

/// The script. With `binary`, it also finds the program at that path. Its seal shows later whether the script was edited.
pub(super) fn sealed(binary: Option<&Path>) -> Result<String, Error> {
    let installed = match binary {
        None => INSTALLED.to_owned(),
        Some(path) => format!("installed={}", quoted(path)?),
    };
    let text = TEXT.replacen(INSTALLED, &installed, 1);
    let seal = seal_of(&text);
    Ok(text.replacen(&format!("{SEAL}{NO_SEAL}"), &format!("{SEAL}{seal}"), 1))
}

/// The path as a word of a shell.
pub(super) fn quoted(path: &Path) -> Result<String, Error> {
    let text = path.to_str().ok_or_else(|| {
        Error::new(
            format!("cannot write the path {} into a script", path.display()),
            "it is not valid UTF-8",
            "install keysweep in a folder with a plain name",
        )
    })?;
    Ok(format!("'{}'", text.replace('\'', r"'\''")))
}

/// Whether `text` is an unedited script of keysweep, of any version.
pub(super) fn is_ours(text: &str) -> bool {
    let seal = text.lines().find_map(|line| line.strip_prefix(SEAL));
    match seal {
        None => false,
        // The script was copied by hand.
        Some(NO_SEAL) => text == TEXT,
        Some(seal) => seal == seal_of(text),
    }
}

/// The digest of the whole text except the seal's own line, computed like a fingerprint.
pub(super) fn seal_of(text: &str) -> String {
    let rest: String = text.split_inclusive('\n').filter(|line| !line.trim_start().starts_with(SEAL)).collect();
    Secret::new(rest.as_bytes()).fingerprint().to_string()
}

/// The path of this program, preferably the one in PATH. A package manager keeps the link there when it replaces the folder of a
/// version.
pub(crate) fn binary() -> Result<PathBuf, Error> {
    let own = std::env::current_exe().map_err(|err| {
        Error::new("cannot find the path of keysweep itself", err, "start it by its full path, or through PATH")
    })?;
    let name = own.file_name().unwrap_or_default();
    let real = own.canonicalize().ok();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let in_path = std::env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .find(|candidate| real.is_some() && candidate.canonicalize().ok() == real);
    Ok(in_path.unwrap_or(own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_ours_until_it_is_edited() {
        let at = |path: &str| sealed(Some(Path::new(path))).expect("a script");
        for text in [TEXT.to_owned(), at("/a/keysweep"), at("/it's a/keysweep"), sealed(None).expect("a script")] {
            assert!(is_ours(&text));
            assert!(!is_ours(&format!("{text}echo mine\n")));
            assert!(!is_ours(&text.replacen("exec", "echo", 1)));
        }
        assert!(at("/it's a/keysweep").contains(r"installed='/it'\''s a/keysweep'"));
        assert!(!is_ours("#!/bin/sh\nkeysweep hook pre-commit\n"));
    }
}
