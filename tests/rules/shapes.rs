//! The exact spans of tokens, shape by shape, for every adjacent text.

use std::sync::LazyLock;

use keysweep::detect::Detector;
use keysweep::finding::Secret;
use keysweep::rules::ALL;
use keysweep::rules::example::{Dice, expand};

static DETECTOR: LazyLock<Detector> = LazyLock::new(|| Detector::new(ALL));

const ROUNDS: u64 = 150;

/// The number of random tokens of a shape that are found with the exact span between `before` and `behind`.
fn exact(template: &str, before: &[u8], behind: &[u8]) -> u64 {
    let is_exact = |seed: &u64| {
        let token = expand(template, &mut Dice::new(*seed));
        let text = [before, token.as_bytes(), behind].concat();
        let hits = DETECTOR.find(&text);
        hits.len() == 1
            && hits[0].span == (before.len()..before.len() + token.len())
            && DETECTOR.may_contain_token(&text)
    };
    (0..ROUNDS).filter(is_exact).count() as u64
}

#[track_caller]
fn assert_exact(template: &str, before: &[u8], behind: &[u8]) {
    let exact = exact(template, before, behind);
    let place = format!("{}¤{}", before.escape_ascii(), behind.escape_ascii());
    assert!(exact * 100 >= ROUNDS * 98, "{template} in {place}: {exact} of {ROUNDS}");
}

#[track_caller]
fn assert_silent(template: &str) {
    for seed in 0..ROUNDS {
        let text = expand(template, &mut Dice::new(seed));
        assert!(DETECTOR.find(text.as_bytes()).is_empty(), "{template}, seed {seed}");
    }
}

#[test]
fn base64url_has_an_exact_span() {
    for template in [
        "sk_prod_{base64url:48}",
        "sk_dev_{base64url:48}",
        "sk_live_acme_{base64url:32}",
        "sk_car_{urlsafe:21}",
        "sk_{base64url:24}.eu",
        "sk_{base64url:32}",
        "sk_prod_{base64url:32}",
    ] {
        for (before, behind) in [("\"", "\""), ("KEY=", "\n"), ("`", "`"), ("(", ")")] {
            assert_exact(template, before.as_bytes(), behind.as_bytes());
        }
    }
}

#[test]
fn words_after_a_dash_are_not_part_of_the_token() {
    let words =
        ["-rotated", "-old", "-staging", "-v2", "-2024", "-x86", "-prod1", "-Backup", "-iOS", "-my_shop", "-OLD"];
    for template in ["sk_live_{alnum:24}", "sk_{alnum:35}", "sk_prod_{alnum:40}", "sk_{hex:48}", "whsec_{alnum:32}"] {
        for word in words {
            // Without a dash, three more letters or digits are a valid part of the body.
            let is_base64 = template.starts_with("whsec");
            if !is_base64 || word == "-rotated" {
                assert_exact(template, b"\"", word.as_bytes());
            }
        }
    }
    // Together with the word, these bodies have a usual length of base64url.
    for template in ["sk_{alnum:24}", "sk_prod_{alnum:56}", "sk_live_acme_{alnum:35}"] {
        assert_exact(template, b"\"", b"-rotated\"");
    }
}

#[test]
fn the_shapes_of_more_vendors_are_found() {
    for template in [
        "whsk_{alnum:24}",
        "testsk_{base64url:24}.us",
        "appsk_{base64url:24}.eu",
        "integsk_{base64url:24}.in",
        "testsk_{base64url:24}",
        "sk_live_{alnum:8}.{alnum:32}",
        "sk_live_{hex:8}{alnum:7}{hex:13}",
        "Sk_test_{alnum:24}",
        "Rk_live_{alnum:24}",
        "Whsec_{alnum:32}",
    ] {
        assert_exact(template, b"\"", b"\"");
        assert_exact(template, b"The key: ", b". Keep it.");
    }
}

#[test]
fn base64_of_random_text_is_a_secret_and_base64_of_prose_is_not() {
    for template in [
        "whsec_{base64-hex:32}",
        "whsec_{base64-hex:64}",
        "whsec_{base64-uuid}",
        "whsec_{base64-alnum:40}",
        "whsk_{base64-hex:64}",
        "whsk_{base64-uuid}",
    ] {
        assert_exact(template, b"\"", b"\"");
        assert_exact(template, b"v1,", b"\n");
    }
    for prose in [
        "test_signing_secret",
        "this is the secret of the tests",
        "my-super-secret-webhook-signing-key",
        "00000000000000000000000000000000",
        "thisIsNotARealSecretButAPlaceholder1",
    ] {
        assert_silent(&format!("whsec_{{base64-of:{prose}}}"));
    }
}

#[test]
fn a_capital_prefix_starts_a_sentence() {
    let token = expand("sk_test_{alnum:24}", &mut Dice::new(5));
    let hits = DETECTOR.find(format!("S{} is the key.", &token[1..]).as_bytes());
    assert_eq!(hits.len(), 1);
    assert_eq!(hits[0].fingerprint, Secret::new(token.as_bytes()).fingerprint());
}

#[test]
fn an_underscore_before_a_named_prefix_is_a_boundary() {
    for template in
        ["sk_live_{alnum:24}", "sk_test_51{alnum:99}", "rk_live_{alnum:24}", "whsec_{base64:32}", "whsec_{hex:64}"]
    {
        for (before, behind) in [
            ("_", "_"),
            ("__", "__"),
            ("It is (_", "_)."),
            ("The key is _", "_."),
            ("name_", ".txt"),
            ("stripe_", "\n"),
        ] {
            assert_exact(template, before.as_bytes(), behind.as_bytes());
        }
    }
    assert_exact("sk_{alnum:32}", b"use _", b"_ for it");
    for innocent in
        ["task_{alnum:24}", "my_sk_{alnum:24}", "a__sk_{alnum:24}", "atestsk_{alnum:32}", "_sk_list_for_each_entry_"]
    {
        assert_silent(innocent);
    }
}

