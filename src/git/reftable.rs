//! The text in a reftable, a file in which git can store refs and reflogs. Scanning its raw bytes is not enough: names are
//! prefix-compressed, and blocks of reflogs are deflated. Format: <https://git-scm.com/docs/reftable>.

use gix::zlib::{Inflate, Status};

/// The size of a block's type and length.
const BLOCK_HEADER: usize = 4;

/// The offsets of a table's sections.
struct Layout {
    /// The size of the file's header, which is part of the first block.
    header: usize,
    /// The size to which blocks of refs are padded. 0 if they are not padded.
    block_size: usize,
    hash_len: usize,
    refs_end: usize,
    log_start: usize,
    log_end: usize,
}

/// Returns the text of each block of refs and of each block of reflogs, with one record a line: the name, and the target of a
/// symbolic ref or the fields of a reflog entry. None if the table is damaged or has an unknown version.
pub(crate) fn texts(table: &[u8]) -> Option<Vec<Vec<u8>>> {
    let layout = Layout::parse(table)?;
    let mut texts = Vec::new();
    let mut at = 0;
    while at < layout.refs_end {
        let skipped = layout.before_block(at);
        let len = block_len(table, at + skipped, b'r')?;
        texts.push(records(table.get(at + skipped + BLOCK_HEADER..at + len)?, |reader, kind, key, text| {
            reader.varint()?;
            text.extend_from_slice(key);
            match kind {
                0 => {}
                1 => _ = reader.take(layout.hash_len)?,
                2 => _ = reader.take(2 * layout.hash_len)?,
                3 => reader.copy_string(text)?,
                _ => return None,
            }
            Some(())
        })?);
        at += len.max(layout.block_size);
    }
    at = layout.log_start;
    while at < layout.log_end {
        let start = at + layout.before_block(at) + BLOCK_HEADER;
        // The length also counts the header in front of the compressed bytes.
        let len = block_len(table, start - BLOCK_HEADER, b'g')?.checked_sub(start - at)?;
        let mut block = vec![0; len];
        let (status, consumed, written) =
            Inflate::default().once(table.get(start..layout.log_end)?, &mut block).ok()?;
        if status != Status::StreamEnd || written != len {
            return None;
        }
        texts.push(records(&block, |reader, kind, key, text| {
            // The name is followed by NUL and the reversed update index, 9 bytes in total.
            text.extend_from_slice(key.get(..key.len().checked_sub(9)?)?);
            match kind {
                0 => return Some(()),
                1 => {}
                _ => return None,
            }
            reader.take(2 * layout.hash_len)?;
            reader.copy_string(text)?;
            reader.copy_string(text)?;
            reader.varint()?;
            reader.take(2)?;
            reader.copy_string(text)
        })?);
        at = start + consumed;
    }
    Some(texts)
}

impl Layout {
    fn parse(table: &[u8]) -> Option<Self> {
        let version = *table.strip_prefix(b"REFT")?.first()?;
        let (header, hash_len) = match (version, table.get(24..28)?) {
            (1, _) => (24, 20),
            (2, b"sha1") => (28, 20),
            (2, b"s256") => (28, 32),
            _ => return None,
        };
        let footer = table.len().checked_sub(header + 5 * 8 + 4).filter(|&footer| footer >= header)?;
        if table.get(footer..footer + header)? != table.get(..header)? {
            return None;
        }
        let position = |at: usize| {
            let bytes = table.get(footer + header + 8 * at..)?.first_chunk::<8>()?;
            usize::try_from(u64::from_be_bytes(*bytes)).ok().filter(|&position| at == 1 || position <= footer)
        };
        // The lower five bits of the second position are the length of an object id.
        let positions = [position(0)?, position(1)? >> 5, position(2)?, position(3)?, position(4)?];
        let end_before = |from: usize| {
            let later = positions[from..].iter().copied().filter(|&position| position > 0);
            later.min().unwrap_or(footer).min(footer)
        };
        let is_first = |kind: u8| footer > header && table.get(header) == Some(&kind);
        let refs_end = if is_first(b'r') { end_before(0) } else { 0 };
        let log_end = if positions[4] > 0 { positions[4] } else { footer };
        let log_start = match positions[3] {
            0 if !is_first(b'g') => log_end,
            position => position,
        };
        Some(Self { header, block_size: u24(table, 5)?, hash_len, refs_end, log_start, log_end })
    }

