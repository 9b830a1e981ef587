//! Archives that follow other bytes: a script that unpacks them, a program, a few bytes, another archive. The marks of formats
//! are short, and programs that read a format contain its mark, so the bytes after a mark must be valid. Zip and tar are found
//! elsewhere: a zip by its end, a tar by the checksums of its headers. zlib and LZMA have no mark.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, Input, MatchKind};

use crate::scan::archive::kind::Kind;
use crate::scan::archive::stream::{self, Format};
use crate::scan::archive::{binary, kind, trial};

/// zlib streams are searched for after this many bytes: a length, or a name and a length.
const ZLIB_WITHIN: usize = 16;

/// The maximum number of false marks that are tried in one file.
const MOST_TRIALS: usize = 10_000;

/// The help for a file with more marks.
pub(crate) const TOO_MANY: &str = "it has more than 10,000 marks of archives that are none";

/// The mark of a kind.
struct Mark {
    bytes: &'static [u8],
    /// The offset of the mark in the archive.
    offset: usize,
    kind: Kind,
    /// Whether these bytes, which contain the mark, are an archive.
    is_valid: fn(&[u8]) -> bool,
}

const fn mark(bytes: &'static [u8], kind: Kind, is_valid: fn(&[u8]) -> bool) -> Mark {
    Mark { bytes, offset: 0, kind, is_valid }
}

const MARKS: &[Mark] = &[
    mark(stream::GZIP, Kind::Stream(Format::Gzip), trial::is_gzip),
    mark(kind::ZSTD, Kind::Stream(Format::Zstd), trial::is_zstd),
    mark(stream::XZ, Kind::Stream(Format::Xz), trial::is_xz),
    Mark { bytes: b"1AY&SY", offset: 4, kind: Kind::Stream(Format::Bzip2), is_valid: is_bzip2 },
    mark(b"7z\xbc\xaf\x27\x1c", Kind::Other("a 7z archive behind other bytes, which is not unpacked"), is_7z),
    mark(b"Rar!\x1a\x07", Kind::Other("a rar archive behind other bytes, which is not unpacked"), is_rar),
    mark(b"\x04\x22\x4d\x18", Kind::Other("an lz4 archive behind other bytes, which is not unpacked"), is_lz4),
    mark(b"LZIP\x01", Kind::Other("an lzip archive behind other bytes, which is not unpacked"), is_lzip),
    mark(b"hsqs", Kind::Other("a squashfs image behind other bytes, which is not unpacked"), is_squashfs),
    mark(b"MSCF\0\0\0\0", Kind::Other("a cabinet archive behind other bytes, which is not unpacked"), is_cabinet),
    mark(b"PACK\0\0\0", Kind::Other("a git pack behind other bytes, which is not unpacked"), is_pack),
];

/// An archive that follows other bytes.
#[derive(Debug)]
pub(crate) struct Found {
    pub at: usize,
    pub kind: Kind,
}

/// The search through one file.
#[derive(Default)]
pub(crate) struct Search {
    tried: usize,
}

impl Search {
    /// The first archive in `bytes` that begins in `range`. Archives at the start of a file are not searched for here.
    pub fn next(&mut self, bytes: &[u8], range: Range<usize>) -> Option<Found> {
        static FINDER: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
            // The crate searches 32 bytes at a time only with this kind of match.
            let builder = AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).clone();
            builder.build(MARKS.iter().map(|mark| mark.bytes)).ok()
        });
        let zlib = (range.start.max(1)..range.end.min(ZLIB_WITHIN + 1)).find(|&at| trial::is_zlib(&bytes[at..]));
        let range = range.start..zlib.unwrap_or(range.end);
        let zlib = zlib.map(|at| Found { at, kind: Kind::Stream(Format::Zlib) });
        let finder = FINDER.as_ref()?;
        let (mut from, end) = (range.start, (range.end + LONGEST).min(bytes.len()));
        while !self.is_over() && from < end {
            let Some(found) = finder.find(Input::new(bytes).range(from..end)) else { break };
            from = found.start() + 1;
            let mark = &MARKS[found.pattern()];
            let Some(at) =
                found.start().checked_sub(mark.offset).filter(|at| (range.start.max(1)..range.end).contains(at))
            else {
                continue;
            };
            if (mark.is_valid)(&bytes[at..]) {
                return Some(Found { at, kind: mark.kind });
            }
            self.tried += 1;
        }
        zlib
    }

    /// Whether the limit of false marks is reached.
    pub fn is_over(&self) -> bool {
        self.tried >= MOST_TRIALS
    }
}

