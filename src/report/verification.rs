//! What a vendor says about a token, for people.

use std::io::{self, Write};

use super::layout::paragraph;
use super::style::Style;
use crate::finding::{Fingerprint, Redacted};
use crate::verify::answer::{Status, Verdict};
use crate::verify::scopes::Comparison;
use crate::verify::vendor::Vendor;

/// The answer about one token. Its texts are masked.
pub struct VerificationReport<'a> {
    pub vendor: &'static Vendor,
    pub fingerprint: Fingerprint,
    pub redacted: Redacted,
    /// What was asked.
    pub address: &'a str,
    pub http: Option<u16>,
    pub verdict: &'a Verdict,
    pub is_full_admin: bool,
    /// Whether the token should be dead.
    pub should_be_dead: bool,
    /// The difference to the expected scopes. None if there are none, or the vendor does not report scopes.
    pub comparison: Option<&'a Comparison>,
}

pub(super) fn write(report: &VerificationReport<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let status = report.verdict.status;
    let painted = match status {
        Status::Live => style.error("live"),
        Status::Dead => style.calm("dead"),
        Status::Unknown | Status::NotAsked => style.strong("unknown"),
    };
    let (vendor, redacted) = (report.vendor.name, &report.redacted);
    writeln!(out, "keysweep: the {vendor} token {redacted} is {painted} (fingerprint {})", report.fingerprint)?;
    let mut row = |name: &str, text: &str| {
        let name = format!("{name:>8}:");
        let front = format!("  {name} ");
        writeln!(out, "{}", paragraph(&front, &format!("  {} ", style.frame(&name)), text, style.width))
    };
    let http = report.http.map_or_else(|| "no answer".to_owned(), |status| format!("HTTP {status}"));
    row("asked", &format!("GET {}: {http}", report.address))?;
    row("why", &report.verdict.why)?;
    if let Some(scopes) = &report.verdict.scopes {
        let all = if report.is_full_admin { " (full admin)" } else { "" };
        row("scopes", &format!("{}{all}", listed(scopes)))?;
    }
    if let Some(comparison) = report.comparison {
        row("missing", &listed(&comparison.missing))?;
        row("excess", &listed(&comparison.excess))?;
    }
    match status {
        Status::Live if report.should_be_dead => row("help", report.vendor.revoke),
        Status::Live | Status::Dead => Ok(()),
        Status::Unknown | Status::NotAsked => {
            row("help", "nothing is known about the token: ask again, or look at the vendor")
        }
    }
}

fn listed(scopes: &[String]) -> String {
    if scopes.is_empty() { "none".to_owned() } else { scopes.join(", ") }
}
