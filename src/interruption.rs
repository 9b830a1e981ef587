//! What a process does when a signal ends it: it ends the programs that it started, and removes its temporary files.
//!
//! The signals are handled from the first such thing on, so a hook that has none pays nothing.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long programs get to remove their own temporary files.
pub const GRACE: Duration = Duration::from_secs(2);

/// Something that a signal would leave behind.
pub enum Leftover {
    /// A running program that was not waited for yet.
    Program(u32),
    /// All programs of a process group.
    Group(u32),
    /// Called when all programs have ended.
    Removal(Box<dyn FnOnce() + Send>),
}

impl Leftover {
    // An error of a removal cannot be reported any more.
    pub fn file(path: PathBuf) -> Self {
        Self::Removal(Box::new(move || _ = fs::remove_file(path)))
    }

    pub fn folder(path: PathBuf) -> Self {
        Self::Removal(Box::new(move || _ = fs::remove_dir_all(path)))
    }
}

impl Leftover {
    /// Asks a program to end.
    #[cfg(unix)]
    pub fn terminate(&self) {
        unix::send(self, rustix::process::Signal::TERM);
    }

    #[cfg(unix)]
    pub fn kill(&self) {
        unix::send(self, rustix::process::Signal::KILL);
    }
}

/// All that is left behind, in order.
static LEFTOVERS: Mutex<Leftovers> = Mutex::new(Leftovers { next: 0, all: BTreeMap::new(), last: Vec::new() });

struct Leftovers {
    next: u64,
    all: BTreeMap<u64, Leftover>,
    /// Called before the process exits.
    last: Vec<Box<dyn FnOnce() + Send>>,
}

/// As long as it exists, a signal removes the leftover.
#[derive(Debug)]
pub struct Registered(u64);

impl Drop for Registered {
    fn drop(&mut self) {
        if !IS_STOPPING.get() {
            locked().all.remove(&self.0);
        }
    }
}

thread_local! {
    /// Whether this is the thread that ends the process. It holds the lock, and may still write a file.
    static IS_STOPPING: Cell<bool> = const { Cell::new(false) };
}

/// Creates something that a signal must not leave behind. If a signal has arrived, this does not return.
pub fn create<T>(create: impl FnOnce() -> io::Result<(T, Leftover)>) -> io::Result<(T, Registered)> {
    if IS_STOPPING.get() {
        return Ok((create()?.0, Registered(u64::MAX)));
    }
    handle_signals();
    let mut leftovers = locked();
    let (created, leftover) = create()?;
    let id = leftovers.next;
    leftovers.next += 1;
    leftovers.all.insert(id, leftover);
    Ok((created, Registered(id)))
}

/// Calls `last` before a signal ends the process.
pub fn when_stopped(last: impl FnOnce() + Send + 'static) {
    handle_signals();
    locked().last.push(Box::new(last));
}

fn locked() -> MutexGuard<'static, Leftovers> {
    LEFTOVERS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(not(unix))]
fn handle_signals() {}

#[cfg(unix)]
use unix::handle_signals;

#[cfg(unix)]
mod unix {
    use std::sync::Once;
    use std::thread;
    use std::time::{Duration, Instant};

    use rustix::process::{Pid, Signal, kill_process, kill_process_group, test_kill_process, test_kill_process_group};
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

    use super::{GRACE, IS_STOPPING, Leftover, locked};

    /// Starts the thread that waits for signals, once.
    pub(super) fn handle_signals() {
        static STARTED: Once = Once::new();
        STARTED.call_once(|| {
            // A process can inherit that a signal is ignored: from nohup, and in the background of a shell.
            let signals = [SIGHUP, SIGINT, SIGQUIT, SIGTERM].into_iter().filter(|signal| !is_ignored(*signal));
            // Without the thread, a signal ends the process at once.
            let Ok(mut signals) = signal_hook::iterator::Signals::new(signals) else { return };
            thread::spawn(move || {
                if let Some(signal) = signals.forever().next() {
                    stop(signal);
                }
            });
        });
    }

    #[allow(unsafe_code)]
    fn is_ignored(signal: i32) -> bool {
        // SAFETY: all bytes zero are a valid `sigaction`. Without a new action, the call only writes the old one.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            libc::sigaction(signal, std::ptr::null(), &raw mut action) == 0 && action.sa_sigaction == libc::SIG_IGN
        }
    }

    /// Leaves nothing behind, and exits as a shell does after a signal.
    fn stop(signal: i32) -> ! {
        // This stays locked, so nothing more can be created.
        let mut leftovers = locked();
        IS_STOPPING.set(true);
        let (programs, removals): (Vec<Leftover>, Vec<Leftover>) = std::mem::take(&mut leftovers.all)
            .into_values()
            .partition(|leftover| !matches!(leftover, Leftover::Removal(_)));
        for program in &programs {
            program.terminate();
        }
        for last in std::mem::take(&mut leftovers.last) {
            last();
        }
        let deadline = Instant::now() + GRACE;
        while programs.iter().any(is_running) && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(20));
        }
        for program in &programs {
            program.kill();
        }
        for leftover in removals {
            if let Leftover::Removal(remove) = leftover {
                remove();
            }
        }
        std::process::exit(128 + signal)
    }

    pub(super) fn send(program: &Leftover, signal: Signal) {
        // An error means that it has ended.
        _ = match program {
            Leftover::Program(id) => pid(*id).map(|id| kill_process(id, signal)),
            Leftover::Group(id) => pid(*id).map(|id| kill_process_group(id, signal)),
            Leftover::Removal(_) => None,
        };
    }

    fn is_running(program: &Leftover) -> bool {
        let tested = match program {
            Leftover::Program(id) => pid(*id).map(test_kill_process),
            Leftover::Group(id) => pid(*id).map(test_kill_process_group),
            Leftover::Removal(_) => None,
        };
        tested.is_some_and(|tested| tested.is_ok())
    }

    fn pid(id: u32) -> Option<Pid> {
        i32::try_from(id).ok().and_then(Pid::from_raw)
    }
}
