//! The prefilter: one pass over all bytes for a few literals.

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, packed};

/// Finds literals. It uses SIMD where the processor has it.
pub(crate) enum Prefilter {
    /// SIMD over fingerprints of the literals (Teddy). Building it takes a fifth of the instructions of building a DFA, which in
    /// a hook takes longer than the scan.
    Packed(packed::Searcher),
    /// Used without such SIMD, or with too many literals of custom rules.
    Automaton(AhoCorasick),
}

/// A literal of the prefilter, and its place.
#[derive(Clone, Copy)]
pub(crate) struct Literal {
    pub which: usize,
    pub start: usize,
    pub end: usize,
}

impl Prefilter {
    /// None of `literals` may start with another one, since only the shorter one would be found.
    pub fn new(literals: &[&[u8]]) -> Self {
        match packed::Searcher::new(literals) {
            Some(searcher) => Self::Packed(searcher),
            None => Self::Automaton(
                AhoCorasick::builder()
                    .kind(Some(AhoCorasickKind::ContiguousNFA))
                    .build(literals)
                    .expect("a few short literals fit any automaton"),
            ),
        }
    }

    /// The first literal that starts at `from` or after it.
    pub fn find(&self, bytes: &[u8], from: usize) -> Option<Literal> {
        let found = match self {
            Self::Packed(searcher) => searcher.find_in(bytes, (from..bytes.len()).into()),
            Self::Automaton(automaton) => automaton.find(Input::new(bytes).span(from..bytes.len())),
        };
        found.map(|found| Literal { which: found.pattern().as_usize(), start: found.start(), end: found.end() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_find_the_same() {
        let literals: [&[u8]; 4] = [b"sk_", b"whsec_", b"attio", b"ATTIO"];
        let automaton = Prefilter::Automaton(AhoCorasick::new(literals).expect("four literals"));
        let packed = Prefilter::new(&literals);
        let text = b"sk_sk_whsec_ATTIOattio sk whsec _ attisk_o whsec_".repeat(9);
        for from in 0..text.len() {
            let places = |prefilter: &Prefilter| {
                prefilter.find(&text, from).map(|literal| (literal.which, literal.start, literal.end))
            };
            assert_eq!(places(&automaton), places(&packed));
        }
    }
}
