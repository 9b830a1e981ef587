//! Base64 and hex. A check of the digits shows, in every alignment and without decoding, whether they stand for ASCII text. So
//! hardly anything is decoded in vain.

use super::base64::Base64;
use super::block::Block;
use super::decoded::{CONTEXT, Decoded, Places};
use super::digit::is_digit;
use super::hex::Hex;
use super::joint;
use super::line;
use super::radix::Radix;
use super::utf16;
use crate::finding::Span;

/// Passes the text of the digits that start in `run` to `see`, with the lines below that belong to them. Returns where to
/// continue.
pub(super) fn each(bytes: &[u8], run: Span, see: &mut dyn FnMut(&Decoded<'_>)) -> usize {
    let mut at = run.start;
    while at < run.end {
        let Some(before) = bytes[at..run.end].iter().position(|b| is_digit(*b)) else { break };
        let block = Block::gather(bytes, at + before);
        if block.digits.len() >= line::SHORTEST {
            read(bytes, &block, see);
            if block.is_wrapped() {
                // The lines may be separate texts after all.
                block.lines().for_each(|line| read(bytes, &Block::line(bytes, line.clone()), see));
            }
        }
        at = block.resume;
    }
    at
}

/// Whether digits in `run` may be part of an encoded token, whatever the lines above and below contain.
pub(super) fn any(bytes: &[u8], run: &Span) -> bool {
    let mut start = run.start;
    bytes[run.clone()].split(|b| !is_digit(*b)).any(|digits| {
        let line = start..start + digits.len();
        start = line.end + 1;
        digits.len() >= line::SHORTEST
            && (may_say(digits) || joint::joints(bytes, &line).iter().any(|joint| may_say(joint)))
    })
}

fn may_say(digits: &[u8]) -> bool {
    may_say_in::<Base64>(digits) || may_say_in::<Hex>(digits)
}

/// Whether digits in some alignment stand for text without a gap that is as long as a streak. Random digits seldom contain a
/// streak; names of many words and zeros often do.
fn may_say_in<R: Radix>(digits: &[u8]) -> bool {
    const TEXT: usize = 15;
    let is_text =
        |text: &[u8]| text.split(|b| !(b' '..=b'~').contains(b)).any(|text| text.len() >= TEXT) || utf16::any(text);
    let mut any = false;
    for alignment in 0..R::GROUP {
        streaks::<R>(digits, alignment, |found| any |= is_text(&R::decode(&digits[found])));
    }
    any
}

fn read(bytes: &[u8], block: &Block<'_>, see: &mut dyn FnMut(&Decoded<'_>)) {
    read_as::<Base64>(bytes, block, see);
    read_as::<Hex>(bytes, block, see);
}

fn read_as<R: Radix>(bytes: &[u8], block: &Block<'_>, see: &mut dyn FnMut(&Decoded<'_>)) {
    for alignment in 0..R::GROUP {
        streaks::<R>(&block.digits, alignment, |digits| see(&decoded::<R>(bytes, block, &digits)));
    }
}

/// Finds digits that stand for ASCII text in this alignment. A part of the group on either side may too.
fn streaks<R: Radix>(digits: &[u8], alignment: usize, mut found: impl FnMut(Span)) {
    let aligned = digits.get(alignment..).unwrap_or_default();
    let groups = aligned.len() / R::GROUP;
    let is_ascii = |at: usize| R::is_ascii(&aligned[at * R::GROUP..][..R::GROUP]);
    let mut from = 0;
    // Every streak covers one of these positions, so most runs need a look at a few groups only.
    let mut at = R::STREAK - 1;
    while at < groups {
        if !is_ascii(at) {
            at += R::STREAK;
            continue;
        }
        let start = at - (from..at).rev().take_while(|at| is_ascii(*at)).count();
        let end = at + (at..groups).take_while(|at| is_ascii(*at)).count();
        if end - start >= R::STREAK {
            let first = alignment + start.saturating_sub(1) * R::GROUP;
            found(first..digits.len().min(alignment + (end + 1) * R::GROUP));
        }
        from = end;
        at = end + R::STREAK;
    }
}

fn decoded<'a, R: Radix>(bytes: &[u8], block: &'a Block<'a>, digits: &Span) -> Decoded<'a> {
    let mut text = Vec::new();
    if digits.start < R::GROUP {
        text.extend_from_slice(&bytes[block.start().saturating_sub(CONTEXT)..block.start()]);
        // The digits may follow a word that is not part of them.
        text.push(b' ');
    }
    let context = text.len();
    text.extend(R::decode(&block.digits[digits.clone()]));
    let places = Places::Digits { block, first: digits.start, bits: R::BITS };
    Decoded { text, context, layer: R::LAYER, places }
}
