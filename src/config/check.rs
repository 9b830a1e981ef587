//! Checks the examples of a rule: the rule must find a token in every hit, and no rule may find one in a miss.

use crate::detect::Detector;
use crate::rule::Rule;
use crate::rules::example::{Dice, expand};

/// How many random texts each example is expanded to.
const SAMPLES: u64 = 500;

/// How many of them the rule may miss. Random bodies of 16 characters look like words this often.
const MAX_MISSED: u64 = SAMPLES / 20;

/// The result of checking the examples of one rule.
#[derive(Debug)]
pub struct Checked {
    pub rule: &'static Rule,
    pub faults: Vec<Fault>,
}

/// An example that fails.
#[derive(Debug, PartialEq, Eq)]
pub enum Fault {
    /// The rule finds a token in only `found` of `of` samples of a hit. `instead` is the id of a rule that reports some of
    /// the others.
    Missed { template: &'static str, found: u64, of: u64, instead: Option<&'static str> },
    /// The rule `by` finds a token in a miss.
    Found { template: &'static str, by: &'static str },
}

/// Checks the examples of `rule`. `detector` must have all rules, so that the check sees a rule that shadows `rule`.
pub fn check(rule: &'static Rule, detector: &Detector) -> Checked {
    let missed = rule.hits.iter().filter_map(|template| missed(rule, template, detector));
    let found = rule.misses.iter().filter_map(|template| found(template, detector));
    Checked { rule, faults: missed.chain(found).collect() }
}

fn missed(rule: &Rule, template: &'static str, detector: &Detector) -> Option<Fault> {
    let mut found = 0;
    let mut instead = None;
    for seed in 0..SAMPLES {
        let text = expand(template, &mut Dice::new(seed));
        match detector.find(text.as_bytes()).as_slice() {
            [hit] if hit.rule.id == rule.id => found += 1,
            hits => instead = hits.iter().map(|hit| hit.rule.id).find(|id| *id != rule.id).or(instead),
        }
    }
    (found + MAX_MISSED < SAMPLES).then_some(Fault::Missed { template, found, of: SAMPLES, instead })
}

fn found(template: &'static str, detector: &Detector) -> Option<Fault> {
    let taken = (0..SAMPLES).find_map(|seed| {
        let text = expand(template, &mut Dice::new(seed));
        detector.find(text.as_bytes()).first().map(|hit| hit.rule.id)
    });
    taken.map(|by| Fault::Found { template, by })
}
