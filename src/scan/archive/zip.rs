//! Reads the entries of a zip. The directory is parsed byte by byte: the counts of the end record are checked, not trusted.
//! Entries that no directory lists are read too, since some readers go from local header to local header.

use std::ops::{ControlFlow, Range};

use memchr::memmem;

use crate::finding::Part;
use crate::scan::archive::content::{Content, Stop};
use crate::scan::archive::entry::{Data, Entry, Take};
use crate::scan::archive::stream;
use crate::scan::archive::stream::Layout;

const LOCAL: &[u8] = b"PK\x03\x04";
const LISTED: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";
const END_64: &[u8] = b"PK\x06\x06";
const LOCATOR_64: &[u8] = b"PK\x06\x07";
const SIGNATURE: &[u8] = b"PK\x05\x05";

/// The lengths of the fixed parts of these records.
const LOCAL_LEN: usize = 30;
const LISTED_LEN: usize = 46;
const END_LEN: usize = 22;
const END_64_LEN: usize = 56;
const LOCATOR_64_LEN: usize = 20;

/// The maximum number of end records, since a file may consist of nothing else.
const MOST_ENDS: usize = 1024;

/// The longest entry of a directory.
const LISTED_MOST: usize = LISTED_LEN + 3 * u16::MAX as usize;

/// Flags of an entry.
const ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;
const END_MARK: u16 = 1 << 1;
const SIZES_BEHIND: u16 = 1 << 3;

/// Whether the file has the end record of a directory anywhere: a signature may follow it, and a program may precede it.
pub(crate) fn has_end(bytes: &[u8]) -> bool {
    // Searching backward is slow, and most files have none.
    let has_record = memmem::find(bytes, END).is_some();
    has_record && memmem::rfind_iter(bytes, END).take(MOST_ENDS).any(|at| End::read(bytes, at).is_some())
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn double(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

fn quad(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at.checked_add(8)?)?.try_into().ok()?))
}

fn starts(bytes: &[u8], at: usize, magic: &[u8]) -> bool {
    bytes.get(at..).is_some_and(|rest| rest.starts_with(magic))
}

/// The end record of a directory, with the fields of its zip64 form.
struct End {
    at: usize,
    /// The end of the directory, which is the start of the zip64 form if there is one.
    tail: usize,
    size: u64,
    offset: u64,
    counts: [u64; 2],
    is_split: bool,
    /// Whether an entry of a directory ends where this record begins.
    follows_entry: bool,
    comment: Range<usize>,
}

impl End {
    /// Reads the record at `at`, if a directory precedes it.
    fn read(bytes: &[u8], at: usize) -> Option<Self> {
        let text = at + END_LEN;
        let comment = text..text + usize::from(word(bytes, at + 20)?);
        let mut end = Self {
            at,
            tail: at,
            size: double(bytes, at + 12)?.into(),
            offset: double(bytes, at + 16)?.into(),
            counts: [word(bytes, at + 8)?.into(), word(bytes, at + 10)?.into()],
            is_split: (word(bytes, at + 4)?, word(bytes, at + 6)?) != (0, 0),
            follows_entry: false,
            comment: text..comment.end.min(bytes.len()),
        };
        end.read_64(bytes);
        let near = end.tail.saturating_sub(LISTED_MOST);
        let last = memmem::rfind(&bytes[near..end.tail], LISTED).and_then(|at| Listed::read(bytes, near + at));
        end.follows_entry = last.is_some_and(|last| last.end == end.tail || starts(bytes, last.end, SIGNATURE));
        let is_empty = comment.end <= bytes.len() && bytes[at + 4..at + 20].iter().all(|&b| b == 0);
        (is_empty || end.follows_entry || end.starts(bytes).next().is_some()).then_some(end)
    }

