//! The detector: spans, and what of a text is shown.

use std::sync::LazyLock;

use keysweep::detect::{Detector, Hit};
use keysweep::rules::ALL;

use super::text::planted;

static DETECTOR: LazyLock<Detector> = LazyLock::new(|| Detector::new(ALL));

/// More excerpts of one text show nothing more, and take their time.
const MOST_EXCERPTS: usize = 8;

pub fn check(bytes: &[u8]) {
    holds_for(&planted(bytes));
}

/// What must hold of any text.
pub fn holds_for(text: &[u8]) {
    let hits = DETECTOR.find(text);
    let mut end = 0;
    for hit in &hits {
        assert!(
            end <= hit.span.start && hit.span.start < hit.span.end && hit.span.end <= text.len(),
            "a span is wrong"
        );
        end = hit.span.end;
    }
    assert!(hits.is_empty() || DETECTOR.may_hold(text), "what holds a token may hold one");
    hits.iter().take(MOST_EXCERPTS).for_each(|hit| shows_no_token(text, hit, &hits));
    hides(&hits, &DETECTOR.mask(text), "a masked name");
    hides(&hits, DETECTOR.mask_sentence(&String::from_utf8_lossy(text)).as_bytes(), "a masked sentence");
}

fn shows_no_token(text: &[u8], hit: &Hit, hits: &[Hit]) {
    let start = text[..hit.span.start].iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
    let end = text[hit.span.end..].iter().position(|&b| b == b'\n').map_or(text.len(), |at| hit.span.end + at + 1);
    let excerpt = DETECTOR.excerpt(text, &(start..end), hit);
    assert!(!excerpt.text.contains(|letter: char| letter.is_control()), "an excerpt has a control character");
    assert!(excerpt.text.contains(&hit.redacted.to_string()), "an excerpt does not show its token's redacted form");
    hides(hits, excerpt.text.as_bytes(), "an excerpt");
}

/// None of `hits` can be found in what is `shown`.
fn hides(hits: &[Hit], shown: &[u8], what: &str) {
    for found in DETECTOR.find(shown) {
        assert!(hits.iter().all(|hit| hit.fingerprint != found.fingerprint), "{what} holds a token");
    }
}
