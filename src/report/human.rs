//! The report for people, in the style of rustc: the place, the line with the token masked, the help.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};
use std::io::{self, Write};

use super::history::Extent;
use super::layout::{cropped, paragraph, unbroken, wrapped};
use super::model::Report;
use super::plan::plan;
use super::shown::{shown_path, size};
use super::style::{Style, heading};
use super::{advice, history, words};
use crate::error::counted;
use crate::finding::{Finding, SHOWN_TOKENS};
use crate::history::provenance::Provenance;
use crate::rule::Severity;
use crate::scan::source::Kind;

/// Further places of a token are only counted.
const SHOWN_PLACES: usize = 5;

pub(super) fn write(report: &Report<'_>, style: Style, quiet: bool, out: &mut dyn Write) -> io::Result<()> {
    if let Some(provenances) = report.provenances {
        return write_history(report, provenances, style, quiet, out);
    }
    let tokens = by_token(&report.result.findings);
    let mut seen = Seen::default();
    for occurrences in tokens.iter().take(SHOWN_TOKENS) {
        write_token(report, occurrences, style, &mut seen, out)?;
    }
    let hidden = |(at, occurrences): (usize, &Vec<&'_ Finding>)| {
        let shown = if at < SHOWN_TOKENS { 1 + SHOWN_PLACES } else { 0 };
        occurrences.iter().skip(shown).map(|one| words::file(one)).collect::<Vec<_>>()
    };
    let files: Vec<String> = tokens.iter().enumerate().flat_map(hidden).collect();
    write_rest(report, tokens.len(), &files, style, out)?;
    write_end(report, tokens.is_empty(), style, quiet, out).map(|_| ())
}

fn write_history(
    report: &Report<'_>,
    provenances: &[Provenance],
    style: Style,
    quiet: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut explained = HashSet::new();
    let mut files = Vec::new();
    for (at, one) in provenances.iter().enumerate() {
        let mut shown = 0;
        if at < SHOWN_TOKENS {
            let extent = match report.kind {
                Kind::Find => Extent::EVERYTHING,
                _ => Extent::of_history(explained.insert(advice::key(&one.finding))),
            };
            shown = extent.occurrences;
            let (title, verified) = (advice::title(&one.finding), report.verification(&one.finding));
            history::write_exposure(one, &title, verified, extent, style, out)?;
        }
        files.extend(one.occurrences.iter().skip(shown).map(history::file));
    }
    write_rest(report, provenances.len(), &files, style, out)?;
    if write_end(report, provenances.is_empty(), style, quiet, out)? {
        history::write_plan(&plan(report), style, out)?;
    }
    Ok(())
}

/// Counts the places that are not shown above for each file, and prints the command that lists them. `files` has one entry for
/// each place.
fn write_rest(
    report: &Report<'_>,
    tokens: usize,
    files: &[String],
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    if files.is_empty() {
        return Ok(());
    }
    let more = tokens.saturating_sub(SHOWN_TOKENS);
    let occurrences = counted(files.len(), "more place");
    let what = if more > 0 { format!("{}, {occurrences}", counted(more, "more token")) } else { occurrences };
    writeln!(out, "{} by file:", style.strong(format!("{what},")))?;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for file in files {
        *counts.entry(file).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|&(file, count)| (Reverse(count), file));
    counts.iter().try_for_each(|(file, count)| writeln!(out, "{count:>7}  {file}"))?;
    match &report.list_command {
        Some(command) => writeln!(out, "To list every place, run: {}\n", style.strong(command)),
        None => writeln!(out),
    }
}

/// Prints the notes and the summary. Returns whether anything was printed.
fn write_end(report: &Report<'_>, is_clean: bool, style: Style, quiet: bool, out: &mut dyn Write) -> io::Result<bool> {
    let is_silent = quiet && is_clean && report.result.is_complete();
    if is_silent && report.result.allowed.iter().all(|one| !one.newly) {
        return Ok(false);
    }
    write_asides(report, style, out)?;
    writeln!(out, "{}", summary(report, style))?;
    Ok(true)
}

/// Groups findings by token: the worst first, then those of the newest commit, then in order of their first places.
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
    let order = |finding: &Finding| finding.origin.as_ref().map(|origin| origin.order);
    tokens.sort_by_key(|occurrences| (Reverse(occurrences[0].severity), Reverse(order(occurrences[0]))));
    tokens
}

/// Advice that was already printed.
#[derive(Default)]
struct Seen {
    advice: HashSet<(&'static str, Vec<&'static str>)>,
    allowing: bool,
}