    /// The zip64 form precedes its locator, whatever offset the locator contains.
    fn read_64(&mut self, bytes: &[u8]) {
        let Some(locator) = self.at.checked_sub(LOCATOR_64_LEN).filter(|&at| starts(bytes, at, LOCATOR_64)) else {
            return;
        };
        let there = quad(bytes, locator + 8).and_then(|at| usize::try_from(at).ok());
        let record = [locator.checked_sub(END_64_LEN), there].into_iter().flatten();
        let Some(at) = record.into_iter().find(|&at| at < locator && starts(bytes, at, END_64)) else { return };
        let numbers =
            (|| Some((quad(bytes, at + 24)?, quad(bytes, at + 32)?, quad(bytes, at + 40)?, quad(bytes, at + 48)?)))();
        let Some((here, all, size, offset)) = numbers else { return };
        (self.tail, self.size, self.offset, self.counts) = (at, size, offset, [here, all]);
        self.is_split = double(bytes, at + 16) != Some(0) || double(bytes, at + 20) != Some(0);
    }

    /// Possible starts of the directory: from its size, as Python computes it, and from its offset, as others do.
    fn starts(&self, bytes: &[u8]) -> impl Iterator<Item = usize> {
        let by_size = usize::try_from(self.size).ok().and_then(|size| self.tail.checked_sub(size));
        let by_offset = usize::try_from(self.offset).ok().filter(|&at| at < self.tail && Some(at) != by_size);
        let there = |at: &usize| starts(bytes, *at, LISTED);
        by_size.filter(there).into_iter().chain(by_offset.filter(there))
    }
}

/// The fields that both headers of an entry have.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Facts {
    flags: u16,
    method: u16,
    crc: u32,
    packed: u64,
    size: u64,
}

/// An entry of the directory.
struct Listed {
    facts: Facts,
    is_link: bool,
    offset: u64,
    name: Range<usize>,
    extra: Range<usize>,
    comment: Range<usize>,
    end: usize,
}

impl Listed {
    fn read(bytes: &[u8], at: usize) -> Option<Self> {
        let len = |offset: usize| word(bytes, at + offset).map(usize::from);
        let name = at + LISTED_LEN..at + LISTED_LEN + len(28)?;
        let extra = name.end..name.end + len(30)?;
        let comment = extra.end..extra.end + len(32)?;
        let end = comment.end;
        bytes.get(at..end)?;
        let mut facts = Facts {
            flags: word(bytes, at + 8)?,
            method: word(bytes, at + 10)?,
            crc: double(bytes, at + 16)?,
            packed: double(bytes, at + 20)?.into(),
            size: double(bytes, at + 24)?.into(),
        };
        let mut offset = u64::from(double(bytes, at + 42)?);
        widen(bytes, &extra, [&mut facts.size, &mut facts.packed, &mut offset]);
        let is_link = double(bytes, at + 38)? >> 28 == 0o12;
        Some(Self { facts, is_link, offset, name, extra, comment, end })
    }
}

/// Reads the sizes that exceed 32 bits from the zip64 field of `extra`.
fn widen<const N: usize>(bytes: &[u8], extra: &Range<usize>, fields: [&mut u64; N]) {
    let Some(wide) = field(bytes, extra, 1) else { return };
    let mut at = wide.start;
    for value in fields {
        if *value == u64::from(u32::MAX) {
            let Some(wider) = quad(&bytes[..wide.end], at) else { return };
            *value = wider;
            at += 8;
        }
    }
}

/// The data of the extra field of this kind.
fn field(bytes: &[u8], extra: &Range<usize>, wanted: u16) -> Option<Range<usize>> {
    let extra_bytes = bytes.get(..extra.end)?;
    let mut at = extra.start;
    while let (Some(kind), Some(len)) = (word(extra_bytes, at), word(extra_bytes, at + 2)) {
        let data = at + 4..at + 4 + usize::from(len);
        extra_bytes.get(data.clone())?;
        if kind == wanted {
            return Some(data);
        }
        at = data.end;
    }
    None
}

/// A local header.
struct Local {
    facts: Facts,
    name: Range<usize>,
    extra: Range<usize>,
}

