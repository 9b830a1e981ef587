//! The last steps to the terminal. Whatever came from outside is masked here once more: a token that somebody typed as
//! an option or a path is one that must not be printed either.

use std::fs::OpenOptions;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::LazyLock;

use super::args::{Colour, Common};
use super::code;
use crate::atomic_file::AtomicFile;
use crate::detect::Detector;
use crate::finding::{Finding, ShownPath};
use crate::report::{self, Style, shown_path};
use crate::rules;
use crate::source::{Moment, Phase};
use crate::trouble::Trouble;

/// Says what could not be done, in one sentence on standard error.
pub(super) fn complain(trouble: &Trouble) {
    // With standard error closed there is nobody to tell; the exit code still does.
    let _ = writeln!(io::stderr(), "keysweep: {}", safe(&trouble.to_string()));
}

/// Prints what clap has to say, be it help or a complaint, and returns the exit code for it.
pub(super) fn usage(err: &clap::Error) -> u8 {
    if !err.use_stderr() {
        let _ = err.print();
        return code::CLEAN;
    }
    if err.kind() == clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let _ = err.print();
        return code::TROUBLE;
    }
    let text = err.to_string();
    let told: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let usage = told.iter().find_map(|line| line.strip_prefix("Usage: "));
    let hints = |line: &&&str| line.starts_with("Usage: ") || line.starts_with("For more information");
    let told: Vec<&str> = told.iter().filter(|line| !hints(line)).copied().collect();
    let sentence = told.join("; ").replacen("error: ", "", 1);
    let usage = usage.map_or(String::new(), |usage| format!("; usage: {usage}"));
    let _ = writeln!(io::stderr(), "keysweep: {}{usage}; keysweep --help tells more", safe(&sentence));
    code::TROUBLE
}

/// Whether somebody looks at standard error.
pub(super) fn is_watched() -> bool {
    io::stderr().is_terminal()
}

/// Shows `line` in place of what was shown before.
pub(super) fn show_progress(line: &str) {
    let _ = write!(io::stderr(), "\r\x1b[K{line}");
}

/// Writes the line of a token that was just met. What may go wrong meets the report as well.
pub(super) fn sighting(finding: &Finding) {
    if is_watched() {
        // The progress may stand where it is to be written.
        show_progress("");
    }
    let mut out = io::stdout().lock();
    let _ = report::write_sighting(finding, &mut out).and_then(|()| out.flush());
}

/// Says how far a sweep got that somebody stopped.
pub(super) fn stopped(moment: &Moment) {
    let far = match moment.phase {
        Phase::Opening => "before anything was read".to_owned(),
        Phase::Reading => format!("after {} of {} objects", moment.done, moment.total),
        Phase::Following => "while the tokens that were found were followed".to_owned(),
    };
    let _ = writeln!(io::stderr(), "\nkeysweep: stopped {far}, so nothing is known of the rest; run it again");
}

/// Without tokens, and on one line.
pub(super) fn safe(text: &str) -> String {
    // Made once, however many sentences there are; most runs have none.
    static DETECTOR: LazyLock<Detector> = LazyLock::new(|| Detector::new(rules::ALL));
    let masked = DETECTOR.mask_sentence(text);
    shown_path(&ShownPath::from_masked(masked.into_bytes()))
}

/// Lets `write` write to where the report goes. A reader who closed the pipe has what they wanted.
pub(super) fn write(
    common: &Common,
    write: impl FnOnce(Style, &mut dyn Write) -> io::Result<()>,
) -> Result<(), Trouble> {
    let written = match &common.output {
        Some(path) => write_file(path, |file| write(style(common.color, false), file)),
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
            Err(Trouble::new(format!("cannot write the report to {to}"), err, "choose another place with --output"))
        }
        Ok(()) => Ok(()),
    }
}

/// Devices and pipes are written as they are. Any other report is a new file that only its owner can read, under its name
/// once it is whole.
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

/// These are links to what the shell opened, which may have no name of its own.
fn is_standard_stream(path: &Path) -> bool {
    ["/dev/stdout", "/dev/stderr", "/dev/fd", "/proc"].iter().any(|stream| path.starts_with(stream))
}

/// `--color`, then NO_COLOR, then CLICOLOR_FORCE, then whether a person is looking.
fn style(colour: Colour, terminal: bool) -> Style {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let coloured = match colour {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto if set("NO_COLOR") => false,
        Colour::Auto if std::env::var_os("CLICOLOR_FORCE").is_some_and(|value| !value.is_empty() && value != "0") => {
            true
        }
        Colour::Auto => terminal && std::env::var_os("TERM").is_none_or(|term| term != "dumb"),
    };
    if coloured { Style::Coloured } else { Style::Plain }
}

/// A panic's message may quote what was being scanned: its place is told, its message is not.
pub(super) fn never_show_a_panic() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or(String::new(), |at| format!(" at {}:{}", at.file(), at.line()));
        let _ = writeln!(
            io::stderr(),
            "keysweep: a fault in keysweep itself{place}, nothing was decided; please report it with this line"
        );
        // As an abort would say nothing that a hook understands.
        std::process::exit(i32::from(code::TROUBLE));
    }));
}
