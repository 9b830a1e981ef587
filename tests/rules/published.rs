//! Published values are silent with any prefix. Random values are found with the same prefixes.

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

/// The bodies are split into pieces, since other scanners report them.
#[test]
fn a_published_body_is_silent_with_every_prefix() {
    for body in [["4eC39HqLyj", "WDarjtT1zdp7dc"], ["BQokikJOvB", "iI2HlWgH4olfQ2"]] {
        for prefix in ["sk_test_", "sk_live_", "rk_live_", "rk_test_", "sk_", "sk_prod_", "sk_org_", "sk_staging_"] {
            assert_silent(&[prefix, body[0], body[1]]);
        }
    }
    // The body of a publishable key.
    assert_silent(&["sk_test_", "TYooMQauvdEDq5", "4NiTphI7jx"]);
    for prefix in ["whsec_", "v1,whsec_"] {
        assert_silent(&[prefix, "MfKQ9r8GKYqrTw", "jUPD8ILPZIo2LaLaSw"]);
        assert_silent(&[prefix, "C2FVsBQIhrscCh", "lQIMV+b5sSYspob7oD"]);
    }
}

/// A similar value is found: with one more letter, one letter less, or another letter.
#[test]
fn a_value_similar_to_a_published_one_is_found() {
    let (first, second) = ("4eC39HqLyj", "WDarjtT1zdp7d");
    for body in [format!("{first}{second}c7"), format!("{first}{second}"), format!("{first}{second}k")] {
        for prefix in ["sk_test_", "sk_live_", "rk_live_"] {
            let text = format!("key = \"{prefix}{body}\"");
            assert_eq!(DETECTOR.find(text.as_bytes()).len(), 1, "{prefix}");
        }
    }
}

/// Base64 with and without padding is the same value. So is a Svix key with and without a region.
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

/// The list is sorted for the search and has no duplicates. Each value has a public source.
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
        // A path may contain a token too.
        assert!(DETECTOR.find(source.as_bytes()).is_empty(), "{bits}");
    }
}
