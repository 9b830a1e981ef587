//! Sparse files in a tar: which parts are stored, in the four formats that GNU tar has used.

use std::io::{self, Read};
use std::ops::Range;

/// The block size of a tar. Each header is one block.
pub(crate) const BLOCK: usize = 512;

/// The parts of a file that are stored.
pub(crate) struct Map {
    /// The offset of each part in the file, and its range in the archive.
    parts: Vec<(u64, Range<usize>)>,
    size: u64,
    /// The end of the last part in the archive.
    end: usize,
}

/// The fields of extended headers about the next file.
#[derive(Default)]
pub(crate) struct Records {
    numbers: Vec<u64>,
    size: Option<u64>,
    major: Option<u64>,
}

fn number(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

impl Records {
    /// Adds a record. Returns None if it is about something else, and false if it cannot be read.
    pub fn add(&mut self, key: &[u8], value: &[u8]) -> Option<bool> {
        let key = key.strip_prefix(b"GNU.sparse.")?;
        Some(match key {
            b"major" => {
                self.major = number(value);
                self.major.is_some()
            }
            b"size" | b"realsize" => {
                self.size = number(value);
                self.size.is_some()
            }
            b"offset" | b"numbytes" => number(value).map(|number| self.numbers.push(number)).is_some(),
            b"map" => {
                let numbers: Option<Vec<u64>> = value.split(|&b| b == b',').map(number).collect();
                let is_read = numbers.is_some();
                self.numbers = numbers.unwrap_or_default();
                is_read
            }
            _ => true,
        })
    }

    pub fn or<'r>(&'r self, other: &'r Self) -> &'r Self {
        if self.is_empty() { other } else { self }
    }

    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty() && self.size.is_none() && self.major.is_none()
    }

    /// The map of a file with its data at `there`, if it is sparse.
    pub fn map(&self, bytes: &[u8], there: &Range<usize>) -> Result<Option<Map>, ()> {
        let (numbers, start) = match self.major {
            Some(1) => in_front(&bytes[there.clone()]).map(|(numbers, len)| (numbers, there.start + len)).ok_or(())?,
            _ if self.numbers.is_empty() => return Ok(None),
            _ => (self.numbers.clone(), there.start),
        };
        if numbers.len() % 2 != 0 {
            return Err(());
        }
        let pairs: Vec<(u64, u64)> = numbers.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
        Map::new(&pairs, self.size, start).map(Some).ok_or(())
    }
}

/// Reads the map in front of the data: decimal numbers, one on each line. The first is the number of pairs.
fn in_front(data: &[u8]) -> Option<(Vec<u64>, usize)> {
    let mut at = 0;
    let mut next = || {
        let len = data.get(at..)?.iter().take(24).position(|&b| b == b'\n')?;
        let value = number(&data[at..at + len])?;
        at += len + 1;
        Some(value)
    };
    let pairs = usize::try_from(next()?).ok().filter(|&pairs| pairs <= data.len())?;
    let numbers: Option<Vec<u64>> = (0..2 * pairs).map(|_| next()).collect();
    let len = at.next_multiple_of(BLOCK);
    (len <= data.len()).then_some((numbers?, len))
}

