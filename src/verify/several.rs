//! Asks about several tokens of a history.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use super::answer::{Status, Verdict, Verification, Verifications};
use super::ask::{ask, choose};
use super::vendor::Vendor;
use crate::error::Error;
use crate::finding::{Fingerprint, Token};
use crate::http::Url;
use crate::rule::Severity;

/// A run asks each vendor about at most this many tokens, so that a history full of old keys does not flood it.
pub const MOST_REQUESTS: usize = 20;

/// Between two requests to a vendor.
const PAUSE: Duration = Duration::from_secs(1);

/// A token that was found.
#[derive(Debug)]
pub struct Candidate {
    pub fingerprint: Fingerprint,
    pub token: Token,
    pub at_head: bool,
    /// Of the environment that the prefix names.
    pub severity: Severity,
}

/// Whom to ask, and how.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The vendor that the user named.
    pub vendor: Option<&'static Vendor>,
    /// The server in place of that vendor's. Without a named vendor, several would send their tokens there.
    pub base: Option<&'a Url>,
    pub timeout: Duration,
}

/// Asks about one token after the other: first those in HEAD, and of these first the live keys.
pub fn verify(mut candidates: Vec<Candidate>, request: Request<'_>) -> Result<Verifications, Error> {
    candidates.sort_by_key(|one| (!one.at_head, Reverse(one.severity), one.fingerprint));
    let mut vendors: BTreeMap<&str, Turn> = BTreeMap::new();
    let mut verifications = Verifications::new();
    for one in candidates {
        let token = std::str::from_utf8(one.token.bytes()).unwrap_or_default();
        let verification = match choose(token, request.vendor) {
            Err(refusal) => Verification { vendor: None, verdict: Verdict::new(Status::NotAsked, refusal.cause) },
            Ok(vendor) => vendors.entry(vendor.id).or_default().ask(vendor, token, request)?,
        };
        verifications.insert(one.fingerprint, verification);
    }
    Ok(verifications)
}

/// The requests to one vendor.
#[derive(Default)]
struct Turn {
    requests: usize,
    /// Whether the vendor wants no more requests.
    is_over: bool,
}

impl Turn {
    fn ask(&mut self, vendor: &'static Vendor, token: &str, request: Request<'_>) -> Result<Verification, Error> {
        let verdict = match self.refusal(vendor) {
            Some(why) => Verdict::new(Status::NotAsked, why),
            None => {
                if self.requests > 0 {
                    thread::sleep(PAUSE);
                }
                self.requests += 1;
                let asked = ask(vendor, token, request.base, request.timeout)?;
                // Nor is a server asked again that does not answer: each request may take as long as the limit.
                self.is_over = asked.http.is_none_or(|status| status == 429);
                asked.verdict
            }
        };
        Ok(Verification { vendor: Some(vendor.id), verdict })
    }

    fn refusal(&self, vendor: &Vendor) -> Option<String> {
        if self.is_over {
            return Some(format!("{} did not answer an earlier request", vendor.name));
        }
        (self.requests >= MOST_REQUESTS)
            .then(|| format!("{} was asked about {MOST_REQUESTS} tokens, the most for one run", vendor.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vendor_is_not_asked_too_often() {
        let vendor = super::super::ALL[0];
        let turn = |requests, is_over| Turn { requests, is_over };
        assert_eq!(turn(MOST_REQUESTS - 1, false).refusal(vendor), None);
        assert!(turn(MOST_REQUESTS, false).refusal(vendor).is_some());
        assert!(turn(1, true).refusal(vendor).is_some());
    }
}
