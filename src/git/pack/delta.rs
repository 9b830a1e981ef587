//! Pack deltas: applying them, and extracting what they insert. Format: gitformat-pack(5), "Deltified representation".

use std::ops::Range;

use gix::error::corruption;

use crate::git::pack::buffer::Buffer;

/// A parsed delta.
pub(crate) struct Delta<'d> {
    pub base_size: usize,
    pub size: usize,
    /// The instructions, including the data of the insert instructions.
    pub instructions: &'d [u8],
}

/// One instruction of a delta, as a range of bytes.
#[derive(Clone, Copy)]
pub(crate) enum Step {
    /// A range of the base.
    Copy { from: usize, len: usize },
    /// A range of [`Delta::instructions`].
    Insert { from: usize, len: usize },
}

/// One instruction, or several adjacent copies merged, with how much of it a search has to see.
#[derive(Clone, Copy)]
enum Part {
    Insert {
        from: usize,
        len: usize,
    },
    /// Only the first `head` and the last `tail` bytes matter. They either cover the copy or leave a gap between them.
    Copy {
        from: usize,
        len: usize,
        head: usize,
        tail: usize,
    },
}

/// How much text on either side of a splice can be part of a match. A splice is a position where a delta joins two texts.
pub trait Splice {
    /// The end of `text` that matters, where `text` ends at the splice.
    fn before<'t>(&self, text: &'t [u8]) -> &'t [u8];

    /// The start of `text` that matters, where `text` starts at the splice.
    fn after<'t>(&self, text: &'t [u8]) -> &'t [u8];
}

impl<'d> Delta<'d> {
    pub fn parse(bytes: &'d [u8]) -> gix::Result<Self> {
        let mut rest = bytes;
        let base_size = parse_size(&mut rest)?;
        let size = parse_size(&mut rest)?;
        Ok(Self { base_size, size, instructions: rest })
    }

    /// Writes to `new` what the delta inserts. Each insertion comes with the surrounding bytes that `splice` asks for.
    ///
    /// A match in the result is therefore in the base or in `new`, provided that it contains no NUL and that its detection
    /// needs no bytes beyond those of `splice`.
    pub fn inserted(&self, base: &[u8], splice: &dyn Splice, new: &mut Buffer) -> gix::Result<()> {
        new.clear();
        self.parts(base, splice, |part| match part {
            Part::Insert { from, len } => new.add(self.instructions, from, len),
            Part::Copy { from, len, head, tail } if head + tail == len => new.add(base, from, len),
            Part::Copy { from, len, head, tail } => {
                new.add(base, from, head);
                new.push(SEPARATOR);
                new.add(base, from + len - tail, tail);
            }
        })
    }

    /// Writes the result to `out`, and what the delta inserts to `new`, as [`Self::inserted`] does.
    pub fn apply_and_extract(
        &self,
        base: &[u8],
        splice: &dyn Splice,
        out: &mut Buffer,
        new: &mut Buffer,
    ) -> gix::Result<()> {
        self.make_room(base, out)?;
        new.clear();
        let mut extracted = 0;
        self.parts(base, splice, |part| match part {
            Part::Insert { from, len } => out.add(self.instructions, from, len),
            Part::Copy { from, len, head, tail } => {
                let start = out.len();
                out.add(base, from, len);
                if head + tail < len {
                    new.add(out, extracted, start + head - extracted);
                    new.push(SEPARATOR);
                    extracted = out.len() - tail;
                }
            }
        })?;
        new.add(out, extracted, out.len() - extracted);
        Ok(())
    }

    /// Writes the result to `out`.
    pub fn apply(&self, base: &[u8], out: &mut Buffer) -> gix::Result<()> {
        self.make_room(base, out)?;
        self.steps(base.len(), |step| match step {
            Step::Insert { from, len } => out.add(self.instructions, from, len),
            Step::Copy { from, len } => out.add(base, from, len),
        })
    }

    fn make_room(&self, base: &[u8], out: &mut Buffer) -> gix::Result<()> {
        if self.size > LARGE {
            self.steps(base.len(), |_| {})?;
        }
        let too_large = || corruption(format!("a delta claims a result of {} bytes", self.size)).into();
        out.make_room(self.size).ok_or_else(too_large)
    }

