//! How much more likely a run of characters is random than written by a person.
//!
//! The measure is the sum of two log-likelihood ratios. The first compares the changes between classes of characters (lower,
//! upper, digit) with those in identifiers, the second the letter pairs ([`super::pairs`]). Shannon entropy is not enough:
//! `X509_NAME_ENTRY_new_null` has 3.9 bits, random hex a median of 3.8.
//!
//! Measured by `benches/discriminator.py` at [`STRICT`], on projects that were not used for learning: 0.06 % of random runs of 24
//! letters and digits are missed, 0.17 % of 20, and 0.04 % of 32 hex digits; 0.11 % of 95,554 runs in identifiers count as
//! random. docs/detection.md compares other measures.

use super::pairs::PAIRS;

/// The lowest ratio, in thousandths of a nat, that counts as random. A run without a digit is far more often an identifier: only
/// 1.5 % of random keys of 24 characters have none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bar {
    with_digits: i32,
    without_digits: i32,
    /// For a body in parts: the sum over the parts, if one of them has lowercase, uppercase and a digit.
    in_parts: i32,
}

/// For runs that may be anything.
pub(super) const STRICT: Bar = Bar { with_digits: 0, without_digits: 4000, in_parts: 0 };

/// For runs after `sk_live_` and similar prefixes. Loses less than 0.01 % of 24 letters and digits.
pub(super) const LENIENT: Bar = Bar { with_digits: -6000, without_digits: -2000, in_parts: -6000 };

/// The bar for a body in parts, none of which has all three classes.
const IN_PLAIN_PARTS: i32 = 4000;

/// The fewest letters that a body without a long run must have.
const SHORTEST_IN_PARTS: usize = 16;

/// ln(P(class | random) / P(class | class before, identifier)), in thousandths, by alphabet, class before and class.
/// Identifiers: lower after lower .88, upper .08, digit .04; after upper .50, .45, .05; after a digit .35, .15, .50.
/// As numbers, since the first logarithm at run time costs the loading of another library.
const STEPS: [[[i32; 3]; 3]; 3] = [
    [[-853, 1545, 2749], [-288, -182, 2526], [69, 916, 223]],
    [[-741, 1657, 1394], [-176, -71, 1171], [181, 1028, -1131]],
    [[-198, 2200, 1938], [368, 473, 1715], [724, 1572, -588]],
];

/// The narrowest alphabet that contains the run, in the order of [`STEPS`].
#[derive(Clone, Copy)]
enum Alphabet {
    Hex,
    Base62,
    Base36,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Lower,
    Upper,
    Digit,
}

fn class(byte: u8) -> Class {
    match byte {
        b'0'..=b'9' => Class::Digit,
        b'A'..=b'Z' => Class::Upper,
        _ => Class::Lower,
    }
}

/// Whether `run`, ASCII letters and digits only, looks random.
pub(super) fn looks_random(run: &[u8], bar: Bar) -> bool {
    let digits = run.iter().any(u8::is_ascii_digit);
    let bar = if digits { bar.with_digits } else { bar.without_digits };
    varied(run) && ratio(run, alphabet(run)) > bar
}

/// Whether `body`, whose parts are separated by `_` and `-`, looks random as a whole. Steps between parts do not count, since a
/// new word begins there.
///
/// Names have such parts too, but in most names all letters have one case, and only 0.6 % of 154,174 names have a part with
/// lowercase, uppercase and a digit. Of the others after `sk_`, the highest is `EVP_SKEYMGMT_value` with 1.9 nats.
pub(super) fn parts_look_random(body: &[u8], bar: Bar) -> bool {
    let mixed = body.iter().any(u8::is_ascii_lowercase) && body.iter().any(u8::is_ascii_uppercase);
    let letters = || body.iter().copied().filter(u8::is_ascii_alphanumeric);
    if !mixed || letters().count() < SHORTEST_IN_PARTS {
        return false;
    }
    let parts = || body.split(|b| !b.is_ascii_alphanumeric());
    let bar = if parts().any(holds_every_class) { bar.in_parts } else { IN_PLAIN_PARTS };
    parts().map(|part| ratio(part, Alphabet::Base62)).sum::<i32>() > bar && varied(&letters().collect::<Vec<_>>())
}

