//! Counts of a merge.

/// How much was merged.
#[derive(Debug, Default)]
pub struct Totals {
    pub lines: u64,
    pub repositories: u64,
    pub with_tokens: u64,
    /// Different tokens, and how many of them are at HEAD of a repository.
    pub tokens: u64,
    pub at_head: u64,
    /// Results that a later one replaced.
    pub replaced: u64,
    /// Errors.
    pub unread: u64,
}
