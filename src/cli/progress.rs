//! The progress line on the terminal, and the message after an interruption.
//!
//! This is written by hand: indicatif depends on `pow`, and so on libm, and adds a fifth more pages to every hook. A scan of one
//! staged file among 30 took an eighth longer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::options::Common;
use super::output;
use crate::history::progress::{Phase, ProgressState, Snapshot};
use crate::interruption::when_stopped;

/// A shorter scan shows nothing.
const PATIENCE: Duration = Duration::from_millis(400);
const STEP: Duration = Duration::from_millis(100);

/// The line on the terminal. Dropping it erases the line.
pub(super) struct Progress {
    over: Arc<AtomicBool>,
    shown: Option<JoinHandle<()>>,
}

impl Progress {
    /// Shows the progress in `state`, if standard error is a terminal.
    pub fn start(state: &Arc<ProgressState>, common: &Common) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let is_shown = !common.quiet && !common.no_progress && output::is_watched();
        let (state, until) = (state.clone(), over.clone());
        let shown = is_shown.then(|| thread::spawn(move || show(&state, &until)));
        Self { over, shown }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(shown) = self.shown.take() {
            shown.thread().unpark();
            // The thread has no result.
            let _ = shown.join();
        }
    }
}

fn show(state: &ProgressState, over: &AtomicBool) {
    let mut began = (Phase::Opening, Instant::now());
    thread::park_timeout(PATIENCE);
    let is_over = || over.load(Ordering::Relaxed);
    if is_over() {
        return;
    }
    while !is_over() {
        let snapshot = state.snapshot();
        if snapshot.phase != began.0 {
            began = (snapshot.phase, Instant::now());
        }
        output::show_progress(&line(&snapshot, began.1.elapsed()));
        thread::park_timeout(STEP);
    }
    output::show_progress("");
}

/// `reading objects: 120000 of 849047, 110000 a second, 7 s left`.
fn line(snapshot: &Snapshot, elapsed: Duration) -> String {
    let phase = match snapshot.phase {
        Phase::Opening => return "opening packs".to_owned(),
        Phase::Reading => "reading objects",
        Phase::Tracing => return "following tokens".to_owned(),
    };
    let Snapshot { done, total, .. } = *snapshot;
    let rate = done * 1000 / u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    let left = total.saturating_sub(done).checked_div(rate).map_or(String::new(), |left| format!(", {left} s left"));
    format!("{phase}: {done} of {total}, {rate} a second{left}")
}

/// After an interruption, reports how far the scan came.
pub(super) fn tell_when_stopped(state: &Arc<ProgressState>) {
    let state = state.clone();
    when_stopped(move || output::stopped(&state.snapshot()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_tells_the_rate_and_what_is_left() {
        let line =
            |done, seconds| line(&Snapshot { phase: Phase::Reading, done, total: 1000 }, Duration::from_secs(seconds));
        assert_eq!(line(400, 2), "reading objects: 400 of 1000, 200 a second, 3 s left");
        assert_eq!(line(0, 0), "reading objects: 0 of 1000, 0 a second");
    }
}
