//! Bodies that a person wrote as placeholders: words, runs, sequences, repeats.

/// Words that mark a body as a placeholder anywhere in it, in one case or with a capital (`example`, `EXAMPLE`, `Example`).
///
/// They have five letters or more: a random body of 100 letters contains such a word once in 10^6. Other words (`secret`,
/// `token`, `dev`) are not listed, since real keys carry such labels, and prose is not random enough anyway.
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

/// Shorter words count only between `_`, `-` and the ends of the body. Digits may follow them.
const AS_A_PART: &[&str] = &["your", "fake", "mock", "xxx", "todo", "foo", "bar", "stub", "bogus"];

/// Whether a person wrote `body`. `run` is the part of it that should be random.
pub(super) fn is_placeholder(body: &[u8], run: &[u8]) -> bool {
    let masked = body.windows(4).any(|four| four.iter().all(|b| b.eq_ignore_ascii_case(&b'x')));
    masked || holds_word(body) || has_worded_part(body) || sequential(run) || interleaved(run) || repeats(run)
}

/// Words of this length occur in a random body of 100 letters, in any case, once in 10^8.
const ANY_CASE: usize = 7;

/// Whether `body` contains a word of [`ANYWHERE`]. A short one must be in lowercase, in uppercase or capitalized.
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

/// Whether runs of four or more equal steps (`1234`, `aaaa`, `dcba`, or every second character: `a1b2c3d4`) cover 40 %.
///
/// Counting neighbors at a distance of 0 or 1 is enough for letters and digits, but loses 1.3 % of random hex of 32 digits.
fn sequential(body: &[u8]) -> bool {
    // In a short random body one chance sequence weighs much: 4 % have one of 4 in 16 hex digits.
    let limit = body.len() * 2 / 5;
    covered(body, 1) > limit || covered(body, 2) > limit
}

/// Whether letters and digits form sequences in groups of any length: `abc123def456ghi789`.
fn interleaved(body: &[u8]) -> bool {
    let (letters, others): (Vec<u8>, Vec<u8>) = body.iter().partition(|b| b.is_ascii_alphabetic());
    covered(&letters, 1) + covered(&others, 1) > body.len() * 7 / 10
}

/// The number of characters in runs of four or more whose step at `stride` is constant and -1, 0 or 1.
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
        // How people continue when they run out of digits or letters.
        (b'9' | b'z', b'0' | b'a') | (b'f', b'0') => Some(1),
        _ => Some(i16::from(to) - i16::from(from)).filter(|step| (-1..=1).contains(step)),
    }
}

/// Whether the body repeats one piece of at most 16 characters.
fn repeats(body: &[u8]) -> bool {
    (1..=16.min(body.len() / 2)).any(|period| {
        let same = body.iter().zip(&body[period..]).filter(|(a, b)| a == b).count();
        // 6 % of random hex pairs have two equal digits. 60 % never happens by chance in 16 or more.
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

    /// Split, since other scanners report some of these as secrets.
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