impl Local {
    fn read(bytes: &[u8], at: usize) -> Option<Self> {
        let name = at + LOCAL_LEN..at + LOCAL_LEN + usize::from(word(bytes, at + 26)?);
        let extra = name.end..name.end + usize::from(word(bytes, at + 28)?);
        let mut facts = Facts {
            flags: word(bytes, at + 6)?,
            method: word(bytes, at + 8)?,
            crc: double(bytes, at + 14)?,
            packed: double(bytes, at + 18)?.into(),
            size: double(bytes, at + 22)?.into(),
        };
        bytes.get(extra.clone())?;
        widen(bytes, &extra, [&mut facts.size, &mut facts.packed]);
        (starts(bytes, at, LOCAL)).then_some(Self { facts, name, extra })
    }

    fn content(&self) -> usize {
        self.extra.end
    }

    /// Whether a reader that searches for local headers would accept this one.
    fn is_plausible(&self, bytes: &[u8]) -> bool {
        let name = &bytes[self.name.clone()];
        (1..=4096).contains(&name.len()) && name.iter().all(|&b| b >= b' ') && method_name(self.facts.method).is_some()
    }

    /// Whether it describes the content as the directory does.
    fn agrees(&self, listed: &Facts) -> bool {
        let known = self.facts.flags & SIZES_BEHIND == 0;
        self.facts.method == listed.method
            && self.facts.flags & ENCRYPTED == listed.flags & ENCRYPTED
            && (!known
                || (self.facts.crc, self.facts.packed, self.facts.size) == (listed.crc, listed.packed, listed.size))
    }
}

fn method_name(method: u16) -> Option<&'static str> {
    Some(match method {
        0 => "stored",
        1 => "shrink",
        2..=5 => "reduce",
        6 => "implode",
        8 => "deflate",
        9 => "deflate64",
        10 => "PKWARE implode",
        12 => "bzip2",
        14 => "LZMA",
        16 => "z/OS compression",
        18 => "TERSE",
        19 => "LZ77",
        20 | 93 => "zstd",
        94 => "MP3",
        95 => "xz",
        96 => "JPEG",
        97 => "WavPack",
        98 => "PPMd",
        99 => "AES",
        _ => return None,
    })
}

/// Passes each entry to `take`.
pub(crate) fn each(bytes: &[u8], take: &mut Take<'_>) -> Result<(), String> {
    let left = 3 * (bytes.len() / LISTED_LEN) + MOST_ENDS;
    let mut walk = ZipWalk { bytes, covered: Vec::new(), faults: Vec::new(), left };
    if walk.directories(take).is_continue() {
        let _ = walk.unlisted(take);
    }
    walk.faults.into_iter().next().map_or(Ok(()), Err)
}

struct ZipWalk<'b> {
    bytes: &'b [u8],
    /// The ranges from each local header to the end of its content.
    covered: Vec<Range<usize>>,
    faults: Vec<String>,
    /// How many more directory entries may be read. A directory is read twice if its size and its offset disagree. Without a
    /// limit, 6.6 MB took minutes: each of 1,024 end records may refer to the same 100,000 entries.
    left: usize,
}

