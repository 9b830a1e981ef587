//! Values that vendors print are silent by their body, whatever the prefix; what is random is found behind the same prefixes.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use keysweep::detect::Detector;
use keysweep::rules::ALL;
use keysweep::rules::example::{Dice, expand};

static DETECTOR: LazyLock<Detector> = LazyLock::new(|| Detector::new(ALL));

const LIST: &str = "src/rules/published_values.rs";

#[track_caller]
fn assert_silent(pieces: &[&str]) {
    let text = pieces.concat();
    assert!(DETECTOR.find(format!("key = \"{text}\"").as_bytes()).is_empty(), "{pieces:?}");
}

/// Bodies in pieces, since other scanners take them for secrets.
#[test]
fn a_published_body_is_silent_behind_every_prefix() {
    for body in [["4eC39HqLyj", "WDarjtT1zdp7dc"], ["BQokikJOvB", "iI2HlWgH4olfQ2"]] {
        for prefix in ["sk_test_", "sk_live_", "rk_live_", "rk_test_", "sk_", "sk_prod_", "sk_org_", "sk_staging_"] {
            assert_silent(&[prefix, body[0], body[1]]);
        }
    }
    // A publishable key's body.
    assert_silent(&["sk_test_", "TYooMQauvdEDq5", "4NiTphI7jx"]);
    for prefix in ["whsec_", "v1,whsec_"] {
        assert_silent(&[prefix, "MfKQ9r8GKYqrTw", "jUPD8ILPZIo2LaLaSw"]);
        assert_silent(&[prefix, "C2FVsBQIhrscCh", "lQIMV+b5sSYspob7oD"]);
    }
}

/// What is like a published value is none: one more letter, one letter less, one other letter.
#[test]
fn a_value_like_a_published_one_is_found() {
    let (first, second) = ("4eC39HqLyj", "WDarjtT1zdp7d");
    for body in [format!("{first}{second}c7"), format!("{first}{second}"), format!("{first}{second}k")] {
        for prefix in ["sk_test_", "sk_live_", "rk_live_"] {
            let text = format!("key = \"{prefix}{body}\"");
            assert_eq!(DETECTOR.find(text.as_bytes()).len(), 1, "{prefix}");
        }
    }
}

/// Base64 with padding and without is one value, and so is a Svix key with its region and without.
#[test]
fn random_bodies_are_never_published() {
    for template in
        ["sk_live_{alnum:24}", "rk_test_{alnum:24}", "whsec_{base64:24}", "sk_{hex:48}", "sk_{base64url:24}.eu"]
    {
        let found =
            (0..400).filter(|&seed| !DETECTOR.find(expand(template, &mut Dice::new(seed)).as_bytes()).is_empty());
        assert!(found.count() >= 398, "{template}");
    }
}

/// Sorted for the search, without a value twice, and each with a place that a reader can open.
#[test]
fn the_list_is_sorted_and_every_value_has_a_source() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(LIST)).expect("the list");
    let lines: Vec<_> = text.lines().filter(|line| line.starts_with("    0x")).collect();
    assert!(lines.len() >= 100, "{}", lines.len());
    assert!(lines.windows(2).all(|pair| pair[0][..25] < pair[1][..25]));
    for line in lines {
        let (bits, source) = line.split_once(", // ").expect("a source");
        assert!(bits.trim().len() == 21, "{line}");
        assert!(
            source.starts_with("github.com/") || source.starts_with("https://") || source.starts_with("npm "),
            "{line}"
        );
        // A path may hold a token as well.
        assert!(DETECTOR.find(source.as_bytes()).is_empty(), "{bits}");
    }
}
