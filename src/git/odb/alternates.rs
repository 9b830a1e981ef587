//! The object directories that one borrows from.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use gix::bstr::ByteSlice;

use crate::error::Error;
use crate::regular_file;

/// `dirs`, and whatever they borrow from, each once. Unlike gix this follows a relative alternate from the directory that
/// names it, and lets two name each other, as git does.
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

/// One a line, quoted as in C where it begins with a double quote; `#` starts a comment.
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
    Error::new(format!("cannot read {}", path.display()), cause, "look for the damage with git fsck --full")
}
