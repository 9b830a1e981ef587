//! A token that was found, and the order of several.

use std::cmp::Reverse;

use crate::finding::{Encoding, Fingerprint, Redacted, Secret, Span, Token};
use crate::rule::{Rule, Severity};
use crate::rules::is_published;

/// A token in a unit.
#[derive(Clone, Debug)]
pub struct Hit {
    pub rule: &'static Rule,
    pub severity: Severity,
    /// Of the token as it is written: of the encoded text, where it is encoded.
    pub span: Span,
    pub fingerprint: Fingerprint,
    pub redacted: Redacted,
    pub encoding: Option<Encoding>,
    /// The token itself, decoded.
    pub token: Token,
}

pub(super) fn hit(
    rule: &'static Rule,
    severity: Severity,
    span: Span,
    token: &[u8],
    prefix: usize,
    encoding: Option<Encoding>,
) -> Option<Hit> {
    let secret = Secret::new(token);
    let fingerprint = secret.fingerprint();
    (!is_published(token)).then(|| Hit {
        rule,
        severity,
        span,
        fingerprint,
        redacted: secret.redact(prefix),
        encoding,
        token: Token::new(token),
    })
}

/// By place. Of two that overlap the first stays; where they start together, one that was decoded, since the other is no
/// more than what can be read of it, then the longer, then the one whose rule stands first, which was found first.
pub(super) fn in_order(mut hits: Vec<Hit>) -> Vec<Hit> {
    hits.sort_by_key(|hit| (hit.span.start, hit.encoding.is_none(), Reverse(hit.span.end)));
    hits.dedup_by(|next, kept| next.span.start < kept.span.end);
    hits
}