impl ZipWalk<'_> {
    fn fault(&mut self, why: &str) {
        self.faults.push(format!("it is damaged or cut short ({why})"));
    }

    /// Reads the last directory first, as most readers do. Others are read if no entry contains them.
    fn directories(&mut self, take: &mut Take<'_>) -> ControlFlow<()> {
        let (mut met, mut read) = (0, 0);
        for at in memmem::rfind_iter(self.bytes, END) {
            met += 1;
            if met > MOST_ENDS {
                self.fault("it has too many end records");
                break;
            }
            let Some(end) = End::read(self.bytes, at) else { continue };
            read += 1;
            if self.covered.iter().any(|range| range.contains(&end.at)) {
                continue;
            }
            take.text(self.bytes, end.comment.clone());
            if end.is_split {
                self.fault("it is one part of a split archive");
            }
            let starts: Vec<usize> = end.starts(self.bytes).collect();
            if starts.is_empty() && (end.counts != [0, 0] || end.size > 0 || end.follows_entry) {
                self.fault("its directory is not where its end record says");
            }
            for start in starts {
                self.directory(start, &end, take)?;
            }
        }
        if read == 0 {
            self.fault("it has no directory");
        }
        ControlFlow::Continue(())
    }

    fn directory(&mut self, start: usize, end: &End, take: &mut Take<'_>) -> ControlFlow<()> {
        let (mut at, mut count) = (start, 0);
        // Bytes in front of the archive shift its offsets.
        let shift = i128::from(start as u64) - i128::from(end.offset);
        while starts(self.bytes, at, LISTED) && at < end.tail {
            if self.left == 0 {
                self.fault("its directories repeat one another");
                return ControlFlow::Continue(());
            }
            self.left -= 1;
            let Some(listed) = Listed::read(self.bytes, at).filter(|listed| listed.end <= end.tail) else { break };
            count += 1;
            self.listed(at, &listed, shift, take)?;
            at = listed.end;
        }
        if starts(self.bytes, at, SIGNATURE) {
            at += 6 + word(self.bytes, at + 4).map_or(0, usize::from);
        }
        if at != end.tail {
            self.fault("its directory ends before its end record");
        }
        if end.counts != [count; 2] {
            let says = end.counts.into_iter().find(|&says| says != count).unwrap_or_default();
            self.faults.push(format!("its end record says {says} files, and its directory has {count}"));
        }
        ControlFlow::Continue(())
    }

    fn listed(&mut self, at: usize, listed: &Listed, shift: i128, take: &mut Take<'_>) -> ControlFlow<()> {
        let bytes = self.bytes;
        let facts = listed.facts;
        let name = &bytes[listed.name.clone()];
        let moved = usize::try_from(i128::from(listed.offset) + shift).ok();
        let mut there = [moved, usize::try_from(listed.offset).ok()].into_iter().flatten();
        let local = there.find_map(|at| Some((at, Local::read(bytes, at)?)));
        let mut entry = Entry::new(name);
        entry.headers.push(at..listed.end);
        entry.texts.push(listed.comment.clone());
        entry.texts.extend(unicode(bytes, &listed.extra));
        entry.part = part(name, listed.is_link, facts.size);
        let Some((header, local)) = local else {
            return take.entry(
                bytes,
                entry,
                Data::Closed("it is damaged or cut short (its local header is missing)".to_owned()),
            );
        };
        entry.headers.push(header..local.content());
        entry.texts.extend(unicode(bytes, &local.extra));
        if bytes[local.name.clone()] != *name {
            entry.texts.push(local.name.clone());
        }
        if !local.agrees(&facts) {
            entry.damage = Some("it is damaged or cut short (its two headers do not agree)".to_owned());
        }
        let start = local.content();
        let end = usize::try_from(facts.packed).ok().and_then(|packed| start.checked_add(packed));
        self.covered.push(header..end.unwrap_or(bytes.len()).min(bytes.len()));
        match end.filter(|&end| end <= bytes.len()) {
            Some(end) => content(bytes, start..end, facts, true, entry, take),
            None => take.entry(
                bytes,
                entry,
                Data::Closed("it is damaged or cut short (its content is not in the file)".to_owned()),
            ),
        }
    }

    /// Reads entries that no directory lists.
    fn unlisted(&mut self, take: &mut Take<'_>) -> ControlFlow<()> {
        let bytes = self.bytes;
        let mut covered = std::mem::take(&mut self.covered);
        covered.sort_unstable_by_key(|range| range.start);
        let (mut ranges, mut end) = (covered.into_iter().peekable(), 0);
        for at in memmem::find_iter(bytes, LOCAL) {
            while let Some(range) = ranges.next_if(|range| range.start <= at) {
                end = end.max(range.end);
            }
            let local = Local::read(bytes, at).filter(|local| at >= end && local.is_plausible(bytes));
            let Some(local) = local else { continue };
            let known = local.facts.flags & SIZES_BEHIND == 0;
            let start = local.content();
            let rest = bytes.get(start..).unwrap_or_default();
            let packed = usize::try_from(local.facts.packed).ok().filter(|_| known);
            // A stored file of unknown size ends at the next record.
            let next = || memmem::find_iter(rest, b"PK").find(|&at| rest.get(at + 2).is_some_and(|&b| b < 9));
            let len = packed
                .unwrap_or_else(|| if local.facts.method == 0 { next().unwrap_or(rest.len()) } else { rest.len() });
            let name = &bytes[local.name.clone()];
            let mut entry = Entry::new(name);
            entry.headers.push(at..start);
            entry.part = part(name, false, len as u64);
            if len > rest.len() {
                take.entry(
                    bytes,
                    entry,
                    Data::Closed("it is damaged or cut short (its content is not in the file)".to_owned()),
                )?;
                continue;
            }
            end = end.max(start + if packed.is_some() { len } else { 0 });
            content(bytes, start..start + len, local.facts, known, entry, take)?;
        }
        ControlFlow::Continue(())
    }
}