/// The length of the longest mark, with its offset.
const LONGEST: usize = 10;

/// Whether `bytes` contain an archive, unpacked or only reported.
pub(crate) fn is_archive(bytes: &[u8]) -> bool {
    let parts = binary::parts(bytes);
    let mut search = Search::default();
    !kind::all(bytes, parts.is_empty()).is_empty()
        || parts.iter().any(|part| search.next(bytes, part.clone()).is_some())
        || search.is_over()
}

fn is_bzip2(bytes: &[u8]) -> bool {
    kind::start(bytes) == Some(Kind::Stream(Format::Bzip2)) && trial::is_bzip2(bytes)
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|word| u32::from_le_bytes(*word))
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|half| u16::from_le_bytes(*half))
}

/// The first header has a checksum.
fn is_7z(bytes: &[u8]) -> bool {
    bytes.get(12..32).is_some_and(|header| Some(stream::crc(header)) == word(bytes, 8))
}

/// Before version 5, the second header has a fixed type. Since then, the first header has a checksum and a length in one byte.
fn is_rar(bytes: &[u8]) -> bool {
    if bytes.get(6) == Some(&0) {
        return bytes.get(9) == Some(&0x73);
    }
    let header = bytes.get(12).and_then(|&len| bytes.get(12..13 + usize::from(len)));
    bytes.get(6..8) == Some(b"\x01\0") && header.is_some_and(|header| Some(stream::crc(header)) == word(bytes, 8))
}

/// The descriptor of a frame has fixed bits, and the size of the first block has a limit.
fn is_lz4(bytes: &[u8]) -> bool {
    const LONGEST: u32 = 4 << 20;
    let Some(&[flags, sizes]) = bytes.get(4..).and_then(|rest| rest.first_chunk()) else { return false };
    let optional = if flags & 8 != 0 { 8 } else { 0 } + if flags & 1 != 0 { 4 } else { 0 };
    let block = word(bytes, 7 + optional).map(|size| size & 0x7fff_ffff);
    flags & 0xc2 == 0x40 && sizes & 0x8f == 0 && sizes >= 0x40 && block.is_some_and(|len| (1..=LONGEST).contains(&len))
}

/// The size of the dictionary has a range, and the first byte of an LZMA stream is 0.
fn is_lzip(bytes: &[u8]) -> bool {
    bytes.get(5).is_some_and(|size| (12..=29).contains(&(size & 0x1f))) && bytes.get(6) == Some(&0)
}

/// Version 4, and a block size that is written twice.
fn is_squashfs(bytes: &[u8]) -> bool {
    let is_square = || Some(1_u32.checked_shl(half(bytes, 22)?.into())? == word(bytes, 12)?);
    half(bytes, 28) == Some(4) && half(bytes, 30) == Some(0) && is_square() == Some(true)
}

/// Fields that are 0, and version 1.3.
fn is_cabinet(bytes: &[u8]) -> bool {
    word(bytes, 12) == Some(0) && word(bytes, 20) == Some(0) && half(bytes, 24) == Some(0x0103)
}

/// The version, and a first object that is not a delta: its length is followed by a zlib stream.
fn is_pack(bytes: &[u8]) -> bool {
    const HEADER: usize = 12;
    let Some(&first) = bytes.get(HEADER) else { return false };
    let len = bytes[HEADER..].iter().take(10).position(|byte| byte & 0x80 == 0);
    let stream = len.and_then(|len| bytes.get(HEADER + len + 1..));
    let is_zlib =
        |stream: &[u8]| stream.first_chunk().is_some_and(|two| u16::from_be_bytes(*two) % 31 == 0 && two[0] == 0x78);
    matches!(bytes.get(7), Some(2 | 3)) && matches!(first >> 4 & 7, 1..=4) && stream.is_some_and(is_zlib)
}
