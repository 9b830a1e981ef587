//! The detector: spans, and the parts of a text that are printed.

use std::sync::LazyLock;

use keysweep::detect::{Detector, Hit};
use keysweep::rules::ALL;

use super::text::expand_marks;

static DETECTOR: LazyLock<Detector> = LazyLock::new(|| Detector::new(ALL));

/// More excerpts of one text would show nothing new and take time.
const MOST_EXCERPTS: usize = 8;

pub fn check(bytes: &[u8]) {
    check_text(&expand_marks(bytes));
}

/// Checks the invariants of any text.
pub fn check_text(text: &[u8]) {
    let hits = DETECTOR.find(text);
    let mut end = 0;
    for hit in &hits {
        assert!(
            end <= hit.span.start && hit.span.start < hit.span.end && hit.span.end <= text.len(),
            "a span is wrong"
        );
        end = hit.span.end;
    }
    assert!(hits.is_empty() || DETECTOR.may_contain_token(text), "the prefilter rejects a text with a token");
    hits.iter().take(MOST_EXCERPTS).for_each(|hit| shows_no_token(text, hit, &hits));
    hides(&hits, &DETECTOR.mask(text), "a masked name");
    hides(&hits, DETECTOR.mask_sentence(&String::from_utf8_lossy(text)).as_bytes(), "a masked sentence");
}

fn shows_no_token(text: &[u8], hit: &Hit, hits: &[Hit]) {
    let start = text[..hit.span.start].iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
    let end = text[hit.span.end..].iter().position(|&b| b == b'\n').map_or(text.len(), |at| hit.span.end + at + 1);
    let excerpt = DETECTOR.excerpt(text, &(start..end), hit);
    assert!(!excerpt.text.contains(|letter: char| letter.is_control()), "an excerpt contains a control character");
    assert!(excerpt.text.contains(&hit.redacted.to_string()), "an excerpt lacks the redacted token");
    hides(hits, excerpt.text.as_bytes(), "an excerpt");
}

/// Checks that `shown` contains none of `hits`.
fn hides(hits: &[Hit], shown: &[u8], what: &str) {
    for found in DETECTOR.find(shown) {
        assert!(hits.iter().all(|hit| hit.fingerprint != found.fingerprint), "{what} contains a token");
    }
}
