//! Deltas: what they insert, and what comes of them.

use std::ops::Range;

use gix::error::corruption;

use crate::git::pack::buffer::Buffer;

/// A delta, as it is written in a pack.
pub(crate) struct Delta<'d> {
    pub base_size: usize,
    pub size: usize,
    /// The instructions, with what they insert between them.
    pub text: &'d [u8],
}

/// One step of a delta: so many bytes, from there on.
#[derive(Clone, Copy)]
pub(crate) enum Step {
    /// Of the base.
    Copy { from: usize, len: usize },
    /// Of [`Delta::text`].
    Insert { from: usize, len: usize },
}

/// One or more steps, and how much is worth looking at.
#[derive(Clone, Copy)]
enum Part {
    Insert {
        from: usize,
        len: usize,
    },
    /// Of which the first `head` bytes and the last `tail` matter: together all, or with a gap between them.
    Copy {
        from: usize,
        len: usize,
        head: usize,
        tail: usize,
    },
}

/// Which part of the text on either side of a splice, a place where two texts meet, matters to a search.
pub trait Splice {
    /// The end of `text`, which ends at the splice.
    fn before<'t>(&self, text: &'t [u8]) -> &'t [u8];

    /// The start of `text`, which starts at the splice.
    fn behind<'t>(&self, text: &'t [u8]) -> &'t [u8];
}

impl<'d> Delta<'d> {
    pub fn parse(bytes: &'d [u8]) -> gix::Result<Self> {
        let mut rest = bytes;
        let base_size = size(&mut rest)?;
        let size = size(&mut rest)?;
        Ok(Self { base_size, size, text: rest })
    }

    /// What the delta inserts, each piece with what `splice` says matters beside it, into `new`. What stands neither in the base nor
    /// here, has no NUL and is seen within that reach does not stand in what comes of the delta either.
    pub fn inserted(&self, base: &[u8], splice: &dyn Splice, new: &mut Buffer) -> gix::Result<()> {
        new.clear();
        self.parts(base, splice, |part| match part {
            Part::Insert { from, len } => new.add(self.text, from, len),
            Part::Copy { from, len, head, tail } if head + tail == len => new.add(base, from, len),
            Part::Copy { from, len, head, tail } => {
                new.add(base, from, head);
                new.push(GAP);
                new.add(base, from + len - tail, tail);
            }
        })
    }

    /// What comes of the delta, into `out`, and what it inserts, into `new`.
    pub fn apply_and_tell(
        &self,
        base: &[u8],
        splice: &dyn Splice,
        out: &mut Buffer,
        new: &mut Buffer,
    ) -> gix::Result<()> {
        self.make_room(base, out)?;
        new.clear();
        let mut told = 0;
        self.parts(base, splice, |part| match part {
            Part::Insert { from, len } => out.add(self.text, from, len),
            Part::Copy { from, len, head, tail } => {
                let start = out.len();
                out.add(base, from, len);
                if head + tail < len {
                    new.add(out, told, start + head - told);
                    new.push(GAP);
                    told = out.len() - tail;
                }
            }
        })?;
        new.add(out, told, out.len() - told);
        Ok(())
    }

    /// What comes of the delta, into `out`.
    pub fn apply(&self, base: &[u8], out: &mut Buffer) -> gix::Result<()> {
        self.make_room(base, out)?;
        self.steps(base.len(), |step| match step {
            Step::Insert { from, len } => out.add(self.text, from, len),
            Step::Copy { from, len } => out.add(base, from, len),
        })
    }

    fn make_room(&self, base: &[u8], out: &mut Buffer) -> gix::Result<()> {
        if self.size > LARGE {
            self.steps(base.len(), |_| {})?;
        }
        let no_room = || corruption(format!("it says that it makes {} bytes", self.size)).into();
        out.make_room(self.size).ok_or_else(no_room)
    }

