//! Seeded pseudorandom numbers, for examples and tests.

/// A pseudorandom number generator, for examples and tests only. The algorithm is SplitMix64 (Steele, Lea and Flood, "Fast
/// splittable pseudorandom number generators", 2014).
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.roll().to_be_bytes()[0]
    }

    pub(crate) fn between(&mut self, low: usize, high: usize) -> usize {
        let bound = u64::try_from(high - low + 1).expect("lengths are short");
        low + usize::try_from(self.roll() % bound).expect("a length below the bound")
    }

    pub(crate) fn one_of(&mut self, alphabet: &[u8]) -> char {
        let bound = u64::try_from(alphabet.len()).expect("alphabets are short");
        let at = usize::try_from(self.roll() % bound).expect("an index below the length");
        char::from(alphabet[at])
    }

    pub(crate) fn text(&mut self, alphabet: &[u8], len: usize) -> String {
        (0..len).map(|_| self.one_of(alphabet)).collect()
    }

    pub(crate) fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.byte()).collect()
    }
}
