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
    for pattern in rule.patterns {
        writeln!(out, "  - {}", shape(pattern))?;
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

fn shape(pattern: &Pattern) -> String {
    match pattern {
        Pattern::Prefixed { prefixes, body, near, .. } => {
            let severities = prefixes.iter().map(|p| format!("{} ({})", p.literal, p.environment.severity()));
            let near =
                if near.is_empty() { String::new() } else { format!(", on a line that names {near} in front of it") };
            format!("{} and then {body}{near}", severities.collect::<Vec<_>>().join(", "))
        }
        Pattern::Given { words, .. } => format!("64 hex digits given to a name near {}", words[0]),
    }
}
