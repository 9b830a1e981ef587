//! Long runs of base64 letters, without which a rule that goes by a name needs no look.

use std::ops::Range;

/// Where unbroken runs of 64 or more base64 letters stand: without one in its window no context rule can match.
/// Moves forward only, so that many names close together cost one pass over the bytes.
#[derive(Default)]
pub(super) struct LongRuns {
    /// No run that was not seen starts in front of this.
    from: usize,
    /// Starts of the long runs seen, in order.
    starts: Vec<usize>,
}

impl LongRuns {
    const LONG: usize = 64;

    pub(super) fn any_in(&mut self, bytes: &[u8], window: &Range<usize>) -> bool {
        self.look(&bytes[..window.end]);
        let reaching = self.starts.iter().rev().take_while(|&&start| start + Self::LONG > window.start);
        reaching.into_iter().any(|&start| start < window.end)
    }

    /// Most of the bytes are stepped over: a run that starts at `from` has its last letter 63 bytes on.
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
