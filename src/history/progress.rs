//! The progress of a scan of the history.

use std::sync::atomic::{AtomicU64, Ordering};

/// The counters of a scan. The scanning threads update them, and the thread that prints the progress reads them.
#[derive(Debug, Default)]
pub struct ProgressState {
    phase: AtomicU64,
    done: AtomicU64,
    total: AtomicU64,
}

/// A phase of a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Listing packs, loose objects and refs.
    Opening,
    /// Reading and searching objects.
    Reading,
    /// Finding the commits that introduced and removed each token.
    Tracing,
}

/// A snapshot of the counters.
#[derive(Clone, Copy, Debug)]
pub struct Snapshot {
    pub phase: Phase,
    /// The number of objects that were read.
    pub done: u64,
    /// The number of objects to read.
    pub total: u64,
}

impl ProgressState {
    pub(crate) fn begin(&self, phase: Phase, total: usize) {
        self.done.store(0, Ordering::Relaxed);
        self.total.store(total as u64, Ordering::Relaxed);
        self.phase.store(phase as u64, Ordering::Relaxed);
    }

    pub(crate) fn add(&self, objects: u64) {
        self.done.fetch_add(objects, Ordering::Relaxed);
    }

    pub fn snapshot(&self) -> Snapshot {
        let phase = match self.phase.load(Ordering::Relaxed) {
            0 => Phase::Opening,
            1 => Phase::Reading,
            _ => Phase::Tracing,
        };
        Snapshot { phase, done: self.done.load(Ordering::Relaxed), total: self.total.load(Ordering::Relaxed) }
    }
}
