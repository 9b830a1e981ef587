//! What is known about a token after its vendor was asked.

use std::collections::BTreeMap;

use crate::finding::Fingerprint;

/// Whether a vendor accepts a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Live,
    Dead,
    /// The vendor was asked, and its answer does not tell.
    Unknown,
    /// No vendor was asked.
    NotAsked,
}

impl Status {
    pub fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Dead => "dead",
            Self::Unknown => "unknown",
            Self::NotAsked => "not-asked",
        }
    }
}

/// An answer, and what it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub status: Status,
    /// A sentence without a capital and a period.
    pub why: String,
    /// The scopes of the token. None if the vendor does not report them.
    pub scopes: Option<Vec<String>>,
}

impl Verdict {
    pub fn new(status: Status, why: impl Into<String>) -> Self {
        Self { status, why: why.into(), scopes: None }
    }

    pub fn live(why: impl Into<String>) -> Self {
        Self::new(Status::Live, why)
    }

    pub fn dead(why: impl Into<String>) -> Self {
        Self::new(Status::Dead, why)
    }

    pub fn unknown(why: impl Into<String>) -> Self {
        Self::new(Status::Unknown, why)
    }
}

/// What a scan of the history learned about one of its tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// The id of the vendor that was asked.
    pub vendor: Option<&'static str>,
    pub verdict: Verdict,
}

impl Verification {
    /// `live: Stripe accepts it`, or `not asked, because …`.
    pub fn sentence(&self) -> String {
        match self.verdict.status {
            Status::NotAsked => format!("not asked, because {}", self.verdict.why),
            status => format!("{}: {}", status.name(), self.verdict.why),
        }
    }
}

/// What the vendors said, by token.
pub type Verifications = BTreeMap<Fingerprint, Verification>;
