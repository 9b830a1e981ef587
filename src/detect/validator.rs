//! Whether the text after a prefix is the body of a token, and where that body ends.

use std::ops::RangeInclusive;

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD};

use crate::detect::boundary::ends_at;
use crate::detect::placeholder::is_placeholder;
use crate::detect::randomness::{
    Bar, LENIENT, STRICT, distinct, is_hex, looks_random, parts_look_random, reads_as_word, varied,
};
use crate::rule::Validator;

/// The shortest unbroken run that counts. The longest run in a real identifier after `sk_` is 14.
const SHORTEST_RUN: usize = 16;

/// The length of the token's body at the start of `body`, or `None` if it is not the body of a token.
pub(crate) fn body_len(validator: Validator, body: &[u8]) -> Option<usize> {
    let whole = |accepted: bool| accepted.then_some(body.len());
    match validator {
        Validator::RandomRun => run_len(body, STRICT),
        Validator::LikelyRun => run_len(body, LENIENT),
        Validator::RandomWhole => whole(is_random(body, &letters_and_digits(body), LENIENT)),
        Validator::Base64url => whole(!ends_in_word(body) && is_random(body, &letters_and_digits(body), LENIENT)),
        Validator::Sized { least, most } => sized(body, least..=most),
        Validator::RandomHex => whole(is_random_hex(body)),
        Validator::EncodedKey => encoded_key(body),
        Validator::Base64Text => base64_text(body),
    }
}

fn run_len(body: &[u8], bar: Bar) -> Option<usize> {
    let end = before_dashed_words(body);
    let body = &body[..end];
    let run = longest_run(body);
    let in_parts = || {
        run.len() < body.len()
            && parts_look_random(body, bar)
            && !is_placeholder(body, &letters_and_digits(body))
            && !encodes_words(run)
    };
    let accepted = (run.len() >= SHORTEST_RUN && is_random(body, run, bar)) || in_parts();
    accepted.then_some(end)
}

/// The whole body, or the part in front of dashed words in one case. Words in both cases may belong to a longer body.
fn sized(body: &[u8], length: RangeInclusive<usize>) -> Option<usize> {
    let fits = |text: &[u8]| length.contains(&text.len()) && is_random(text, &letters_and_digits(text), LENIENT);
    let words = before_dashed_words(body);
    let in_one_case =
        |text: &[u8]| !(text.iter().any(u8::is_ascii_lowercase) && text.iter().any(u8::is_ascii_uppercase));
    if fits(unpadded(body)) {
        Some(body.len())
    } else {
        Some(words).filter(|&end| fits(&body[..end]) && in_one_case(&body[end..]))
    }
}

fn is_random(body: &[u8], run: &[u8], bar: Bar) -> bool {
    looks_random(run, bar)
        && !run.iter().all(u8::is_ascii_digit)
        && !is_placeholder(body, run)
        && !encodes_words(unpadded(body))
        // For the rule `sk_`, the body includes the environment.
        && !encodes_words(run)
}

/// The start of the body of a publishable key of Clerk, which is base64 of `clerk.<host>$`. People copy these letters and change
/// the rest, whatever it decodes to.
const CLERK_HOST: &[u8] = b"Y2xlcmsu";

/// Whether `encoded` is base64 of readable text that does not look random, which a person encoded as a placeholder. Of random
/// bodies of 24 letters, 5 in 10^9 decode to printable characters.
fn encodes_words(encoded: &[u8]) -> bool {
    let says_nothing = |text: &[u8]| is_printable(text) && !is_random_text(text) && !has_random_run(text);
    encoded.starts_with(CLERK_HOST) || decode(encoded).is_some_and(|text| says_nothing(&text))
}

fn has_random_run(text: &[u8]) -> bool {
    let mut runs = text.split(|b| !b.is_ascii_alphanumeric());
    runs.any(|run| run.len() >= SHORTEST_RUN && looks_random(run, STRICT) && !is_placeholder(run, run))
}

/// The body is base64 of text by design, so only placeholders are rejected, before and after decoding.
fn base64_text(body: &[u8]) -> Option<usize> {
    let bare = unpadded(body);
    let end = if body.len().is_multiple_of(4) { body.len() } else { bare.len() };
    (!is_placeholder(bare, bare) && !encodes_words(bare)).then_some(end)
}