fn write_token(
    report: &Report<'_>,
    occurrences: &[&Finding],
    style: Style,
    seen: &mut Seen,
    out: &mut dyn Write,
) -> io::Result<()> {
    let first = occurrences[0];
    let gutter = first.position.map_or(1, |p| p.line.to_string().len());
    let bar = style.frame(format!("{:gutter$} |", ""));
    let aside = |name: &str, text: &str| {
        let equals = format!("{:gutter$} =", "");
        let painted = format!("{} {} ", style.frame(&equals), style.strong(format!("{name}:")));
        paragraph(&format!("{equals} {name}: "), &painted, text, style.width)
    };
    writeln!(out, "{}", heading(first, &headline(first, report.kind), style))?;
    writeln!(out, "{}{} {}", " ".repeat(gutter), style.frame("-->"), words::place(first))?;
    write_excerpt(first, gutter, style, out)?;
    write_other_places(&occurrences[1..], gutter, style, out)?;
    writeln!(out, "{bar}")?;
    writeln!(out, "{}", aside("help", &words::help(report, first)))?;
    if let Some(known) = occurrences.iter().find_map(|one| one.known.as_ref()) {
        writeln!(out, "{}", aside("note", &words::known(known)))?;
    }
    if !seen.allowing {
        seen.allowing = true;
        let id = first.fingerprint;
        let text = format!(
            "False positive? Add `keysweep:allow` in a comment on this line, or allow fingerprint {id} in .keysweep.toml"
        );
        writeln!(out, "{}", aside("note", &text))?;
    }
    if seen.advice.insert(advice::key(first)) {
        if let Some(guess) = advice::guess(first) {
            writeln!(out, "{}", aside("note", &guess))?;
        }
        if first.severity == Severity::Low {
            let text = format!(
                "a test key opens the test environment only, no live data and no money; if it was ever pushed, rotate it anyway: {}",
                unbroken(&format!("keysweep rules {}", first.rule.id))
            );
            writeln!(out, "{}\n", aside("note", &text))?;
            return Ok(());
        }
        let text = format!("if it was ever pushed, treat it as leaked: it {}; to rotate it:", advice::opens(first));
        writeln!(out, "{}", aside("note", &text))?;
        for (number, step) in advice::remedy(first).iter().enumerate() {
            let number = format!("{:gutter$}   {}. ", "", number + 1);
            writeln!(out, "{}", paragraph(&number, &number, step, style.width))?;
        }
    }
    writeln!(out)
}

fn headline(finding: &Finding, kind: Kind) -> String {
    format!("{} {}", advice::title(finding), words::does(kind, finding.part))
}

fn write_excerpt(finding: &Finding, gutter: usize, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let number = finding.position.map_or(String::new(), |p| p.line.to_string());
    let label = format!("severity {}, fingerprint {}{}", finding.severity, finding.fingerprint, encoded(finding));
    let bar = style.frame(format!("{:gutter$} |", ""));
    writeln!(out, "{bar}")?;
    let Some(excerpt) = &finding.excerpt else { return write_label(&label, 0, gutter, style, out) };
    let excerpt = cropped(excerpt, style.width, gutter + 3);
    let carets = "^".repeat(excerpt.caret_width);
    writeln!(out, "{} {}", style.frame(format!("{number:>gutter$} |")), excerpt.text)?;
    let indent = " ".repeat(excerpt.caret_start);
    let used = gutter + 3 + excerpt.caret_start + excerpt.caret_width + 1 + label.len();
    if style.width.is_none_or(|width| used <= width) {
        return writeln!(out, "{bar} {indent}{} {}", style.error(carets), style.error(label));
    }
    writeln!(out, "{bar} {indent}{}", style.error(carets))?;
    write_label(&label, excerpt.caret_start, gutter, style, out)
}

/// Writes the label on lines of its own: `indent` columns behind the bar, or as many as leave room for it.
fn write_label(label: &str, indent: usize, gutter: usize, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let bar = style.frame(format!("{:gutter$} |", ""));
    let lines = wrapped(label, style.width, gutter + 3);
    let longest = lines.iter().map(String::len).max().unwrap_or(0);
    let room = style.width.map_or(indent, |width| width.saturating_sub(gutter + 3 + longest));
    let indent = " ".repeat(indent.min(room));
    lines.iter().try_for_each(|line| writeln!(out, "{bar} {indent}{}", style.error(line)))
}

/// The encoding, if the token is not in plain text.
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
        writeln!(
            out,
            "{}{} and {}, counted below",
            " ".repeat(gutter),
            style.frame(":::"),
            counted(more, "more place")
        )?;
    }
    Ok(())
}