    /// Takes each step in turn, copies that go on with each other as one.
    fn parts(&self, base: &[u8], splice: &dyn Splice, mut take: impl FnMut(Part)) -> gix::Result<()> {
        let mut copied: Option<Range<usize>> = None;
        let mut is_first = true;
        let ended = self.steps(base.len(), |step| match (step, &mut copied) {
            // Git cuts long copies into pieces.
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
        if let Some(last) = copied {
            let (starts_both, ends_both) = (is_first && last.start == 0, last.end == base.len());
            take(part(base, last, splice, starts_both, ends_both));
        }
        ended
    }

    /// Takes each step in turn, as it would be made of a base of so many bytes.
    pub fn steps(&self, base_len: usize, mut take: impl FnMut(Step)) -> gix::Result<()> {
        if base_len != self.base_size {
            return Err(corruption("a delta in it was made against something else").into());
        }
        let (mut at, mut made) = (0, 0);
        while let Some(&command) = self.text.get(at) {
            at += 1;
            let step = match command {
                0 => return Err(corruption("a delta in it has a reserved instruction").into()),
                1..0x80 => {
                    let len = usize::from(command);
                    let from = at;
                    at += len;
                    if at > self.text.len() {
                        return Err(truncated().into());
                    }
                    made += len;
                    Step::Insert { from, len }
                }
                _ => {
                    let (from, len) = copied(command, self.text, &mut at)?;
                    if from + len > base_len {
                        return Err(corruption("a delta in it copies from behind the end").into());
                    }
                    made += len;
                    Step::Copy { from, len }
                }
            };
            if made > self.size {
                return Err(corruption("a delta in it makes more than it says").into());
            }
            take(step);
        }
        if made == self.size { Ok(()) } else { Err(truncated().into()) }
    }
}

/// A delta that makes more bytes than this is not believed before its steps are added up: memory for them is written to.
const LARGE: usize = 16 << 20;

/// Stands for what is left out: no part of a token or of text in any encoding. A NUL would look like UTF-16.
const GAP: u8 = 1;

/// A copy of so many bytes or fewer is taken whole: looking where its lines end takes longer than looking at it.
const SHORT: usize = 96;

/// A copy with what is near its beginning and its end; where that is the base's own, nothing meets it that is new.
#[inline]
fn part(base: &[u8], copy: Range<usize>, splice: &dyn Splice, starts_both: bool, ends_both: bool) -> Part {
    let (from, len) = (copy.start, copy.len());
    let (mut head, mut tail) = (len, 0);
    if len > SHORT {
        let text = &base[copy];
        let (near_head, near_tail) = (splice.behind(text).len(), splice.before(text).len());
        let ends = (if starts_both { 0 } else { near_head }, if ends_both { 0 } else { near_tail });
        if ends.0 + ends.1 < len {
            (head, tail) = ends;
        }
    }
    Part::Copy { from, len, head, tail }
}

fn truncated() -> gix::error::Message {
    corruption("a delta in it is cut short")
}

/// A size, seven bits a byte, the lowest first.
fn size(rest: &mut &[u8]) -> gix::Result<usize> {
    let mut size = 0_usize;
    for shift in (0..usize::BITS - 7).step_by(7) {
        let (&byte, behind) = rest.split_first().ok_or_else(truncated)?;
        *rest = behind;
        size |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(size);
        }
    }
    Err(corruption("a delta in it has a size that is none").into())
}

/// Where a copy begins, and how many bytes it has. The command has a bit for each of their seven bytes that is written.
#[inline]
fn copied(command: u8, text: &[u8], at: &mut usize) -> gix::Result<(usize, usize)> {
    let (from_bits, len_bits) = (command & 0xf, command >> 4 & 7);
    let is_low = |bits: u8| bits & (bits + 1) == 0;
    let (from, len) = match text.get(*at..).and_then(<[u8]>::first_chunk::<8>) {
        // Of both numbers the lower bytes are written: nearly always, and known without looking at one byte after the other.
        Some(eight) if is_low(from_bits) && is_low(len_bits) => {
            let (from_bytes, len_bytes) = (from_bits.trailing_ones(), len_bits.trailing_ones());
            let packed = u64::from_le_bytes(*eight);
            *at += (from_bytes + len_bytes) as usize;
            (lowest(from_bytes, packed), lowest(len_bytes, packed >> (8 * from_bytes)))
        }
        _ => (number(from_bits, 4, text, at)?, number(len_bits, 3, text, at)?),
    };
    Ok((from, if len == 0 { 0x1_0000 } else { len }))
}

/// So many bytes of `packed`, four at most.
fn lowest(bytes: u32, packed: u64) -> usize {
    usize::try_from(packed & ((1 << (8 * bytes)) - 1)).expect("four bytes at most")
}

/// A number of up to `bytes` bytes, of which `present` has a bit for each that is there.
#[cold]
fn number(present: u8, bytes: u32, text: &[u8], at: &mut usize) -> gix::Result<usize> {
    let mut number = 0;
    for place in (0..bytes).filter(|place| present & (1 << place) != 0) {
        let &byte = text.get(*at).ok_or_else(truncated)?;
        *at += 1;
        number |= usize::from(byte) << (8 * place);
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

    /// A delta against a base of so many bytes, as git writes it, and its steps.
    fn delta(base_len: usize, dice: &mut Dice) -> (Vec<u8>, Vec<Step>) {
        let size = |len: usize| {
            [0x80 | bytes_of(len & 0x7f, 1)[0], 0x80 | bytes_of(len >> 7 & 0x7f, 1)[0], bytes_of(len >> 14, 1)[0]]
        };
        let (mut text, mut steps, mut made) = (Vec::new(), Vec::new(), 0);
        for _ in 0..below(dice, 12) {
            if below(dice, 2) == 0 {
                let from = below(dice, base_len);
                let len = (1 + below(dice, 400)).min(base_len - from);
                let numbers = [bytes_of(from, 4), bytes_of(len, 3)].concat();
                let written = |at: &usize| numbers[*at] != 0;
                text.push(0x80 | (0..7).filter(written).map(|at| 1 << at).sum::<u8>());
                text.extend((0..7).filter(written).map(|at| numbers[at]));
                steps.push(Step::Copy { from, len });
                made += len;
            } else {
                let len = 1 + below(dice, 127);
                text.extend(bytes_of(len, 1));
                steps.push(Step::Insert { from: text.len(), len });
                text.extend((0..len).map(|_| b"ab c\n"[below(dice, 5)]));
                made += len;
            }
        }
        ([&size(base_len)[..], &size(made), &text].concat(), steps)
    }

    #[test]
    fn what_comes_of_a_delta_and_what_is_new_in_it() {
        /// Forty bytes on either side, as far as the line goes.
        struct Line;
        impl Splice for Line {
            fn before<'t>(&self, text: &'t [u8]) -> &'t [u8] {
                let near = &text[text.len().saturating_sub(40)..];
                near.rsplit(|&b| b == b'\n').next().unwrap_or(near)
            }
            fn behind<'t>(&self, text: &'t [u8]) -> &'t [u8] {
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
                    Step::Insert { from, len } => &delta.text[from..from + len],
                })
                .copied()
                .collect();
            let [mut out, mut again, mut new, mut told] = [(); 4].map(|()| Buffer::default());
            delta.apply(&base, &mut out).expect("it can be applied");
            assert_eq!(*out, wanted[..]);
            delta.apply_and_tell(&base, &Line, &mut again, &mut told).expect("it can be applied");
            assert_eq!(*again, wanted[..]);
            delta.inserted(&base, &Line, &mut new).expect("it can be read");
            assert_eq!(*new, *told);
            gaps += new.iter().filter(|byte| **byte == GAP).count();
            for short in 6..written.len() {
                let cut = Delta::parse(&written[..short]).expect("its sizes are whole");
                assert!(cut.apply(&base, &mut out).is_err());
            }
        }
        assert!(gaps > 3000, "{gaps}");
    }
}
