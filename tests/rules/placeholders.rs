//! Bodies of placeholders, and similar random bodies.

use std::sync::LazyLock;

use keysweep::detect::Detector;
use keysweep::rules::ALL;
use keysweep::rules::example::{Dice, expand};

static DETECTOR: LazyLock<Detector> = LazyLock::new(|| Detector::new(ALL));

const ROUNDS: u64 = 150;

#[track_caller]
fn assert_silent(text: &str) {
    for text in [text.to_owned(), format!("KEY={text}\n"), format!("key: \"{text}\"")] {
        assert!(DETECTOR.find(text.as_bytes()).is_empty(), "{text}");
    }
}

#[track_caller]
fn assert_found(template: &str) {
    let is_found = |&seed: &u64| {
        let token = expand(template, &mut Dice::new(seed));
        let hits = DETECTOR.find(format!("KEY={token}\n").as_bytes());
        hits.len() == 1 && hits[0].span == (4..4 + token.len())
    };
    let found = (0..ROUNDS).filter(is_found).count() as u64;
    assert!(found * 100 >= ROUNDS * 99, "{template}: {found} of {ROUNDS}");
}

fn base64(text: &str) -> String {
    expand(&format!("{{base64-of:{text}}}"), &mut Dice::new(0))
}

/// A `WorkOS` placeholder contains words after the first characters.
#[test]
fn a_workos_placeholder_is_silent() {
    for rest in [
        "example".repeat(10),
        "EXAMPLE".repeat(8),
        "x".repeat(60),
        "X".repeat(44),
        "YOURAPIKEYHERE".repeat(4),
        "YourApiKeyHere".repeat(4),
        "0".repeat(64),
        "1234567890".repeat(6),
        "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGH".to_owned(),
    ] {
        for prefix in ["sk_live_", "sk_test_", "rk_live_"] {
            assert_silent(&format!("{prefix}a2V5Xz{rest}"));
        }
    }
    for text in ["key_your_workos_api_key_from_the_dashboard", "key_01EXAMPLEEXAMPLEEXAMPLE,secret-goes-here"] {
        for prefix in ["sk_live_", "sk_test_"] {
            assert_silent(&format!("{prefix}{}", base64(text)));
        }
    }
    assert_found("sk_live_{workos}");
    assert_found("sk_test_{workos}");
    assert_found("sk_live_a2V5Xz{alnum:60}");
}

/// The body of a Clerk publishable key is base64 of the host and `$`. With the prefix `sk_live_`, it is a test fixture.
#[test]
fn the_body_of_a_publishable_clerk_key_is_silent() {
    for host in [
        "clerk.example.com",
        "clerk.shop.dev",
        "clerk.clerk.dev",
        "included.katydid-92.lcl.dev",
        "foo-bar-13.clerk.accounts.dev",
    ] {
        let body = base64(&format!("{host}$"));
        for prefix in ["sk_live_", "sk_test_", "sk_", "rk_live_"] {
            assert_silent(&format!("{prefix}{body}"));
            assert_silent(&format!("{prefix}{}", body.trim_end_matches('=')));
        }
    }
    assert_found("sk_live_{alnum:42}");
    assert_found("sk_test_{alnum:50}");
}

#[test]
fn base64_of_readable_text_is_silent() {
    for text in [
        "this is not a real secret key",
        "test-secret-key-for-unit-tests",
        "my_super_secret_signing_key",
        "https://api.mycompany.dev/v1/keys",
        "user:password@localhost:5432",
    ] {
        for prefix in ["sk_live_", "sk_test_", "sk_", "sk_prod_"] {
            assert_silent(&format!("{prefix}{}", base64(text)));
        }
    }
    // The encoded text is random.
    assert_found("sk_live_{base64-alnum:24}");
    assert_found("sk_test_{alnum:24}");
    assert_found("sk_{base36:32}");
}

#[test]
fn placeholder_words_are_silent() {
    for body in
        "YOURAPIKEYHERE YourApiKeyGoesHere12 PASTEYOURKEYHERE42 MYSECRETKEY1234567 PutYourKeyHere1234".split(' ')
    {
        let body = if body.len() < 20 { format!("{body}{}", &body[..20 - body.len()]) } else { body.to_owned() };
        for prefix in ["sk_live_", "sk_test_"] {
            assert_silent(&format!("{prefix}{body}"));
        }
    }
}
