//! Which kind of archive some bytes are.

/// The size of a tar's blocks, of which each header is one.
pub(super) const BLOCK: usize = 512;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Zip,
    Gzip,
    Tar,
    Zstd,
    /// One that is not unpacked, and how to say so.
    Other(&'static str),
}

/// By the first bytes, but for zip, which is found from its end: programs and pictures may stand in front of it.
const STARTS: &[(&[u8], Kind)] = &[
    (b"PK\x03\x04", Kind::Zip),
    (b"\x1f\x8b\x08", Kind::Gzip),
    (b"\x28\xb5\x2f\xfd", Kind::Zstd),
    (b"\xfd7zXZ\x00", Kind::Other("an xz archive, which is not unpacked")),
    (b"7z\xbc\xaf\x27\x1c", Kind::Other("a 7z archive, which is not unpacked")),
    (b"Rar!\x1a\x07", Kind::Other("a rar archive, which is not unpacked")),
    (b"\x04\x22\x4d\x18", Kind::Other("an lz4 archive, which is not unpacked")),
];

pub(super) fn of(bytes: &[u8]) -> Option<Kind> {
    let start = STARTS.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|&(_, kind)| kind);
    start
        .or_else(|| is_bzip2(bytes).then_some(Kind::Other("a bzip2 archive, which is not unpacked")))
        .or_else(|| is_skippable_frame(bytes).then_some(Kind::Zstd))
        .or_else(|| is_tar(bytes).then_some(Kind::Tar))
        .or_else(|| ends_as_zip(bytes).then_some(Kind::Zip))
}

/// The name of what is packed in a file of this path: without the ending that says how.
pub(super) fn bare_name(path: &[u8]) -> &[u8] {
    let name = path.rsplit(|&b| b == b'/').next().unwrap_or(path);
    let bare = [&b".gz"[..], b".zst", b".GZ"].into_iter().find_map(|end| name.strip_suffix(end));
    bare.filter(|bare| !bare.is_empty()).unwrap_or(name)
}

fn is_bzip2(bytes: &[u8]) -> bool {
    bytes.starts_with(b"BZh") && bytes.get(4..10) == Some(&[0x31, 0x41, 0x59, 0x26, 0x53, 0x59])
}

/// A zstd file may start with one, which holds what it likes.
fn is_skippable_frame(bytes: &[u8]) -> bool {
    let frame = |bytes: &[u8]| bytes.get(1..4) == Some(b"\x2a\x4d\x18") && bytes[0] >> 4 == 5;
    let size = bytes.get(4..8).and_then(|size| usize::try_from(u32::from_le_bytes(size.try_into().ok()?)).ok());
    let next = size.and_then(|size| bytes.get(8_usize.checked_add(size)?..));
    frame(bytes) && next.is_some_and(|next| next.starts_with(b"\x28\xb5\x2f\xfd") || frame(next))
}

/// A header whose checksum holds: older tars have no other mark, and no other file has this one.
pub(super) fn is_tar(bytes: &[u8]) -> bool {
    let Some(header) = bytes.get(..BLOCK) else { return false };
    let sum = |header: &[u8]| header.iter().map(|&b| u32::from(b)).sum::<u32>();
    let digits = header[148..156].trim_ascii();
    let digits = digits.split(|b| matches!(b, 0 | b' ')).next().unwrap_or_default();
    let written = std::str::from_utf8(digits).ok().and_then(|digits| u32::from_str_radix(digits, 8).ok());
    // The field itself counts as eight spaces.
    let counted = || sum(&header[..148]) + sum(&header[156..]) + 8 * u32::from(b' ');
    header[0] != 0 && written.is_some_and(|written| written == counted())
}

/// Whether the record that ends a zip is the last thing in `bytes`, but for its comment.
fn ends_as_zip(bytes: &[u8]) -> bool {
    const RECORD: usize = 22;
    const MAGIC: &[u8] = b"PK\x05\x06";
    let tail = &bytes[bytes.len().saturating_sub(RECORD + usize::from(u16::MAX))..];
    // No text has the last byte of the magic, and a history is mostly text.
    memchr::memrchr_iter(MAGIC[3], tail).filter_map(|end| end.checked_sub(3)).any(|at| {
        tail[at..].starts_with(MAGIC) && tail.len() - at >= RECORD && {
            let comment = usize::from(u16::from_le_bytes([tail[at + 20], tail[at + 21]]));
            at + RECORD + comment == tail.len()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_no_archive() {
        let text = [b"PK is a sign, ".as_slice(), &[b'x'; 600]].concat();
        assert_eq!(of(&text), None);
        assert_eq!(of(b""), None);
        assert_eq!(of(&[0; 1024]), None);
        assert_eq!(of(b"PK\x05\x06"), None);
    }

    #[test]
    fn an_empty_zip_is_one() {
        assert_eq!(of(&[&b"PK\x05\x06"[..], &[0; 18]].concat()), Some(Kind::Zip));
        assert_eq!(of(&[&b"#!/bin/sh\nPK\x05\x06"[..], &[0; 16], &[2, 0], b"hi"].concat()), Some(Kind::Zip));
    }

    #[test]
    fn a_packed_file_loses_the_ending_that_says_so() {
        for (path, name) in
            [("a/b.log.gz", "b.log"), ("x.tar.zst", "x.tar"), ("blob", "blob"), ("a/.gz", ".gz"), ("-", "-")]
        {
            assert_eq!(bare_name(path.as_bytes()), name.as_bytes());
        }
    }
}