    /// Calls `take` for each part in order. Adjacent copies of adjacent ranges are merged.
    fn parts(&self, base: &[u8], splice: &dyn Splice, mut take: impl FnMut(Part)) -> gix::Result<()> {
        let mut pending: Option<Range<usize>> = None;
        let mut is_first = true;
        let result = self.steps(base.len(), |step| match (step, &mut pending) {
            // Git splits long copies.
            (Step::Copy { from, len }, Some(before)) if before.end == from => before.end += len,
            (step, before) => {
                if let Some(before) = before.take() {
                    let starts_both = is_first && before.start == 0;
                    take(part(base, before, splice, starts_both, false));
                    is_first = false;
                }
                match step {
                    Step::Copy { from, len } => *before = Some(from..from + len),
                    Step::Insert { from, len } => {
                        take(Part::Insert { from, len });
                        is_first = false;
                    }
                }
            }
        });
        if let Some(last) = pending {
            let (starts_both, ends_both) = (is_first && last.start == 0, last.end == base.len());
            take(part(base, last, splice, starts_both, ends_both));
        }
        result
    }

    /// Calls `take` for each instruction in order. Fails if the base has another length than the delta expects, if an
    /// instruction is invalid, or if the result has another length than the delta's header states.
    pub fn steps(&self, base_len: usize, mut take: impl FnMut(Step)) -> gix::Result<()> {
        if base_len != self.base_size {
            return Err(corruption("a delta does not match the size of its base").into());
        }
        let (mut at, mut produced) = (0, 0);
        while let Some(&command) = self.instructions.get(at) {
            at += 1;
            let step = match command {
                0 => return Err(corruption("a delta has a reserved instruction").into()),
                1..0x80 => {
                    let len = usize::from(command);
                    let from = at;
                    at += len;
                    if at > self.instructions.len() {
                        return Err(truncated().into());
                    }
                    produced += len;
                    Step::Insert { from, len }
                }
                _ => {
                    let (from, len) = parse_copy(command, self.instructions, &mut at)?;
                    if from + len > base_len {
                        return Err(corruption("a delta copies from beyond the end of its base").into());
                    }
                    produced += len;
                    Step::Copy { from, len }
                }
            };
            if produced > self.size {
                return Err(corruption("a delta makes more bytes than its header states").into());
            }
            take(step);
        }
        if produced == self.size { Ok(()) } else { Err(truncated().into()) }
    }
}

/// The instructions of a delta with a larger result are checked before memory is allocated for it.
const LARGE: usize = 16 << 20;

/// Separates two parts between which bytes are left out. No token contains this byte, and no encoding of text does. A NUL
/// would look like UTF-16.
const SEPARATOR: u8 = 1;

/// A copy of at most this many bytes is taken whole. Finding the ends of its lines costs more than searching it.
const SHORT: usize = 96;

/// The part for the copy of a range of `base`. No head is needed if the copy starts both the base and the result, and no
/// tail if it ends both: the text there is unchanged.
#[inline]
fn part(base: &[u8], copy: Range<usize>, splice: &dyn Splice, starts_both: bool, ends_both: bool) -> Part {
    let (from, len) = (copy.start, copy.len());
    let (mut head, mut tail) = (len, 0);
    if len > SHORT {
        let text = &base[copy];
        let (near_head, near_tail) = (splice.after(text).len(), splice.before(text).len());
        let ends = (if starts_both { 0 } else { near_head }, if ends_both { 0 } else { near_tail });
        if ends.0 + ends.1 < len {
            (head, tail) = ends;
        }
    }
    Part::Copy { from, len, head, tail }
}

fn truncated() -> gix::error::Message {
    corruption("a delta is truncated")
}

/// Parses a size: seven bits a byte, least significant first.
fn parse_size(rest: &mut &[u8]) -> gix::Result<usize> {
    let mut size = 0_usize;
    for shift in (0..usize::BITS - 7).step_by(7) {
        let (&byte, tail) = rest.split_first().ok_or_else(truncated)?;
        *rest = tail;
        size |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(size);
        }
    }
    Err(corruption("a delta has an invalid size").into())
}

/// Parses a copy instruction and returns its offset and length. Each of the lower seven bits of `command` says whether one
/// of their seven bytes is present.
#[inline]
fn parse_copy(command: u8, text: &[u8], at: &mut usize) -> gix::Result<(usize, usize)> {
    let (from_bits, len_bits) = (command & 0xf, command >> 4 & 7);
    let is_low = |bits: u8| bits & (bits + 1) == 0;
    let (from, len) = match text.get(*at..).and_then(<[u8]>::first_chunk::<8>) {
        // Nearly always the bytes that are present are the lowest of each number. Then no bit has to be tested alone.
        Some(eight) if is_low(from_bits) && is_low(len_bits) => {
            let (from_bytes, len_bytes) = (from_bits.trailing_ones(), len_bits.trailing_ones());
            let packed = u64::from_le_bytes(*eight);
            *at += (from_bytes + len_bytes) as usize;
            (low_bytes(from_bytes, packed), low_bytes(len_bytes, packed >> (8 * from_bytes)))
        }
        _ => (sparse_number(from_bits, 4, text, at)?, sparse_number(len_bits, 3, text, at)?),
    };
    Ok((from, if len == 0 { 0x1_0000 } else { len }))
}

