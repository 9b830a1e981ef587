//! The report for people, in the manner of rustc: where it stands, the line with the token masked, what to do.

use std::collections::HashSet;
use std::io::{self, Write};

use owo_colors::{OwoColorize, Style as Paint};

use super::history::Extent;
use super::plan::plan;
use super::shown::{shown_path, size};
use super::{Report, history, words};
use crate::exposure::Exposure;
use crate::finding::{Finding, SHOWN_TOKENS};
use crate::rule::Severity;
use crate::source::Kind;
use crate::trouble::counted;

/// Further places of one token, likewise.
const SHOWN_PLACES: usize = 5;

/// Whether to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Plain,
    Coloured,
}

impl Style {
    fn paint(self, text: impl std::fmt::Display, paint: Paint) -> String {
        match self {
            Style::Plain => text.to_string(),
            Style::Coloured => text.style(paint).to_string(),
        }
    }

    pub(super) fn error(self, text: impl std::fmt::Display) -> String {
        self.paint(text, Paint::new().red().bold())
    }

    pub(super) fn strong(self, text: impl std::fmt::Display) -> String {
        self.paint(text, Paint::new().bold())
    }

    /// Line numbers, bars and arrows.
    pub(super) fn frame(self, text: impl std::fmt::Display) -> String {
        self.paint(text, Paint::new().blue().bold())
    }

    fn calm(self, text: impl std::fmt::Display) -> String {
        self.paint(text, Paint::new().green())
    }
}

pub(super) fn write(report: &Report<'_>, style: Style, quiet: bool, out: &mut dyn Write) -> io::Result<()> {
    if let Some(exposures) = report.exposures {
        return write_history(report, exposures, style, quiet, out);
    }
    let tokens = by_token(&report.outcome.findings);
    let mut told = Told::default();
    for places in tokens.iter().take(SHOWN_TOKENS) {
        write_token(report, places, style, &mut told, out)?;
    }
    if tokens.len() > SHOWN_TOKENS {
        let more = tokens.len() - SHOWN_TOKENS;
        writeln!(out, "… and {} more: --format jsonl lists all of them\n", counted(more, "token"))?;
    }
    if quiet && tokens.is_empty() && report.outcome.is_complete() {
        return Ok(());
    }
    write_asides(report, style, out)?;
    writeln!(out, "{}", summary(report, style))
}

fn write_history(
    report: &Report<'_>,
    exposures: &[Exposure],
    style: Style,
    quiet: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut explained = HashSet::new();
    for one in exposures.iter().take(SHOWN_TOKENS) {
        let extent = match report.kind {
            Kind::Everywhere => Extent::EVERYTHING,
            _ => Extent::of_history(explained.insert(one.finding.rule.id)),
        };
        history::write_exposure(one, &title(&one.finding), extent, style, out)?;
    }
    if exposures.len() > SHOWN_TOKENS {
        let more = exposures.len() - SHOWN_TOKENS;
        writeln!(out, "… and {} more: --format jsonl lists all of them\n", counted(more, "token"))?;
    }
    if quiet && exposures.is_empty() && report.outcome.is_complete() {
        return Ok(());
    }
    write_asides(report, style, out)?;
    writeln!(out, "{}", summary(report, style))?;
    history::write_plan(&plan(report), style, out)
}

/// The places of each token, in order of its first.
fn by_token(findings: &[Finding]) -> Vec<Vec<&Finding>> {
    let mut at = std::collections::HashMap::new();
    let mut tokens: Vec<Vec<&Finding>> = Vec::new();
    for finding in findings {
        let slot = *at.entry(finding.fingerprint).or_insert(tokens.len());
        if slot == tokens.len() {
            tokens.push(Vec::new());
        }
        tokens[slot].push(finding);
    }
    tokens
}

/// What was explained already and need not be again.
#[derive(Default)]
struct Told {
    rules: HashSet<&'static str>,
    allowing: bool,
}

fn write_token(
    report: &Report<'_>,
    places: &[&Finding],
    style: Style,
    told: &mut Told,
    out: &mut dyn Write,
) -> io::Result<()> {
    let first = places[0];
    let gutter = first.position.map_or(1, |p| p.line.to_string().len());
    let bar = style.frame(format!("{:gutter$} |", ""));
    let note = style.frame(format!("{:gutter$} =", ""));

    let heading = format!("error[{}]", first.rule.id);
    writeln!(out, "{}{}", style.error(heading), style.strong(format!(": {}", headline(first, report.kind))))?;
    writeln!(out, "{}{} {}", " ".repeat(gutter), style.frame("-->"), words::place(first))?;
    write_excerpt(first, gutter, style, out)?;
    write_other_places(&places[1..], gutter, style, out)?;
    writeln!(out, "{bar}")?;
    writeln!(out, "{note} {} {}", style.strong("help:"), words::way_out(report, first))?;
    if !told.allowing {
        told.allowing = true;
        let id = first.fingerprint;
        writeln!(
            out,
            "{note} {} no secret? put keysweep:allow in a comment on the line, or the fingerprint {id} with a reason into .keysweep.toml",
            style.strong("note:")
        )?;
    }
    if told.rules.insert(first.rule.id) {
        writeln!(
            out,
            "{note} {} ever pushed? then it counts as leaked: it {}; rotate it:",
            style.strong("note:"),
            first.rule.opens
        )?;
        for (number, step) in first.rule.remedy.iter().enumerate() {
            writeln!(out, "{:gutter$}   {}. {step}", "", number + 1)?;
        }
    }
    writeln!(out)
}

fn headline(finding: &Finding, kind: Kind) -> String {
    format!("{} {}", title(finding), words::does(kind, finding.part))
}

