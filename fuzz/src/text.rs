//! Builds text with tokens from bytes without tokens, since no file of a corpus may contain a token.

use keysweep::rules::ALL;
use keysweep::rules::example::{Dice, expand};

/// The ASCII control character SUB. It and the two bytes after it select an example of a rule and its seed.
const MARK: u8 = 0x1a;

/// The limit of tokens in one text. More would test nothing new.
const MOST: usize = 16;

/// Replaces each mark in `bytes` by an example.
pub fn expand_marks(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    let mut left = MOST;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match tail {
            [which, seed, behind @ ..] if byte == MARK && left > 0 => {
                text.extend(example(*which, *seed).into_bytes());
                rest = behind;
                left -= 1;
            }
            _ => text.push(byte),
        }
    }
    text
}

fn example(which: u8, seed: u8) -> String {
    let mut templates = ALL.iter().flat_map(|rule| rule.hits).chain(ALL.iter().flat_map(|rule| rule.misses)).cycle();
    let template = templates.nth(usize::from(which)).expect("the rules have examples");
    expand(template, &mut Dice::new(u64::from(seed)))
}