/// Hex hardly contains words. Digits alone are not a hex key (chance for 32 digits: 3 in 10^7).
fn is_random_hex(body: &[u8]) -> bool {
    let digits = letters_and_digits(body);
    varied(&digits) && !digits.iter().all(u8::is_ascii_digit) && !is_placeholder(body, &digits)
}

/// The lengths in base64url of 16, 24, 32, 48 and 64 bytes, and of a nanoid.
const USUAL_LENGTHS: [usize; 6] = [21, 22, 32, 43, 64, 86];

/// The length of the body without the words that a dash adds to it (`sk_live_…-staging`). A part after a dash belongs to the body
/// if it looks random: if letters and digits alternate, or, within base64url, if it has letters in both cases that are not a
/// word. All parts up to the first long run belong to the body, and so does everything if the length is a usual one and the end
/// is not a word.
fn before_dashed_words(body: &[u8]) -> usize {
    if USUAL_LENGTHS.contains(&body.len()) && is_mixed(body) && !ends_in_word(body) {
        return body.len();
    }
    let mut end = 0;
    let mut at = 0;
    for part in body.split_inclusive(|&b| b == b'-') {
        let bare = part.strip_suffix(b"-").unwrap_or(part);
        at += part.len();
        if longest_run(&body[..end]).len() < SHORTEST_RUN
            || turns_often(bare)
            || (is_mixed(&body[..end]) && !is_worded(bare))
        {
            end = at;
        } else if bare.len() > 2 || !is_mixed(&body[..end]) {
            break;
        }
    }
    body[..end].iter().rposition(|&b| b != b'-').map_or(0, |last| last + 1)
}

fn is_mixed(text: &[u8]) -> bool {
    text.iter().any(u8::is_ascii_lowercase) && text.iter().any(u8::is_ascii_uppercase)
}

/// Whether a dash appends words to `body`: `-rotated`, `-v2`, `-My_Shop`. So do 0.3 % of random base64url of 64 characters.
fn ends_in_word(body: &[u8]) -> bool {
    let last = body.rsplit(|&b| b == b'-').next().filter(|last| last.len() < body.len());
    last.is_some_and(|last| is_worded(last) && last.rsplit(|&b| b == b'_').next().is_some_and(is_name))
}

/// Whether `text` is a word in one case or with a capital, a version, or a year.
fn is_name(text: &[u8]) -> bool {
    let (letters, digits) = text.split_at(text.iter().take_while(|b| b.is_ascii_alphabetic()).count());
    let in_one_case = letters.iter().all(u8::is_ascii_lowercase) || letters.iter().all(u8::is_ascii_uppercase);
    let capitalized = letters.len() >= 4 && letters[1..].iter().all(u8::is_ascii_lowercase);
    digits.iter().all(u8::is_ascii_digit)
        && match (letters, digits) {
            ([], [b'2', b'0', _, _]) | ([b'v' | b'V'], [_, ..]) => true,
            _ => letters.len() >= 3 && digits.len() <= 2 && (in_one_case || capitalized) && reads_as_word(letters),
        }
}

/// Whether the parts of `text` between underscores may be words or numbers: letters in one case, capitals only where words begin
/// or in a name such as `iOS`, digits only at the ends.
fn is_worded(text: &[u8]) -> bool {
    text.split(|&b| b == b'_').all(|part| {
        let first = part.iter().take_while(|b| b.is_ascii_digit()).count();
        let part = &part[first..];
        let last = part.iter().rposition(|b| !b.is_ascii_digit()).map_or(0, |last| last + 1);
        part[..last].iter().all(u8::is_ascii_alphabetic) && is_camel(&part[..last])
    })
}

/// `word`, `WORD`, `Word`, `twoWords`, `iOS`.
fn is_camel(letters: &[u8]) -> bool {
    let lower = letters.iter().take_while(|b| b.is_ascii_lowercase()).count();
    let rest = &letters[lower..];
    let in_upper = rest.iter().all(u8::is_ascii_uppercase) && (lower <= 3 || rest.is_empty());
    // Each capital begins a word of three letters or more.
    let humps = rest.split(u8::is_ascii_uppercase).skip(1).all(|word| word.len() >= 2);
    in_upper || humps
}

/// Two or more changes between letters and digits. `x86`, `v2`, `2024` and `prod1` have fewer.
fn turns_often(part: &[u8]) -> bool {
    part.windows(2).filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit()).count() >= 2
}

fn longest_run(body: &[u8]) -> &[u8] {
    let parts = body.split(|b| !b.is_ascii_alphanumeric());
    parts.max_by_key(|part| part.len()).unwrap_or_default()
}

