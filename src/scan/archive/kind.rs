//! Recognizes kinds of archives. Bytes may be of several kinds: a zip is recognized by its end, others by their start.

use memchr::memmem;

use crate::scan::archive::stream;
use crate::scan::archive::stream::Format;
use crate::scan::archive::{encoded, tar, trial, zip};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Zip,
    Tar,
    Ar,
    Stream(Format),
    /// A kind that is not unpacked, and its name for the report.
    Other(&'static str),
}

const STARTS: &[(&[u8], Kind)] = &[
    (b"PK\x03\x04", Kind::Zip),
    // The marker of a split archive that was joined again, or never split.
    (b"PK\x07\x08PK\x03\x04", Kind::Zip),
    (b"PK00PK\x03\x04", Kind::Zip),
    (stream::GZIP, Kind::Stream(Format::Gzip)),
    (ZSTD, Kind::Stream(Format::Zstd)),
    (stream::XZ, Kind::Stream(Format::Xz)),
    (b"!<arch>\n", Kind::Ar),
    (b"!<thin>\n", Kind::Other("a thin ar archive, which is not unpacked")),
    (b"7z\xbc\xaf\x27\x1c", Kind::Other("a 7z archive, which is not unpacked")),
    (b"Rar!\x1a\x07", Kind::Other("a rar archive, which is not unpacked")),
    (b"\x04\x22\x4d\x18", Kind::Other("an lz4 archive, which is not unpacked")),
    (b"\x1f\x9d", Kind::Other("a compress archive, which is not unpacked")),
    (b"LZIP\x01", Kind::Other("an lzip archive, which is not unpacked")),
    (b"xar!\x00\x1c", Kind::Other("a xar archive, which is not unpacked")),
    (b"MSCF\x00\x00\x00\x00", Kind::Other("a cabinet archive, which is not unpacked")),
    (b"\xed\xab\xee\xdb", Kind::Other("an rpm package, which is not unpacked")),
    (b"hsqs", Kind::Other("a squashfs image, which is not unpacked")),
    (b"# v2 git bundle\n", Kind::Other("a git bundle, which is not unpacked")),
    (b"# v3 git bundle\n", Kind::Other("a git bundle, which is not unpacked")),
    (b"PACK\x00\x00\x00\x02", Kind::Other("a git pack, which is not unpacked")),
    (b"PACK\x00\x00\x00\x03", Kind::Other("a git pack, which is not unpacked")),
];

pub(super) const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";

/// All kinds of `bytes`, without duplicates. In a text only some are possible, since the marks of others are not text.
pub(crate) fn all(bytes: &[u8], is_text: bool) -> Vec<Kind> {
    let mut kinds: Vec<Kind> = start(bytes).into_iter().collect();
    if !is_text {
        if tar::first_header(bytes).is_some() {
            kinds.push(Kind::Tar);
        }
        if !kinds.contains(&Kind::Zip) && zip::has_end(bytes) {
            kinds.push(Kind::Zip);
        }
        if bytes.get(0x8001..0x8006) == Some(b"CD001") {
            kinds.push(Kind::Other("an ISO 9660 image, which is not unpacked"));
        }
        if kinds.is_empty() && is_pdf_within(bytes) {
            kinds.push(PDF);
        }
    }
    if kinds.is_empty() {
        kinds.extend(encoded::kind(bytes).map(Kind::Other));
    }
    kinds
}

/// The kind that the first bytes show.
pub(crate) fn start(bytes: &[u8]) -> Option<Kind> {
    let is_it = |magic: &[u8]| magic.first() == bytes.first() && bytes.starts_with(magic);
    let magic = STARTS.iter().find(|(magic, _)| is_it(magic)).map(|&(_, kind)| kind);
    magic
        .or_else(|| is_bzip2(bytes).then_some(Kind::Stream(Format::Bzip2)))
        .or_else(|| is_skippable_frame(bytes).then_some(Kind::Stream(Format::Zstd)))
        .or_else(|| is_lzma(bytes).then_some(Kind::Stream(Format::Lzma)))
        .or_else(|| is_cpio(bytes).then_some(Kind::Other("a cpio archive, which is not unpacked")))
        .or_else(|| is_pdf(bytes).then_some(PDF))
        .or_else(|| trial::is_zlib(bytes).then_some(Kind::Stream(Format::Zlib)))
}

/// The name of the content of a compressed file: its path without the extension.
pub(crate) fn bare_name(path: &[u8]) -> &[u8] {
    const ENDINGS: [&[u8]; 6] = [b".gz", b".zst", b".GZ", b".xz", b".bz2", b".lzma"];
    let name = path.rsplit(|&b| b == b'/').next().unwrap_or(path);
    let bare = ENDINGS.into_iter().find_map(|end| name.strip_suffix(end));
    bare.filter(|bare| !bare.is_empty()).unwrap_or(name)
}

