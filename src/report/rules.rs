//! The rules, listed and explained.

use std::io::{self, Write};

use crate::rule::{Pattern, Rule};

/// A line a rule.
pub fn list(rules: &[&Rule], out: &mut dyn Write) -> io::Result<()> {
    let width = rules.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    for rule in rules {
        writeln!(out, "{:width$}  {}", rule.id, rule.title)?;
    }
    Ok(())
}

/// What one rule looks for, what its token opens, and how to rotate it.
pub fn explain(rule: &Rule, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}: {}\n", rule.id, rule.title)?;
    writeln!(out, "Looks for:")?;
    for shape in shapes(rule) {
        writeln!(out, "  - {shape}")?;
    }
    writeln!(out, "\nIssued by {}. It {}.\n", rule.vendor, rule.opens)?;
    writeln!(
        out,
        "Found in a staged change: unstage it and read it from an environment variable. Ever pushed: rotate it."
    )?;
    for (number, step) in rule.remedy.iter().enumerate() {
        writeln!(out, "  {}. {step}", number + 1)?;
    }
    if !rule.docs.is_empty() {
        writeln!(out, "\n{}", rule.docs)?;
    }
    Ok(())
}

/// The shapes of a rule's patterns, one for those that differ in what must stand near only.
fn shapes(rule: &Rule) -> Vec<String> {
    let mut shapes: Vec<(String, Vec<&str>)> = Vec::new();
    for pattern in rule.patterns {
        let (shape, near) = shape(pattern);
        match shapes.last_mut() {
            Some((last, words)) if *last == shape && !near.is_empty() => words.push(near),
            _ => shapes.push((shape, vec![near])),
        }
    }
    let line = |(shape, near): (String, Vec<&str>)| match near[..] {
        [""] => shape,
        _ => format!("{shape}, on a line that names {} in front of it", near.join(" or ")),
    };
    shapes.into_iter().map(line).collect()
}

/// What the pattern looks like, and what must stand near.
fn shape(pattern: &Pattern) -> (String, &'static str) {
    match pattern {
        Pattern::Prefixed { prefixes, body, near, .. } => {
            let severities = prefixes.iter().map(|p| format!("{} ({})", p.literal, p.environment.severity()));
            (format!("{} and then {body}", severities.collect::<Vec<_>>().join(", ")), near)
        }
        Pattern::Given { words, .. } => (format!("64 hex digits given to a name near {}", words[0]), ""),
    }
}