    fn before_block(&self, at: usize) -> usize {
        if at == 0 { self.header } else { 0 }
    }
}

fn u24(bytes: &[u8], at: usize) -> Option<usize> {
    let [a, b, c] = bytes.get(at..)?.first_chunk::<3>()?.map(usize::from);
    Some(a << 16 | b << 8 | c)
}

/// The length of the block whose header is at `at`. None if the block is of another type.
fn block_len(table: &[u8], at: usize, kind: u8) -> Option<usize> {
    (*table.get(at)? == kind).then_some(())?;
    u24(table, at + 1).filter(|&len| len > BLOCK_HEADER)
}

/// The text of a block, which is passed without its header. `value` parses the value of a record and appends it to the text.
fn records(block: &[u8], value: impl Fn(&mut Reader<'_>, usize, &[u8], &mut Vec<u8>) -> Option<()>) -> Option<Vec<u8>> {
    // The records are followed by the restart points and their number.
    let restarts = block.last_chunk::<2>()?;
    let end = block.len().checked_sub(2 + 3 * usize::from(u16::from_be_bytes(*restarts)))?;
    let mut reader = Reader { rest: &block[..end] };
    let (mut key, mut text) = (Vec::new(), Vec::new());
    while !reader.rest.is_empty() {
        let shared = reader.varint()?;
        let suffix_and_kind = reader.varint()?;
        let suffix = reader.take(suffix_and_kind >> 3)?;
        (shared <= key.len()).then_some(())?;
        key.truncate(shared);
        key.extend_from_slice(suffix);
        value(&mut reader, suffix_and_kind & 7, &key, &mut text)?;
        text.push(b'\n');
    }
    Some(text)
}

struct Reader<'t> {
    rest: &'t [u8],
}

impl<'t> Reader<'t> {
    fn take(&mut self, len: usize) -> Option<&'t [u8]> {
        let (taken, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(taken)
    }

    /// Parses a varint, in the "offset encoding" of gitformat-pack(5).
    fn varint(&mut self) -> Option<usize> {
        let mut byte = self.take(1)?[0];
        let mut value = usize::from(byte & 0x7f);
        while byte & 0x80 != 0 {
            byte = self.take(1)?[0];
            value = (value + 1).checked_mul(128)? | usize::from(byte & 0x7f);
        }
        Some(value)
    }

    /// Appends a space and the next string.
    fn copy_string(&mut self, text: &mut Vec<u8>) -> Option<()> {
        let len = self.varint()?;
        text.push(b' ');
        text.extend_from_slice(self.take(len)?);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_is_no_text_and_no_panic() {
        let header = [&b"REFT\x01\0\x10\0"[..], &[0; 16]].concat();
        let footer = [&header[..], &[0; 44]].concat();
        assert_eq!(texts(&[&header[..], &footer].concat()), Some(Vec::new()), "a table without blocks");
        // `refs/a` and `refs/ab` with one id each.
        let first = [&[0, 6 << 3 | 1][..], b"refs/a", &[0], &[1; 20]].concat();
        let second = [&[6, 1 << 3 | 1][..], b"b", &[0], &[2; 20]].concat();
        let block = [&first[..], &second, &[0, 0, 28, 0, 1]].concat();
        let len = u8::try_from(header.len() + BLOCK_HEADER + block.len()).expect("a short block");
        let table = [&header[..], &[b'r', 0, 0, len], &block, &footer].concat();
        assert_eq!(texts(&table), Some(vec![b"refs/a\nrefs/ab\n".to_vec()]));
        for at in 0..table.len() {
            _ = texts(&table[..at]);
            for byte in [0, 1, 0x7f, 0xff] {
                let mut damaged = table.clone();
                damaged[at] = byte;
                _ = texts(&damaged);
            }
        }
        for broken in [&b""[..], b"REFT", b"nonsense", &table[..40]] {
            assert_eq!(texts(broken), None);
        }
    }
}