/// Notes: what this change newly allows, what was skipped, and others.
fn write_asides(report: &Report<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    const SHOWN: usize = 10;
    let result = report.result;
    let newly = result.allowed.iter().filter(|one| one.newly).map(|one| {
        let f = &one.finding;
        format!(
            "newly allowed by this change: {} {} {} ({})",
            words::place(f),
            f.rule.id,
            f.redacted,
            one.reason.name()
        )
    });
    let skipped = result.skipped.iter().map(|s| format!("not scanned: {} ({})", shown_path(&s.path), s.why));
    let accepted = result.accepted.iter().map(|missing| format!("{}: {}", missing.context, missing.cause));
    let skipped = skipped.chain(accepted);
    let mut note = |text: &str| {
        let painted = format!("{} ", style.strong("note:"));
        writeln!(out, "{}", paragraph("note: ", &painted, text, style.width))
    };
    for mut asides in [newly.collect::<Vec<_>>(), skipped.collect(), report.notes.to_vec()] {
        let more = asides.len().saturating_sub(SHOWN);
        asides.truncate(SHOWN);
        asides.iter().try_for_each(|aside| note(aside))?;
        if more > 0 {
            note(&format!("… and {more} more of these"))?;
        }
    }
    Ok(())
}

/// How much was scanned, and the result. If something could not be scanned, a line about that comes first.
fn summary(report: &Report<'_>, style: Style) -> String {
    let result = report.result;
    let counts = counts(report);
    let line = |key: &str, text: &str, paint: fn(Style, &str) -> String| {
        paragraph("", "", text, style.width).replacen(key, &paint(style, key), 1)
    };
    let mut lines = Vec::new();
    if !result.is_complete() {
        let (scanned, unread) = (words::scanned_of_all(report), words::unread(report));
        let text = format!("keysweep: INCOMPLETE: {scanned} scanned ({counts}); {unread}");
        lines.push(line("INCOMPLETE", &text, |style, text| style.error(text)));
    }
    if report.tokens() > 0 {
        let key = format!("{} in {}", counted(report.tokens(), "token"), holding(report));
        let counts = if result.is_complete() { format!(" ({counts})") } else { String::new() };
        let text = format!("keysweep: {key}{counts}{}", words::stopped(report));
        lines.push(line(&key, &text, |style, text| style.error(text)));
    } else if result.is_complete() {
        if let Some(why) = words::nothing(report) {
            return paragraph("", "", &format!("keysweep: {why}, so nothing was scanned"), style.width);
        }
        let key = words::none(report);
        let text = format!("keysweep: {key} {} ({counts})", words::scanned(report));
        lines.push(line(&key, &text, |style, text| style.calm(text)));
    }
    lines.join("\n")
}

/// `1.5 kB scanned, nothing skipped, 2 allowed`; in an incomplete scan, whose line says "scanned" already, `1.5 kB, 2 allowed`.
fn counts(report: &Report<'_>) -> String {
    let result = report.result;
    let scanned = if result.is_complete() { " scanned" } else { "" };
    let mut counts = vec![format!("{}{scanned}", size(result.bytes))];
    match result.skipped.len() + result.accepted.len() {
        0 if !result.is_complete() => {}
        0 => counts.push("nothing skipped".to_owned()),
        skipped => counts.push(format!("{skipped} skipped")),
    }
    if report.allowed() > 0 {
        counts.push(format!("{} allowed", report.allowed()));
    }
    if report.baselined() > 0 {
        counts.push(format!("{} in the baseline", report.baselined()));
    }
    counts.join(", ")
}

/// How much of the scanned content contains a token.
fn holding(report: &Report<'_>) -> String {
    let findings = &report.result.findings;
    let scanned = words::scanned(report);
    let result = report.result;
    let (holding, all) = match report.kind {
        Kind::Message => return scanned,
        Kind::Find => return words::everywhere(report),
        Kind::History => return words::objects(report),
        Kind::Push | Kind::Receive | Kind::Commits => {
            (findings.iter().filter_map(words::commit).collect::<HashSet<_>>().len(), result.commits)
        }
        Kind::Staged | Kind::Index | Kind::Files | Kind::Worktree => {
            (findings.iter().map(|f| &f.path).collect::<HashSet<_>>().len(), result.files)
        }
    };
    match holding {
        // In a push, a tag or the name of a branch may contain the token.
        0 => format!("a tag or a name besides {scanned}"),
        _ if holding == all => scanned,
        _ => format!("{holding} of {scanned}"),
    }
}
