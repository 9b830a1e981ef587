//! Lists and explains rules.

use std::io::{self, Write};

use crate::rule::{Pattern, Prefix, Rule, TokenEncoding, Validator};
use crate::rules::{ALL, PACKS, Pack, pack_of};

/// Prints one line for each rule, and one for each pack.
pub fn list(rules: &[&Rule], on: &[&Pack], out: &mut dyn Write) -> io::Result<()> {
    let width = rules.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    for rule in rules {
        writeln!(out, "{:width$}  {}", rule.id, rule.title)?;
    }
    writeln!(
        out,
        "\nPacks of further rules, which [rules] packs = [\"{}\"] in .keysweep.toml turns on:",
        PACKS[0].name
    )?;
    for pack in PACKS {
        let state = if is_on(pack, on) { "on" } else { "off" };
        let vendors: Vec<_> = pack.rules.iter().map(|rule| rule.title).collect();
        writeln!(out, "  {} ({state}): {}: {}", pack.name, pack.about, vendors.join(", "))?;
    }
    Ok(())
}

/// Explains a rule: the shape of its tokens, what a token opens, what looks the same, and how to rotate it.
pub fn explain(rule: &Rule, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}: {}, issued by {}", rule.id, rule.title, rule.vendor)?;
    if let Some(pack) = pack_of(rule) {
        writeln!(out, "In the pack {0}, which [rules] packs = [\"{0}\"] in .keysweep.toml turns on.", pack.name)?;
    }
    let shapes = shapes(rule);
    if !shapes.is_empty() {
        writeln!(out, "\nShape:")?;
    }
    for shape in shapes {
        writeln!(out, "  - {shape}")?;
    }
    writeln!(out, "\nWhat it opens: it {}.", rule.opens)?;
    writeln!(out, "Looks the same as: {}.", rule.mistaken_for)?;
    writeln!(out, "\nIf it is about to be committed: unstage it, and read it from an environment variable.")?;
    writeln!(out, "If it was ever pushed, it counts as leaked. To rotate it:")?;
    for (number, step) in rule.remedy.iter().enumerate() {
        writeln!(out, "  {}. {step}", number + 1)?;
    }
    if !rule.docs.is_empty() {
        writeln!(out, "\nDocumentation: {}", rule.docs)?;
    }
    Ok(())
}

/// Whether the configuration turns the pack on.
pub(super) fn is_on(pack: &Pack, on: &[&Pack]) -> bool {
    on.iter().any(|other| other.name == pack.name)
}

/// The shapes of a rule's patterns in words. Patterns that differ only in the name that must be near share one.
pub fn shapes(rule: &Rule) -> Vec<String> {
    let mut shapes: Vec<(String, Vec<&str>)> = Vec::new();
    for pattern in rule.patterns {
        let (shape, near) = shape(pattern);
        match shapes.last_mut() {
            Some((last, words)) if *last == shape && !near.is_empty() => words.push(near),
            _ => shapes.push((shape, vec![near])),
        }
    }
    let is_built_in = ALL.iter().any(|built_in| built_in.id == rule.id);
    let line = |(shape, near): (String, Vec<&str>)| match near[..] {
        [""] => shape,
        _ if is_built_in => format!("{shape}; with the name {} on its line or on the line above", near.join(" or ")),
        _ => format!("{shape}; on a line that names {} in front of it", near.join(" or ")),
    };
    // Several patterns may read as the same shape.
    let mut lines: Vec<String> = Vec::new();
    for line in shapes.into_iter().map(line) {
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

/// The shape of a pattern in words, and the name that must be near.
fn shape(pattern: &Pattern) -> (String, &'static str) {
    match pattern {
        Pattern::Prefixed { prefixes, body, validator, near } => {
            let (body, case) = match body.strip_prefix("(?i-u)") {
                Some(body) => (body, " in either case"),
                None => (*body, ""),
            };
            (format!("{}, then `{body}`{case}, {}", by_severity(prefixes), looks(*validator)), near)
        }
        Pattern::Given { words, written: TokenEncoding::BasicAuth, .. } => {
            (format!("64 hex digits as the user of a Basic auth header near `{}` (high)", words[0]), "")
        }
        Pattern::Given { words, .. } => (
            format!(
                "64 hex digits given to a name or header that means one, near `{}` (high)",
                words[0].to_lowercase()
            ),
            "",
        ),
    }
}

/// `a`, `b` (high) or `c` (low).
fn by_severity(prefixes: &[Prefix]) -> String {
    let groups = prefixes.chunk_by(|one, next| one.environment == next.environment).map(|group| {
        let literals: Vec<_> = group.iter().map(|prefix| format!("`{}`", prefix.literal)).collect();
        format!("{} ({})", literals.join(", "), group[0].environment.severity())
    });
    groups.collect::<Vec<_>>().join(" or ")
}

/// What the validator requires of a match, in words.
fn looks(validator: Validator) -> String {
    match validator {
        Validator::RandomRun => "of which 16 letters and digits or more in a row look random".to_owned(),
        Validator::LikelyRun => "of which 16 letters and digits or more in a row do not look like words".to_owned(),
        Validator::RandomWhole => "which does not look like words".to_owned(),
        Validator::Base64url => "which does not look like words and does not end in one behind a dash".to_owned(),
        Validator::Sized { least, most } if least == most => format!("{least} characters that do not look like words"),
        Validator::Sized { least, most } => format!("{least} to {most} characters that do not look like words"),
        Validator::RandomHex => "which is random, not counted up or repeated".to_owned(),
        Validator::EncodedKey => "which encodes 24 to 75 random bytes".to_owned(),
        Validator::Base64Text => "which ends where base64 can".to_owned(),
    }
}
