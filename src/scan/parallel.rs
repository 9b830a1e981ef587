//! Distributes the units of a scan over threads.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::git::depth;
use crate::scan::source::Coverage;
use crate::threads::Threads;

/// Runs `work` for every index below `count` on up to `threads` threads, and returns the coverage of all. Each thread has a buffer
/// and a handle to read objects. The calling thread uses `own_handle`, and the others open one with `open_handle`.
pub(crate) fn run_parallel<H>(
    count: usize,
    threads: Threads,
    own_handle: &H,
    open_handle: impl Fn() -> H + Sync,
    work: impl Fn(&H, &mut Vec<u8>, usize, &mut Coverage) + Sync,
) -> Coverage {
    // Starting a thread and opening its handle takes about 150 µs, as long as reading twenty small blobs.
    const MIN_PER_THREAD: usize = 32;
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
    let helpers = threads.for_parts(count / MIN_PER_THREAD) - 1;
    let helper = || std::thread::Builder::new().stack_size(depth::STACK_SIZE);
    std::thread::scope(|scope| {
        let others: Vec<_> = (0..helpers).map(|_| helper().spawn_scoped(scope, || run(&open_handle()))).collect();
        let mut covered = run(own_handle);
        for thread in others {
            let thread = thread.expect("a thread can be started");
            covered.absorb(thread.join().expect("a scanning thread does not panic"));
        }
        covered
    })
}
