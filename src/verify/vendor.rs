//! The model of a vendor that can be asked.

use serde_json::Value;

use super::answer::Verdict;

/// A vendor, and the one request that tells whether it accepts a token.
#[derive(Debug)]
pub struct Vendor {
    /// The name on the command line.
    pub id: &'static str,
    /// The name for people.
    pub name: &'static str,
    /// Whether the shape of a token names this vendor and no other.
    pub is_own: fn(&str) -> bool,
    /// Whether a token has a shape that this vendor issues, perhaps among others.
    pub may_be: fn(&str) -> bool,
    /// That shape, for people.
    pub shape: &'static str,
    /// The address of the API that accepts the token.
    pub base: fn(&str) -> &'static str,
    /// What is appended to the address. The method is GET.
    pub path: &'static str,
    pub header: Header,
    /// What the request reads, for people.
    pub reads: &'static str,
    /// What an answer with this status and this JSON means. None if the vendor's documents do not say.
    pub judge: fn(u16, &Value) -> Option<Verdict>,
    /// Where to revoke the token, as an imperative.
    pub revoke: &'static str,
    /// The document that describes the request and its answers.
    pub source: &'static str,
}

/// The header that has the token.
#[derive(Clone, Copy, Debug)]
pub enum Header {
    /// `Authorization: Bearer TOKEN` (RFC 6750).
    Bearer,
    /// The token alone, in a header of this name.
    Named(&'static str),
}

/// When the sources of all vendors were read.
pub const READ_ON: &str = "2026-11-29";

/// Whether `text` has at least `least` characters, which are all ASCII letters and digits.
pub(super) fn is_alphanumeric(text: &str, least: usize) -> bool {
    text.len() >= least && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// What follows the first of `prefixes` that `token` has.
pub(super) fn after<'t>(token: &'t str, prefixes: &[&str]) -> Option<&'t str> {
    prefixes.iter().find_map(|prefix| token.strip_prefix(prefix))
}

/// Whether `text` has `len` lowercase hex digits.
pub(super) fn is_hex(text: &str, len: usize) -> bool {
    text.len() == len && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}
