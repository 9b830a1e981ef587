//! Runs a program within limits: a deadline, a bounded memory for its output, and a check while it runs. The program has a process
//! group of its own, so that nothing that it started outlives it.

use std::io::{self, BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

#[cfg(unix)]
use crate::interruption::GRACE;
use crate::interruption::{self, Leftover};

/// The time between two looks at a running program.
const STEP: Duration = Duration::from_millis(200);

/// How long to wait for the rest of the output of a program that has ended. A process that it left behind may hold the pipe open.
const REST: Duration = Duration::from_millis(500);

/// Longer lines end the program. A finding has all places of its token on one line.
const MAX_LINE: u64 = 1 << 30;

/// How much of the error messages is kept: their end.
const MAX_MESSAGES: usize = 64 << 10;

/// When to stop a program.
pub struct Limits<'l> {
    pub deadline: Instant,
    /// Called from time to time. An error ends the program, and is the cause.
    pub check: &'l dyn Fn() -> Result<(), String>,
}

/// How a program ended.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    /// With this exit code. None if a signal ended it.
    Exited(Option<i32>),
    /// It was stopped at the deadline.
    Late,
    /// It was stopped for this cause.
    Stopped(String),
}

/// A program that has ended.
pub struct Ended {
    pub end: End,
    /// The end of its error messages.
    pub messages: String,
}

/// Runs `command` without standard input, and passes each line of its output to `on_line`, without the line end. An error of
/// `on_line` ends the program, and is the cause. Fails if the program cannot be started.
pub fn run(
    mut command: Command,
    limits: &Limits<'_>,
    on_line: &mut dyn FnMut(&[u8]) -> Result<(), String>,
) -> io::Result<Ended> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let (mut child, registered) = interruption::create(|| {
        let child = command.spawn()?;
        let group = Leftover::Group(child.id());
        Ok((child, group))
    })?;
    let lines = lines_of(child.stdout.take());
    let messages = messages_of(child.stderr.take());
    let end = watch(&mut child, &lines, limits, on_line);
    if end.is_some() {
        terminate_group(&mut child);
    }
    kill_group(&mut child);
    // The process is dead, so this does not block.
    let code = child.wait()?.code();
    drop(registered);
    let end = end.map_or(End::Exited(code), |stopped| stopped);
    Ok(Ended { end, messages: messages.wait() })
}

/// Passes on lines until the program has ended. Returns why it must be stopped before that.
fn watch(
    child: &mut Child,
    lines: &Receiver<io::Result<Vec<u8>>>,
    limits: &Limits<'_>,
    on_line: &mut dyn FnMut(&[u8]) -> Result<(), String>,
) -> Option<End> {
    let mut next_check = Instant::now() + STEP;
    let mut ended: Option<Instant> = None;
    let mut is_open = true;
    loop {
        let now = Instant::now();
        if now >= limits.deadline {
            return Some(End::Late);
        }
        if now >= next_check {
            if let Err(cause) = (limits.check)() {
                return Some(End::Stopped(cause));
            }
            // A check that takes long is made less often.
            next_check = Instant::now() + STEP.max(now.elapsed() * 10);
        }
        if ended.is_none() && matches!(child.try_wait(), Ok(Some(_)) | Err(_)) {
            ended = Some(now);
        }
        if ended.is_some_and(|ended| !is_open || now.duration_since(ended) > REST) {
            return None;
        }
        let step = if is_open { STEP } else { Duration::from_millis(5) };
        let step = step.min(limits.deadline.saturating_duration_since(now));
        match lines.recv_timeout(step) {
            Ok(line) => {
                let passed = line.map_err(|err| err.to_string()).and_then(|line| on_line(&line));
                if let Err(cause) = passed {
                    return Some(End::Stopped(cause));
                }
                // As long as lines come, the rest is still on its way.
                ended = ended.map(|_| Instant::now());
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) if is_open => is_open = false,
            Err(RecvTimeoutError::Disconnected) => thread::sleep(step),
        }
    }
}

fn lines_of(from: Option<impl Read + Send + 'static>) -> Receiver<io::Result<Vec<u8>>> {
    let (sender, receiver) = sync_channel(64);
    if let Some(from) = from {
        thread::spawn(move || send_lines(BufReader::new(from), &sender));
    }
    receiver
}

fn send_lines(mut from: impl BufRead, sender: &SyncSender<io::Result<Vec<u8>>>) {
    loop {
        let mut line = Vec::new();
        let read = from.by_ref().take(MAX_LINE).read_until(b'\n', &mut line);
        let is_whole = line.pop_if(|last| *last == b'\n').is_some();
        let line = match read {
            Ok(0) => return,
            Ok(read) if !is_whole && read as u64 == MAX_LINE => Err(io::Error::other("it printed an endless line")),
            Ok(_) => Ok(line),
            Err(err) => Err(err),
        };
        let is_over = line.is_err();
        // An error means that nobody reads the rest.
        if sender.send(line).is_err() || is_over {
            return;
        }
    }
}

