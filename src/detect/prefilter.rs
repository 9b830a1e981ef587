//! The prefilter: one pass over all bytes for a handful of literals.

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, packed};

/// Finds literals, fast where the processor helps.
pub(crate) enum Gate {
    /// SIMD over fingerprints of the literals (Teddy). Building it takes a fifth of the instructions that a DFA takes,
    /// which in a hook is more than the scan itself.
    Packed(packed::Searcher),
    /// Where there is no such SIMD, or too many literals of users' own rules.
    Automaton(AhoCorasick),
}

/// A literal of the gate, and where it stands.
#[derive(Clone, Copy)]
pub(crate) struct Literal {
    pub which: usize,
    pub start: usize,
    pub end: usize,
}

impl Gate {
    /// None of `literals` may start with another: the shorter one would stand for both.
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

    /// The first literal at `from` or behind it.
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
        let automaton = Gate::Automaton(AhoCorasick::new(literals).expect("four literals"));
        let packed = Gate::new(&literals);
        let text = b"sk_sk_whsec_ATTIOattio sk whsec _ attisk_o whsec_".repeat(9);
        for from in 0..text.len() {
            let places =
                |gate: &Gate| gate.find(&text, from).map(|literal| (literal.which, literal.start, literal.end));
            assert_eq!(places(&automaton), places(&packed));
        }
    }
}
