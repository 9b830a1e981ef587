//! How many threads a source may use, and the sharing out of what it has among them.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;

use super::{Coverage, depth};

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
    pub(super) fn for_parts(self, parts: usize) -> usize {
        if parts < 2 {
            return 1;
        }
        let most = self.0.map_or_else(|| available_parallelism().map_or(1, usize::from), |asked| asked.get().into());
        most.min(parts)
    }
}

/// Runs `work` for every index below `count` on up to as many `threads` and returns what they covered. Each thread has a
/// buffer, and a handle to read with: `here` on this one, what `elsewhere` opens on others.
pub(super) fn spread<H>(
    count: usize,
    threads: Threads,
    here: &H,
    elsewhere: impl Fn() -> H + Sync,
    work: impl Fn(&H, &mut Vec<u8>, usize, &mut Coverage) + Sync,
) -> Coverage {
    // A thread costs about 150 µs to start and to equip, as much as reading twenty small blobs.
    const WORTH_A_THREAD: usize = 32;
    let next = AtomicUsize::new(0);
    let run = |handle: &H| {
        let mut buffer = Vec::new();
        let mut covered = Coverage::default();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= count {
                return covered;
            }
            work(handle, &mut buffer, at, &mut covered);
        }
    };
    let helpers = threads.for_parts(count / WORTH_A_THREAD) - 1;
    let helper = || std::thread::Builder::new().stack_size(depth::STACK);
    std::thread::scope(|scope| {
        let helping: Vec<_> = (0..helpers).map(|_| helper().spawn_scoped(scope, || run(&elsewhere()))).collect();
        let mut covered = run(here);
        for thread in helping {
            let thread = thread.expect("a thread can be started");
            covered.absorb(thread.join().expect("a scanning thread does not panic"));
        }
        covered
    })
}
