//! A loose object, read with one `read` into buffers that live on.
//!
//! What was just staged is loose, so this is the path of nearly every blob in a hook. gix maps each file, unmaps it and
//! sets up a decoder anew; with 20 staged files of a clone of git/git that was a fifth of the process, and a second
//! thread gained nothing, since unmapping stops them all.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use gix::hash::oid;
use gix::objs::{Kind, decode};
use gix::zlib::{Inflate, Status};

/// The longest header: `commit `, 20 digits, NUL.
const LONGEST_HEADER: usize = 32;

/// The loose objects of one object directory, and what reading them needs.
pub(super) struct Loose {
    dir: PathBuf,
    /// Read into, and never made smaller.
    buffer: Vec<u8>,
    inflate: Inflate,
}

impl Loose {
    pub fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), buffer: Vec::new(), inflate: Inflate::default() }
    }

    /// The kind of the object `id`, and its bytes at the end of `buffer`: they start where the number says. None where
    /// there is no such loose object.
    pub fn read(&mut self, id: &oid, buffer: &mut Vec<u8>) -> gix::Result<Option<(Kind, usize)>> {
        let len = match File::open(self.path_of(id)).and_then(|file| read_whole(file, &mut self.buffer)) {
            Ok(len) => len,
            Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(err) => return Err(gix::Error::from_error(err)),
        };
        let packed = &self.buffer[..len];
        let mut header = [0; LONGEST_HEADER];
        self.inflate.reset();
        let (_, _, written) = self.inflate.once(packed, &mut header)?;
        let (kind, size, start) = decode::loose_header(&header[..written])?;
        let end = usize::try_from(size).ok().and_then(|size| start.checked_add(size)).ok_or_else(|| wrong(size))?;

        // Once more from the start: with room for all of it the decoder takes its fastest way.
        buffer.clear();
        buffer.try_reserve(end).map_err(|_| wrong(size))?;
        buffer.resize(end, 0);
        self.inflate.reset();
        let (status, _, written) = self.inflate.once(packed, buffer)?;
        if status != Status::StreamEnd || written != end {
            return Err(wrong(size));
        }
        Ok(Some((kind, start)))
    }

    fn path_of(&self, id: &oid) -> PathBuf {
        let hex = id.to_hex().to_string();
        let (folder, name) = hex.split_at(2);
        let mut path = self.dir.join(folder);
        path.push(name);
        path
    }
}

/// As `read_to_end`, but without asking for the size and the place first: two calls fewer for each small file.
fn read_whole(mut file: File, buffer: &mut Vec<u8>) -> io::Result<usize> {
    const STEP: usize = 64 << 10;
    let mut len = 0;
    loop {
        if buffer.len() < len + STEP {
            buffer.resize(len + STEP, 0);
        }
        match file.read(&mut buffer[len..]) {
            Ok(0) => return Ok(len),
            Ok(read) => len += read,
            Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
            Err(err) => return Err(err),
        }
    }
}

fn wrong(size: u64) -> gix::Error {
    gix::error::corruption(format!("it does not hold the {size} bytes that its header promises")).into()
}
