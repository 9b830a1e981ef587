//! What is told of a token that no rule knows, and that somebody looks for.

use crate::rule::Rule;

/// In no table: it has no shape by which anything could be found.
pub static SOUGHT: Rule = Rule {
    id: "sought-token",
    vendor: "whoever issued it",
    title: "token that you gave",
    patterns: &[],
    opens: "opens what whoever issued it lets it",
    mistaken_for: "the same text with another meaning: its bytes are all that was compared",
    remedy: &["create a new token where this one was issued", "deploy and verify it", "revoke the old one"],
    docs: "",
    hits: &[],
    misses: &[],
};
