//! Loose objects, read into buffers that are reused. Format: gitrepository-layout(5), `objects/[0-9a-f][0-9a-f]`.
//!
//! Objects that were just staged are loose, so nearly every blob in a hook is read here. gix maps and unmaps each file and
//! sets up a new decoder. With 20 staged files in a clone of git/git that took a fifth of the process, and a second thread
//! gained nothing, since unmapping stops all threads.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use gix::hash::oid;
use gix::objs::{self, decode};
use gix::zlib::{Inflate, Status};

use crate::regular_file;

/// The longest header: `commit `, 20 digits and NUL take 28 bytes.
const LONGEST_HEADER: usize = 32;
/// A smaller file is decoded in one step, with room for `USUAL_RATIO` times its size. That is enough for nearly all.
const SMALL_FILE: usize = 16 << 10;
const USUAL_RATIO: usize = 8;
/// The initial size of a buffer. The first access to each page of memory causes a page fault. 32 faults were a tenth of
/// the scan of a small commit.
const INITIAL_SIZE: usize = 4 << 10;

/// A reader for the loose objects of one object directory.
pub(crate) struct Loose {
    dir: PathBuf,
    /// The compressed file. It only grows.
    buffer: Vec<u8>,
    /// The decoded object. A small object is copied out of it, so that the caller's buffer need not be zeroed first.
    scratch: Vec<u8>,
    /// Made on first use, since clearing its tables takes 13,000 instructions.
    inflate: Option<Inflate>,
}

impl Loose {
    pub fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), buffer: Vec::new(), scratch: Vec::new(), inflate: None }
    }

    /// Returns the kind of the object `id` and the offset of its bytes, which extend to the end of `buffer`. None if there
    /// is no such loose object. Fails if the object is damaged; its id is not checked.
    pub fn read(&mut self, id: &oid, buffer: &mut Vec<u8>) -> gix::Result<Option<(objs::Kind, usize)>> {
        let len = match regular_file::open(&self.path_of(id)).and_then(|file| read_whole(file, &mut self.buffer)) {
            Ok(len) => len,
            Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(err) => return Err(gix::Error::from_error(err)),
        };
        if len == 0 {
            self.expect_no_pipe(id)?;
        }
        let compressed = &self.buffer[..len];
        // Most objects fit into the scratch buffer. Decoding the header alone first would build the decoder's tables
        // twice, which with 20 staged files took a tenth of the process.
        let room = match len {
            0..SMALL_FILE => self.scratch.len().max(len * USUAL_RATIO).max(INITIAL_SIZE),
            _ => LONGEST_HEADER,
        };
        if self.scratch.len() < room {
            self.scratch.resize(room, 0);
        }
        let inflate = self.inflate.get_or_insert_default();
        inflate.reset();
        let (status, _, written) = inflate.once(compressed, &mut self.scratch[..room])?;
        let (kind, size, start) = decode::loose_header(&self.scratch[..written.min(LONGEST_HEADER)])?;
        let end =
            usize::try_from(size).ok().and_then(|size| start.checked_add(size)).ok_or_else(|| wrong_size(size))?;
        buffer.clear();
        if status == Status::StreamEnd && written == end {
            buffer.extend_from_slice(&self.scratch[start..end]);
            return Ok(Some((kind, 0)));
        }

        // Decode again from the start. With room for the whole object the decoder takes its fastest path.
        buffer.try_reserve(end).map_err(|_| wrong_size(size))?;
        buffer.resize(end, 0);
        inflate.reset();
        let (status, _, written) = inflate.once(compressed, buffer)?;
        if status != Status::StreamEnd || written != end {
            return Err(wrong_size(size));
        }
        Ok(Some((kind, start)))
    }

    /// Fails if the file of the object is a pipe or a device. gix would open it and wait.
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

/// Like `read_to_end`, but without querying the size and the position, and without the read at the end of the file. That
/// saves three system calls for each small file.
fn read_whole(mut file: File, buffer: &mut Vec<u8>) -> io::Result<usize> {
    let mut len = 0;
    loop {
        if buffer.len() == len {
            // A device may be endless.
            if len > 0 && !file.metadata()?.is_file() {
                return Ok(0);
            }
            buffer.resize((len * 2).max(INITIAL_SIZE), 0);
        }
        match file.read(&mut buffer[len..]) {
            Ok(read) => {
                len += read;
                // A short read of a regular file is its end. If that is wrong_size, decoding fails and gix reads the object.
                if len < buffer.len() {
                    return Ok(len);
                }
            }
            Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
            Err(err) => return Err(err),
        }
    }
}

fn wrong_size(size: u64) -> gix::Error {
    gix::error::corruption(format!("its content does not have the {size} bytes that its header states")).into()
}