fn holds_every_class(part: &[u8]) -> bool {
    let holds = |wanted: Class| part.iter().any(|&b| class(b) == wanted);
    holds(Class::Lower) && holds(Class::Upper) && holds(Class::Digit)
}

/// Enough different characters for a random run of its length: 0.2 % of 16 random hex digits have fewer than 7.
pub(super) fn varied(run: &[u8]) -> bool {
    distinct(run) >= 7
}

/// Lowercase hex digits only.
pub(super) fn is_hex(text: &[u8]) -> bool {
    text.iter().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(b))
}

pub(super) fn distinct(run: &[u8]) -> u32 {
    run.iter().fold(0_u128, |seen, &byte| seen | 1 << (byte & 127)).count_ones()
}

/// ln(P(run | random) / P(run | identifier)), in thousandths.
fn ratio(run: &[u8], alphabet: Alphabet) -> i32 {
    let steps = &STEPS[alphabet as usize];
    run.windows(2).map(|pair| steps[class(pair[0]) as usize][class(pair[1]) as usize] + pair_step(pair)).sum()
}

/// Whether `letters` consists mostly of pairs that are common in identifiers.
pub(super) fn reads_as_word(letters: &[u8]) -> bool {
    letters.windows(2).map(pair_step).sum::<i32>() < 0
}

/// Words in names of variables for tokens, with letter pairs that are rare in other identifiers.
const USUAL_WORDS: &[&[u8]] =
    &[b"webhook", b"webhooks", b"svix", b"key", b"api", b"app", b"clerk", b"stripe", b"attio"];

/// Whether `name` is an identifier of words: separated by `_`, `-`, a digit or a capital letter, three letters each on average, with
/// few digits and with letter pairs that are common in identifiers.
///
/// Of 100,000 random runs of 10 to 24 letters and digits 1.2 % pass, of those of small letters alone 1.1 %.
pub(super) fn is_made_of_words(name: &[u8]) -> bool {
    let words = words_of(name);
    let letters: usize = words.iter().map(Vec::len).sum();
    let digits = name.iter().filter(|b| b.is_ascii_digit()).count();
    if digits * 4 > letters {
        return false;
    }
    let is_dense = letters >= 3 * words.len().max(1) || (words.len() <= 4 && letters > 2 * words.len());
    // A short name is shown, whatever its pairs are.
    letters < 6 || is_dense && has_common_pairs(name, &words)
}

/// The parts of `name` between characters that are not letters, split also at a capital after a small letter.
fn words_of(name: &[u8]) -> Vec<Vec<u8>> {
    let mut words: Vec<Vec<u8>> = Vec::new();
    let mut before = b'_';
    for &byte in name {
        let begins = !before.is_ascii_alphabetic() || (before.is_ascii_lowercase() && byte.is_ascii_uppercase());
        if byte.is_ascii_alphabetic() {
            if begins {
                words.push(Vec::new());
            }
            words.last_mut().expect("a letter begins the first word").push(byte);
        }
        before = byte;
    }
    words
}

/// Whether the letter pairs of `words`, those of `name`, are common in identifiers. [`USUAL_WORDS`] do not count against it.
fn has_common_pairs(name: &[u8], words: &[Vec<u8>]) -> bool {
    // The pairs of abbreviations such as `DB` are rare.
    let scored = || words.iter().filter(|word| word.len() > 2);
    let is_usual = |word: &&Vec<u8>| USUAL_WORDS.contains(&&word.to_ascii_lowercase()[..]);
    let score = |word: &Vec<u8>| -> i32 { word.windows(2).map(pair_step).sum() };
    let of_all: i32 = scored().map(score).sum();
    let of_others: i32 = scored().filter(|word| !is_usual(word)).map(score).sum();
    // Random text of one case, in parts and without digits, is rarer than names with uncommon words such as `WEBHOOK`.
    let letters: usize = words.iter().map(Vec::len).sum();
    let lower = name.iter().filter(|b| b.is_ascii_lowercase()).count();
    let has_parts = name.iter().any(|b| matches!(b, b'_' | b'-')) && (lower == 0 || lower == letters);
    let bar = if has_parts { 400 * i32::try_from(letters).unwrap_or(0) } else { 0 };
    of_all < bar || scored().any(|word| is_usual(&word)) && of_others <= bar
}

