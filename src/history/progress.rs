//! How far a sweep is, for whoever waits for it.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counted by the threads that read, and read by another.
#[derive(Debug, Default)]
pub struct ProgressState {
    phase: AtomicU64,
    done: AtomicU64,
    total: AtomicU64,
}

/// What a sweep is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Finding out what there is.
    Opening,
    /// Reading and searching objects.
    Reading,
    /// Asking when tokens came and went.
    Following,
}

/// A moment of it.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    pub phase: Phase,
    /// Objects.
    pub done: u64,
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

    pub fn now(&self) -> Moment {
        let phase = match self.phase.load(Ordering::Relaxed) {
            0 => Phase::Opening,
            1 => Phase::Reading,
            _ => Phase::Following,
        };
        Moment { phase, done: self.done.load(Ordering::Relaxed), total: self.total.load(Ordering::Relaxed) }
    }
}
