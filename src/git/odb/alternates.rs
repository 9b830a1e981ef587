//! Object directories and their alternates. Format: gitrepository-layout(5), "objects/info/alternates".

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use gix::bstr::ByteSlice;

use crate::error::Error;
use crate::regular_file;

/// `dirs` and their alternates, recursively, each once. As in git, and unlike in gix, a relative path starts at the
/// directory that names it, and two directories may name each other. A file that cannot be read is added to `unread`.
pub(crate) fn with_alternates(dirs: &[PathBuf], unread: &mut Vec<Error>) -> Vec<PathBuf> {
    let mut seen: Vec<PathBuf> = Vec::new();
    let mut next: Vec<PathBuf> = dirs.iter().rev().cloned().collect();
    while let Some(dir) = next.pop() {
        let real = dir.canonicalize().unwrap_or(dir);
        if seen.contains(&real) {
            continue;
        }
        let file = real.join("info/alternates");
        match regular_file::read(&file) {
            Ok(text) => next.extend(alternates_in(&text).map(|alternate| real.join(alternate))),
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => {}
            Err(err) => unread.push(unreadable(&file, err)),
        }
        seen.push(real);
    }
    seen
}

/// One path a line. A path that starts with a double quote is quoted as in C; `#` starts a comment.
fn alternates_in(text: &[u8]) -> impl Iterator<Item = PathBuf> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with(b"#"));
    lines.filter_map(|line| {
        let plain = Cow::Borrowed(line.as_bstr());
        let quoted = line.starts_with(b"\"").then(|| gix::quote::ansi_c::undo(line.as_bstr()).ok()).flatten();
        let line = quoted.map_or(plain, |(path, _)| path);
        gix::path::from_bstr(line).ok().map(Cow::into_owned)
    })
}

fn unreadable(path: &Path, cause: impl std::fmt::Display) -> Error {
    Error::new(format!("cannot read {}", path.display()), cause, "run git fsck --full to find the damage")
}
