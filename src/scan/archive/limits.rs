//! The limits of one file and of one scan, and how much unpacked content is in memory at a time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};

/// The limits of one outermost file. They bound memory and time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// The maximum depth of nested archives.
    pub depth: usize,
    /// The maximum size of one unpacked file, which is held in memory.
    pub file: u64,
    /// The maximum size of all files that are held at once, each nested in the previous one.
    pub held: u64,
    /// The maximum of all unpacked bytes: at least `free`, then in proportion to the outermost file, but at most `all`.
    pub free: u64,
    pub ratio: u64,
    pub all: u64,
}

/// Text and logs shrink to a tenth or a twentieth, rarely to a hundredth. Deflate cannot shrink anything below a thousandth.
pub(crate) const LIMITS: Limits =
    Limits { depth: 8, file: 512 << 20, held: 640 << 20, free: 64 << 20, ratio: 250, all: 8 << 30 };

/// The size up to which threads unpack in parallel. One thread at a time unpacks more.
const LIGHT: u64 = 32 << 20;

/// The scan's budget is charged for unpacked bytes beyond this size and beyond this multiple of the file's size.
const UNCHARGED: u64 = 1 << 20;
const UNCHARGED_RATIO: u64 = 100;

/// The cost of an entry in addition to its bytes. Without it, a million empty files would cost nothing.
pub(crate) const ENTRY: u64 = 64;

/// The budget of one scan for archives, over all files and threads.
#[derive(Debug)]
pub(crate) struct Budget {
    /// Bytes unpacked beyond what files of their size usually hold. Without this limit, 300 zstd bombs of 2 kB took minutes.
    excess: AtomicU64,
    /// Findings: each takes memory until the report is written.
    findings: AtomicU64,
    large: Mutex<()>,
}

pub(crate) const EXCESS: u64 = 512 << 20;
pub(crate) const FINDINGS: u64 = 20_000;

impl Default for Budget {
    fn default() -> Self {
        Self::of(EXCESS, FINDINGS)
    }
}

impl Budget {
    pub(crate) fn of(excess: u64, findings: u64) -> Self {
        Self { excess: excess.into(), findings: findings.into(), large: Mutex::default() }
    }

    /// Whether one more finding is within the budget.
    pub(crate) fn take_finding(&self) -> bool {
        take(&self.findings, 1)
    }
}

fn take(from: &AtomicU64, amount: u64) -> bool {
    from.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(amount)).is_ok()
}

/// The limit that was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    /// The limit of one unpacked file.
    Content,
    /// The limit of all contents of one file.
    File,
    /// The limit of the scan.
    Scan,
}

/// The account of one outermost file: what it has spent and what it holds.
pub(crate) struct Account<'b> {
    pub limits: Limits,
    pub budget: &'b Budget,
    left: u64,
    uncharged: u64,
    held: u64,
    /// Held by the one thread that unpacks something large.
    large: Option<MutexGuard<'b, ()>>,
}

impl<'b> Account<'b> {
    pub fn new(limits: Limits, budget: &'b Budget, size: u64) -> Self {
        let left = limits.free.saturating_add(size.saturating_mul(limits.ratio)).min(limits.all);
        let uncharged = UNCHARGED.saturating_add(size.saturating_mul(UNCHARGED_RATIO));
        Self { limits, budget, left, uncharged, held: 0, large: None }
    }

    pub fn spend(&mut self, bytes: u64) -> Result<(), Limit> {
        if bytes > self.left {
            self.left = 0;
            return Err(Limit::File);
        }
        self.left -= bytes;
        let charged = bytes.saturating_sub(self.uncharged);
        self.uncharged = self.uncharged.saturating_sub(bytes);
        if charged > 0 && !take(&self.budget.excess, charged) {
            self.left = 0;
            return Err(Limit::Scan);
        }
        Ok(())
    }

    /// Stops unpacking this file.
    pub fn close(&mut self) {
        self.left = 0;
    }

    /// The maximum size of the next content, and the limit that it comes from.
    pub fn room(&self) -> (u64, Limit) {
        let content = self.limits.file.min(self.limits.held.saturating_sub(self.held));
        let scan = self.uncharged.saturating_add(self.budget.excess.load(Ordering::Relaxed));
        [(content, Limit::Content), (self.left, Limit::File), (scan, Limit::Scan)]
            .into_iter()
            .min_by_key(|&(bytes, _)| bytes)
            .unwrap_or((0, Limit::File))
    }

    /// Waits for the lock of large content if `more` bytes make this thread's content large.
    pub fn before_growing(&mut self, more: u64) {
        if self.large.is_none() && self.held + more > LIGHT {
            self.large = Some(self.budget.large.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        }
    }

    pub fn hold(&mut self, bytes: u64) {
        self.held += bytes;
    }

    pub fn release(&mut self, bytes: u64) {
        self.held = self.held.saturating_sub(bytes);
        if self.held <= LIGHT {
            self.large = None;
        }
    }
}
