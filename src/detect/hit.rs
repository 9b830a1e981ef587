//! A token that was found, and the order of hits.

use std::cmp::Reverse;

use crate::finding::{Encoding, Fingerprint, Redacted, Secret, Span, Token};
use crate::rule::{Rule, Severity};
use crate::rules::is_published;

/// A token found in a unit.
#[derive(Clone, Debug)]
pub struct Hit {
    pub rule: &'static Rule,
    pub severity: Severity,
    /// The span of the token as it is written. If the token is encoded, the span of the encoded text.
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

/// Sorts hits by place and removes overlaps: the first hit stays. Of hits that start together, a decoded one comes first, since
/// the other is only a part of it; then the longer one; then the one that was found first, by the earlier rule.
pub(super) fn in_order(mut hits: Vec<Hit>) -> Vec<Hit> {
    hits.sort_by_key(|hit| (hit.span.start, hit.encoding.is_none(), Reverse(hit.span.end)));
    hits.dedup_by(|next, kept| next.span.start < kept.span.end);
    hits
}
