//! Reads the entries of a tar.
//!
//! Readers differ in what they tolerate and in which entries they treat as empty. So each block is read as a header if one of
//! them would do so. Entries that no reader agrees on are reported as unread.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::{ControlFlow, Range};

use crate::finding::Part;
use crate::scan::archive::content::{Content, Stop};
use crate::scan::archive::entry::{Data, Entry, Take};
use crate::scan::archive::sparse;
use crate::scan::archive::sparse::{BLOCK, Map};
use crate::scan::archive::stream::Layout;

/// The offsets of the fields in a header.
const NAME: Range<usize> = 0..100;
const SIZE: Range<usize> = 124..136;
const CHECKSUM: Range<usize> = 148..156;
const KIND: usize = 156;
const LINK: Range<usize> = 157..257;
const MAGIC: Range<usize> = 257..265;
const OWNERS: [Range<usize>; 2] = [265..297, 297..329];
const PREFIX: Range<usize> = 345..500;
const PADDING: Range<usize> = 500..BLOCK;

/// The offset of the first header. GNU tar skips any block that is not a header. Numbers in a text may look like a checksum, but
/// a text has no NULs at the end of a header.
pub(crate) fn first_header(bytes: &[u8]) -> Option<usize> {
    if bytes.len() < BLOCK {
        return None;
    }
    let start = zeros(bytes, 0);
    if is_header(block(bytes, start)?) {
        return Some(start);
    }
    let blocks = bytes[start..].chunks_exact(BLOCK);
    let found = blocks.enumerate().find(|(_, block)| block[PADDING] == [0; 12] && is_header(block));
    found.map(|(at, _)| start + at * BLOCK)
}

fn block(bytes: &[u8], at: usize) -> Option<&[u8]> {
    bytes.get(at..at.checked_add(BLOCK)?)
}

/// The end of the zero blocks at `at`.
fn zeros(bytes: &[u8], at: usize) -> usize {
    const ZERO: [u8; BLOCK] = [0; BLOCK];
    let blocks = bytes.get(at..).unwrap_or_default().chunks_exact(BLOCK);
    at + blocks.take_while(|block| *block == ZERO).count() * BLOCK
}

pub(crate) fn starts_header(bytes: &[u8]) -> bool {
    block(bytes, 0).is_some_and(is_header)
}

/// Whether the checksum, of signed or of unsigned bytes, is correct.
fn is_header(header: &[u8]) -> bool {
    let Some((written, _)) = octal(&header[CHECKSUM]) else { return false };
    // The field itself counts as eight spaces.
    let outside = |sum: &dyn Fn(&[u8]) -> i64| sum(&header[..CHECKSUM.start]) + sum(&header[CHECKSUM.end..]) + 8 * 32;
    let unsigned = outside(&|bytes| bytes.iter().map(|&b| i64::from(b)).sum());
    let signed = || outside(&|bytes| bytes.iter().map(|&b| i64::from(b.cast_signed())).sum());
    i64::try_from(written).is_ok_and(|written| written == unsigned || written == signed())
}

/// The octal number in a field, and whether every reader reads the same number.
fn octal(field: &[u8]) -> Option<(u64, bool)> {
    let is_blank = |b: &u8| matches!(b, b' ' | b'\t' | 0);
    let start = field.iter().position(|b| !is_blank(b))?;
    let digits: &[u8] = field[start..].split(|b| !(b'0'..=b'7').contains(b)).next().unwrap_or_default();
    let after = &field[start + digits.len()..];
    let value =
        digits.iter().try_fold(0_u64, |value, &digit| value.checked_mul(8)?.checked_add(u64::from(digit - b'0')))?;
    let is_clear = field[..start].iter().all(|&b| b == b' ') && after.first().is_none_or(is_blank);
    (!digits.is_empty()).then_some((value, is_clear && after.iter().all(is_blank)))
}

/// The size in a header: in octal, or in base 256 if the first bit is set.
fn size(field: &[u8]) -> Option<(u64, bool)> {
    if field[0] & 0x80 == 0 {
        return if field.iter().all(|&b| matches!(b, 0 | b' ')) { Some((0, true)) } else { octal(field) };
    }
    let first = u64::from(field[0] & 0x7f);
    let value = field[1..].iter().try_fold(first, |value, &b| value.checked_mul(256)?.checked_add(u64::from(b)))?;
    Some((value, field[0] == 0x80))
}

/// A field up to its first NUL.
fn text(bytes: &[u8], header: usize, field: &Range<usize>) -> Range<usize> {
    let start = header + field.start;
    let len = bytes[start..header + field.end].iter().position(|&b| b == 0).unwrap_or(field.len());
    start..start + len
}

