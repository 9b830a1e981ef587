//! Base64 and hex: digits of so many bits. Which run of them stands for ASCII text is seen without decoding it, in every
//! alignment, so what is decoded is hardly ever in vain.

use super::block::{self, Block, is_digit};
use super::{CONTEXT, Decoded, Places, base64, hex};
use crate::finding::{Layer, Span};

/// A way to read digits.
pub(super) struct Radix {
    pub layer: Layer,
    pub bits: usize,
    /// How many digits make a group of whole bytes: as many alignments are tried.
    pub group: usize,
    /// How many groups of ASCII in a row stand in every token's text, whatever stands round it.
    pub streak: usize,
    /// Whether a group stands for ASCII only.
    pub is_ascii: fn(&[u8]) -> bool,
    /// What the digits say. Those that make no whole byte at the end are dropped.
    pub decode: fn(&[u8]) -> Vec<u8>,
}

/// Shows `see` what the digits in `run` say, and in lines below that belong to them. Returns where to go on.
pub(super) fn each(bytes: &[u8], run: &Span, see: &mut dyn FnMut(&Decoded<'_>)) -> usize {
    let mut at = run.start;
    while at < run.end {
        let Some(before) = bytes[at..run.end].iter().position(|b| is_digit(*b)) else { break };
        let block = Block::gather(bytes, at + before);
        if block.digits.len() >= block::SHORTEST {
            read(bytes, &block, see);
            if block.is_wrapped() {
                // They may be single texts after all.
                block.lines().for_each(|line| read(bytes, &Block::line(bytes, line.clone()), see));
            }
        }
        at = block.resume;
    }
    at
}

fn read(bytes: &[u8], block: &Block<'_>, see: &mut dyn FnMut(&Decoded<'_>)) {
    for radix in [&base64::RADIX, &hex::RADIX] {
        for alignment in 0..radix.group {
            streaks(&block.digits, alignment, radix, |digits| see(&decoded(bytes, block, radix, &digits)));
        }
    }
}

/// Finds digits that stand for ASCII text in this alignment, and the group on both sides, of which a part may.
fn streaks(digits: &[u8], alignment: usize, radix: &Radix, mut found: impl FnMut(Span)) {
    let aligned = digits.get(alignment..).unwrap_or_default();
    let groups = aligned.len() / radix.group;
    let is_ascii = |at: usize| (radix.is_ascii)(&aligned[at * radix.group..][..radix.group]);
    let mut from = 0;
    // One group of each streak stands here: most runs are done with a look at a few.
    let mut at = radix.streak - 1;
    while at < groups {
        if !is_ascii(at) {
            at += radix.streak;
            continue;
        }
        let start = at - (from..at).rev().take_while(|at| is_ascii(*at)).count();
        let end = at + (at..groups).take_while(|at| is_ascii(*at)).count();
        if end - start >= radix.streak {
            let first = alignment + start.saturating_sub(1) * radix.group;
            found(first..digits.len().min(alignment + (end + 1) * radix.group));
        }
        from = end;
        at = end + radix.streak;
    }
}

fn decoded<'a>(bytes: &[u8], block: &'a Block<'a>, radix: &Radix, digits: &Span) -> Decoded<'a> {
    let mut text = Vec::new();
    if digits.start < radix.group {
        text.extend_from_slice(&bytes[block.start().saturating_sub(CONTEXT)..block.start()]);
        // The digits may follow a word that they do not belong to.
        text.push(b' ');
    }
    let context = text.len();
    text.extend((radix.decode)(&block.digits[digits.clone()]));
    let places = Places::Digits { block, first: digits.start, bits: radix.bits };
    Decoded { text, context, layer: radix.layer, places }
}
