//! Shares the units of a scan among threads.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::git::depth;
use crate::scan::source::Coverage;
use crate::threads::Threads;

/// Runs `work` for every index below `count` on up to as many `threads` and returns what they covered. Each thread has a
/// buffer, and a handle to read with: `here` on this one, what `elsewhere` opens on others.
pub(crate) fn spread<H>(
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
