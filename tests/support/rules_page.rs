//! Writes `docs/rules.md`: what `keysweep rules` prints about the built-in rules, as one page.

use std::io::{self, Write};

use keysweep::report::shapes;
use keysweep::rule::{Environment, Pattern, Rule, Severity};
use keysweep::rules::{Pack, rules_of};

/// The page, in Markdown.
pub fn page(rules: &[&Rule], packs: &[Pack], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# The rules\n")?;
    writeln!(
        out,
        "The output of `keysweep rules ID` for every built-in rule. Where two shapes overlap, the rule that is listed first"
    )?;
    writeln!(
        out,
        "names the token. `BLESS=1 cargo test --test docs` writes this page, and a test keeps it up to date.\n"
    )?;
    table(rules, out)?;
    for pack in packs {
        writeln!(out, "\nThe pack `{}`, {}:\n", pack.name, pack.about)?;
        table(pack.rules, out)?;
    }
    writeln!(
        out,
        "\nThe rules of a pack are off until `.keysweep.toml` turns it on: `packs = [\"{}\"]` under `[rules]`.",
        packs.iter().map(|pack| pack.name).collect::<Vec<_>>().join("\", \"")
    )?;
    rules.iter().try_for_each(|rule| section(rule, out))?;
    rules_of(packs).try_for_each(|rule| section(rule, out))
}

fn table(rules: &[&Rule], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "| rule | finds | severity |\n|---|---|---|")?;
    for rule in rules {
        writeln!(out, "| [`{0}`](#{0}) | {1} | {2} |", rule.id, rule.title, severities(rule).join(", "))?;
    }
    Ok(())
}

fn section(rule: &Rule, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n## {}\n", rule.id)?;
    writeln!(out, "{}. Issued by {}. Its shape:\n", capitalized(rule.title), rule.vendor)?;
    for shape in shapes(rule) {
        writeln!(out, "- {shape}")?;
    }
    writeln!(out, "\nFor example, random where there are braces:\n\n```text")?;
    for template in rule.hits {
        writeln!(out, "{}", template.replace('\n', "\\n"))?;
    }
    writeln!(out, "```\n\nWhat it opens: it {}.\n", rule.opens)?;
    writeln!(out, "Looks the same as: {}.\n", rule.mistaken_for)?;
    writeln!(out, "To rotate it:\n")?;
    for (number, step) in rule.remedy.iter().enumerate() {
        writeln!(out, "{}. {step}", number + 1)?;
    }
    writeln!(out, "\nDocumentation: <{}>", rule.docs)
}

fn capitalized(text: &str) -> String {
    let (first, rest) = text.split_at(1);
    first.to_uppercase() + rest
}

/// Highest first.
fn severities(rule: &Rule) -> Vec<&'static str> {
    let mut all: Vec<_> = rule.patterns.iter().flat_map(environments).map(Environment::severity).collect();
    all.sort_unstable();
    all.dedup();
    all.into_iter().rev().map(Severity::name).collect()
}

fn environments(pattern: &Pattern) -> Vec<Environment> {
    match pattern {
        Pattern::Prefixed { prefixes, .. } => prefixes.iter().map(|prefix| prefix.environment).collect(),
        Pattern::Given { .. } => vec![Environment::Live],
    }
}
