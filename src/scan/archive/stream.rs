//! Compressed streams: gzip, zstd, xz, bzip2, LZMA and zlib, each with one or more members.

use std::io::{self, Read};
use std::ops::Range;

use deflate64::InflaterManaged;
use flate2::{Crc, Decompress, FlushDecompress, Status};
use lzma_rust2::{LzmaReader, XzReader};
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

use crate::scan::archive::content::{Content, Stop};

pub(crate) const GZIP: &[u8] = b"\x1f\x8b\x08";
pub(crate) const XZ: &[u8] = b"\xfd7zXZ\0";

/// The largest window that is allocated, which is also the limit of the zstd crate. `xz -9` needs half of it.
const WINDOW: u32 = 128 << 20;
const WINDOW_KIB: u32 = (WINDOW >> 10) + 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Gzip,
    Zstd,
    Xz,
    Bzip2,
    Lzma,
    Zlib,
}

/// The layout of a stream.
#[derive(Default)]
pub(crate) struct Layout {
    /// The compressed bytes.
    pub body: Vec<Range<usize>>,
    /// Names and comments of gzip.
    pub texts: Vec<Range<usize>>,
}

/// Unpacks all consecutive members, and returns the end of the last one. As in gzip, the bytes after it are not part of the
/// stream.
pub(crate) fn unpack(
    format: Format,
    bytes: &[u8],
    content: &mut Content<'_, '_>,
    layout: &mut Layout,
) -> Result<usize, Stop> {
    let member = match format {
        Format::Gzip => gzip,
        Format::Zstd => return zstd(bytes, content, layout),
        Format::Xz => xz,
        Format::Bzip2 => bzip2,
        Format::Lzma => return lzma(bytes, content, layout),
        Format::Zlib => zlib,
    };
    let mut end = 0;
    loop {
        end = member(bytes, end, content, layout)?;
        // Gzip, Python and xz skip zeros between members.
        let zeros = bytes[end..].iter().take_while(|&&b| b == 0).count();
        let next = &bytes[end + zeros..];
        let follows = match format {
            Format::Gzip => next.starts_with(GZIP),
            Format::Xz => next.starts_with(XZ),
            Format::Bzip2 => next.starts_with(b"BZh"),
            _ => false,
        };
        if !follows {
            return Ok(end);
        }
        end += zeros;
    }
}

fn cut() -> Stop {
    Stop::damaged("unexpected end of file")
}

/// Decodes from `start` with the reader that `open` returns, and returns where the reader stopped.
fn decode<'b, R: Read>(
    bytes: &'b [u8],
    start: usize,
    content: &mut Content<'_, '_>,
    layout: &mut Layout,
    open: impl FnOnce(&'b [u8]) -> R,
    rest: impl FnOnce(R) -> usize,
) -> Result<usize, Stop> {
    let mut reader = open(bytes.get(start..).ok_or_else(cut)?);
    let filled = content.fill(&mut reader);
    let end = bytes.len() - rest(reader);
    layout.body.push(start..end);
    filled.map(|()| end)
}

fn gzip(bytes: &[u8], start: usize, content: &mut Content<'_, '_>, layout: &mut Layout) -> Result<usize, Stop> {
    let body = gzip_header(bytes, start, layout).ok_or_else(cut)?;
    let from = content.len();
    let end = deflate(bytes, body, content, layout)?;
    let trailer = bytes.get(end..end + 8).ok_or_else(cut)?;
    let word = |at: usize| u32::from_le_bytes([trailer[at], trailer[at + 1], trailer[at + 2], trailer[at + 3]]);
    let unpacked = content.since(from);
    if word(0) != crc(unpacked) {
        return Err(Stop::damaged("the checksum does not match"));
    }
    // The size is stored modulo 2^32.
    #[allow(clippy::cast_possible_truncation)]
    if word(4) != unpacked.len() as u32 {
        return Err(Stop::damaged("the size does not match"));
    }
    Ok(end + 8)
}

