//! The rule of a token that the user gave to `find` and that no other rule knows.

use crate::rule::Rule;

/// Not in `ALL`: it has no shape to search for.
pub static GIVEN_TOKEN: Rule = Rule {
    id: "given-token",
    vendor: "its issuer",
    title: "token that you gave",
    patterns: &[],
    opens: "opens what its issuer grants it",
    mistaken_for: "the same text with another meaning: its bytes are all that was compared",
    remedy: &["create a new token where this one was issued", "deploy and verify it", "revoke the old one"],
    docs: "",
    hits: &[],
    misses: &[],
};
