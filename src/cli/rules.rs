//! `keysweep rules`: lists, explains and checks rules. Those of the configuration on disk come first.

use std::io::{self, Write};
use std::path::Path;

use super::args::RulesArgs;
use super::options::Common;
use super::settings::Settings;
use super::{code, in_force, output};
use crate::config::{CONFIG_NAME, Checked, Fault, check};
use crate::detect::Detector;
use crate::error::{Error, counted, nearest};
use crate::git::repository::Repository;
use crate::report::{self, RulesFormat};
use crate::rule::Rule;
use crate::rules::{GIVEN_TOKEN, PACKS, rules_of};

pub(super) fn run(args: &RulesArgs, common: &Common) -> Result<u8, Error> {
    let format = args.format();
    let repository = Repository::discover(Path::new(".")).ok();
    let settings = in_force::of_folder(repository.as_ref().and_then(Repository::worktree), common)?;
    let named = args.id.as_deref().map(|id| named(id, &settings)).transpose()?;
    match (named, args.check) {
        (named, true) => check_examples(named, &settings, format, common),
        (Some(rule), false) => {
            let is_own = settings.own_rules().iter().any(|own| std::ptr::eq(*own, rule));
            output::write(common, |_, out| report::write_rule(rule, is_own, format, out))?;
            Ok(code::CLEAN)
        }
        (None, false) => {
            let own = settings.own_rules().len();
            output::write(common, |_, out| report::write_rules(&settings.rules, own, &settings.packs, format, out))?;
            Ok(code::CLEAN)
        }
    }
}

fn named(id: &str, settings: &Settings) -> Result<&'static Rule, Error> {
    // The rule that `find` reports for other tokens, and the rules of packs that are off.
    let of_packs = || rules_of(PACKS);
    let known = settings.rules.iter().copied().chain([&GIVEN_TOKEN]).chain(of_packs());
    known.into_iter().find(|rule| rule.id == id).ok_or_else(|| {
        let nearest = nearest(id, settings.rules.iter().copied().chain(of_packs()).map(|rule| rule.id));
        Error::new(
            format!("cannot explain the rule {id}"),
            "no rule has this id",
            format!("did you mean {nearest}? keysweep rules lists all"),
        )
    })
}

/// Checks the examples of one rule, or of all custom rules.
fn check_examples(
    named: Option<&'static Rule>,
    settings: &Settings,
    format: RulesFormat,
    common: &Common,
) -> Result<u8, Error> {
    let detector = Detector::new(&settings.rules);
    let rules = named.as_ref().map_or(settings.own_rules(), std::slice::from_ref);
    let checked: Vec<Checked> = rules.iter().map(|rule| check(rule, &detector)).collect();
    // An example that is not a template may contain a token of this rule.
    let shown = |fault: &Fault| output::safe(&detector.mask_sentence(&sentence(fault)));
    let checks: Vec<_> = checked
        .iter()
        .map(|Checked { rule, faults }| {
            (rule.id, rule.hits.len(), rule.misses.len(), faults.iter().map(shown).collect::<Vec<_>>())
        })
        .collect();
    output::write(common, |_, out| {
        report::write_checks(&checks, format, out, |out| {
            if checks.is_empty() {
                writeln!(out, "keysweep: there is no rule in {CONFIG_NAME}, so nothing was tried")?;
            }
            checks.iter().try_for_each(|one| write_check(one, out))
        })
    })?;
    Ok(if checked.iter().all(|one| one.faults.is_empty()) { code::CLEAN } else { code::FOUND })
}

/// Prints one line for a rule, or one for each example that fails.
fn write_check((id, hits, misses, faults): &(&str, usize, usize, Vec<String>), out: &mut dyn Write) -> io::Result<()> {
    if faults.is_empty() {
        return match (*hits, *misses) {
            (0, 0) => writeln!(out, "{id}: no examples, so nothing was tried"),
            (hits, misses) => {
                writeln!(out, "{id}: {} found, {} left alone", counted(hits, "hit"), counted(misses, "miss"))
            }
        };
    }
    faults.iter().try_for_each(|fault| writeln!(out, "{id}: {fault}"))
}

fn sentence(fault: &Fault) -> String {
    match fault {
        Fault::Missed { template, found, of, instead: None } => {
            format!(
                "the hit `{template}` is found in {found} of {of} random fillings; does it fit alphabet, length and context?"
            )
        }
        Fault::Missed { template, found, of, instead: Some(other) } => {
            format!(
                "the hit `{template}` is found in {found} of {of} random fillings, in others {other} finds something"
            )
        }
        Fault::Found { template, by } => format!("the miss `{template}` holds what {by} takes for a token"),
    }
}
