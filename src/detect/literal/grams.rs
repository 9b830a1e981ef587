//! The prefilter of the search for known tokens: a table of grams, eight bytes in a row that are part of a form.
//!
//! Forms have dozens of bytes, so the search looks only at every `stride`-th position of a text, and a form covers one of them.
//! The time does not depend on the number of tokens, except for the size of the tables: 1,000 tokens have 300,000 grams.

/// The length of a gram, which is read in one load.
const LONGEST: usize = 8;

/// The bits of the filter for each gram, of which three are set. One position in 80 is looked up in vain.
const BITS: usize = 8;

/// For long forms, only the grams of every second stretch are kept, and two positions of a text are checked.
const EVERY: usize = 2;

/// The place of a gram in a form.
#[derive(Clone, Copy)]
pub(crate) struct Anchor {
    pub form: u32,
    pub offset: u16,
    /// The bytes on either side of it in the form; 0 at the ends.
    before: u8,
    behind: u8,
}

/// The part of a form from which grams are taken.
pub(crate) struct Literal<'l> {
    pub bytes: &'l [u8],
    /// Whether line breaks may split it. If so, the longer of two parts must be recognized.
    pub in_pieces: bool,
}

impl Literal<'_> {
    /// The number of bytes that are always in a row.
    fn piece(&self) -> usize {
        if self.in_pieces { self.bytes.len().div_ceil(2) } else { self.bytes.len() }
    }
}

pub(crate) struct Grams {
    len: usize,
    stride: usize,
    /// A word for each value of the upper bits of a hash. Each gram sets two bits of its word.
    filter: Vec<u64>,
    filter_shift: u32,
    /// For each value of the upper bits of the hash, where its entries begin in `anchors`.
    starts: Vec<u32>,
    bucket_shift: u32,
    anchors: Vec<Anchor>,
}