/// The error messages of a program, while they arrive.
struct Messages {
    text: Arc<Mutex<Vec<u8>>>,
    over: Receiver<()>,
}

impl Messages {
    /// Waits for the end of the messages, but not long.
    fn wait(self) -> String {
        let _ = self.over.recv_timeout(REST);
        String::from_utf8_lossy(&locked(&self.text)).into_owned()
    }
}

fn messages_of(from: Option<impl Read + Send + 'static>) -> Messages {
    let text = Arc::new(Mutex::new(Vec::new()));
    let (sender, over) = sync_channel(1);
    let kept = text.clone();
    if let Some(mut from) = from {
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = from.read(&mut buffer) {
                let mut kept = locked(&kept);
                kept.extend_from_slice(&buffer[..read]);
                let surplus = kept.len().saturating_sub(MAX_MESSAGES);
                kept.drain(..surplus);
            }
            drop(sender);
        });
    }
    Messages { text, over }
}

/// Asks the program to end, and waits a moment for it.
#[cfg(unix)]
fn terminate_group(child: &mut Child) {
    Leftover::Group(child.id()).terminate();
    let deadline = Instant::now() + GRACE;
    while matches!(child.try_wait(), Ok(None)) && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(20));
    }
}

#[cfg(not(unix))]
fn terminate_group(_: &mut Child) {}

fn kill_group(child: &mut Child) {
    #[cfg(unix)]
    Leftover::Group(child.id()).kill();
    // An error means that it has ended already.
    let _ = child.kill();
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// Runs a shell script for at most `seconds`. Returns its lines, too.
    fn shell(script: &str, seconds: u64, check: &dyn Fn() -> Result<(), String>) -> (Ended, Vec<String>) {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        let mut lines = Vec::new();
        let limits = Limits { deadline: Instant::now() + Duration::from_secs(seconds), check };
        let ended = run(command, &limits, &mut |line| {
            lines.push(String::from_utf8_lossy(line).into_owned());
            if line == b"refused" { Err("a line".to_owned()) } else { Ok(()) }
        });
        (ended.expect("sh"), lines)
    }

    #[test]
    fn lines_messages_and_the_exit_code_are_passed_on() {
        let (ended, lines) = shell("echo a; echo; printf b; echo wrong >&2; exit 3", 60, &|| Ok(()));
        assert_eq!(ended.end, End::Exited(Some(3)));
        assert_eq!(
            (lines, ended.messages),
            (vec!["a".to_owned(), String::new(), "b".to_owned()], "wrong\n".to_owned())
        );
    }

    #[test]
    fn a_program_is_stopped_with_everything_that_it_started() {
        let began = Instant::now();
        let (ended, lines) = shell("sleep 600 & echo $!; wait", 1, &|| Ok(()));
        assert_eq!(ended.end, End::Late);
        assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
        // A signal takes a moment to arrive. A killed process may be a zombie until somebody waits for it.
        let state = || std::fs::read_to_string(format!("/proc/{}/stat", lines[0])).unwrap_or_default();
        let is_gone = |state: &str| state.is_empty() || state.contains(") Z ");
        while !is_gone(&state()) {
            assert!(began.elapsed() < Duration::from_secs(30), "{}", state());
            thread::sleep(Duration::from_millis(10));
        }
        let (ended, _) = shell("sleep 600", 60, &|| Err("full".to_owned()));
        assert_eq!(ended.end, End::Stopped("full".to_owned()));
        let (ended, _) = shell("echo refused; sleep 600", 60, &|| Ok(()));
        assert_eq!(ended.end, End::Stopped("a line".to_owned()));
    }

    #[test]
    fn a_process_that_is_left_behind_does_not_block() {
        let began = Instant::now();
        let (ended, _) = shell("setsid sleep 20 & exit 0", 60, &|| Ok(()));
        assert_eq!(ended.end, End::Exited(Some(0)));
        assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    }

    #[test]
    fn the_end_of_long_messages_is_kept() {
        let (ended, _) = shell(
            "i=0; while [ $i -lt 9000 ]; do echo 0123456789 >&2; i=$((i+1)); done; echo last >&2",
            60,
            &|| Ok(()),
        );
        assert!(ended.messages.ends_with("last\n") && ended.messages.len() <= MAX_MESSAGES);
    }
}
