//! Output to the terminal. Text from outside is masked here once more, because the user may have typed a token as an option or a
//! path.

use std::fs::OpenOptions;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::code;
use super::options::{ColorChoice, Common, FormatName};
use crate::atomic_file::AtomicFile;
use crate::detect::Detector;
use crate::error::Error;
use crate::finding::{Finding, ShownPath};
use crate::history::progress::{Phase, Snapshot};
use crate::report::{self, Format, Style, shown_path};
use crate::rule::Rule;
use crate::rules;

/// The destination and the format of the report. An error that ends the process is reported there as well.
struct Destination {
    format: Format,
    path: Option<PathBuf>,
}

static DESTINATION: Mutex<Option<Destination>> = Mutex::new(None);

/// Sets the destination of errors to that of the report.
pub(super) fn report_errors_as(format: FormatName, path: Option<&Path>) {
    *locked(&DESTINATION) = Some(Destination { format: format.into(), path: path.map(Path::to_owned) });
}

/// Writes errors to no file, because the path of the report is also used for another file.
pub(super) fn leave_file_alone() {
    if let Some(destination) = &mut *locked(&DESTINATION) {
        destination.path = None;
    }
}

/// Prints an error on standard error, as one sentence.
pub(super) fn complain(error: &Error) {
    // If standard error is closed, only the exit code reports the error.
    let _ = writeln!(io::stderr(), "keysweep: {}", safe(&error.to_string()));
}

/// Reports the error that ended the process, on standard error and in place of the report.
pub(super) fn fail(error: &Error) {
    complain(error);
    report_error(error, true);
}

/// Replaces the report of an earlier scan, so that nobody reads it as the result of this one. If the file cannot be written, a
/// script reads standard output.
fn report_error(error: &Error, to_stdout: bool) {
    let Some(destination) = locked(&DESTINATION).take() else { return };
    let (error, format) = (masked(error.clone()), destination.format);
    let is_in_file = destination
        .path
        .as_ref()
        .is_some_and(|path| write_file(path, |file| report::write_error(&error, format, file)).is_ok());
    if to_stdout && !is_in_file && format != Format::Human {
        let mut out = io::stdout().lock();
        let _ = report::write_error(&error, format, &mut out).and_then(|()| out.flush());
    }
}

/// Prints clap's help.
pub(super) fn help(err: &clap::Error) {
    let _ = err.print();
}

/// Reports an error with several lines on standard error, and in one line in place of the report.
pub(super) fn fail_with_usage(text: &str, error: &Error) {
    let lines: Vec<String> = text.lines().map(safe).collect();
    let _ = writeln!(io::stderr(), "keysweep: {}", lines.join("\n"));
    report_error(error, true);
}

/// Whether standard error is a terminal.
pub(super) fn is_watched() -> bool {
    io::stderr().is_terminal()
}

/// Replaces the line that was shown before with `line`.
pub(super) fn show_progress(line: &str) {
    let _ = write!(io::stderr(), "\r\x1b[K{line}");
}

/// Prints a line on standard error before a scan that takes long.
pub(super) fn announce(line: &str) {
    let _ = writeln!(io::stderr(), "keysweep: {}", safe(line));
}

/// Writes what an agent reads. A reason on standard error may be lost, since the exit code blocks.
pub(super) fn answer(stdout: &str, stderr: &str) -> io::Result<()> {
    let _ = io::stderr().write_all(stderr.as_bytes());
    if stdout.is_empty() {
        return Ok(());
    }
    let mut out = io::stdout().lock();
    out.write_all(stdout.as_bytes()).and_then(|()| out.flush())
}

/// Writes a line for a token as soon as it is found. An error here also occurs when the report is written.
pub(super) fn sighting(finding: &Finding) {
    if is_watched() {
        // The progress line may be on the same terminal.
        show_progress("");
    }
    let mut out = io::stdout().lock();
    let _ = report::write_sighting(finding, &mut out).and_then(|()| out.flush());
}

/// Reports how far a scan came that the user interrupted.
pub(super) fn stopped(moment: &Snapshot) {
    let far = match moment.phase {
        Phase::Opening => "before anything was read".to_owned(),
        Phase::Reading => format!("after {} of {} objects", moment.done, moment.total),
        Phase::Tracing => "while the tokens that were found were followed".to_owned(),
    };
    let _ = writeln!(io::stderr(), "\nkeysweep: stopped {far}, so nothing is known of the rest; run it again");
    // The scanning thread may hold the lock of standard output.
    let cause = format!("the scan was interrupted {far}, so nothing is known of the rest");
    report_error(&Error::new("cannot finish the scan", cause, "run it again"), false);
}

/// Masks for tokens that the built-in rules do not find.
struct Known {
    /// Rules of configurations.
    rules: Vec<&'static Rule>,
    /// Whether all rules are known. Until then, any long run may be a token of a custom rule.
    all_rules: bool,
    /// Finds the tokens of the search.
    searched: Option<Arc<Detector>>,
    /// Built once at the first use. Most runs mask nothing.
    detector: Option<Arc<Detector>>,
}

static KNOWN: Mutex<Known> = Mutex::new(Known { rules: Vec::new(), all_rules: false, searched: None, detector: None });

/// Call this before a configuration is read.
pub(super) fn expect_rules() {
    locked(&KNOWN).all_rules = false;
}

