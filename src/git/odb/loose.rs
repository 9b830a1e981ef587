//! A loose object, read with one `read` into buffers that live on.
//!
//! What was just staged is loose, so this is the path of nearly every blob in a hook. gix maps each file, unmaps it and
//! sets up a decoder anew; with 20 staged files of a clone of git/git that was a fifth of the process, and a second
//! thread gained nothing, since unmapping stops them all.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use gix::hash::oid;
use gix::objs::{self, decode};
use gix::zlib::{Inflate, Status};

use crate::regular_file;

/// The longest header: `commit `, 20 digits, NUL.
const LONGEST_HEADER: usize = 32;
/// Files of fewer bytes than this are decoded at once, into `USUAL_RATIO` times as many: that is enough for nearly all.
const USUALLY_SMALL: usize = 16 << 10;
const USUAL_RATIO: usize = 8;
/// What a buffer has at first. Pages that are touched for the first time cost a fault each: 32 of them were a tenth of
/// a small commit's scan.
const FIRST_ROOM: usize = 4 << 10;

/// The loose objects of one object directory, and what reading them needs.
pub(crate) struct Loose {
    dir: PathBuf,
    /// Read into, and never made smaller.
    buffer: Vec<u8>,
    /// Decoded into: what is small is copied out of it, so that no buffer is filled with zeros first.
    scratch: Vec<u8>,
    inflate: Inflate,
}

impl Loose {
    pub fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), buffer: Vec::new(), scratch: Vec::new(), inflate: Inflate::default() }
    }

    /// The kind of the object `id`, and its bytes at the end of `buffer`: they start where the number says. None where
    /// there is no such loose object.
    pub fn read(&mut self, id: &oid, buffer: &mut Vec<u8>) -> gix::Result<Option<(objs::Kind, usize)>> {
        let len = match regular_file::open(&self.path_of(id)).and_then(|file| read_whole(file, &mut self.buffer)) {
            Ok(len) => len,
            Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(err) => return Err(gix::Error::from_error(err)),
        };
        if len == 0 {
            self.expect_no_pipe(id)?;
        }
        let packed = &self.buffer[..len];
        // Most fit into the scratch at once: a pass for the header alone would build the decoder's tables twice, which
        // with 20 staged files was a tenth of the process.
        let room = match len {
            0..USUALLY_SMALL => self.scratch.len().max(len * USUAL_RATIO).max(FIRST_ROOM),
            _ => LONGEST_HEADER,
        };
        if self.scratch.len() < room {
            self.scratch.resize(room, 0);
        }
        self.inflate.reset();
        let (status, _, written) = self.inflate.once(packed, &mut self.scratch[..room])?;
        let (kind, size, start) = decode::loose_header(&self.scratch[..written.min(LONGEST_HEADER)])?;
        let end = usize::try_from(size).ok().and_then(|size| start.checked_add(size)).ok_or_else(|| wrong(size))?;
        buffer.clear();
        if status == Status::StreamEnd && written == end {
            buffer.extend_from_slice(&self.scratch[start..end]);
            return Ok(Some((kind, 0)));
        }

        // Once more from the start: with room for all of it the decoder takes its fastest way.
        buffer.try_reserve(end).map_err(|_| wrong(size))?;
        buffer.resize(end, 0);
        self.inflate.reset();
        let (status, _, written) = self.inflate.once(packed, buffer)?;
        if status != Status::StreamEnd || written != end {
            return Err(wrong(size));
        }
        Ok(Some((kind, start)))
    }

    /// Refuses a pipe or a device in place of the object, which gix would open and wait for.
    pub fn expect_no_pipe(&self, id: &oid) -> gix::Result<()> {
        regular_file::expect(&self.path_of(id)).map_err(gix::Error::from_error)
    }

    fn path_of(&self, id: &oid) -> PathBuf {
        let mut hex = gix::hash::Kind::hex_buf();
        let (folder, name) = id.hex_to_buf(&mut hex).split_at(2);
        let mut path = PathBuf::with_capacity(self.dir.as_os_str().len() + id.kind().len_in_hex() + 2);
        path.extend([&self.dir, Path::new(folder), Path::new(name)]);
        path
    }
}

/// As `read_to_end`, but without asking for the size, the place and the end: three calls fewer for each small file.
fn read_whole(mut file: File, buffer: &mut Vec<u8>) -> io::Result<usize> {
    let mut len = 0;
    loop {
        if buffer.len() == len {
            // A device may have no end.
            if len > 0 && !file.metadata()?.is_file() {
                return Ok(0);
            }
            buffer.resize((len * 2).max(FIRST_ROOM), 0);
        }
        match file.read(&mut buffer[len..]) {
            Ok(read) => {
                len += read;
                // Less than there was room for: a file on disk has ended. One that has not is left to gix.
                if len < buffer.len() {
                    return Ok(len);
                }
            }
            Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
            Err(err) => return Err(err),
        }
    }
}

fn wrong(size: u64) -> gix::Error {
    gix::error::corruption(format!("it does not hold the {size} bytes that its header promises")).into()
}
