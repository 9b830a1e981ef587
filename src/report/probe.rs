//! What a webhook handler did with the deliveries, for people.

use std::io::{self, Write};

use super::layout::paragraph;
use super::style::Style;
use crate::delivery::probe::{Delivery, Kind, Promises};
use crate::delivery::scheme::Scheme;

/// The answers to all deliveries.
pub struct ProbeReport<'a> {
    pub scheme: &'static Scheme,
    /// The address of the handler, masked.
    pub address: &'a str,
    pub deliveries: &'a [Delivery],
    pub promises: Promises,
    /// Whether the secret was made up.
    pub is_made_up: bool,
}

pub(super) fn write(report: &ProbeReport<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let name = report.scheme.name;
    writeln!(out, "keysweep: the handler of {name}'s webhooks at {}", report.address)?;
    for one in report.deliveries {
        let label = match one.held {
            Some(true) => style.calm("pass"),
            Some(false) => style.error("fail"),
            None => "    ".to_owned(),
        };
        let front = format!("  pass  {:<9} HTTP {}  ", one.kind.name(), one.http);
        let painted = front.replacen("pass", &label, 1);
        writeln!(out, "{}", paragraph(&front, &painted, one.why, style.width))?;
    }
    let mut note = |text: &str| writeln!(out, "{}", paragraph("", "", text, style.width));
    if report.is_made_up {
        note(
            "note: the secret was made up; give the handler's on standard input to see that it accepts what is right",
        )?;
    }
    let is_refused = report.deliveries.iter().any(|one| one.kind == Kind::Good && one.held == Some(false));
    note(match report.promises.signature {
        None if is_refused => {
            "keysweep: it is unknown whether signatures are verified, since the good delivery was refused: check the secret"
        }
        Some(true) => "keysweep: signatures are verified",
        Some(false) => "keysweep: signatures are NOT verified",
        None => "keysweep: it is unknown whether signatures are verified",
    })?;
    note(match (report.scheme.signs_time, report.promises.replay) {
        (false, _) => {
            "keysweep: Attio signs no time; a handler is protected from replays if it remembers Idempotency-Key"
        }
        (true, Some(true)) => "keysweep: old deliveries are refused",
        (true, Some(false)) => "keysweep: old deliveries are NOT refused",
        (true, None) => "keysweep: it is unknown whether old deliveries are refused",
    })
}