#[test]
fn a_byte_of_a_legacy_encoding_is_a_boundary() {
    // A colon and an opening bracket in Shift-JIS, and a colon in Big5.
    for before in [&b"\x83L\x81[\x81F"[..], b"\x81u", b"\xaa\xf7\xc6_\xa1G"] {
        assert_exact("sk_live_{alnum:24}", before, b"\n");
        assert_exact("sk_{alnum:32}", before, b"\x81v\n");
    }
    // In UTF-8, a letter is not a boundary.
    for text in ["é", "キー", "“", "é\né"] {
        assert_silent(&format!("{text}u{}", "sk_live_{alnum:24}"));
    }
}

/// The bytes that a serializer writes before and after a token of this length.
type Serialized = (&'static str, fn(u8) -> Vec<u8>, &'static [u8]);

const SERIALIZED: &[Serialized] = &[
    ("marshal, a name behind it", |len| vec![0xfa, len], b"\xfa\x07API_KEY\xa9\0"),
    ("marshal, a reference", |len| vec![b'N', b')', 2, b'z', len], b"r\x05\0\0\0"),
    ("marshal, None", |len| vec![0xe9, 0, 0, 0, 0, b'z', len], b"N)\x01\xda\x07API_KEY"),
    ("marshal, bytes", |len| vec![b's', len, 0, 0, 0], b"c\0\0\0\0"),
    ("protobuf", |len| vec![8, 1, 0x12, len], b""),
    ("protobuf, a field behind it", |len| vec![8, 1, 0x12, len], b"2\x03abc"),
    ("MessagePack", |len| vec![0x81, 0xa3, b'k', b'e', b'y', 0xd9, len], b""),
    ("SQLite", |len| sqlite(len), b""),
    ("SQLite, a record behind it", |len| sqlite(len), b"5\x02\x03\0\x1d"),
];

fn sqlite(len: u8) -> Vec<u8> {
    let kind = 2 * u16::from(len) + 13;
    let high = (kind > 127).then(|| 0x80 | (kind >> 7).to_le_bytes()[0]);
    [0, 2, 3, 0].into_iter().chain(high).chain([kind.to_le_bytes()[0] & 0x7f]).collect()
}

#[test]
fn a_token_after_a_length_byte_has_an_exact_span() {
    for template in [
        "sk_live_{alnum:24}",
        "sk_live_{base36:40}",
        "sk_live_51{alnum:99}",
        "sk_test_{alnum:42}",
        "sk_{hex:48}",
        "whsec_{hex:64}",
        "whsec_{alnum:32}",
    ] {
        let len = expand(template, &mut Dice::new(1)).len();
        for (_, before, behind) in SERIALIZED {
            assert_exact(template, &before(u8::try_from(len).expect("a short token")), behind);
        }
    }
    // A letter that is not the length byte is not a boundary.
    assert_silent("xsk_live_{alnum:24}");
    assert_silent("3sk_{hex:47}");
}

#[test]
fn a_pickled_text_has_its_own_line() {
    assert_exact("sk_live_{alnum:24}", b"(dp0\nVkey\np1\nV", b"\np2\ns.");
    assert_silent("aVsk_live_{alnum:24}");
}

/// The number of pairs of random tokens, of 50, in which both are found with exact spans.
fn exact_pairs(first: &str, between: &str, second: &str) -> u64 {
    let is_exact = |seed: &u64| {
        let dice = &mut Dice::new(*seed);
        let (first, second) = (expand(first, dice), expand(second, dice));
        let text = format!("key = \"{first}{between}{second}\"");
        let start = 7 + first.len() + between.len();
        let spans: Vec<_> = DETECTOR.find(text.as_bytes()).into_iter().map(|hit| hit.span).collect();
        spans == [7..7 + first.len(), start..start + second.len()]
    };
    (0..50).filter(is_exact).count() as u64
}

#[test]
fn tokens_with_nothing_between_them_are_counted_one_by_one() {
    let templates = [
        "sk_live_{alnum:24}",
        "sk_test_51{alnum:99}",
        "rk_live_{alnum:24}",
        "sk_live_{base36:40}",
        "sk_{hex:48}",
        "sk_{alnum:32}",
        "whsec_{alnum:32}",
        "whsec_{hex:64}",
        "whsec_{base64:32}",
    ];
    for first in templates {
        for second in templates {
            for between in ["", "_"] {
                let exact = exact_pairs(first, between, second);
                assert!(exact >= 48, "{exact} of 50: {first}{between}{second}");
            }
        }
    }
}

#[test]
fn a_published_token_does_not_hide_the_one_after_it() {
    let published = ["sk_tes", "t_4eC39H", "qLyj", "WDarjtT1zdp7dc"].concat();
    let dice = &mut Dice::new(7);
    let text = format!("{published}{}", expand("sk_live_{alnum:24}", dice));
    let hits = DETECTOR.find(text.as_bytes());
    assert_eq!(hits.len(), 1);
    assert_eq!(hits[0].span, published.len()..text.len());
}

/// Base64url contains `sk_` by chance, and names are no bodies.
#[test]
fn a_prefix_inside_a_body_does_not_cut_it() {
    assert_exact("sk_prod_{urlsafe:20}-4sk_{urlsafe:39}", b"\"", b"\"");
    assert_silent("sk_live_your_key_here_sk_test_your_key_here");
    assert_silent("whsec_your_secret_goes_here_sk_live_your_key_goes_here");
}
