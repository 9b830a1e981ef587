//! Tokens with no boundary between them, such as `sk_live_…sk_live_…`: where one ends and the next one starts.

use super::arms::{Arm, ArmKind};
use super::detector::{Detector, LONGEST_BODY};
use super::surroundings::{SHORTEST_BODY, has_body};
use super::validator::body_len;

/// The most prefixes that are tried inside one body. The limit bounds the work on a text full of prefixes.
const MOST_TRIED: usize = 4;

impl Detector {
    /// Where a body that starts at `start` may end in front of another token's prefix. `end` is the end of the match of its
    /// expression. If a separator is in front of the prefix, the result has both ends: without the separator, then with it.
    pub(super) fn adjacent_starts(&self, bytes: &[u8], start: usize, end: usize) -> Vec<usize> {
        let from = start + SHORTEST_BODY;
        // A match of letters and digits ends within the prefix: after its `sk`. Other matches end in front of an underscore.
        let last = bytes.len().min(end + 1);
        let searched = &bytes[..bytes.len().min(last + self.longest_literal)];
        let mut ends = Vec::new();
        let mut at = from;
        while at < last
            && ends.len() < 2 * MOST_TRIED
            && let Some(literal) = self.prefilter.find(searched, at)
        {
            at = literal.start + 1;
            let prefix = self
                .arms_at(bytes, &literal, true)
                .find(|(arm, at)| (from..=last).contains(at) && self.starts_token(arm, bytes, start, *at));
            if let Some((_, at)) = prefix {
                let separators = bytes[from..at].iter().rev().take_while(|b| matches!(b, b'_' | b'-')).count();
                ends.extend((separators > 0).then_some(at - separators));
                ends.push(at);
            }
        }
        ends
    }

    /// Whether a token with the prefix of `arm` probably starts at `at`, inside a body that starts at `body`. Base64url contains
    /// `sk_` by chance, so this prefix counts only between letters and digits, in front of a random body.
    fn starts_token(&self, arm: &Arm, bytes: &[u8], body: usize, at: usize) -> bool {
        let ArmKind::Prefixed(traits) = arm.kind else { return false };
        let start = at + arm.literal.len();
        if !has_body(bytes, start) {
            return false;
        }
        let rest = &bytes[start..bytes.len().min(start + LONGEST_BODY)];
        let is_random = || {
            let text = self.expression(arm.expression).find(rest).map(|found| &rest[found.range()]);
            text.is_some_and(|text| body_len(traits.validator, text).is_some())
        };
        let in_front = &bytes[body..at];
        let in_front = in_front.strip_suffix(b"_").or(in_front.strip_suffix(b"-")).unwrap_or(in_front);
        let is_base64url = || in_front.iter().any(|b| matches!(b, b'_' | b'-'));
        arm.is_named || (arm.literal == b"sk_" && !is_base64url() && is_random())
    }
}
