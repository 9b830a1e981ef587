//! Long runs of base64 letters. A rule that depends on a name needs one.

use std::ops::Range;

/// The places of unbroken runs of 64 or more base64 letters. Without one in its window, no context rule can match. It only moves
/// forward, so many names close together cost one pass over the bytes.
#[derive(Default)]
pub(super) struct LongRuns {
    /// Every run that starts in front of this place has been seen.
    from: usize,
    /// The starts of the long runs seen, in order.
    starts: Vec<usize>,
}

impl LongRuns {
    const LONG: usize = 64;

    pub(super) fn any_in(&mut self, bytes: &[u8], window: &Range<usize>) -> bool {
        self.look(&bytes[..window.end]);
        let reaching = self.starts.iter().rev().take_while(|&&start| start + Self::LONG > window.start);
        reaching.into_iter().any(|&start| start < window.end)
    }

    /// Skips most bytes: the run that starts at `from` must also contain the byte 63 further on.
    fn look(&mut self, bytes: &[u8]) {
        let in_run = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
        while let Some(next) = bytes.get(self.from..self.from + Self::LONG) {
            let letters = next.iter().rev().take_while(in_run).count();
            if letters == Self::LONG {
                self.starts.push(self.from);
                self.from += bytes[self.from..].iter().take_while(in_run).count();
            } else {
                self.from += Self::LONG - letters;
            }
        }
    }
}
