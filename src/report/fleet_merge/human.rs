//! The worst tokens of many repositories, for people.

use std::io::{self, Write};

use super::super::layout::paragraph;
use super::super::style::Style;
use crate::error::{Error, counted, grouped};
use crate::finding::SHOWN_TOKENS;
use crate::fleet::merge::{Merged, Place, Places, Token, Totals};

/// The number of repositories of a token that are shown, and the number of errors.
const SHOWN_REPOSITORIES: usize = 10;
const SHOWN_ERRORS: usize = 25;

pub(super) fn write(merged: &mut Merged, style: Style, quiet: bool, out: &mut dyn Write) -> io::Result<()> {
    let mut shown = 0;
    while shown < SHOWN_TOKENS {
        let Some((token, places)) = merged.tokens.next_token()? else { break };
        write_token(&token, places, style, out)?;
        shown += 1;
    }
    let more = number(merged.totals.tokens) - shown;
    if more > 0 {
        writeln!(
            out,
            "{}\n",
            paragraph("", "", &format!("{} more: --format json lists all", counted(more, "token")), style.width)
        )?;
    }
    write_errors(merged, style, out)?;
    if !quiet || merged.totals.tokens > 0 || merged.totals.unread > 0 {
        writeln!(out, "{}", paragraph("", "", &format!("keysweep: {}", sentence(&merged.totals)), style.width))?;
    }
    Ok(())
}

fn write_token(token: &Token, mut places: Places<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let name = format!("error[{}]", token.worst.rule);
    let text = format!("{} is {}", token.worst.redacted, spread(token));
    writeln!(out, "{}: {}", style.error(name), style.strong(text))?;
    let (repository, place) = &token.first;
    let mut line = |key: &str, text: &str| {
        let front = format!("  {key:<9}");
        writeln!(out, "{}", paragraph(&front, &front, text, style.width))
    };
    line("first", &format!("{repository}: {}", described(place)))?;
    for at in 0..SHOWN_REPOSITORIES {
        let Some((repository, place)) = places.next_place()? else { break };
        let standing = match (place.at_head, place.reachable) {
            (true, _) => "at HEAD",
            (false, true) => "in the history",
            (false, false) => "in unreachable objects",
        };
        line(if at == 0 { "in" } else { "" }, &format!("{repository} ({standing})"))?;
    }
    let more = number(token.repositories).saturating_sub(SHOWN_REPOSITORIES);
    if more > 0 {
        line("", &format!("and {more} more"))?;
    }
    line("severity", &format!("{}, fingerprint {}", token.worst.severity, token.fingerprint))?;
    writeln!(out)
}

/// `in 3 repositories, at HEAD of 2`.
pub(super) fn spread(token: &Token) -> String {
    let repositories = counted(number(token.repositories), "repository");
    let at_head = match token.at_head {
        0 => "no longer at HEAD".to_owned(),
        all if all == token.repositories => "still at HEAD".to_owned(),
        some => format!("still at HEAD of {}", grouped(number(some))),
    };
    format!("in {repositories}, {at_head}")
}

/// `src/a.py, 2024-01-02, commit 0123456789ab`.
fn described(place: &Place) -> String {
    let day = place.date.as_ref().map(|date| date[..10].to_owned());
    let commit = place.commit.as_ref().map(|commit| format!("commit {}", &commit[..12]));
    let known: Vec<String> = place.path.clone().into_iter().chain(day).chain(commit).collect();
    if known.is_empty() { "no commit is known".to_owned() } else { known.join(", ") }
}

fn write_errors(merged: &mut Merged, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut shown = 0;
    while shown < SHOWN_ERRORS {
        let Some(Error { context, cause, help, .. }) = merged.problems.next_error()? else { break };
        let text = format!("{context}: {cause}; {help}");
        writeln!(out, "{}", paragraph("error: ", &style.error("error: "), &text, style.width))?;
        shown += 1;
    }
    let more = number(merged.totals.unread) - shown;
    if more > 0 {
        let text = format!("{} more: --format json lists all", counted(more, "error"));
        writeln!(out, "{}", paragraph("", "", &text, style.width))?;
    }
    if shown > 0 { writeln!(out) } else { Ok(()) }
}

fn sentence(totals: &Totals) -> String {
    let [tokens, at_head, with_tokens] = [totals.tokens, totals.at_head, totals.with_tokens].map(number);
    let repositories = counted(number(totals.repositories), "repository");
    let found = match tokens {
        0 => format!("no token in {repositories}"),
        _ => format!(
            "{} in {} of {repositories}, {} still at HEAD",
            counted(tokens, "token"),
            grouped(with_tokens),
            grouped(at_head)
        ),
    };
    let lines = counted(number(totals.lines), "line");
    let replaced = match totals.replaced {
        0 => String::new(),
        results => format!(", {} replaced by later ones", counted(number(results), "result")),
    };
    let unread = match totals.unread {
        0 => String::new(),
        errors => format!("; INCOMPLETE: {}", counted(number(errors), "error")),
    };
    format!("{found} ({lines}{replaced}){unread}")
}

fn number(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
