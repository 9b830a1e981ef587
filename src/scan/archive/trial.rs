//! Decodes a part of a possible stream, if the mark of the format is short or the place is unusual.

use std::io::{self, Read};

use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

use crate::scan::archive::stream::{Inflate, Layout, crc, gzip_header};

/// The number of bytes to decode.
const TRIED: usize = 4096;

/// Other bytes rarely decode to this much before an error.
const ENOUGH: usize = 256;

/// Whether these bytes are a zlib stream. Its header of two bytes also occurs in texts.
pub(crate) fn is_zlib(bytes: &[u8]) -> bool {
    let Some(&[method, flags]) = bytes.first_chunk::<2>() else { return false };
    if method & 0x0f != 8 || method >> 4 > 7 || flags & 0x20 != 0 || u16::from_be_bytes([method, flags]) % 31 != 0 {
        return false;
    }
    match inflate(bytes, true) {
        End::Whole { .. } | End::Open => true,
        // A truncated stream has little more evidence than an invalid one.
        End::Cut(unpacked) | End::Invalid(unpacked) => unpacked >= ENOUGH,
    }
}

/// Whether these bytes, which have the mark of gzip, are a gzip stream with content.
pub(crate) fn is_gzip(bytes: &[u8]) -> bool {
    const RESERVED: u8 = 0xe0;
    /// Few bytes have the mark, and none of them decodes to this much by chance.
    const ENOUGH: usize = 64;
    if bytes.get(3).is_none_or(|flags| flags & RESERVED != 0) {
        return false;
    }
    let body = gzip_header(bytes, 0, &mut Layout::default()).and_then(|start| bytes.get(start..));
    let Some(body) = body else { return false };
    match inflate(body, false) {
        End::Open => true,
        End::Whole { unpacked, len, .. } if unpacked.len() >= ENOUGH => len > 0,
        End::Whole { unpacked, len } => {
            let sum = body.get(len..len + 4).is_some_and(|sum| sum == crc(&unpacked).to_le_bytes());
            sum && !unpacked.is_empty()
        }
        End::Cut(unpacked) => unpacked > 0,
        End::Invalid(unpacked) => unpacked >= ENOUGH,
    }
}

/// The result of a trial.
enum End {
    /// The whole stream was decoded. It has this many bytes.
    Whole {
        unpacked: Vec<u8>,
        len: usize,
    },
    /// No error occurred until enough was decoded.
    Open,
    /// The bytes ended before the stream.
    Cut(usize),
    Invalid(usize),
}

fn inflate(bytes: &[u8], zlib: bool) -> End {
    let tried = &bytes[..bytes.len().min(TRIED)];
    let mut inflate = Inflate::new(tried, zlib);
    let mut buffer = [0; TRIED];
    let mut unpacked = Vec::new();
    loop {
        match inflate.read(&mut buffer) {
            Ok(0) => return End::Whole { unpacked, len: tried.len() - inflate.rest().len() },
            Ok(read) => unpacked.extend_from_slice(&buffer[..read]),
            Err(err) if err.kind() == io::ErrorKind::UnexpectedEof && bytes.len() > TRIED => return End::Open,
            Err(err) if err.kind() == io::ErrorKind::UnexpectedEof => return End::Cut(unpacked.len()),
            Err(_) => return End::Invalid(unpacked.len()),
        }
        if unpacked.len() >= 16 * TRIED {
            return End::Open;
        }
    }
}

/// Whether these bytes, which have the mark of xz, are a stream with a block. Both headers have a checksum.
pub(crate) fn is_xz(bytes: &[u8]) -> bool {
    const HEADER: usize = 12;
    let holds = |bytes: &[u8], sum: &[u8]| crc(bytes).to_le_bytes() == sum;
    let Some(header) = bytes.get(..HEADER) else { return false };
    let block = bytes.get(HEADER).filter(|&&size| size != 0).and_then(|&size| {
        let end = HEADER + 4 * usize::from(size);
        Some((bytes.get(HEADER..end)?, bytes.get(end..end + 4)?))
    });
    holds(&header[6..8], &header[8..]) && block.is_some_and(|(block, sum)| holds(block, sum))
}

/// Whether these bytes, which have the marks of bzip2 and of a block, are a stream and not a text with these marks.
pub(crate) fn is_bzip2(bytes: &[u8]) -> bool {
    const MARKS: usize = 10;
    const LOOKED_AT: usize = 24;
    let is_letter = |b: &u8| b.is_ascii_graphic() || b.is_ascii_whitespace();
    let behind = bytes.get(MARKS..MARKS + LOOKED_AT);
    behind.is_some_and(|behind| behind.iter().any(|b| !is_letter(b)) && behind != [0; LOOKED_AT]) && {
        let mut reader = ::bzip2::bufread::BzDecoder::new(bytes);
        match reader.read(&mut [0; 64]) {
            Ok(read) => read > 0,
            Err(err) => err.kind() == io::ErrorKind::UnexpectedEof,
        }
    }
}

/// Whether these bytes, which have the mark of zstd, are a frame with a compressed block. A frame without one is scanned as it
/// is.
pub(crate) fn is_zstd(bytes: &[u8]) -> bool {
    match first_compressed_block(bytes) {
        None => false,
        Some(Block { is_cut: true, .. }) => true,
        Some(Block { before, .. }) => StreamingDecoder::<_, FrameDecoder>::new(bytes).is_ok_and(|frame| {
            io::copy(&mut frame.take(before as u64 + 1), &mut io::sink()).is_ok_and(|read| read > 0)
        }),
    }
}

struct Block {
    /// The offset of the content.
    before: usize,
    /// Whether the frame continues after the end of the bytes.
    is_cut: bool,
}

fn first_compressed_block(bytes: &[u8]) -> Option<Block> {
    const MOST: usize = 128 << 10;
    const RESERVED: u8 = 8;
    const DICTIONARY: u8 = 3;
    let descriptor = *bytes.get(4)?;
    if descriptor & (RESERVED | DICTIONARY) != 0 {
        return None;
    }
    let is_single = descriptor & 0x20 != 0;
    let size = match descriptor >> 6 {
        0 => usize::from(is_single),
        n => 1 << n,
    };
    let mut at = 5 + usize::from(!is_single) + size;
    let mut before = 0;
    loop {
        let &[a, b, c] = bytes.get(at..at + 3)?.first_chunk()?;
        let header = usize::from(a) | usize::from(b) << 8 | usize::from(c) << 16;
        let (is_last, kind, size) = (header & 1 == 1, header >> 1 & 3, header >> 3);
        at += 3;
        if size > MOST {
            return None;
        }
        match kind {
            0 => at += size,
            1 => at += 1,
            2 => return Some(Block { before, is_cut: at + size > bytes.len() }),
            _ => return None,
        }
        before += size;
        if is_last {
            return None;
        }
    }
}
