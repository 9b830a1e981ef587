//! `html`: the incident report of a history scan, one page for a manager, an auditor or a customer.
//!
//! The page is complete in itself: it has no script, no font and no image, it links to nothing, and its Content Security Policy
//! allows nothing but its own style sheet. The macro of maud escapes every text.

mod checklist;
mod coverage;
mod event;
mod name;
mod overview;
mod page;
mod timeline;
mod token;

use std::io::{self, Write};
use std::time::{Duration, SystemTime};

use maud::{Markup, html};

use super::model::{Incident, Report};
use crate::error::Error;
use crate::history::provenance::Provenance;

/// Further tokens have a row in the overview and no section, so that a browser can open the page. A section takes about 5 kB.
const MOST_SECTIONS: usize = 1_000;

/// Writes the page. Only a scan of the whole history has what it needs.
pub(super) fn write_page(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let (Some(provenances), Some(incident)) = (report.provenances, report.incident) else {
        let cause = "it follows each token through the whole history";
        return write_error_page(&Error::new("cannot write an incident report", cause, "run keysweep history"), out);
    };
    let now = SystemTime::now();
    let took = Duration::try_from_secs_f64(report.seconds).unwrap_or_default();
    let scanned = page::minute(now.checked_sub(took).unwrap_or(now));
    let title = overview::title(report, incident);
    let body = body(report, provenances, incident, &scanned);
    out.write_all(page::page(&title, !coverage::is_whole(report), &body).into_string().as_bytes())
}

/// Writes a page about the error that ended the scan. Its texts must be masked.
pub(super) fn write_error_page(error: &Error, out: &mut dyn Write) -> io::Result<()> {
    let title = "No report: the scan did not finish";
    let body = html! {
        header { h1 { (title) } }
        main {
            div.alarm role="alert" {
                p { strong { "This page proves nothing." } " The repository may contain any number of tokens." }
                (coverage::error(error))
            }
        }
    };
    out.write_all(page::page(title, true, &body).into_string().as_bytes())
}

fn body(report: &Report<'_>, provenances: &[Provenance], incident: &Incident, scanned: &str) -> Markup {
    let shown = &provenances[..provenances.len().min(MOST_SECTIONS)];
    html! {
        (overview::header(report, incident, scanned))
        main {
            (overview::alarm(report))
            (overview::summary(report, provenances))
            @if !provenances.is_empty() {
                (overview::table(provenances, shown.len()))
                section aria-labelledby="tokens" {
                    h2 #tokens { "Token by token" }
                    p { (timeline::LEGEND) }
                    @if !coverage::is_whole(report) {
                        p {
                            strong { "The scan is incomplete" }
                            ": a token may have been introduced earlier than it says here, and be in more places."
                        }
                    }
                    @for (number, one) in (1..).zip(shown) {
                        (token::section(number, one, report.verification(&one.finding), incident))
                    }
                    @if provenances.len() > shown.len() { (overview::rest(provenances.len() - shown.len(), incident)) }
                }
                (checklist::section(report, provenances))
            }
            (coverage::section(report, incident))
            (page::terms())
        }
    }
}