/// Passes each entry to `take`. One tar may follow another, as `cat` makes them.
pub(crate) fn each(bytes: &[u8], take: &mut Take<'_>) -> Result<(), String> {
    let Some(first) = first_header(bytes) else { return Ok(()) };
    let mut walk = TarWalk { bytes, seen: HashSet::new(), more: vec![first], fault: None };
    // If a tar is embedded in another file, a missing end is no error.
    if zeros(bytes, 0) < first && bytes[PADDING] == [0; 12] && octal(&bytes[SIZE]).is_some() {
        walk.fault("its first header is damaged");
    }
    while let Some(start) = walk.more.pop() {
        if walk.chain(start, take).is_break() {
            return Ok(());
        }
    }
    walk.fault.map_or(Ok(()), Err)
}

struct TarWalk<'b> {
    bytes: &'b [u8],
    /// The offsets of headers that were read.
    seen: HashSet<usize>,
    /// The offsets where other readers see a header.
    more: Vec<usize>,
    fault: Option<String>,
}

/// The extended headers that precede a header and describe its entry.
#[derive(Default)]
struct Before<'b> {
    start: Option<usize>,
    name: Option<Cow<'b, [u8]>>,
    target: Option<Cow<'b, [u8]>>,
    texts: Vec<Range<usize>>,
    size: Option<u64>,
    sparse: sparse::Records,
}

impl<'b> TarWalk<'b> {
    fn fault(&mut self, why: &str) {
        self.fault.get_or_insert_with(|| format!("it is damaged or cut short ({why})"));
    }

    /// Reads header after header.
    fn chain(&mut self, start: usize, take: &mut Take<'_>) -> ControlFlow<()> {
        let (mut at, mut before, mut global) = (start, Before::default(), Before::default());
        loop {
            let next = zeros(self.bytes, at);
            let ended = next >= at + 2 * BLOCK;
            at = next;
            let Some(header) = block(self.bytes, at) else {
                if self.bytes[at.min(self.bytes.len())..].iter().any(|&b| b != 0) && !ended {
                    self.fault("unexpected end of file");
                }
                if before.start.is_some() {
                    self.fault("the entry of an extended header is missing");
                }
                return ControlFlow::Continue(());
            };
            if !is_header(header) {
                if ended {
                    // Bytes after the end are not part of the tar.
                    return ControlFlow::Continue(());
                }
                self.fault("a header is damaged");
                match (at..self.bytes.len()).step_by(BLOCK).find(|&at| block(self.bytes, at).is_some_and(is_header)) {
                    Some(next) => at = next,
                    None => return ControlFlow::Continue(()),
                }
            }
            if !self.seen.insert(at) {
                return ControlFlow::Continue(());
            }
            at = self.header(at, &mut before, &mut global, take)?;
        }
    }

    /// Reads the header at `at`, and returns the offset of the next one.
    fn header(
        &mut self,
        at: usize,
        before: &mut Before<'b>,
        global: &mut Before<'b>,
        take: &mut Take<'_>,
    ) -> ControlFlow<(), usize> {
        let bytes = self.bytes;
        let header = &bytes[at..at + BLOCK];
        let (written, is_clear) = size(&header[SIZE]).unwrap_or((0, false));
        if !is_clear {
            self.fault("the size of an entry is no number");
        }
        let kind = header[KIND];
        let is_extension = matches!(kind, b'x' | b'X' | b'g' | b'L' | b'K');
        let size = if is_extension { written } else { before.size.or(global.size).unwrap_or(written) };
        let mut start = at + BLOCK;
        // A map in the extended headers overrides that of the header.
        let has_map = !before.sparse.or(&global.sparse).is_empty();
        let old_map = if kind == b'S' && !has_map { sparse::old_map(bytes, at) } else { None };
        if let Some((_, end)) = &old_map {
            start = *end;
        }
        if kind == b'S' && !has_map && !matches!(old_map, Some((Some(_), _))) {
            self.fault("the map of a sparse file is damaged");
        }
        let stop = usize::try_from(size).ok().and_then(|size| start.checked_add(size)).unwrap_or(usize::MAX);
        let there = start.min(bytes.len())..stop.min(bytes.len());
        before.start.get_or_insert(at);
        if stop > bytes.len() {
            self.fault("an entry is cut short");
        }
        let next = stop.checked_next_multiple_of(BLOCK).unwrap_or(bytes.len()).min(bytes.len());
        if is_extension {
            self.extension(kind, there, before, global);
            return ControlFlow::Continue(next);
        }
        let before = std::mem::take(before);
        let map = match old_map {
            Some((map, _)) => map,
            None => match before.sparse.or(&global.sparse).map(bytes, &there) {
                Ok(map) => map,
                Err(()) => {
                    self.fault("the map of a sparse file is damaged");
                    None
                }
            },
        };
        if map.as_ref().is_some_and(|map| map.end() != there.end) {
            self.fault("the map of a sparse file does not match its size");
        }
        let name_field = text(bytes, at, &NAME);
        let is_folder = kind == b'5' || (matches!(kind, 0 | b'0') && bytes[name_field.clone()].ends_with(b"/"));
        // Python reads the content of these as the next header; GNU tar and bsdtar read some of it as content.
        if size > 0 && (is_folder || matches!(kind, b'1'..=b'6')) && block(bytes, start).is_some_and(is_header) {
            self.more.push(start);
        }
        self.entry(at, &before, global, map, there, take)?;
        ControlFlow::Continue(next)
    }

