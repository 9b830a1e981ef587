//! The EWAH bitmaps of a split index. Format: gitformat-bitmap(5), "EWAH bitmaps".
//!
//! gix-bitmap would save about 15 of these 25 lines. It copies all words before it reads them, and it passes bits to a callback one by
//! one, which would have to check the limit for each.

/// Parses the bitmap at the start of `bytes`. Returns the positions of the set bits, and the bytes behind the bitmap. None
/// if the bitmap is invalid, or if a bit at position `below` or later is set.
pub(crate) fn set_bits(bytes: &[u8], below: usize) -> Option<(Vec<usize>, &[u8])> {
    let (_bits, rest) = be32(bytes)?;
    let (count, rest) = be32(rest)?;
    let (words, rest) = rest.split_at_checked(count.checked_mul(8)?)?;
    let (_last_run, rest) = be32(rest)?;
    let mut words = words.chunks_exact(8).map(|word| u64::from_be_bytes(word.try_into().expect("eight bytes")));
    let mut set = Vec::new();
    let mut at = 0;
    while let Some(run) = words.next() {
        let end = usize::try_from(run >> 1 & 0xffff_ffff).ok()?.checked_mul(64)?.checked_add(at)?;
        if run & 1 == 1 {
            set.extend(Some(at..end).filter(|_| end <= below)?);
        }
        at = end;
        for _ in 0..run >> 33 {
            let word = words.next()?;
            set.extend((0..64).filter(|bit| word >> bit & 1 == 1).map(|bit| at + bit));
            at += 64;
        }
    }
    set.last().is_none_or(|last| *last < below).then_some((set, rest))
}

fn be32(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (four, rest) = bytes.split_first_chunk()?;
    Some((usize::try_from(u32::from_be_bytes(*four)).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bitmap(words: &[u64]) -> Vec<u8> {
        let count = u32::try_from(words.len()).expect("a few");
        let words: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
        [&[0; 4], &count.to_be_bytes()[..], &words, &[0; 4], b"rest"].concat()
    }

    #[test]
    fn runs_and_words_are_read_in_turn() {
        // A run of 64 zeros with one literal word, then a run of 64 ones without any.
        let bytes = bitmap(&[1 << 1 | 1 << 33, 1 | 1 << 63, 1 | 1 << 1]);
        let wanted: Vec<usize> = [64, 127].into_iter().chain(128..192).collect();
        assert_eq!(set_bits(&bytes, 192), Some((wanted, &b"rest"[..])));
    }

    #[test]
    fn what_is_beyond_the_end_is_refused() {
        for words in [&[1 | 1 << 1][..], &[1 << 33, 1 << 63], &[1 << 33], &[1 | 0xffff_ffff << 1]] {
            assert_eq!(set_bits(&bitmap(words), 63), None);
        }
        assert_eq!(set_bits(b"\0\0\0\x40\xff\xff\xff\xff", 63), None);
    }
}
