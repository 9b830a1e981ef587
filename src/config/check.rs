//! Whether a rule finds its own examples, and nothing in what it says it does not find.

use crate::detect::Detector;
use crate::rule::Rule;
use crate::rules::example::{Dice, expand};

/// Random fillings of each example.
const FILLINGS: u64 = 500;

/// How many of them the rule may miss: bodies of 16 characters look like a word this often.
const MISSED_AT_MOST: u64 = FILLINGS / 20;

/// A rule whose examples were tried.
#[derive(Debug)]
pub struct Checked {
    pub rule: &'static Rule,
    pub faults: Vec<Fault>,
}

/// An example that does not hold.
#[derive(Debug, PartialEq, Eq)]
pub enum Fault {
    /// A hit that the rule finds in so few of so many fillings; `instead` is the rule that takes it, where one does.
    Missed { template: &'static str, found: u64, of: u64, instead: Option<&'static str> },
    /// A miss in which a rule finds a token.
    Found { template: &'static str, by: &'static str },
}

/// Tries the examples of `rule` with `detector`, which has all rules, so that one that another shadows is seen.
pub fn check(rule: &'static Rule, detector: &Detector) -> Checked {
    let missed = rule.hits.iter().filter_map(|template| missed(rule, template, detector));
    let found = rule.misses.iter().filter_map(|template| found(template, detector));
    Checked { rule, faults: missed.chain(found).collect() }
}

fn missed(rule: &Rule, template: &'static str, detector: &Detector) -> Option<Fault> {
    let mut found = 0;
    let mut instead = None;
    for seed in 0..FILLINGS {
        let text = expand(template, &mut Dice::new(seed));
        match detector.find(text.as_bytes()).as_slice() {
            [hit] if hit.rule.id == rule.id => found += 1,
            hits => instead = hits.iter().map(|hit| hit.rule.id).find(|id| *id != rule.id).or(instead),
        }
    }
    (found + MISSED_AT_MOST < FILLINGS).then_some(Fault::Missed { template, found, of: FILLINGS, instead })
}

fn found(template: &'static str, detector: &Detector) -> Option<Fault> {
    let taken = (0..FILLINGS).find_map(|seed| {
        let text = expand(template, &mut Dice::new(seed));
        detector.find(text.as_bytes()).first().map(|hit| hit.rule.id)
    });
    taken.map(|by| Fault::Found { template, by })
}