fn letters_and_digits(body: &[u8]) -> Vec<u8> {
    body.iter().copied().filter(u8::is_ascii_alphanumeric).collect()
}

/// The length of a base64 body. It may contain `+ / - _` and end in `=`, and so may the text after it: `whsec_…/hook`,
/// `whsec_…-old`. The longest part that is a key wins. If none is, the whole counts if it is random and long enough.
fn encoded_key(body: &[u8]) -> Option<usize> {
    let symbols = (0..body.len()).filter(|&at| !body[at].is_ascii_alphanumeric());
    let ends = || symbols.clone().chain([body.len()]).rev().filter(|&end| ends_at(body, end));
    let key = ends().find(|&end| is_key(&body[..end])).map(|end| without_path(body, end));
    let random = || Some(body.len()).filter(|_| unpadded(body).len() >= 24 && !is_prose(body));
    let end = key.or_else(random)?;
    let run = letters_and_digits(&body[..end]);
    (is_random(&body[..end], &run, LENIENT) || (is_hex(&body[..end]) && is_random_hex(&body[..end]))).then_some(end)
}

/// Removes a path that is base64 by chance, if a shorter key is in front of lowercase words.
fn without_path(body: &[u8], end: usize) -> usize {
    let worded = |tail: &[u8]| {
        tail.len() > 3 && tail[1..].iter().all(|b| b.is_ascii_lowercase() || matches!(b, b'/' | b'-' | b'_'))
    };
    // Of random keys, 0.1 % end in one of these two symbols and three or more lowercase letters. A key does not end in front of
    // `_`.
    (1..end)
        .filter(|&at| matches!(body[at], b'/' | b'-'))
        .find(|&at| worded(&body[at..end]) && is_key(&body[..at]))
        .unwrap_or(end)
}

/// Whether `text` decodes to 24–75 bytes that are not all printable, or is hex of 32–128 digits.
fn is_key(text: &[u8]) -> bool {
    if is_hex(text) {
        return (32..=128).contains(&text.len()) && distinct(text) >= 8;
    }
    let bare = unpadded(text);
    if text.len() > bare.len() && !text.len().is_multiple_of(4) {
        return false;
    }
    // Decoders reject lengths and last letters that no encoder writes, which finds the right end.
    decode(bare).is_some_and(|key| {
        let is_text = is_printable(&key);
        (24..=if is_text { 129 } else { 75 }).contains(&key.len()) && (!is_text || is_random_text(&key))
    })
}

fn decode(bare: &[u8]) -> Option<Vec<u8>> {
    BASE64_NOPAD.decode(bare).or_else(|_| BASE64URL_NOPAD.decode(bare)).ok()
}

/// Whether `text` is base64 of prose, as the placeholders in vendors' guides are.
fn is_prose(text: &[u8]) -> bool {
    decode(unpadded(text)).is_some_and(|decoded| is_printable(&decoded) && !is_random_text(&decoded))
}

/// Whether decoded text is random: hex, a UUID, or letters and digits, as `openssl rand -hex 32 | base64` encodes them, with the
/// line break.
fn is_random_text(text: &[u8]) -> bool {
    let text = text.trim_ascii_end();
    let is_hex = text.iter().all(|b| b.is_ascii_hexdigit() || *b == b'-');
    let in_body = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+' | b'/' | b'=' | b'.');
    let run = longest_run(text);
    text.iter().all(in_body)
        && (if is_hex { is_random_hex(text) } else { run.len() >= SHORTEST_RUN && is_random(text, run, STRICT) })
}

/// True for 5 in 10^11 of 24 random bytes.
fn is_printable(decoded: &[u8]) -> bool {
    decoded.iter().all(|b| matches!(b, b' '..=b'~' | b'\n' | b'\r' | b'\t'))
}

fn unpadded(text: &[u8]) -> &[u8] {
    let kept = text.iter().rposition(|&b| b != b'=').map_or(0, |last| last + 1);
    &text[..kept]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::example::{Dice, expand};

    /// The end is not removed as a path: in front of `_` no key ends, so the whole key would be missed.
    #[test]
    fn a_key_may_end_in_an_underscore_and_small_letters() {
        for seed in 0..50 {
            let body = expand("{base64url:27}AQ_cdefg", &mut Dice::new(seed));
            assert_eq!(body_len(Validator::EncodedKey, body.as_bytes()), Some(44));
        }
    }
}
