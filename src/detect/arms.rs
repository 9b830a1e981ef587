//! The rules by literal: for each literal of the prefilter, the prefixes and words that contain it.

use std::cmp::Reverse;
use std::sync::OnceLock;

use regex::bytes::Regex;

use crate::rule::{Environment, Pattern, Rule, TokenEncoding, Validator};
use crate::rules::{ALL, pack_of};

/// A prefix or a word of one pattern of a rule.
pub(super) struct Arm {
    pub(super) rule: &'static Rule,
    pub(super) literal: &'static [u8],
    /// The number of bytes between its start and the prefilter's literal.
    pub(super) lead: usize,
    /// Whether the prefix is built in and longer than `sk_`.
    pub(super) is_named: bool,
    /// Whether it may begin with a capital.
    pub(super) may_be_capital: bool,
    /// Whether the rule is in a pack and the prefix is so short that many words end in it: `re_`, `sk-`.
    pub(super) is_common: bool,
    pub(super) expression: usize,
    pub(super) kind: ArmKind,
}

pub(super) enum ArmKind {
    Prefixed(PrefixTraits),
    Given { before: usize, after: usize, written: TokenEncoding },
}

/// What a token needs after a prefix, and what the prefix says about it.
#[derive(Clone, Copy)]
pub(super) struct PrefixTraits {
    pub(super) environment: Environment,
    pub(super) validator: Validator,
    /// The vendor's name that must be near the token. Empty if none is needed.
    pub(super) near: &'static [u8],
    /// Whether the name may also be after the token or on the line above. For a custom rule it must be in front of the token, as
    /// its documentation says.
    pub(super) is_near_around: bool,
}

pub(super) struct Expression {
    pub(super) pattern: &'static str,
    pub(super) compiled: OnceLock<Regex>,
}

/// Adds the arms of a rule. `expression` is the index of its first expression.
pub(super) fn add_arms(rule: &'static Rule, expression: usize, arms: &mut Vec<Arm>) {
    let is_built_in = ALL.iter().any(|built_in| built_in.id == rule.id);
    let is_of_pack = !is_built_in && pack_of(rule).is_some();
    for (nth, pattern) in rule.patterns.iter().enumerate() {
        add_arms_of_pattern(rule, pattern, is_built_in, is_of_pack, expression + nth, arms);
    }
}

fn add_arms_of_pattern(
    rule: &'static Rule,
    pattern: &'static Pattern,
    is_built_in: bool,
    is_of_pack: bool,
    expression: usize,
    arms: &mut Vec<Arm>,
) {
    /// The length of `sk_`, in which many words end.
    const SHORTEST_PREFIX: usize = 3;
    match pattern {
        Pattern::Prefixed { prefixes, validator, near, .. } => arms.extend(prefixes.iter().map(|prefix| Arm {
            rule,
            literal: prefix.literal.as_bytes(),
            lead: 0,
            is_named: (is_built_in || is_of_pack) && prefix.literal.len() > SHORTEST_PREFIX,
            // Each capital adds a literal to the prefilter.
            may_be_capital: is_built_in,
            is_common: is_of_pack && prefix.literal.len() <= SHORTEST_PREFIX,
            expression,
            kind: ArmKind::Prefixed(PrefixTraits {
                environment: prefix.environment,
                validator: *validator,
                near: near.as_bytes(),
                is_near_around: is_built_in,
            }),
        })),
        Pattern::Given { words, before, after, written, .. } => arms.extend(words.iter().map(|word| Arm {
            rule,
            literal: word.as_bytes(),
            lead: 0,
            is_named: false,
            may_be_capital: false,
            is_common: false,
            expression,
            kind: ArmKind::Given { before: *before, after: *after, written: *written },
        })),
    }
}

/// The shortest literals such that each arm contains one: `sk_` is part of both `sk_live_` and `whsk_`.
pub(super) fn prefilter_literals(arms: &[Arm]) -> Vec<&'static [u8]> {
    let mut literals: Vec<&[u8]> = arms.iter().map(|arm| arm.literal).collect();
    literals.sort_unstable_by_key(|literal| (literal.len(), *literal));
    literals.dedup();
    let mut kept: Vec<&[u8]> = Vec::new();
    for literal in literals {
        if !kept.iter().any(|kept| position(literal, kept).is_some()) {
            kept.push(literal);
        }
    }
    kept
}

/// For each literal of the prefilter, the arms that contain it. An arm that contains several belongs to the first one in it.
pub(super) fn arms_by_literal(arms: Vec<Arm>, literals: &[&[u8]]) -> Vec<Vec<Arm>> {
    let mut by_literal: Vec<Vec<Arm>> = literals.iter().map(|_| Vec::new()).collect();
    for mut arm in arms {
        let start_of = |literal: &[u8]| position(arm.literal, literal);
        let (nth, lead) = literals
            .iter()
            .enumerate()
            .filter_map(|(nth, literal)| Some((nth, start_of(literal)?)))
            .min_by_key(|&(_, lead)| lead)
            .expect("a literal of the prefilter is in that of every arm");
        arm.lead = lead;
        by_literal[nth].push(arm);
    }
    for arms in &mut by_literal {
        arms.sort_by_key(|arm| Reverse(arm.lead));
    }
    by_literal
}

/// Where `part` first is in `whole`. Both have a few bytes, and memchr's search would spend most of its time on building a searcher,
/// which was an eighth of the scan of a small commit.
fn position(whole: &[u8], part: &[u8]) -> Option<usize> {
    let Some((first, rest)) = part.split_first() else { return Some(0) };
    let is_here = |&at: &usize| whole[at] == *first && whole[at + 1..].starts_with(rest);
    (0..(whole.len() + 1).saturating_sub(part.len())).find(is_here)
}

pub(super) fn with_capital(literal: &[u8]) -> Vec<u8> {
    let mut capital = literal.to_vec();
    capital[0].make_ascii_uppercase();
    capital
}