/// `a live Stripe secret key`.
fn title(finding: &Finding) -> String {
    let title = match finding.severity {
        Severity::High => format!("live {}", finding.rule.title),
        Severity::Medium => finding.rule.title.to_owned(),
        Severity::Low => format!("test {}", finding.rule.title),
    };
    let article = if title.starts_with(['A', 'E', 'I', 'O', 'U', 'a', 'e', 'i', 'o']) { "an" } else { "a" };
    format!("{article} {title}")
}

fn write_excerpt(finding: &Finding, gutter: usize, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let number = finding.position.map_or(String::new(), |p| p.line.to_string());
    let Some(excerpt) = &finding.excerpt else { return Ok(()) };
    let carets = "^".repeat(excerpt.caret_width);
    let encoded = encoded(finding);
    let label = format!("severity {}, fingerprint {}{encoded}", finding.severity, finding.fingerprint);
    writeln!(out, "{}", style.frame(format!("{:gutter$} |", "")))?;
    writeln!(out, "{} {}", style.frame(format!("{number:>gutter$} |")), excerpt.text)?;
    writeln!(
        out,
        "{} {}{} {}",
        style.frame(format!("{:gutter$} |", "")),
        " ".repeat(excerpt.caret_start),
        style.error(carets),
        style.error(label)
    )
}

/// How it is written, where it is not written plainly.
fn encoded(finding: &Finding) -> String {
    finding.encoding.as_ref().map_or(String::new(), |encoding| format!(", written in {encoding}"))
}

fn write_other_places(others: &[&Finding], gutter: usize, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for other in others.iter().take(SHOWN_PLACES) {
        let place = words::place(other);
        writeln!(out, "{}{} {place}{}", " ".repeat(gutter), style.frame(":::"), encoded(other))?;
    }
    if others.len() > SHOWN_PLACES {
        let more = others.len() - SHOWN_PLACES;
        writeln!(out, "{}{} and {}", " ".repeat(gutter), style.frame(":::"), counted(more, "further place"))?;
    }
    Ok(())
}

/// What is neither a finding nor a count: what this very change allows, what was left out, notes.
fn write_asides(report: &Report<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    const SHOWN: usize = 10;
    let outcome = report.outcome;
    let newly = outcome.allowed.iter().filter(|one| one.newly).map(|one| {
        let f = &one.finding;
        format!(
            "newly allowed by this change: {} {} {} ({})",
            words::place(f),
            f.rule.id,
            f.redacted,
            one.reason.name()
        )
    });
    let skipped = outcome.skipped.iter().map(|s| format!("not scanned: {} ({})", shown_path(&s.path), s.why));
    let accepted = outcome.accepted.iter().map(|lack| format!("{}: {}", lack.attempt, lack.cause));
    let skipped = skipped.chain(accepted);
    for mut asides in [newly.collect::<Vec<_>>(), skipped.collect(), report.notes.to_vec()] {
        let more = asides.len().saturating_sub(SHOWN);
        asides.truncate(SHOWN);
        for aside in asides {
            writeln!(out, "{} {aside}", style.strong("note:"))?;
        }
        if more > 0 {
            writeln!(out, "{} … and {more} more of these", style.strong("note:"))?;
        }
    }
    Ok(())
}

/// One line that says what was read.
fn summary(report: &Report<'_>, style: Style) -> String {
    let outcome = report.outcome;
    let read = format!("{} read", size(outcome.bytes));
    let skipped = match outcome.skipped.len() + outcome.accepted.len() {
        0 if !outcome.is_complete() => String::new(),
        0 => ", nothing skipped".to_owned(),
        skipped => format!(", {skipped} not scanned"),
    };
    let allowed = match report.allowed() {
        0 => String::new(),
        allowed => format!(", {allowed} allowed"),
    };
    let scanned = words::scanned(report);
    let tokens = report.tokens();
    if tokens > 0 {
        let found = format!("{} in {}", counted(tokens, "token"), holding(report));
        let stopped = words::stopped(report.kind);
        return format!("keysweep: {}, {read}{skipped}{allowed}{}{stopped}", style.error(found), unread(report));
    }
    if !outcome.is_complete() {
        let incomplete = style.error("incomplete");
        return format!("keysweep: {incomplete} of {scanned}, {read}{skipped}{allowed}{}", unread(report));
    }
    if let Some(why) = words::nothing(report) {
        return format!("keysweep: {why}, so nothing was scanned");
    }
    let none = style.calm(words::none(report));
    format!("keysweep: {none} {scanned}, {read}{skipped}{allowed}")
}

/// Of what was scanned, how much holds a token.
fn holding(report: &Report<'_>) -> String {
    let findings = &report.outcome.findings;
    let scanned = words::scanned(report);
    let holding = match report.kind {
        Kind::Message => return scanned,
        Kind::Everywhere => return words::everywhere(report),
        Kind::History => return words::objects(report),
        Kind::Push | Kind::Receive | Kind::Commits => {
            findings.iter().filter_map(words::commit).collect::<HashSet<_>>().len()
        }
        Kind::Staged | Kind::Index | Kind::Files => findings.iter().map(|f| &f.path).collect::<HashSet<_>>().len(),
    };
    // In a push it may be a tag or the name of a branch that holds it.
    if holding == 0 { format!("a tag or a name beside {scanned}") } else { format!("{holding} of {scanned}") }
}

fn unread(report: &Report<'_>) -> String {
    let told = |count: usize, what: &str| if count == 0 { String::new() } else { format!(", {count} {what}") };
    let (unread, lacking) = (&report.outcome.unread, &report.outcome.lacking);
    told(unread.len(), "could not be read") + &told(lacking.len(), "not here to be scanned")
}
