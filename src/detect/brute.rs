//! The detector without its prefilter, as a slow reference: it tries each literal of each rule at each byte.

use proptest::prelude::*;

use super::arms::{Arm, ArmKind, with_capital};
use super::boundary;
use super::detector::{Detector, is_named, token_hit};
use super::hit::{Hit, in_order};

use crate::finding::{Fingerprint, Span};
use crate::rules::example::{Dice, expand};
use crate::rules::{ALL, with_all_packs};

impl Detector {
    /// What [`Detector::plain`] finds, without the prefilter and without the cheap checks of bodies and of long runs.
    fn brute(&self, bytes: &[u8]) -> Vec<Hit> {
        let mut hits = Vec::new();
        let mut at = 0;
        let mut ended = None;
        while at < bytes.len() {
            at = self.tried(bytes, at, &mut ended, &mut hits).unwrap_or(at + 1);
        }
        in_order(hits)
    }

    /// Tries everything that may start at `at`. Returns the end of a token with a prefix. The last token ended at `ended`.
    fn tried(&self, bytes: &[u8], at: usize, ended: &mut Option<usize>, hits: &mut Vec<Hit>) -> Option<usize> {
        let mut margin = boundary::margin(bytes, at);
        margin.opens |= ended.is_some_and(|end| boundary::follows(bytes, end, at));
        let is_capital =
            |arm: &Arm| arm.may_be_capital && arm.lead == 0 && bytes[at..].starts_with(&with_capital(arm.literal));
        let here = |arm: &&Arm| bytes[at..].starts_with(arm.literal) || is_capital(arm);
        for arm in self.arms.iter().flatten().filter(here) {
            match arm.kind {
                ArmKind::Prefixed(traits) => {
                    if !is_named(traits, bytes, at) {
                        continue;
                    }
                    let Some(end) = self.token_end(arm, traits, bytes, at, margin) else { continue };
                    *ended = Some(end);
                    if let Some(hit) = token_hit(arm, traits, bytes, at..end) {
                        hits.push(hit);
                        return Some(end);
                    }
                }
                ArmKind::Given { before, after, written } => {
                    let window = at.saturating_sub(before)..bytes.len().min(at + after);
                    self.given(arm, bytes, window, written, &mut 0, hits);
                }
            }
        }
        None
    }
}

/// A piece of text. When a test fails, it prints how the text was made, and no token.
#[derive(Clone, Debug)]
enum Piece {
    /// An example of a rule, cut to this many percent.
    Example(prop::sample::Index, u64, usize),
    /// A literal of the prefilter, or a similar text.
    Literal(prop::sample::Index),
    Run(u64, usize),
    Bytes(Vec<u8>),
}

impl Piece {
    fn any() -> impl Strategy<Value = Self> {
        let cut = prop_oneof![4 => Just(100_usize), 1 => 0..100_usize];
        prop_oneof![
            4 => (any::<prop::sample::Index>(), any::<u64>(), cut).prop_map(|(which, seed, cut)| Self::Example(which, seed, cut)),
            3 => any::<prop::sample::Index>().prop_map(Self::Literal),
            1 => (any::<u64>(), 0..90_usize).prop_map(|(seed, len)| Self::Run(seed, len)),
            1 => prop::collection::vec(any::<u8>(), 0..20).prop_map(Self::Bytes),
        ]
    }

    fn text(&self) -> Vec<u8> {
        match self {
            Self::Example(which, seed, cut) => {
                let templates: Vec<&str> =
                    with_all_packs().iter().flat_map(|rule| [rule.hits, rule.misses].concat()).collect();
                let text = expand(templates[which.index(templates.len())], &mut Dice::new(*seed)).into_bytes();
                text[..text.len() * cut / 100].to_vec()
            }
            Self::Literal(which) => which
                .get(&[
                    "s", "sk", "sk_", "whsec_", "attio", "ATTIO", "Attio", "rk_", "_", "sk-", "re_", "gsk_", "test_",
                    "hf_", "polar_", "-", "\"", " ", "\n",
                ])
                .as_bytes()
                .to_vec(),
            Self::Run(seed, len) => expand(&format!("{{base64:{len}}}"), &mut Dice::new(*seed)).into_bytes(),
            Self::Bytes(bytes) => bytes.clone(),
        }
    }
}

fn summary(hits: &[Hit]) -> Vec<(Span, &'static str, Fingerprint)> {
    hits.iter().map(|hit| (hit.span.clone(), hit.rule.id, hit.fingerprint)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_prefilter_loses_nothing(pieces in prop::collection::vec(Piece::any(), 0..12)) {
        let text: Vec<u8> = pieces.iter().flat_map(Piece::text).collect();
        for rules in [ALL.to_vec(), with_all_packs()] {
            let detector = Detector::new(&rules);
            prop_assert_eq!(summary(&in_order(detector.plain(&text))), summary(&detector.brute(&text)));
        }
    }
}
