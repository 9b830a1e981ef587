//! Builds packs byte by byte, with deltas that git itself rarely writes.

use super::Repo;

/// An instruction of a delta.
pub enum DeltaStep<'p> {
    /// The offset in the base and the number of bytes.
    Copy(usize, usize),
    Insert(&'p [u8]),
}

/// How a delta refers to its base: `OFS_DELTA` or `REF_DELTA`.
#[derive(Clone, Copy, Debug)]
pub enum BaseReference {
    Offset,
    Id,
}

/// A pack of blobs and deltas, with the content of each entry.
#[derive(Default)]
pub struct PackBuilder {
    body: Vec<u8>,
    offsets: Vec<usize>,
    pub contents: Vec<Vec<u8>>,
}

const HEADER: usize = 12;

impl PackBuilder {
    pub fn blob(&mut self, bytes: impl AsRef<[u8]>) -> usize {
        let bytes = bytes.as_ref();
        self.entry(3, &[], bytes, bytes.to_vec())
    }

    /// Adds a delta that builds a blob from the blob at `base`.
    pub fn delta(&mut self, base: usize, by: BaseReference, pieces: &[DeltaStep]) -> usize {
        let from = &self.contents[base];
        let mut made = Vec::new();
        let mut steps = Vec::new();
        for piece in pieces {
            match piece {
                DeltaStep::Copy(at, len) => {
                    made.extend_from_slice(&from[*at..at + len]);
                    copy(*at, *len, &mut steps);
                }
                DeltaStep::Insert(bytes) => {
                    made.extend_from_slice(bytes);
                    for part in bytes.chunks(127) {
                        steps.push(u8::try_from(part.len()).expect("at most 127"));
                        steps.extend_from_slice(part);
                    }
                }
            }
        }
        let delta = [size(from.len()), size(made.len()), steps].concat();
        match by {
            BaseReference::Offset => {
                let distance = HEADER + self.body.len() - self.offsets[base];
                self.entry(6, &distance_back(distance), &delta, made)
            }
            BaseReference::Id => {
                let id = gix::objs::compute_hash(gix::hash::Kind::Sha1, gix::objs::Kind::Blob, from).expect("a hash");
                self.entry(7, id.as_bytes(), &delta, made)
            }
        }
    }

    fn entry(&mut self, kind: usize, base: &[u8], packed: &[u8], made: Vec<u8>) -> usize {
        self.offsets.push(HEADER + self.body.len());
        let mut rest = packed.len() >> 4;
        let mut byte = kind << 4 | packed.len() & 15;
        while rest > 0 {
            self.body.push(low_byte(byte | 0x80));
            byte = rest & 0x7f;
            rest >>= 7;
        }
        self.body.push(low_byte(byte));
        self.body.extend_from_slice(base);
        stored(packed, &mut self.body);
        self.contents.push(made);
        self.contents.len() - 1
    }

    pub fn bytes(&self) -> Vec<u8> {
        let count = u32::try_from(self.offsets.len()).expect("few").to_be_bytes();
        let mut pack = [&b"PACK\0\0\0\x02"[..], &count, &self.body].concat();
        let mut hasher = gix::hash::hasher(gix::hash::Kind::Sha1);
        hasher.update(&pack);
        let id = hasher.try_finalize().expect("a hash");
        pack.extend_from_slice(id.as_bytes());
        pack
    }

    /// Adds the pack unchanged, with an index that git writes.
    pub fn index_into(&self, repo: &Repo) {
        repo.git_call(&["index-pack", "--stdin"]).stdin(self.bytes()).run().expect_code(0);
    }

    /// Adds the objects of the pack as loose objects.
    pub fn unpack_into(&self, repo: &Repo) {
        repo.git_call(&["unpack-objects", "-q"]).stdin(self.bytes()).run().expect_code(0);
    }
}

fn copy(at: usize, len: usize, steps: &mut Vec<u8>) {
    let command = steps.len();
    steps.push(0x80);
    let (len, mut bit) = (if len == 0x1_0000 { 0 } else { len }, 1);
    assert!(len < 0x100_0000);
    for (number, bytes) in [(at, 4), (len, 3)] {
        for place in 0..bytes {
            let byte = low_byte(number >> (8 * place) & 0xff);
            if byte != 0 {
                steps[command] |= bit;
                steps.push(byte);
            }
            bit <<= 1;
        }
    }
}

fn size(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 0x7f {
        bytes.push(low_byte(number & 0x7f | 0x80));
        number >>= 7;
    }
    bytes.push(low_byte(number));
    bytes
}

fn distance_back(mut distance: usize) -> Vec<u8> {
    let mut bytes = vec![low_byte(distance & 0x7f)];
    distance >>= 7;
    while distance > 0 {
        distance -= 1;
        bytes.insert(0, low_byte(distance & 0x7f | 0x80));
        distance >>= 7;
    }
    bytes
}

/// A zlib stream of stored blocks, without compression.
fn stored(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&[0x78, 0x01]);
    let blocks = bytes.len().div_ceil(0xffff).max(1);
    for n in 0..blocks {
        let block = &bytes[n * 0xffff..bytes.len().min((n + 1) * 0xffff)];
        let len = u16::try_from(block.len()).expect("at most 0xffff");
        out.push(u8::from(n + 1 == blocks));
        out.extend_from_slice(&len.to_le_bytes());
        out.extend_from_slice(&(!len).to_le_bytes());
        out.extend_from_slice(block);
    }
    let (a, b) = bytes.iter().fold((1_u32, 0_u32), |(a, b), &byte| {
        let a = (a + u32::from(byte)) % 65521;
        (a, (a + b) % 65521)
    });
    out.extend_from_slice(&(b << 16 | a).to_be_bytes());
}

fn low_byte(number: usize) -> u8 {
    u8::try_from(number).expect("one byte")
}