fn alphabet(run: &[u8]) -> Alphabet {
    let lower = run.iter().any(u8::is_ascii_lowercase);
    let upper = run.iter().any(u8::is_ascii_uppercase);
    match (is_hex(run), lower && upper) {
        (true, _) => Alphabet::Hex,
        (false, true) => Alphabet::Base62,
        (false, false) => Alphabet::Base36,
    }
}

fn pair_step(pair: &[u8]) -> i32 {
    let place = |letter: u8| usize::from(letter.to_ascii_lowercase() - b'a');
    if pair.iter().all(u8::is_ascii_alphabetic) { i32::from(PAIRS[place(pair[0])][place(pair[1])]) * 10 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_do_not_look_random() {
        for run in ["SSLv23ServerMethodWithContext", "ecdsasha2nistp256certv01", "X509V3ExtensionMethods2free"] {
            assert!(!looks_random(run.as_bytes(), STRICT), "{run}");
        }
        for run in ["getUserByIdFromDatabase2", "thisisafakekey1234567890", "yourSecretKeyGoesHere"] {
            assert!(!looks_random(run.as_bytes(), LENIENT), "{run}");
        }
    }

    #[test]
    fn names_are_made_of_words() {
        for name in [
            "STRIPE_SECRET_KEY",
            "stripeSecretKey",
            "StripeKey2",
            "ATTIO_API_KEY",
            "S3_API_KEY",
            "api-key",
            "SVIX_WEBHOOK_SECRET",
            "_authToken",
            "NEXT_PUBLIC_CLERK_SECRET_KEY",
            "--stripe-key",
            "ELEVENLABS_API_KEY",
            "VITE_SK",
            "sk_live_key",
            "DB_PASSWORD",
            "PROD_STRIPE_SK",
            "whsec",
            "workosApiKey",
            "CLERK_SECRET_KEY_STAGING",
            "PAYSTACK_SK_LIVE",
            "MY_TOKEN_V2",
        ] {
            assert!(is_made_of_words(name.as_bytes()), "{name}");
        }
        let mut state = 1_u64;
        let mut next = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from((state >> 33) % below as u64).expect("it is below")
        };
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let mut passed = [0; 3];
        for _ in 0..100_000 {
            for (letters, passed) in [&alphabet[..], &alphabet[26..], &alphabet[26..52]].into_iter().zip(&mut passed) {
                let run: Vec<u8> = (0..10 + next(15)).map(|_| letters[next(letters.len())]).collect();
                *passed += usize::from(is_made_of_words(&run));
            }
        }
        assert!(passed[0] <= 1300 && passed[1] <= 1000 && passed[2] <= 1500, "{passed:?}");
    }

    /// The numbers match their comments.
    #[test]
    fn the_tables_are_logarithms() {
        let is_ln = |step: i32, ratio: f64| (ratio.ln() * 1000.0 - f64::from(step)).abs() <= 0.5;
        let written = [[0.88, 0.08, 0.04], [0.50, 0.45, 0.05], [0.35, 0.15, 0.50]];
        let drawn = [(6.0 / 16.0, 10.0 / 16.0), (26.0 / 62.0, 10.0 / 62.0), (26.0 / 36.0, 10.0 / 36.0)];
        for (steps, (letter, digit)) in STEPS.iter().zip(drawn) {
            for (row, written) in steps.iter().zip(written) {
                for ((&step, drawn), written) in row.iter().zip([letter, letter, digit]).zip(written) {
                    assert!(is_ln(step, drawn / written), "{step}");
                }
            }
        }
    }

    /// Common pairs count against, rare ones for. Without the limit of 300, the shares add up to 1.
    #[test]
    fn the_pairs_are_logarithms() {
        let of = |pair: &[u8; 2]| pair_step(pair);
        assert!(of(b"th") < 0 && of(b"IN") < 0 && of(b"qx") > 2000 && of(b"a1") == 0);
        let shares: f64 = PAIRS.iter().flatten().map(|&pair| (-f64::from(pair) / 100.0).exp() / 676.0).sum();
        assert!((1.0..1.05).contains(&shares), "{shares}");
    }
}
