//! The number of threads, and parallel work in parts.

use std::num::NonZero;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;

/// The number of threads that the user asked for, or the number of cores.
#[derive(Clone, Copy, Debug)]
pub struct Threads(Option<NonZero<u16>>);

impl Threads {
    /// None means the number of cores.
    pub fn new(asked: Option<NonZero<u16>>) -> Self {
        Self(asked)
    }

    /// The number of threads for work that consists of `parts`; at least 1.
    ///
    /// The number of cores is only queried for more than one part. The query opens three files below /proc and /sys, which
    /// takes a fiftieth of a small commit's scan.
    pub(crate) fn for_parts(self, parts: usize) -> usize {
        if parts < 2 {
            return 1;
        }
        let most = self.0.map_or_else(|| available_parallelism().map_or(1, usize::from), |asked| asked.get().into());
        most.min(parts)
    }
}

/// The size of a part. Reading this many headers of a pack takes about a millisecond, six times the cost of a thread.
const PART_SIZE: usize = 4096;

/// Runs `work` on parts of the range `0..count`, on at most `threads` threads. Returns the results in the order of the parts.
pub(crate) fn in_parts<T: Send>(count: usize, threads: Threads, work: impl Fn(Range<usize>) -> T + Sync) -> Vec<T> {
    let parts = count.div_ceil(PART_SIZE);
    let next = AtomicUsize::new(0);
    let run = || {
        let part = || Some(next.fetch_add(1, Ordering::Relaxed)).filter(|nth| *nth < parts);
        std::iter::from_fn(part)
            .map(|nth| (nth, work(nth * PART_SIZE..count.min((nth + 1) * PART_SIZE))))
            .collect::<Vec<_>>()
    };
    let mut results = std::thread::scope(|scope| {
        let helpers: Vec<_> = (1..threads.for_parts(parts)).map(|_| scope.spawn(run)).collect();
        let mut results = run();
        results
            .extend(helpers.into_iter().flat_map(|thread| thread.join().expect("a thread that reads does not panic")));
        results
    });
    results.sort_unstable_by_key(|(nth, _)| *nth);
    results.into_iter().map(|(_, one)| one).collect()
}

/// Sorts by `key`, unstably, on at most `threads` threads.
pub(crate) fn sort_in_parts<T: Send, K: Ord>(all: &mut [T], threads: Threads, key: impl Fn(&T) -> K + Sync) {
    let parts = threads.for_parts(all.len() / PART_SIZE);
    let key = &key;
    std::thread::scope(|scope| {
        let mut parts = all.chunks_mut(all.len().div_ceil(parts).max(1));
        let first = parts.next().unwrap_or_default();
        parts.for_each(|part| drop(scope.spawn(|| part.sort_unstable_by_key(key))));
        first.sort_unstable_by_key(key);
    });
    // The stable sort detects the sorted runs, and only merges them.
    all.sort_by_key(key);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_put_together_in_their_order() {
        for threads in [1, 2, 7] {
            let threads = Threads::new(NonZero::new(threads));
            for count in [0, 1, PART_SIZE - 1, PART_SIZE, 10 * PART_SIZE + 3] {
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
