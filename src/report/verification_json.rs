//! What a vendor says about a token, for programs. The keys are a contract with users' scripts.

use std::io::{self, Write};

use serde_json::json;

use super::json::write_pretty;
use super::verification::VerificationReport;

/// Writes one document.
pub(super) fn write_document(report: &VerificationReport<'_>, out: &mut dyn Write) -> io::Result<()> {
    let compared = report.comparison.cloned().unwrap_or_default();
    let document = json!({
        "version": 1,
        "vendor": report.vendor.id,
        "fingerprint": report.fingerprint.to_string(),
        "redacted": report.redacted.to_string(),
        "status": report.verdict.status.name(),
        "why": report.verdict.why,
        "http": report.http,
        "url": report.address,
        "scopes": report.verdict.scopes,
        "full_admin": report.is_full_admin,
        "missing": compared.missing,
        "excess": compared.excess,
    });
    write_pretty(&document, out)
}