pub(crate) fn crc(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// Returns the end of the header. Reserved flags are ignored, like in Python.
pub(super) fn gzip_header(bytes: &[u8], start: usize, layout: &mut Layout) -> Option<usize> {
    const HEADER_CRC: u8 = 2;
    const EXTRA: u8 = 4;
    const TEXTS: [u8; 2] = [8, 16];
    let flags = *bytes.get(start + 3)?;
    let mut at = start + 10;
    if flags & EXTRA != 0 {
        at += 2 + usize::from(u16::from_le_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]));
    }
    for _ in TEXTS.into_iter().filter(|flag| flags & flag != 0) {
        let len = bytes.get(at..)?.iter().position(|&b| b == 0)?;
        layout.texts.push(at..at + len);
        at += len + 1;
    }
    Some(at + if flags & HEADER_CRC == 0 { 0 } else { 2 })
}

/// One raw deflate stream.
pub(crate) fn deflate(
    bytes: &[u8],
    start: usize,
    content: &mut Content<'_, '_>,
    layout: &mut Layout,
) -> Result<usize, Stop> {
    decode(bytes, start, content, layout, |rest| Inflate::new(rest, false), |inflate| inflate.rest.len())
}

fn zlib(bytes: &[u8], start: usize, content: &mut Content<'_, '_>, layout: &mut Layout) -> Result<usize, Stop> {
    decode(bytes, start, content, layout, |rest| Inflate::new(rest, true), |inflate| inflate.rest.len())
}

pub(crate) fn deflate64(
    bytes: &[u8],
    start: usize,
    content: &mut Content<'_, '_>,
    layout: &mut Layout,
) -> Result<usize, Stop> {
    let open = |rest| Inflate64 { rest, state: Box::new(InflaterManaged::new()) };
    decode(bytes, start, content, layout, open, |inflate| inflate.rest.len())
}

pub(crate) fn bzip2(
    bytes: &[u8],
    start: usize,
    content: &mut Content<'_, '_>,
    layout: &mut Layout,
) -> Result<usize, Stop> {
    decode(bytes, start, content, layout, ::bzip2::bufread::BzDecoder::new, |reader| reader.into_inner().len())
}

pub(crate) fn xz(
    bytes: &[u8],
    start: usize,
    content: &mut Content<'_, '_>,
    layout: &mut Layout,
) -> Result<usize, Stop> {
    let open = |rest| XzReader::new_mem_limit(rest, false, WINDOW_KIB);
    decode(bytes, start, content, layout, open, |reader| reader.into_inner().len()).map_err(kind_of_fault)
}

/// A `.lzma` file.
fn lzma(bytes: &[u8], content: &mut Content<'_, '_>, layout: &mut Layout) -> Result<usize, Stop> {
    let reader = LzmaReader::new_mem_limit(bytes, WINDOW_KIB, None)?;
    decode(bytes, 0, content, layout, |_| deferring(reader), rest_of_lzma)
}

/// LZMA in a zip: two bytes for the version, the length of the properties, the properties. The size is unknown if the stream has
/// an end mark.
pub(crate) fn lzma_in_zip(
    bytes: &[u8],
    start: usize,
    size: Option<u64>,
    content: &mut Content<'_, '_>,
    layout: &mut Layout,
) -> Result<usize, Stop> {
    let &[_, _, 5, 0, props, a, b, c, d] = bytes.get(start..start + 9).ok_or_else(cut)? else {
        return Err(Stop::damaged("its properties are not those of LZMA"));
    };
    let window = u32::from_le_bytes([a, b, c, d]);
    if window > WINDOW {
        return Err(too_wide());
    }
    let stream = start + 9;
    let reader = LzmaReader::new_with_props(&bytes[stream..], size.unwrap_or(u64::MAX), props, window, None)?;
    decode(bytes, stream, content, layout, |_| deferring(reader), rest_of_lzma)
}

/// Returns the bytes decoded before an error along with the error.
fn deferring(mut reader: LzmaReader<&[u8]>) -> LzmaReader<&[u8]> {
    reader.set_defer_errors(true);
    reader
}

fn rest_of_lzma(reader: LzmaReader<&[u8]>) -> usize {
    let (rest, unused) = reader.into_parts();
    rest.len() + unused.len()
}

fn too_wide() -> Stop {
    Stop::Unsupported(format!("it needs a window of more than {} MiB, which is not supported", WINDOW >> 20))
}

/// Converts an error of xz, which has one type for all errors.
fn kind_of_fault(stop: Stop) -> Stop {
    match stop {
        Stop::Damaged(why) if why.contains("mem_limit") => too_wide(),
        stop => stop,
    }
}

