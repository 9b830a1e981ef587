//! Bodies that a person wrote to stand for a token: words, runs, sequences, repeats.

/// Words that say a body is made up, wherever they stand in it in one case (`example`, `EXAMPLE`, `Example`).
///
/// Five letters or more: in a random body of 100 such a word stands by chance once in 10^6. Words that say nothing
/// of the kind (`secret`, `token`, `dev`) are not here: real keys carry such labels, and prose fails for randomness.
const ANYWHERE: &[&str] = &[
    "example",
    "placeholder",
    "replace",
    "dummy",
    "sample",
    "changeme",
    "redacted",
    "insert",
    "yourkey",
    "yourtoken",
    "yoursecret",
    "yourapi",
    "mysecret",
    "apikeyhere",
    "keyhere",
    "fakekey",
    "fakesecret",
    "qwerty",
    "asdfgh",
    "zxcvbn",
    "notreal",
    "invalid",
    "foobar",
    "deadbeef",
    "lorem",
    "abcde",
];

/// Shorter ones count only where `_`, `-` or the body's ends bound them, digits behind them allowed.
const AS_A_PART: &[&str] = &["your", "fake", "mock", "xxx", "todo", "foo", "bar", "stub", "bogus"];

/// Whether `body` was written, not drawn. `run` is the part of it that should be random.
pub(super) fn is_placeholder(body: &[u8], run: &[u8]) -> bool {
    let masked = body.windows(4).any(|four| four.iter().all(|b| b.eq_ignore_ascii_case(&b'x')));
    masked || holds_word(body) || has_worded_part(body) || sequential(run) || interleaved(run) || repeats(run)
}

/// A word so long is in a random body of 100 in no case whatever by chance: once in 10^8.
const ANY_CASE: usize = 7;

/// A word of [`ANYWHERE`], a short one in lower, upper or capitalised case.
fn holds_word(body: &[u8]) -> bool {
    ANYWHERE.iter().map(|word| word.as_bytes()).any(|word| {
        body.windows(word.len()).any(|at| {
            at.eq_ignore_ascii_case(word) && {
                let uppers = at.iter().filter(|b| b.is_ascii_uppercase()).count();
                word.len() >= ANY_CASE
                    || uppers == 0
                    || uppers == at.len()
                    || (uppers == 1 && at[0].is_ascii_uppercase())
            }
        })
    })
}

fn has_worded_part(body: &[u8]) -> bool {
    body.split(|b| matches!(b, b'_' | b'-')).any(|part| {
        let digits = part.iter().rev().take_while(|b| b.is_ascii_digit()).count();
        let word = &part[..part.len() - digits];
        AS_A_PART.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes()))
    })
}

/// Four or more steps of one size (`1234`, `aaaa`, `dcba`, or every second character: `a1b2c3d4`) cover 40 %.
///
/// Plain neighbours at distance 0 or 1 would do for alphanumerics, but they lose 1.3 % of random hex of 32.
fn sequential(body: &[u8]) -> bool {
    // Where a random body is short, one chance sequence weighs much: 4 of 16 hex digits stand in one in 4 %.
    let limit = body.len() * 2 / 5;
    covered(body, 1) > limit || covered(body, 2) > limit
}

/// Letters and digits that are sequences each, in groups of any length: `abc123def456ghi789`.
fn interleaved(body: &[u8]) -> bool {
    let (letters, others): (Vec<u8>, Vec<u8>) = body.iter().partition(|b| b.is_ascii_alphabetic());
    covered(&letters, 1) + covered(&others, 1) > body.len() * 7 / 10
}

/// How many characters stand in runs of at least four whose step at `stride` is the same and one of -1, 0, 1.
fn covered(body: &[u8], stride: usize) -> usize {
    let mut covered = 0;
    for phase in 0..stride {
        let every = || body.iter().skip(phase).step_by(stride).map(u8::to_ascii_lowercase);
        let mut length = 1;
        let mut step = None;
        for (from, to) in every().zip(every().skip(1)) {
            let this = sequence_step(from, to);
            if this.is_some() && this == step {
                length += 1;
            } else {
                covered += if length >= 4 { length } else { 0 };
                length = if this.is_some() { 2 } else { 1 };
                step = this;
            }
        }
        covered += if length >= 4 { length } else { 0 };
    }
    covered
}

fn sequence_step(from: u8, to: u8) -> Option<i16> {
    match (from, to) {
        // The ways in which a person goes on when digits or letters run out.
        (b'9' | b'z', b'0' | b'a') | (b'f', b'0') => Some(1),
        _ => Some(i16::from(to) - i16::from(from)).filter(|step| (-1..=1).contains(step)),
    }
}

/// The body is one piece of at most 16 characters, over and over.
fn repeats(body: &[u8]) -> bool {
    (1..=16.min(body.len() / 2)).any(|period| {
        let same = body.iter().zip(&body[period..]).filter(|(a, b)| a == b).count();
        // A random hex pair is the same in 6 %: 60 % never happens by chance in 16 or more.
        same * 10 >= (body.len() - period) * 6
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_a_placeholder() {
        for body in [
            "your_token_here",
            "REPLACE-WITH-NEW-KEY",
            "51HqEXAMPLE4eC39HqLyj",
            "abcd1234efgh5678ijkl",
            "a1b2c3d4e5f6g7h8i9j0",
            "xxxxxxxxxxxxxxxxxxxxxxxx",
            "0000000000000000000000",
            "deadbeefdeadbeefdeadbeef",
            "fake_4eC39HqLyjWDar",
            "your_token_4eC39HqL",
            "abc123abc123abc123abc123",
            "51H8xxxxxxxxT1zdp7dc",
            "9876543210zyxwvutsrq",
        ] {
            assert!(is_placeholder(body.as_bytes(), body.as_bytes()), "{body}");
        }
    }

    /// In pieces, since other scanners take some of these for secrets.
    #[test]
    fn sequences_are_placeholders() {
        for pieces in [
            ["abcdefghijklm", "nop012", "3456789"],
            ["1234567890", "abcdef", "1234567890"],
            ["abc123def", "456ghi789", "jkl012"],
            ["AbC123dEf", "456GhI789", ""],
            ["ab12cd34ef", "56gh78ij90", ""],
        ] {
            let body = pieces.concat();
            assert!(is_placeholder(body.as_bytes(), body.as_bytes()), "{body}");
        }
    }

    #[test]
    fn a_drawn_body_is_none() {
        for pieces in
            [["4eC39HqLyj", "WDarjtT1zdp7dc"], ["tGN0bIwXnHdw", "OjLXcyvAeqs0"], ["9f86d08-1884c", "7d659a2-feaa0"]]
        {
            let body = pieces.concat();
            assert!(!is_placeholder(body.as_bytes(), body.as_bytes()), "{pieces:?}");
        }
    }
}