impl Grams {
    pub fn of(literals: &[Literal<'_>]) -> Self {
        let shortest = literals.iter().map(Literal::piece).min().unwrap_or(LONGEST);
        let len = shortest.min(LONGEST);
        // Compare one more byte than the gram before the whole form.
        let stride = (shortest - len).max(1);
        let mut grams: Vec<(u64, Anchor)> = Vec::new();
        for (form, literal) in (0..).zip(literals) {
            let last = literal.bytes.len() - len;
            let last = if literal.in_pieces { last } else { last.min(stride - 1) };
            let every = ((literal.piece() - len + 1) / stride).clamp(1, EVERY);
            let kept = (0..=last).filter(|offset| (offset / stride).is_multiple_of(every));
            let hash_at = |offset| hash(gram(literal.bytes, offset, len));
            grams.extend(kept.map(|offset| (hash_at(offset), anchor(literal, form, offset, len))));
        }
        // Sorted by hash, so that the entries of a bucket are adjacent.
        grams.sort_unstable_by_key(|(hash, anchor)| (*hash, anchor.form, anchor.offset));
        let distinct = grams.chunk_by(|(a, _), (b, _)| a == b).count();
        let bits = (distinct * BITS).next_power_of_two().max(1 << 12).ilog2();
        let (filter_shift, bucket_shift) = (64 - (bits - 6), 64 - (bits - 3));
        let mut filter = vec![0_u64; 1 << (bits - 6)];
        let mut starts = vec![0_u32; (1 << (bits - 3)) + 1];
        for (hash, _) in &grams {
            filter[index(*hash >> filter_shift)] |= bits_of(*hash);
            starts[index(*hash >> bucket_shift) + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let anchors = grams.into_iter().map(|(_, anchor)| anchor).collect();
        Self { len, stride, filter, filter_shift, starts, bucket_shift, anchors }
    }

    /// The length of a gram.
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn stride(&self) -> usize {
        self.stride
    }

    /// The first position at `from`, or a multiple of the stride after it, where a gram may be.
    pub fn next(&self, bytes: &[u8], from: usize) -> Option<usize> {
        let mask = if self.len == LONGEST { u64::MAX } else { (1 << (8 * self.len)) - 1 };
        let mut at = from;
        while let Some(eight) = bytes.get(at..at + LONGEST) {
            let gram = u64::from_le_bytes(eight.try_into().expect("eight bytes")) & mask;
            if self.may_be(gram) {
                return Some(at);
            }
            at += self.stride;
        }
        while at + self.len <= bytes.len() {
            if self.may_be(gram(bytes, at, self.len)) {
                return Some(at);
            }
            at += self.stride;
        }
        None
    }

    #[inline]
    fn may_be(&self, gram: u64) -> bool {
        let hash = hash(gram);
        let bits = bits_of(hash);
        self.filter[index(hash >> self.filter_shift)] & bits == bits
    }

    /// The forms that may contain the gram at `at`: the byte on at least one side of it matches the form.
    pub fn anchors<'g>(&'g self, bytes: &'g [u8], at: usize) -> impl Iterator<Item = Anchor> + 'g {
        let bucket = index(hash(gram(bytes, at, self.len)) >> self.bucket_shift);
        let (from, end) = (self.starts[bucket] as usize, self.starts[bucket + 1] as usize);
        let before = at.checked_sub(1).map(|at| bytes[at]);
        let behind = bytes.get(at + self.len).copied();
        let goes_on = move |anchor: &&Anchor| {
            let is_all = anchor.before == 0 && anchor.behind == 0;
            let has = |wanted: u8, found: Option<u8>| wanted != 0 && found == Some(wanted);
            is_all || has(anchor.before, before) || has(anchor.behind, behind)
        };
        self.anchors[from..end].iter().filter(goes_on).copied()
    }
}

/// A NUL beside it counts as an end, so the anchor is then always checked.
fn anchor(literal: &Literal<'_>, form: u32, offset: usize, len: usize) -> Anchor {
    let byte = |at: Option<usize>| at.and_then(|at| literal.bytes.get(at)).copied();
    let (before, behind) = (byte(offset.checked_sub(1)), byte(Some(offset + len)));
    let unsure = before == Some(0) || behind == Some(0);
    let side = |byte: Option<u8>| byte.filter(|_| !unsure).unwrap_or(0);
    let offset = u16::try_from(offset).expect("no form has 64 KiB");
    Anchor { form, offset, before: side(before), behind: side(behind) }
}

fn gram(bytes: &[u8], at: usize, len: usize) -> u64 {
    let mut eight = [0; LONGEST];
    eight[..len].copy_from_slice(&bytes[at..at + len]);
    u64::from_le_bytes(eight)
}

#[inline]
#[allow(clippy::cast_possible_truncation)] // The halves of the product.
fn hash(gram: u64) -> u64 {
    // Texts differ in few bits, and bits of both ends are used. So both halves of a product of 128 bits are folded into one.
    let product = u128::from(gram ^ 0xbf58_476d_1ce4_e5b9) * 0x9e37_79b9_7f4a_7c15;
    let (low, high) = (product as u64, (product >> 64) as u64);
    low ^ high
}

/// Three bits of a word of the filter.
#[inline]
fn bits_of(hash: u64) -> u64 {
    1 << (hash & 63) | 1 << (hash >> 6 & 63) | 1 << (hash >> 12 & 63)
}

#[inline]
fn index(number: u64) -> usize {
    usize::try_from(number).expect("an index of a table in memory")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The positions in a text that have grams of some form.
    fn found(grams: &Grams, bytes: &[u8], form: u32) -> Vec<usize> {
        let mut from = 0;
        let mut found = Vec::new();
        while let Some(at) = grams.next(bytes, from) {
            found.extend(grams.anchors(bytes, at).filter(|anchor| anchor.form == form).map(|_| at));
            from = at + grams.stride();
        }
        found
    }

    #[test]
    fn one_of_two_pieces_is_seen_wherever_it_is_cut() {
        let forms: [&[u8]; 3] = [b"the first of them is long", b"nineteen characters", b"8 bytes!"];
        for (count, in_pieces) in [(2, true), (3, false)] {
            let literals: Vec<Literal<'_>> = forms[..count].iter().map(|bytes| Literal { bytes, in_pieces }).collect();
            let grams = Grams::of(&literals);
            for (form, literal) in (0..).zip(&literals) {
                for indent in 0..20 {
                    let cuts = if in_pieces { 1..literal.bytes.len() } else { 1..2 };
                    for cut in cuts {
                        let (head, tail) = literal.bytes.split_at(cut);
                        let between: &[u8] = if in_pieces { b"\n\n" } else { b"" };
                        let text = [&b"~".repeat(indent)[..], head, between, tail, b"~"].concat();
                        assert!(!found(&grams, &text, form).is_empty(), "{form} cut at {cut} behind {indent}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_shorter_than_a_gram_is_found() {
        let grams = Grams::of(&[
            Literal { bytes: b"abc", in_pieces: false },
            Literal { bytes: b"longer than that", in_pieces: false },
        ]);
        assert_eq!(found(&grams, b"xabcx", 0), [1]);
        assert_eq!(found(&grams, b"x longer than that", 1), [2]);
        assert!(found(&grams, b"xab", 0).is_empty());
    }
}