/// Decodes all consecutive frames, without skippable ones.
fn zstd(bytes: &[u8], content: &mut Content<'_, '_>, layout: &mut Layout) -> Result<usize, Stop> {
    let mut end = 0;
    while end < bytes.len() {
        end = match StreamingDecoder::new(&bytes[end..]) {
            Ok(frame) => zstd_frame(bytes, end, frame, content, layout)?,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                let next = usize::try_from(length).ok().and_then(|length| end.checked_add(length)?.checked_add(8));
                next.filter(|&next| next <= bytes.len()).ok_or_else(cut)?
            }
            Err(FrameDecoderError::WindowSizeTooBig { .. }) => return Err(too_wide()),
            Err(FrameDecoderError::DictNotProvided { .. }) => {
                return Err(Stop::Unsupported("it needs a dictionary, which is not supported".to_owned()));
            }
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::BadMagicNumber(_))) if end > 0 => break,
            Err(err) => return Err(Stop::damaged(&err.to_string())),
        };
    }
    Ok(end)
}

pub(crate) fn zstd_in_zip(
    bytes: &[u8],
    start: usize,
    content: &mut Content<'_, '_>,
    layout: &mut Layout,
) -> Result<usize, Stop> {
    let mut inner = Layout::default();
    let result = zstd(&bytes[start..], content, &mut inner);
    layout.body.extend(inner.body.into_iter().map(|range| range.start + start..range.end + start));
    result.map(|end| start + end)
}

fn zstd_frame(
    bytes: &[u8],
    start: usize,
    mut frame: StreamingDecoder<&[u8], FrameDecoder>,
    content: &mut Content<'_, '_>,
    layout: &mut Layout,
) -> Result<usize, Stop> {
    let from = content.len();
    let filled = content.fill(&mut frame);
    let end = bytes.len() - frame.get_ref().len();
    layout.body.push(start..end);
    filled?;
    let decoder = &frame.decoder;
    let (written, counted) = (decoder.get_checksum_from_data(), decoder.get_calculated_checksum());
    if written.is_some() && written != counted {
        return Err(Stop::damaged("the checksum does not match"));
    }
    // The size of a frame that does not store it is 0.
    let size = decoder.content_size();
    if size != 0 && size != (content.len() - from) as u64 {
        return Err(Stop::damaged("the size does not match"));
    }
    Ok(end)
}

/// A reader that reports whether the stream ended: the readers of flate2 accept the end of the input as the end of the stream.
pub(super) struct Inflate<'b> {
    rest: &'b [u8],
    state: Decompress,
    done: bool,
}

impl<'b> Inflate<'b> {
    pub fn new(rest: &'b [u8], zlib: bool) -> Self {
        Self { rest, state: Decompress::new(zlib), done: false }
    }

    /// The input that the stream did not consume.
    pub fn rest(&self) -> &'b [u8] {
        self.rest
    }
}

impl Read for Inflate<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !self.done && !buffer.is_empty() {
            let before = (self.state.total_in(), self.state.total_out());
            let status = self.state.decompress(self.rest, buffer, FlushDecompress::None);
            let status = status.map_err(|_| io::Error::other(INVALID))?;
            let taken = |total: u64, before: u64| usize::try_from(total - before).unwrap_or(usize::MAX);
            let (read, written) = (taken(self.state.total_in(), before.0), taken(self.state.total_out(), before.1));
            self.rest = &self.rest[read..];
            self.done = status == Status::StreamEnd;
            if written > 0 {
                return Ok(written);
            }
            if read == 0 && !self.done {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(0)
    }
}

const INVALID: &str = "the stream is not valid";

struct Inflate64<'b> {
    rest: &'b [u8],
    state: Box<InflaterManaged>,
}

impl Read for Inflate64<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !self.state.finished() && !buffer.is_empty() {
            let result = self.state.inflate(self.rest, buffer);
            self.rest = &self.rest[result.bytes_consumed..];
            if result.bytes_written > 0 {
                return Ok(result.bytes_written);
            }
            if result.data_error {
                return Err(io::Error::other(INVALID));
            }
            if result.bytes_consumed == 0 && !self.state.finished() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        if self.state.errored() { Err(io::Error::other(INVALID)) } else { Ok(0) }
    }
}
