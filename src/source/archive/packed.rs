//! Streams that hold one file: gzip and zstd, each in one or more pieces one behind the other.

use std::io::{self, Read};
use std::ops::Range;

use flate2::bufread::GzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

/// A stream, and where in its bytes there is nothing but what it unpacks to.
pub(super) trait Stream: Read {
    fn body(&self) -> &[Range<usize>];
}

/// All members of a gzip file. What follows the last and is none is the outer file's own business, as for gzip.
pub(super) struct Gzip<'b> {
    bytes: &'b [u8],
    start: usize,
    member: GzDecoder<&'b [u8]>,
    body: Vec<Range<usize>>,
}

impl<'b> Gzip<'b> {
    pub fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, start: 0, member: GzDecoder::new(bytes), body: Vec::new() }
    }
}

impl Stream for Gzip<'_> {
    fn body(&self) -> &[Range<usize>] {
        &self.body
    }
}

impl Read for Gzip<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.member.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            let rest = *self.member.get_ref();
            let end = self.bytes.len() - rest.len();
            if end > self.start {
                self.body.push(self.start + header_len(&self.member)..end);
                self.start = end;
            }
            if !rest.starts_with(b"\x1f\x8b\x08") {
                return Ok(0);
            }
            self.member = GzDecoder::new(rest);
        }
    }
}

/// The file's name and a comment may stand in front of the body.
fn header_len(member: &GzDecoder<&[u8]>) -> usize {
    let Some(header) = member.header() else { return 0 };
    let extra = header.extra().map_or(0, |extra| 2 + extra.len());
    let texts = [header.filename(), header.comment()].into_iter().flatten().map(|text| text.len() + 1);
    10 + extra + texts.sum::<usize>()
}

/// All frames of a zstd file, without those that are to be skipped.
pub(super) struct Zstd<'b> {
    bytes: &'b [u8],
    rest: &'b [u8],
    frame: Option<StreamingDecoder<&'b [u8], FrameDecoder>>,
    body: Vec<Range<usize>>,
}

impl<'b> Zstd<'b> {
    pub fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, rest: bytes, frame: None, body: Vec::new() }
    }

    /// Opens the next frame; false at the end.
    fn next_frame(&mut self) -> io::Result<bool> {
        while !self.rest.is_empty() {
            match StreamingDecoder::new(self.rest) {
                Ok(frame) => {
                    self.frame = Some(frame);
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    let frame = usize::try_from(length).ok().and_then(|length| length.checked_add(8));
                    let rest = frame.and_then(|frame| self.rest.get(frame..));
                    self.rest = rest.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
                }
                Err(err) => return Err(io::Error::other(err)),
            }
        }
        Ok(false)
    }
}

impl Stream for Zstd<'_> {
    fn body(&self) -> &[Range<usize>] {
        &self.body
    }
}

impl Read for Zstd<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if let Some(frame) = &mut self.frame {
                let read = frame.read(buffer)?;
                if read > 0 {
                    return Ok(read);
                }
                let (written, counted) =
                    (frame.decoder.get_checksum_from_data(), frame.decoder.get_calculated_checksum());
                if written.is_some() && written != counted {
                    return Err(io::Error::other("the checksum does not fit"));
                }
                let start = self.bytes.len() - self.rest.len();
                self.rest = frame.get_ref();
                self.body.push(start..self.bytes.len() - self.rest.len());
                self.frame = None;
            }
            if !self.next_frame()? {
                return Ok(0);
            }
        }
    }
}
