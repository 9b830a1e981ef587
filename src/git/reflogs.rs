//! Reflogs in files, and their entries.

use std::path::{Path, PathBuf};

use gix::ObjectId;
use gix::bstr::ByteSlice;

use crate::error::Error;
use crate::regular_file;

/// An entry of a reflog, in a file or in a reftable.
pub(crate) struct ReflogEntry {
    /// The full name of the ref, or `HEAD`.
    pub name: Vec<u8>,
    /// The object before the change. `None` if there was none, and for a reftable, where the entry before has it.
    pub old: Option<ObjectId>,
    /// The object after the change. `None` if the ref was deleted.
    pub new: Option<ObjectId>,
    /// When a push from this clone updated the ref, in seconds since 1970. `None` for any other change, such as a fetch.
    pub pushed_at: Option<i64>,
}

/// Returns when the push was, if `message` is the one that `git push` writes for the tracking ref of what it pushed.
pub(crate) fn pushed_at(message: &[u8], seconds: &[u8]) -> Option<i64> {
    // Git does not translate this message (builtin/push.c, transport.c).
    if message != b"update by push" {
        return None;
    }
    std::str::from_utf8(seconds).ok()?.parse().ok()
}

/// Returns the entries of all reflogs below `folder`, which is `logs` of a git directory. Skips files that cannot be read, which
/// [`unreadable_reflogs`] reports, and lines that are not valid.
pub(crate) fn read_reflogs(folder: &Path) -> Vec<ReflogEntry> {
    let mut entries = Vec::new();
    add_reflogs(folder, &[], &mut entries);
    entries
}

/// `name` is the path of `folder` in `logs`.
fn add_reflogs(folder: &Path, name: &[u8], entries: &mut Vec<ReflogEntry>) {
    for file in folder.read_dir().into_iter().flatten().flatten() {
        let slash: &[u8] = if name.is_empty() { b"" } else { b"/" };
        let name = [name, slash, file.file_name().as_encoded_bytes()].concat();
        if file.path().is_dir() {
            add_reflogs(&file.path(), &name, entries);
            continue;
        }
        let text = regular_file::read(&file.path()).unwrap_or_default();
        entries.extend(text.split(|&b| b == b'\n').filter_map(|line| parse_line(line, &name)));
    }
}

/// Parses a line: `OLD NEW NAME <EMAIL> SECONDS TIMEZONE`, a tab, and a message.
fn parse_line(line: &[u8], name: &[u8]) -> Option<ReflogEntry> {
    let mut words = line.splitn(3, |&b| b == b' ');
    let mut id = || ObjectId::from_hex(words.next()?).ok();
    let (old, new) = (id()?, id()?);
    let (person, message) = words.next().unwrap_or_default().split_once_str("\t").unwrap_or_default();
    let seconds = person.rsplit(|&b| b == b' ').nth(1).unwrap_or_default();
    let known = |id: ObjectId| (!id.is_null()).then_some(id);
    Some(ReflogEntry { name: name.to_vec(), old: known(old), new: known(new), pushed_at: pushed_at(message, seconds) })
}

/// The errors for reflogs below `folder` that cannot be read. The scan may miss the commits that they refer to.
pub(crate) fn unreadable_reflogs(folder: &Path) -> Vec<Error> {
    let unreadable = |path: &Path, err: std::io::Error| {
        let context = format!("cannot read the reflog {}", path.display());
        vec![Error::new(context, err, "make it readable, or check git reflog")]
    };
    let entries = match folder.read_dir().and_then(Iterator::collect::<Result<Vec<_>, _>>) {
        Ok(entries) => entries,
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
        Err(err) => return unreadable(folder, err),
    };
    let check = |path: PathBuf| {
        if path.is_dir() {
            return unreadable_reflogs(&path);
        }
        let opened = regular_file::open(&path).and_then(|_| regular_file::expect(&path));
        opened.map_or_else(|err| unreadable(&path, err), |()| Vec::new())
    };
    entries.into_iter().flat_map(|entry: std::fs::DirEntry| check(entry.path())).collect()
}