/// The lowest `bytes` bytes of `packed`, at most four.
fn low_bytes(bytes: u32, packed: u64) -> usize {
    usize::try_from(packed & ((1 << (8 * bytes)) - 1)).expect("four bytes at most")
}

/// Parses a number of up to `bytes` bytes, of which only those are present whose bit is set in `present`.
#[cold]
fn sparse_number(present: u8, bytes: u32, text: &[u8], at: &mut usize) -> gix::Result<usize> {
    let mut number = 0;
    for position in (0..bytes).filter(|position| present & (1 << position) != 0) {
        let &byte = text.get(*at).ok_or_else(truncated)?;
        *at += 1;
        number |= usize::from(byte) << (8 * position);
    }
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Dice;

    fn below(dice: &mut Dice, bound: usize) -> usize {
        usize::try_from(dice.roll()).unwrap_or(usize::MAX) % bound
    }

    fn bytes_of(number: usize, count: usize) -> Vec<u8> {
        (0..count).map(|at| number.to_le_bytes()[at]).collect()
    }

    /// A random delta against a base of `base_len` bytes, in git's format, and its instructions.
    fn delta(base_len: usize, dice: &mut Dice) -> (Vec<u8>, Vec<Step>) {
        let size = |len: usize| {
            [0x80 | bytes_of(len & 0x7f, 1)[0], 0x80 | bytes_of(len >> 7 & 0x7f, 1)[0], bytes_of(len >> 14, 1)[0]]
        };
        let (mut text, mut steps, mut produced) = (Vec::new(), Vec::new(), 0);
        for _ in 0..below(dice, 12) {
            if below(dice, 2) == 0 {
                let from = below(dice, base_len);
                let len = (1 + below(dice, 400)).min(base_len - from);
                let numbers = [bytes_of(from, 4), bytes_of(len, 3)].concat();
                let written = |at: &usize| numbers[*at] != 0;
                text.push(0x80 | (0..7).filter(written).map(|at| 1 << at).sum::<u8>());
                text.extend((0..7).filter(written).map(|at| numbers[at]));
                steps.push(Step::Copy { from, len });
                produced += len;
            } else {
                let len = 1 + below(dice, 127);
                text.extend(bytes_of(len, 1));
                steps.push(Step::Insert { from: text.len(), len });
                text.extend((0..len).map(|_| b"ab c\n"[below(dice, 5)]));
                produced += len;
            }
        }
        ([&size(base_len)[..], &size(produced), &text].concat(), steps)
    }

    #[test]
    fn what_comes_of_a_delta_and_what_is_new_in_it() {
        /// At most 40 bytes on either side, and not beyond the line.
        struct Line;
        impl Splice for Line {
            fn before<'t>(&self, text: &'t [u8]) -> &'t [u8] {
                let near = &text[text.len().saturating_sub(40)..];
                near.rsplit(|&b| b == b'\n').next().unwrap_or(near)
            }
            fn after<'t>(&self, text: &'t [u8]) -> &'t [u8] {
                let near = &text[..text.len().min(40)];
                near.split_inclusive(|&b| b == b'\n').next().unwrap_or(near)
            }
        }
        let mut dice = Dice::new(5);
        let mut gaps = 0;
        for _ in 0..3000 {
            let base: Vec<u8> = (0..=below(&mut dice, 3000)).map(|_| b"abcd \n"[below(&mut dice, 6)]).collect();
            let (written, steps) = delta(base.len(), &mut dice);
            let delta = Delta::parse(&written).expect("a delta");
            let wanted: Vec<u8> = steps
                .iter()
                .flat_map(|step| match *step {
                    Step::Copy { from, len } => &base[from..from + len],
                    Step::Insert { from, len } => &delta.instructions[from..from + len],
                })
                .copied()
                .collect();
            let [mut out, mut again, mut new, mut extracted] = [(); 4].map(|()| Buffer::default());
            delta.apply(&base, &mut out).expect("it can be applied");
            assert_eq!(*out, wanted[..]);
            delta.apply_and_extract(&base, &Line, &mut again, &mut extracted).expect("it can be applied");
            assert_eq!(*again, wanted[..]);
            delta.inserted(&base, &Line, &mut new).expect("it can be read");
            assert_eq!(*new, *extracted);
            gaps += new.iter().filter(|byte| **byte == SEPARATOR).count();
            for short in 6..written.len() {
                let cut = Delta::parse(&written[..short]).expect("its sizes are whole");
                assert!(cut.apply(&base, &mut out).is_err());
            }
        }
        assert!(gaps > 3000, "{gaps}");
    }
}
