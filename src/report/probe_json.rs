//! What a webhook handler did with the deliveries, for programs. The keys are a contract with users' scripts.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::json::write_pretty;
use super::probe::ProbeReport;
use crate::delivery::probe::Delivery;

/// Writes one document.
pub(super) fn write_document(report: &ProbeReport<'_>, out: &mut dyn Write) -> io::Result<()> {
    let deliveries: Vec<Value> = report.deliveries.iter().map(delivery).collect();
    let document = json!({
        "version": 1,
        "vendor": report.scheme.id,
        "url": report.address,
        "made_up_secret": report.is_made_up,
        "deliveries": deliveries,
        "promises": { "signature": report.promises.signature, "replay": report.promises.replay },
    });
    write_pretty(&document, out)
}

fn delivery(one: &Delivery) -> Value {
    json!({ "kind": one.kind.name(), "http": one.http, "held": one.held, "why": one.why })
}
