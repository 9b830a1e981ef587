//! The frame of the page, and its terms.

use std::time::{SystemTime, UNIX_EPOCH};

use data_encoding::BASE64;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use crate::git::date::iso8601;

const STYLE: &str = include_str!("style.css");

/// Words that a reader may not know, and what they mean in this report.
const TERMS: &[(&str, &str)] = &[
    ("Token", "A secret that a program sends to prove who it is. Whoever has it can do what the program can do."),
    ("Fingerprint", "The first 16 hex digits of the SHA-256 of a token. It identifies the token without revealing it."),
    ("Repository, clone", "The files of a project with all their earlier versions. A clone is a complete copy of it."),
    ("Commit", "A recorded change, with its author and date. The author's machine sets the date, so it can be wrong."),
    ("HEAD", "The current version of the files in the clone that was scanned."),
    ("Branch, tag", "Names of versions. Whoever gets a branch or tag gets all earlier versions that it contains."),
    ("Remote", "A copy of the repository on a server. To push is to send commits there."),
    ("Unreachable object", "Content that no branch, tag or log names any more. Git keeps it for some time."),
    (
        "Rotate",
        "To create a new token, to use it everywhere, and then to revoke the old one, so that it stops working.",
    ),
];

/// The whole page. One that is `incomplete` says so on each printed sheet.
pub(super) fn page(title: &str, incomplete: bool, body: &Markup) -> Markup {
    let hash = BASE64.encode(&Sha256::digest(STYLE));
    let policy = format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'");
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="referrer" content="no-referrer";
                meta name="robots" content="noindex, nofollow";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content={ "keysweep " (env!("CARGO_PKG_VERSION")) };
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body class=[incomplete.then_some("incomplete")] { (body) }
        }
    }
}

/// `2026-11-29 15:50`, in UTC.
pub(super) fn minute(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    to_minute(&iso8601(i64::try_from(seconds).unwrap_or_default()))
}

/// Shortens `2026-11-29T15:50:12+00:00`. A date that no calendar has is a number of seconds, and stays as it is.
pub(super) fn to_minute(date: &str) -> String {
    match date.split_once('T') {
        Some((day, time)) => format!("{day} {}", time.get(..5).unwrap_or(time)),
        None => date.to_owned(),
    }
}

/// The day of such a date.
pub(super) fn day(date: &str) -> &str {
    date.split_once('T').map_or(date, |(day, _)| day)
}

pub(super) fn terms() -> Markup {
    html! {
        section aria-labelledby="terms" {
            h2 #terms { "Terms" }
            dl.terms { @for (term, meaning) in TERMS { dt { (term) } dd { (meaning) } } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_shortened_to_minutes_and_days() {
        assert_eq!(to_minute("2026-11-29T15:50:12+00:00"), "2026-11-29 15:50");
        assert_eq!(day("2026-11-29T15:50:12+00:00"), "2026-11-29");
        assert_eq!(
            (to_minute("99999999999999"), day("99999999999999")),
            ("99999999999999".to_owned(), "99999999999999")
        );
        assert_eq!(minute(UNIX_EPOCH), "1970-01-01 00:00");
    }

    #[test]
    fn the_style_sheet_needs_nothing_from_elsewhere() {
        for word in ["url(", "@import", "@font-face", "http", "</"] {
            assert!(!STYLE.contains(word), "{word}");
        }
    }
}
