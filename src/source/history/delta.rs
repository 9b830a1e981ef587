//! Deltas: what they insert, and what comes of them.

use std::ops::Range;

use gix::error::corruption;

use crate::detect::Reach;

/// A delta, as it is written in a pack.
pub(super) struct Delta<'d> {
    pub base_size: usize,
    pub size: usize,
    instructions: &'d [u8],
}

/// One step of a delta.
#[derive(Clone, Copy)]
pub(super) enum Step<'d> {
    Copy { from: usize, len: usize },
    Insert(&'d [u8]),
}

impl<'d> Delta<'d> {
    pub fn parse(bytes: &'d [u8]) -> gix::Result<Self> {
        let mut rest = bytes;
        let base_size = size(&mut rest)?;
        let size = size(&mut rest)?;
        Ok(Self { base_size, size, instructions: rest })
    }

    /// What the delta inserts, each piece with what is within `reach` of it, into `out`. What stands neither in the base nor
    /// here, has no NUL and is seen within that reach does not stand in what comes of the delta either.
    pub fn inserted(&self, base: &[u8], reach: Reach, out: &mut Vec<u8>) -> gix::Result<()> {
        out.clear();
        let mut copied: Option<Range<usize>> = None;
        let mut is_first = true;
        let ended = self.steps(base.len(), |step| match (step, &mut copied) {
            // Git cuts long copies into pieces.
            (Step::Copy { from, len }, Some(before)) if before.end == from => before.end += len,
            (step, before) => {
                if let Some(before) = before.take() {
                    let starts_both = is_first && before.start == 0;
                    add_ends(&base[before], reach, starts_both, false, out);
                    is_first = false;
                }
                match step {
                    Step::Copy { from, len } => *before = Some(from..from + len),
                    Step::Insert(bytes) => {
                        out.extend_from_slice(bytes);
                        is_first = false;
                    }
                }
            }
        });
        if let Some(last) = copied {
            let (starts_both, ends_both) = (is_first && last.start == 0, last.end == base.len());
            add_ends(&base[last], reach, starts_both, ends_both, out);
        }
        ended
    }

    /// What comes of the delta, into `out`.
    pub fn apply(&self, base: &[u8], out: &mut Vec<u8>) -> gix::Result<()> {
        out.clear();
        out.try_reserve(self.size).map_err(|_| corruption(format!("it says that it makes {} bytes", self.size)))?;
        self.steps(base.len(), |step| match step {
            Step::Insert(bytes) => out.extend_from_slice(bytes),
            Step::Copy { from, len } => out.extend_from_slice(&base[from..from + len]),
        })
    }

    /// Takes each step in turn, as it would be made of a base of so many bytes.
    pub fn steps(&self, base_len: usize, mut take: impl FnMut(Step<'d>)) -> gix::Result<()> {
        if base_len != self.base_size {
            return Err(corruption("a delta in it was made against something else").into());
        }
        let mut rest = self.instructions;
        let mut made = 0;
        while let Some((&command, behind)) = rest.split_first() {
            rest = behind;
            let step = match command {
                0 => return Err(corruption("a delta in it has a reserved instruction").into()),
                1..0x80 => {
                    let (bytes, behind) = rest.split_at_checked(command.into()).ok_or_else(truncated)?;
                    rest = behind;
                    made += bytes.len();
                    Step::Insert(bytes)
                }
                _ => {
                    let from = number(command, 4, &mut rest)?;
                    let len = match number(command >> 4, 3, &mut rest)? {
                        0 => 0x1_0000,
                        len => len,
                    };
                    if from + len > base_len {
                        return Err(corruption("a delta in it copies from behind the end").into());
                    }
                    made += len;
                    Step::Copy { from, len }
                }
            };
            take(step);
        }
        if made == self.size { Ok(()) } else { Err(truncated().into()) }
    }
}

/// A copy of so many bytes or fewer is taken whole: looking where its lines end takes longer than looking at it.
const SHORT: usize = 96;

/// Adds what is near the beginning and the end of a copy; where that is the base's own, nothing meets it that is new.
fn add_ends(copy: &[u8], reach: Reach, starts_both: bool, ends_both: bool, out: &mut Vec<u8>) {
    if copy.len() <= SHORT {
        return out.extend_from_slice(copy);
    }
    let head = if starts_both { &[][..] } else { reach.behind(copy) };
    let tail = if ends_both { &[][..] } else { reach.before(copy) };
    if head.len() + tail.len() >= copy.len() {
        return out.extend_from_slice(copy);
    }
    out.extend_from_slice(head);
    out.push(0);
    out.extend_from_slice(tail);
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

/// A number of up to `bytes` bytes, of which `present` has a bit for each that is there.
fn number(present: u8, bytes: u32, rest: &mut &[u8]) -> gix::Result<usize> {
    let mut number = 0;
    for place in (0..bytes).filter(|place| present & (1 << place) != 0) {
        let (&byte, behind) = rest.split_first().ok_or_else(truncated)?;
        *rest = behind;
        number |= usize::from(byte) << (8 * place);
    }
    Ok(number)
}