/// A folder has no content unless its header has a size.
fn part(name: &[u8], is_link: bool, size: u64) -> Option<Part> {
    let is_folder = name.ends_with(b"/");
    (!is_folder || size > 0).then_some(if is_link { Part::SymlinkTarget } else { Part::Content })
}

/// Returns the Unicode names and comments in the extra fields. Each is preceded by a version and a checksum.
fn unicode(bytes: &[u8], extra: &Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let found = [0x7075, 0x6375].into_iter().filter_map(|kind| field(bytes, extra, kind));
    found.filter(|data| data.len() > 5).map(|data| data.start + 5..data.end)
}

fn content(
    bytes: &[u8],
    there: Range<usize>,
    facts: Facts,
    known: bool,
    mut entry: Entry<'_>,
    take: &mut Take<'_>,
) -> ControlFlow<()> {
    if facts.flags & ENCRYPTED != 0 || facts.method == 99 {
        return take.entry(bytes, entry, Data::Closed("it is encrypted".to_owned()));
    }
    let mut decode = |content: &mut Content<'_, '_>, layout: &mut Layout| {
        decode(&bytes[..there.end], there.start, facts, content, layout)?;
        let whole = content.since(0);
        let fits = whole.len() as u64 == facts.size && stream::crc(whole) == facts.crc;
        if known && !fits { Err(Stop::damaged("the checksum or the size does not match")) } else { Ok(()) }
    };
    if facts.method == 0 {
        let whole = &bytes[there.clone()];
        if known && (whole.len() as u64 != facts.size || stream::crc(whole) != facts.crc) {
            let why = "it is damaged or cut short (the checksum or the size does not match)";
            entry.damage.get_or_insert_with(|| why.to_owned());
        }
        return take.entry(bytes, entry, Data::Plain(there));
    }
    take.entry(bytes, entry, Data::Packed(&mut decode))
}

fn decode(
    bytes: &[u8],
    start: usize,
    facts: Facts,
    content: &mut Content<'_, '_>,
    layout: &mut Layout,
) -> Result<usize, Stop> {
    match facts.method {
        8 => stream::deflate(bytes, start, content, layout),
        9 => stream::deflate64(bytes, start, content, layout),
        12 => stream::bzip2(bytes, start, content, layout),
        14 => {
            let size = Some(facts.size).filter(|_| facts.flags & END_MARK == 0);
            stream::lzma_in_zip(bytes, start, size, content, layout)
        }
        20 | 93 => stream::zstd_in_zip(bytes, start, content, layout),
        95 => stream::xz(bytes, start, content, layout),
        method => {
            let name = method_name(method).map_or(String::new(), |name| format!(" ({name})"));
            Err(Stop::Unsupported(format!("it is packed by method {method}{name}, which is not supported")))
        }
    }
}
