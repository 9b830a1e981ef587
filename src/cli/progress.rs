//! What a terminal shows while a sweep runs, and what is said where somebody stops it.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::args::Common;
use super::output;
use crate::source::{Phase, Repository, Watch};

/// A sweep that is over sooner shows nothing.
const PATIENCE: Duration = Duration::from_millis(400);
const STEP: Duration = Duration::from_millis(100);

/// The line on the terminal. It goes away when this is dropped.
pub(super) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Shows how far `watch` is, if somebody looks.
    pub fn start(watch: &Arc<Watch>, common: &Common) -> Self {
        let bar = ProgressBar::hidden();
        if common.quiet || common.no_progress || !output::is_watched() {
            return Self { bar };
        }
        let (shown, watch) = (bar.clone(), watch.clone());
        thread::spawn(move || {
            thread::sleep(PATIENCE);
            if !shown.is_finished() {
                shown.set_draw_target(output::draw_target());
            }
            while !shown.is_finished() {
                show(&shown, &watch);
                thread::sleep(STEP);
            }
        });
        Self { bar }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn show(bar: &ProgressBar, watch: &Watch) {
    let moment = watch.now();
    let phase = match moment.phase {
        Phase::Opening => "opening packs",
        Phase::Reading => "reading objects",
        Phase::Following => "following tokens",
    };
    if bar.message() != phase {
        // The rate is that of a phase.
        bar.reset();
        bar.set_message(phase);
        bar.set_style(style(moment.total > 0));
    }
    bar.set_length(moment.total);
    bar.set_position(moment.done);
}

fn style(counted: bool) -> ProgressStyle {
    let template =
        if counted { "{msg} {wide_bar} {human_pos} of {human_len}, {per_sec}, {eta} left" } else { "{spinner} {msg}" };
    ProgressStyle::with_template(template).expect("the templates are right, seen by a test")
}

/// Where somebody stops the sweep: what was begun is taken away, and how far it got is said. It counts as killed.
#[cfg(unix)]
pub(super) fn tell_when_stopped(repository: &Repository, watch: &Arc<Watch>) {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGINT, SIGTERM]) else { return };
    let (watch, unfinished) = (watch.clone(), repository.unfinished());
    thread::spawn(move || {
        let Some(signal) = signals.forever().next() else { return };
        let _ = std::fs::remove_file(unfinished);
        output::stopped(&watch.now());
        std::process::exit(128 + signal);
    });
}

#[cfg(not(unix))]
pub(super) fn tell_when_stopped(_: &Repository, _: &Arc<Watch>) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_right() {
        style(true);
        style(false);
    }
}