/// With the mark of the first block, or with that of the end if there is no block.
fn is_bzip2(bytes: &[u8]) -> bool {
    const MARKS: [&[u8]; 2] = [b"\x31\x41\x59\x26\x53\x59", b"\x17\x72\x45\x38\x50\x90"];
    bytes.starts_with(b"BZh") && bytes.get(4..10).is_some_and(|mark| MARKS.contains(&mark))
}

/// A zstd file may start with such a frame, whose content is arbitrary.
fn is_skippable_frame(bytes: &[u8]) -> bool {
    let frame = |bytes: &[u8]| bytes.get(1..4) == Some(b"\x2a\x4d\x18") && bytes[0] >> 4 == 5;
    let size = bytes.get(4..8).and_then(|size| usize::try_from(u32::from_le_bytes(size.try_into().ok()?)).ok());
    let next = size.and_then(|size| bytes.get(8_usize.checked_add(size)?..));
    frame(bytes) && next.is_some_and(|next| next.starts_with(ZSTD) || frame(next))
}

/// The format has no magic number. This accepts what file(1) and liblzma accept; the first byte of the stream is always 0.
fn is_lzma(bytes: &[u8]) -> bool {
    const UNKNOWN: [u8; 8] = [0xff; 8];
    let Some(&[properties, a, b, c, d, size @ .., 0]) = bytes.first_chunk::<14>() else { return false };
    let window = u32::from_le_bytes([a, b, c, d]);
    let rest = window & window.wrapping_sub(1);
    let is_round = window == u32::MAX || rest == 0 || rest == window / 3 * 2;
    match (properties, size) {
        (0x5d, UNKNOWN) => true,
        (..225, UNKNOWN) => is_round,
        (0x5d, [.., 0, 0, 0]) => is_round && size != [0; 8],
        _ => false,
    }
}

/// Checks the letters of a header, because any text may begin with six digits.
fn is_cpio(bytes: &[u8]) -> bool {
    let text = |len: usize, digit: fn(&u8) -> bool| bytes.get(6..len).is_some_and(|rest| rest.iter().all(digit));
    match bytes.first_chunk::<6>() {
        Some(b"070701" | b"070702") => text(110, u8::is_ascii_hexdigit),
        Some(b"070707") => text(76, |b| (b'0'..=b'7').contains(b)),
        Some(&[first, second, ..]) => {
            // The name of the first entry ends with a NUL.
            let word = |at: usize| bytes.get(at..at + 2).map(|two| u16::from_le_bytes([two[0], two[1]]));
            let swapped = first == 0x71;
            let length = word(20).map(|length| if swapped { length.swap_bytes() } else { length });
            let end = length.and_then(|length| bytes.get((26 + usize::from(length)).checked_sub(1)?));
            matches!((first, second), (0xc7, 0x71) | (0x71, 0xc7)) && length > Some(1) && end == Some(&0)
        }
        None => false,
    }
}

const PDF: Kind = Kind::Other("a PDF, whose streams are not unpacked");

/// Readers of PDF look for the header in the first 1024 bytes.
fn is_pdf_within(bytes: &[u8]) -> bool {
    let start = memmem::find(&bytes[..bytes.len().min(1024)], b"%PDF-");
    start.is_some_and(|start| is_pdf(&bytes[start..]))
}

fn is_pdf(bytes: &[u8]) -> bool {
    bytes.starts_with(b"%PDF-") && memmem::find(bytes, b"/Filter").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::archive::binary;

    fn kinds(bytes: &[u8]) -> Vec<Kind> {
        all(bytes, binary::parts(bytes).is_empty())
    }

    #[test]
    fn text_is_no_archive() {
        let text = [b"PK is a sign, ".as_slice(), &[b'x'; 600]].concat();
        for text in [&text[..], b"", &[0; 1024], b"PK\x05\x06", b"070701 is a number", b"x^2 + y^2", b"]\0\0"] {
            assert_eq!(kinds(text), [], "{}", text.escape_ascii());
        }
        assert_eq!(kinds(&[b"%PDF-1.4\n".as_slice(), &[b'x'; 600]].concat()), []);
        assert_eq!(kinds(b"a UEsDB key and H4sIAAAA"), []);
    }

    #[test]
    fn an_empty_zip_is_one() {
        assert_eq!(kinds(&[&b"PK\x05\x06"[..], &[0; 18]].concat()), [Kind::Zip]);
        assert_eq!(kinds(&[&b"#!/bin/sh\nPK\x05\x06"[..], &[0; 16], &[2, 0], b"hi"].concat()), [Kind::Zip]);
    }

    #[test]
    fn a_packed_file_loses_the_ending_that_says_so() {
        for (path, name) in [
            ("a/b.log.gz", "b.log"),
            ("x.tar.zst", "x.tar"),
            ("x.tar.xz", "x.tar"),
            ("blob", "blob"),
            ("a/.gz", ".gz"),
            ("-", "-"),
        ] {
            assert_eq!(bare_name(path.as_bytes()), name.as_bytes());
        }
    }
}
