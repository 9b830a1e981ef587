//! Numbers and texts as bytes of a record. Numbers are big-endian, so that records sort by them.

use std::io;

pub fn put_text(out: &mut Vec<u8>, text: &str) {
    let len = u32::try_from(text.len()).expect("a text of a line is shorter than a line");
    out.extend(len.to_be_bytes());
    out.extend(text.as_bytes());
}

/// Takes values from the front of a record. A record that is cut means that its temporary file changed.
pub struct Reader<'b>(pub &'b [u8]);

impl<'b> Reader<'b> {
    pub fn bytes(&mut self, len: usize) -> io::Result<&'b [u8]> {
        let (bytes, rest) = self.0.split_at_checked(len).ok_or_else(damaged)?;
        self.0 = rest;
        Ok(bytes)
    }

    pub fn array<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        self.bytes(N)?.try_into().map_err(|_| damaged())
    }

    pub fn u8(&mut self) -> io::Result<u8> {
        Ok(self.array::<1>()?[0])
    }

    pub fn u32(&mut self) -> io::Result<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub fn u64(&mut self) -> io::Result<u64> {
        self.array().map(u64::from_be_bytes)
    }

    pub fn text(&mut self) -> io::Result<String> {
        let len = self.u32()? as usize;
        String::from_utf8(self.bytes(len)?.to_vec()).map_err(|_| damaged())
    }
}

pub fn damaged() -> io::Error {
    io::Error::other("a temporary file changed")
}
