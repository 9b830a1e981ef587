//! Text with tokens in it, from bytes without: no file of a corpus may hold one.

use keysweep::rules::ALL;
use keysweep::rules::example::{Dice, expand};

/// ASCII's "substitute": it and the two bytes behind it stand for an example of a rule, and for the dice it is made with.
const MARK: u8 = 0x1a;

/// So many tokens in one text show all that more would.
const MOST: usize = 16;

/// `bytes` with an example in the place of each mark.
pub fn planted(bytes: &[u8]) -> Vec<u8> {
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
