//! How many threads a source may use, and the sharing out of what it has among them.

use std::num::NonZero;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;

/// As many threads as the user asked for, or else as there are cores.
#[derive(Clone, Copy, Debug)]
pub struct Threads(Option<NonZero<u16>>);

impl Threads {
    /// None stands for the cores.
    pub fn new(asked: Option<NonZero<u16>>) -> Self {
        Self(asked)
    }

    /// How many to use for work that falls into `parts`: one at least.
    ///
    /// Only where there is more than one part is the system asked for its cores: that opens three files below /proc and
    /// /sys, a fiftieth of a small commit's scan.
    pub(crate) fn for_parts(self, parts: usize) -> usize {
        if parts < 2 {
            return 1;
        }
        let most = self.0.map_or_else(|| available_parallelism().map_or(1, usize::from), |asked| asked.get().into());
        most.min(parts)
    }
}

/// Reading so many headers of a pack takes about a millisecond, some six times what a thread costs.
const PART: usize = 4096;

/// Runs `work` for parts of the numbers below `count` on up to as many `threads`, and returns what each made, in their order.
pub(crate) fn in_parts<T: Send>(count: usize, threads: Threads, work: impl Fn(Range<usize>) -> T + Sync) -> Vec<T> {
    let parts = count.div_ceil(PART);
    let next = AtomicUsize::new(0);
    let run = || {
        let part = || Some(next.fetch_add(1, Ordering::Relaxed)).filter(|nth| *nth < parts);
        std::iter::from_fn(part).map(|nth| (nth, work(nth * PART..count.min((nth + 1) * PART)))).collect::<Vec<_>>()
    };
    let mut made = std::thread::scope(|scope| {
        let helping: Vec<_> = (1..threads.for_parts(parts)).map(|_| scope.spawn(run)).collect();
        let mut made = run();
        made.extend(helping.into_iter().flat_map(|thread| thread.join().expect("a thread that reads does not panic")));
        made
    });
    made.sort_unstable_by_key(|(nth, _)| *nth);
    made.into_iter().map(|(_, one)| one).collect()
}

/// Sorts on up to as many `threads`.
pub(crate) fn sort_in_parts<T: Send, K: Ord>(all: &mut [T], threads: Threads, key: impl Fn(&T) -> K + Sync) {
    let parts = threads.for_parts(all.len() / PART);
    let key = &key;
    std::thread::scope(|scope| {
        let mut parts = all.chunks_mut(all.len().div_ceil(parts).max(1));
        let mine = parts.next().unwrap_or_default();
        parts.for_each(|part| drop(scope.spawn(|| part.sort_unstable_by_key(key))));
        mine.sort_unstable_by_key(key);
    });
    // This one finds what is sorted, and merges that.
    all.sort_by_key(key);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_put_together_in_their_order() {
        for threads in [1, 2, 7] {
            let threads = Threads::new(NonZero::new(threads));
            for count in [0, 1, PART - 1, PART, 10 * PART + 3] {
                let parts = in_parts(count, threads, Iterator::collect::<Vec<usize>>);
                assert!(parts.concat().into_iter().eq(0..count));
                let mut all: Vec<usize> = (0..count).map(|at| at * 7919 % count).collect();
                let mut wanted = all.clone();
                wanted.sort_unstable();
                sort_in_parts(&mut all, threads, |one| *one);
                assert_eq!(all, wanted);
            }
        }
    }
}