    /// A header that describes the next one.
    fn extension(&mut self, kind: u8, there: Range<usize>, before: &mut Before<'b>, global: &mut Before<'b>) {
        let bytes = self.bytes;
        let until_zero = || {
            let data = &bytes[there.clone()];
            Some(Cow::Borrowed(data.split(|&b| b == 0).next().unwrap_or_default()))
        };
        match kind {
            b'L' => before.name = until_zero(),
            b'K' => before.target = until_zero(),
            b'g' => self.records(there, global),
            _ => self.records(there, before),
        }
    }

    /// Parses the records of a pax header: `LENGTH KEY=VALUE\n`.
    fn records(&mut self, there: Range<usize>, to: &mut Before<'b>) {
        let bytes = self.bytes;
        let mut at = there.start;
        while at < there.end && bytes[at] != 0 {
            let Some((key, value, next)) = record(&bytes[..there.end], at) else {
                return self.fault("an extended header is damaged");
            };
            let text = &bytes[value.clone()];
            match &bytes[key] {
                b"path" | b"GNU.sparse.name" => to.name = Some(Cow::Borrowed(text)),
                b"linkpath" => to.target = Some(Cow::Borrowed(text)),
                b"size" => {
                    to.size = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
                    if to.size.is_none() {
                        self.fault("the size of an entry is no number");
                    }
                }
                key => match to.sparse.add(key, text) {
                    Some(true) => {}
                    Some(false) => self.fault("the map of a sparse file is damaged"),
                    None => to.texts.push(value),
                },
            }
            at = next;
        }
    }

    fn entry(
        &mut self,
        at: usize,
        before: &Before<'b>,
        global: &Before<'b>,
        map: Option<Map>,
        there: Range<usize>,
        take: &mut Take<'_>,
    ) -> ControlFlow<()> {
        let bytes = self.bytes;
        let own = &bytes[text(bytes, at, &NAME)];
        let prefix = &bytes[text(bytes, at, &PREFIX)];
        let is_posix = bytes[at + MAGIC.start..].starts_with(b"ustar\0");
        let own =
            if is_posix && !prefix.is_empty() { Cow::Owned([prefix, b"/", own].concat()) } else { Cow::Borrowed(own) };
        let name = before.name.as_ref().or(global.name.as_ref()).unwrap_or(&own);
        let link = &bytes[text(bytes, at, &LINK)];
        let own_target = Some(Cow::Borrowed(link)).filter(|link| !link.is_empty());
        let target = before.target.as_ref().or(own_target.as_ref());
        let mut entry = Entry::new(name);
        entry.target = target.map(AsRef::as_ref);
        entry.headers.push(before.start.unwrap_or(at)..there.start);
        entry.texts.extend(before.texts.iter().chain(&global.texts).cloned());
        // The owners follow other fields without a separator.
        entry.texts.extend(OWNERS.iter().map(|field| text(bytes, at, field)));
        let is_empty = matches!(bytes[at + KIND], b'1'..=b'6' | b'V') && there.is_empty();
        entry.part = (!is_empty).then_some(Part::Content);
        let Some(map) = map else {
            return take.entry(bytes, entry, Data::Plain(there));
        };
        let mut decode = |content: &mut Content<'_, '_>, layout: &mut Layout| {
            layout.body.extend(map.stored(bytes));
            content.fill(&mut map.reader(bytes))?;
            if map.is_whole(bytes) { Ok(()) } else { Err(Stop::damaged("a sparse file is cut short")) }
        };
        take.entry(bytes, entry, Data::Packed(&mut decode))
    }
}

/// Returns the key, the value and the end of the record at `at`.
fn record(bytes: &[u8], at: usize) -> Option<(Range<usize>, Range<usize>, usize)> {
    let digits = bytes[at..].iter().take(20).position(|&b| b == b' ')?;
    let len: usize = std::str::from_utf8(&bytes[at..at + digits]).ok()?.parse().ok()?;
    let end = at.checked_add(len).filter(|&end| end <= bytes.len() && end > at + digits + 1)?;
    let start = at + digits + 1;
    let equals = start + bytes[start..end].iter().position(|&b| b == b'=')?;
    (bytes[end - 1] == b'\n').then_some((start..equals, equals + 1..end - 1, end))
}
