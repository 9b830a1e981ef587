//! Paths of files in archives.

use crate::scan::archive::kind;

/// The longest path of an entry that is shown, as long as a path on Linux can be. Each finding may have one: 8 kB with 50,000
/// findings and a name of 100 kB took 4.9 GB.
const LONGEST_PATH: usize = 4096;

/// The path of a file in an archive that was unpacked without a name, for an archive at `outer`. Compressed content is named
/// after the file that contains it, so it had no name either.
pub(crate) fn path_inside(outer: &[u8], path: &[u8]) -> Vec<u8> {
    let (mut outer, mut path) = (outer.to_owned(), path);
    while let Some(rest) = path.strip_prefix(b"!/").filter(|rest| rest.is_empty() || rest.starts_with(b"!/")) {
        outer = entry_path(&outer, kind::bare_name(&outer));
        path = rest;
    }
    outer.extend_from_slice(path);
    outer
}

/// `outer.zip!/inner/name`. If the name is too long to show, its length in place of it: a part of it could be a part of a token.
pub(super) fn entry_path(archive: &[u8], name: &[u8]) -> Vec<u8> {
    if is_too_long(archive, name) {
        return [archive, format!("!/(a name of {} bytes)", name.len()).as_bytes()].concat();
    }
    let mut name = name;
    while let Some(rest) = name.strip_prefix(b"./").or_else(|| name.strip_prefix(b"/")) {
        name = rest;
    }
    [archive, b"!/", name].concat()
}

pub(super) fn is_too_long(archive: &[u8], name: &[u8]) -> bool {
    name.len() > LONGEST_PATH.saturating_sub(archive.len())
}