/// Adds rules that were read.
pub(super) fn know_rules(rules: &[&'static Rule]) {
    let mut known = locked(&KNOWN);
    known.rules.extend(rules);
    known.all_rules = true;
    known.detector = None;
}

/// Sets the detector of the searched tokens.
pub(super) fn know_tokens(detector: &Arc<Detector>) {
    locked(&KNOWN).searched = Some(detector.clone());
}

/// A panic in any thread ends the process, so no lock stays poisoned.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Masks tokens, and escapes line breaks.
pub(super) fn safe(text: &str) -> String {
    let mut known = locked(&KNOWN);
    let rules = known.rules.iter().copied().chain(rules::ALL.iter().copied());
    let detector = known.detector.clone().unwrap_or_else(|| Arc::new(Detector::new(&rules.collect::<Vec<_>>())));
    known.detector = Some(detector.clone());
    let (searched, all_rules) = (known.searched.clone(), known.all_rules);
    drop(known);
    let text = searched.map_or(text.to_owned(), |searched| searched.mask_sentence(text));
    let masked = if all_rules { detector.mask_sentence(&text) } else { detector.mask_unknown(&text) };
    shown_path(&ShownPath::from_masked(masked.into_bytes()))
}

/// The same for each part of an error.
pub(super) fn masked(error: Error) -> Error {
    let Error { context, cause, help, objects } = error;
    Error { context: safe(&context), cause: safe(&cause), help: safe(&help), objects }
}

/// Calls `write` with the destination of the report. A closed pipe is no error: the reader has seen enough.
pub(super) fn write(common: &Common, write: impl FnOnce(Style, &mut dyn Write) -> io::Result<()>) -> Result<(), Error> {
    let written = match &common.output {
        Some(path) => write_file(path, |file| write(Style { width: None, ..style(common.color, false) }, file)),
        None => {
            let style = style(common.color, io::stdout().is_terminal());
            let mut out = io::BufWriter::new(io::stdout().lock());
            write(style, &mut out).and_then(|()| out.flush())
        }
    };
    match written {
        Err(err) if err.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(err) => {
            let to = common.output.as_ref().map_or("standard output".to_owned(), |path| path.display().to_string());
            Err(Error::new(format!("cannot write the report to {to}"), err, "choose another place with --output"))
        }
        Ok(()) => Ok(()),
    }
}

/// Appends to the step summary of GitHub Actions, the file that `GITHUB_STEP_SUMMARY` names.
pub(super) fn step_summary(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else { return };
    let append = || {
        let mut file = io::BufWriter::new(OpenOptions::new().append(true).open(&path)?);
        write(&mut file).and_then(|()| file.flush())
    };
    if let Err(err) = append() {
        let context = format!("cannot write the summary of the step to {}", Path::new(&path).display());
        complain(&Error::new(context, err, "see what GITHUB_STEP_SUMMARY names"));
    }
}

/// Devices and pipes are written directly. Any other report is written to a new file that only its owner can read, and renamed
/// when it is complete.
fn write_file(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let met = path.symlink_metadata().ok();
    if is_standard_stream(path) || met.as_ref().is_some_and(|met| !met.is_file() && !met.is_symlink()) {
        let mut file = io::BufWriter::new(OpenOptions::new().append(true).open(path)?);
        return write(&mut file).and_then(|()| file.flush());
    }
    if met.is_some_and(|met| met.is_symlink()) {
        return Err(io::Error::other("it is a symbolic link"));
    }
    let mut file = io::BufWriter::new(AtomicFile::create(path)?);
    write(&mut file)?;
    file.into_inner().map_err(io::IntoInnerError::into_error)?.replace()
}

/// These paths are links to open files, which may have no name.
fn is_standard_stream(path: &Path) -> bool {
    ["/dev/stdout", "/dev/stderr", "/dev/fd", "/proc"].iter().any(|stream| path.starts_with(stream))
}

/// Applies `--color`, then NO_COLOR, then CLICOLOR_FORCE, then whether the output is a terminal.
fn style(choice: ColorChoice, terminal: bool) -> Style {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_colored = match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto if set("NO_COLOR") => false,
        ColorChoice::Auto
            if std::env::var_os("CLICOLOR_FORCE").is_some_and(|value| !value.is_empty() && value != "0") =>
        {
            true
        }
        ColorChoice::Auto => terminal && std::env::var_os("TERM").is_none_or(|term| term != "dumb"),
    };
    Style { is_colored, width: width(terminal) }
}

/// The width from `COLUMNS`, or of the terminal. A pipe has none.
fn width(terminal: bool) -> Option<usize> {
    let set = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let of_terminal =
        || terminal.then(terminal_size::terminal_size).flatten().map(|(columns, _)| usize::from(columns.0));
    set.filter(|columns| *columns > 0).or_else(of_terminal)
}

/// The message of a panic may quote scanned content, so only its location is printed.
pub(super) fn never_show_a_panic() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or(String::new(), |at| format!(" at {}:{}", at.file(), at.line()));
        let _ = writeln!(
            io::stderr(),
            "keysweep: a fault in keysweep itself{place}, nothing was decided; please report it with this line"
        );
        let cause = format!("a fault in keysweep itself{place}");
        report_error(&Error::new("cannot finish the scan", cause, "please report it with this line"), false);
        // An abort would have an exit code that hooks do not expect.
        std::process::exit(i32::from(code::TROUBLE));
    }));
}
