//! A byte buffer that is filled many times.

/// A growable byte buffer. The vector behind it never shrinks, so clearing and refilling does not zero its bytes again.
#[derive(Default)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    /// How many bytes of the vector are in use.
    len: usize,
}

/// A shorter copy is made as one copy of this many bytes, if both sides have room for it. A copy of a fixed length
/// compiles to a few moves; any other copy is a call. In the history of redis, two thirds of the copies have 32 bytes or
/// fewer. Strides of 32 and of 128 were slower there.
const STRIDE: usize = 64;

impl Buffer {
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// Sets the length to `len`, and returns these bytes for writing; their content is unspecified. None if the memory
    /// cannot be allocated.
    pub fn set_len(&mut self, len: usize) -> Option<&mut [u8]> {
        self.make_room(len)?;
        self.len = len;
        Some(&mut self.bytes[..len])
    }

    /// Empties the buffer and makes room for `len` bytes. None if the memory cannot be allocated.
    pub fn make_room(&mut self, len: usize) -> Option<()> {
        self.len = 0;
        let room = len.checked_add(STRIDE)?;
        if room > self.bytes.len() {
            // The old content is discarded, so do not copy it into the new allocation.
            self.bytes = Vec::new();
            let room = room.checked_add(room / 4)?;
            self.bytes.try_reserve_exact(room).ok()?;
            self.bytes.resize(room, 0);
        }
        Some(())
    }

    /// Appends `source[from..from + len]`.
    #[inline]
    pub fn add(&mut self, source: &[u8], from: usize, len: usize) {
        let end = self.len + len;
        if len <= STRIDE
            && let Some(to) = self.bytes.get_mut(self.len..).and_then(<[u8]>::first_chunk_mut::<STRIDE>)
            && let Some(stride) = source.get(from..).and_then(<[u8]>::first_chunk::<STRIDE>)
        {
            *to = *stride;
        } else {
            self.add_slow(&source[from..from + len]);
        }
        self.len = end;
    }

    #[inline]
    pub fn push(&mut self, byte: u8) {
        match self.bytes.get_mut(self.len) {
            Some(free) => *free = byte,
            None => self.add_slow(&[byte]),
        }
        self.len += 1;
    }

    #[inline(never)]
    fn add_slow(&mut self, source: &[u8]) {
        let end = self.len + source.len();
        if self.bytes.len() < end {
            self.bytes.resize(2 * (end + STRIDE), 0);
        }
        self.bytes[self.len..end].copy_from_slice(source);
    }
}

impl std::ops::Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_what_was_added_however_long() {
        let source: Vec<u8> = (0..=255).cycle().take(1000).collect();
        let mut buffer = Buffer::default();
        for room in [0, 100, 5000] {
            buffer.make_room(room).expect("there is memory for it");
            let mut wanted = Vec::new();
            for (from, len) in [(0, 0), (3, 1), (0, 64), (900, 65), (990, 10), (7, 64), (936, 64), (1, 999), (999, 1)] {
                buffer.add(&source, from, len);
                wanted.extend_from_slice(&source[from..from + len]);
                buffer.push(9);
                wanted.push(9);
                assert_eq!(*buffer, wanted[..]);
            }
        }
    }

    #[test]
    fn there_is_no_room_for_more_than_all_memory() {
        assert!(Buffer::default().set_len(usize::MAX).is_none());
        assert!(Buffer::default().set_len(usize::MAX / 2).is_none());
    }
}