/// Reads the map in a header of the old format and in the blocks after it. Returns it with the start of the data.
pub(crate) fn old_map(bytes: &[u8], header: usize) -> Option<(Option<Map>, usize)> {
    // In the header: the offset of the list, its length, the offset of the flag for more blocks, the offset of the file's size.
    const FIRST: usize = 386;
    const COUNT: usize = 4;
    const MORE: usize = 482;
    const SIZE: usize = 483;
    // The same for a block after it.
    const COUNT_BEHIND: usize = 21;
    const MORE_BEHIND: usize = 504;
    let field = |at: usize| -> Option<u64> {
        let field = bytes.get(at..at + 12)?;
        if field[0] & 0x80 != 0 {
            return field[4..].iter().try_fold(0_u64, |value, &b| value.checked_mul(256)?.checked_add(u64::from(b)));
        }
        let text = std::str::from_utf8(field).ok()?.trim_matches([' ', '\0']);
        if text.is_empty() { Some(0) } else { u64::from_str_radix(text, 8).ok() }
    };
    let mut pairs = Some(Vec::new());
    let mut read = |at: usize, count: usize| {
        for at in (0..count).map(|n| at + 24 * n) {
            // A field without a number ends the list.
            if bytes.get(at..at + 24).is_none_or(|pair| pair[12] == 0) {
                break;
            }
            match (field(at), field(at + 12), &mut pairs) {
                (Some(offset), Some(len), Some(pairs)) => pairs.push((offset, len)),
                _ => pairs = None,
            }
        }
    };
    read(header + FIRST, COUNT);
    let (mut end, mut more) = (header + BLOCK, bytes[header + MORE] != 0);
    while more {
        let block = bytes.get(end..end + BLOCK)?;
        read(end, COUNT_BEHIND);
        more = block[MORE_BEHIND] != 0;
        end += BLOCK;
    }
    let size = field(header + SIZE);
    let map = pairs.and_then(|pairs: Vec<(u64, u64)>| Map::new(&pairs, Some(size?), end));
    Some((map, end))
}

impl Map {
    /// Makes a map of parts that are stored one after the other from `start`.
    fn new(pairs: &[(u64, u64)], size: Option<u64>, start: usize) -> Option<Self> {
        let (mut at, mut end) = (start, 0);
        let mut parts = Vec::with_capacity(pairs.len());
        for &(offset, len) in pairs {
            if offset < end {
                return None;
            }
            let stop = at.checked_add(usize::try_from(len).ok()?)?;
            end = offset.checked_add(len)?;
            parts.push((offset, at..stop));
            at = stop;
        }
        Some(Self { parts, size: size.unwrap_or(end).max(end), end: at })
    }

    pub fn end(&self) -> usize {
        self.end
    }

    /// Whether all stored parts are within `bytes`.
    pub fn is_whole(&self, bytes: &[u8]) -> bool {
        self.parts.iter().all(|(_, part)| part.end <= bytes.len())
    }

    /// The ranges of the parts in `bytes`.
    pub fn stored<'m>(&'m self, bytes: &'m [u8]) -> impl Iterator<Item = Range<usize>> + 'm {
        let within = |part: &Range<usize>| part.start.min(bytes.len())..part.end.min(bytes.len());
        self.parts.iter().map(move |(_, part)| within(part))
    }

    /// The content of the file, with zeros in its holes.
    pub fn reader<'m>(&'m self, bytes: &'m [u8]) -> Expanded<'m> {
        Expanded { map: self, bytes, part: 0, at: 0 }
    }
}

pub(crate) struct Expanded<'m> {
    map: &'m Map,
    bytes: &'m [u8],
    part: usize,
    at: u64,
}

impl Read for Expanded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let fit = |len: u64| usize::try_from(len).unwrap_or(usize::MAX).min(buffer.len());
        while let Some((offset, stored)) = self.map.parts.get(self.part) {
            if self.at < *offset {
                let len = fit(*offset - self.at);
                buffer[..len].fill(0);
                self.at += len as u64;
                return Ok(len);
            }
            let within = usize::try_from(self.at - *offset).unwrap_or(usize::MAX);
            let rest = stored.start.saturating_add(within)..stored.end.min(self.bytes.len());
            if rest.is_empty() {
                self.part += 1;
                continue;
            }
            let len = rest.len().min(buffer.len());
            buffer[..len].copy_from_slice(&self.bytes[rest.start..rest.start + len]);
            self.at += len as u64;
            return Ok(len);
        }
        let len = fit(self.map.size.saturating_sub(self.at));
        buffer[..len].fill(0);
        self.at += len as u64;
        Ok(len)
    }
}
