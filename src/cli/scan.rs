//! Runs a scan, writes its report, and returns its exit code.

use std::collections::HashMap;
use std::num::NonZero;
use std::time::Instant;

use super::options::Common;
use super::settings::Settings;
use super::{again, code, output};
use crate::cleanup::Cleanup;
use crate::config::Allow;
use crate::detect::Detector;
use crate::error::Error;
use crate::history::provenance::{Provenance, ShownCommit};
use crate::report::{self, Format, Incident, PushHelp, Report};
use crate::rotation::Deployment;
use crate::scan::engine::{ScanResult, Scanner};
use crate::scan::source::{Kind, Source};
use crate::threads::Threads;
use crate::verify::answer::Verifications;

/// Scans `source`.
pub(super) fn run(
    source: &dyn Source,
    settings: &Settings,
    before: Option<&Allow>,
    common: &Common,
) -> (ScanResult, Kind) {
    let detector = Detector::new(&settings.rules);
    let scanner = Scanner { detector: &detector, allow: &settings.allow, before, secrets: None, on_finding: None };
    (scanner.run(source, threads(common)), source.kind())
}

/// A finished scan.
pub(super) struct Scan {
    pub(super) kind: Kind,
    pub(super) result: ScanResult,
    pub(super) provenances: Option<Vec<Provenance>>,
    /// What the vendors said about the tokens, masked.
    pub(super) verifications: Option<Verifications>,
    pub(super) commits: HashMap<String, ShownCommit>,
    pub(super) cleanup: Option<Cleanup>,
    /// What only the incident report says.
    pub(super) incident: Option<Incident>,
    pub(super) deployment: Option<Deployment>,
    /// The number of tokens that were searched for by value.
    pub(super) searched: usize,
    pub(super) push: Option<PushHelp>,
    /// Something other than the scan that failed.
    pub(super) failed: Option<Error>,
    pub(super) started: Instant,
    pub(super) notes: Vec<String>,
    pub(super) first_commit: bool,
    pub(super) below_top: bool,
    /// Whether the configuration sets `quiet`.
    pub(super) quiet: bool,
}

impl Scan {
    /// A scan with only its result and notes to report.
    pub(super) fn new(kind: Kind, result: ScanResult, started: Instant, notes: Vec<String>) -> Self {
        Self {
            kind,
            result,
            provenances: None,
            verifications: None,
            commits: HashMap::new(),
            cleanup: None,
            incident: None,
            deployment: None,
            searched: 0,
            push: None,
            failed: None,
            started,
            notes,
            first_commit: false,
            below_top: false,
            quiet: false,
        }
    }
}

/// Writes the report and returns the exit code.
pub(super) fn finish(scan: Scan, common: &Common) -> Result<u8, Error> {
    let mut result = scan.result;
    for error in result.unread.iter().chain(&result.missing).chain(&scan.failed) {
        output::complain(error);
    }
    // Errors quote names, globs and messages of git, which the report prints as they are.
    for error in result.unread.iter_mut().chain(&mut result.missing).chain(&mut result.accepted) {
        *error = output::masked(error.clone());
    }
    let failed = scan.failed.map(output::masked);
    let notes: Vec<String> = scan.notes.iter().map(|note| output::safe(note)).collect();
    let report = Report {
        list_command: (!result.findings.is_empty()).then(|| again::list_command(scan.kind)).flatten(),
        kind: scan.kind,
        result: &result,
        provenances: scan.provenances.as_deref(),
        verifications: scan.verifications.as_ref(),
        commits: &scan.commits,
        cleanup: scan.cleanup.as_ref(),
        incident: scan.incident.as_ref(),
        deployment: scan.deployment.as_ref(),
        failed: failed.as_ref(),
        searched: scan.searched,
        push: scan.push.as_ref(),
        seconds: scan.started.elapsed().as_secs_f64(),
        notes: &notes,
        first_commit: scan.first_commit,
        in_hook: common.in_hook,
        below_top: scan.below_top,
    };
    let format = common.format().into();
    output::write(common, |style, out| {
        report::write(&report, format, style, common.quiet || scan.quiet || is_quiet_by_environment(), out)?;
        // On a terminal, standard error has already shown them.
        let in_file = report.errors().filter(|_| format == Format::Human && common.output.is_some());
        in_file.into_iter().try_for_each(|error| report::write_error(error, format, out))?;
        if common.adds_annotations() { report::write(&report, Format::Github, style, true, out) } else { Ok(()) }
    })?;
    if format == Format::Github || common.adds_annotations() {
        output::step_summary(|out| report::write_step_summary(&report, out));
    }
    exit(match (result.is_complete() && failed.is_none(), result.findings.is_empty()) {
        (false, _) => code::TROUBLE,
        (true, false) => code::FOUND,
        (true, true) => code::CLEAN,
    })
}

/// A hook cannot see `git commit --quiet`, so there is a variable for it.
fn is_quiet_by_environment() -> bool {
    std::env::var_os("KEYSWEEP_QUIET").is_some_and(|value| !value.is_empty() && value != "0")
}

/// Exits without dropping: freeing memory and mappings piece by piece took 7 % of a clean run in a clone of git/git.
fn exit(code: u8) -> ! {
    std::process::exit(i32::from(code))
}

pub(super) fn threads(common: &Common) -> Threads {
    Threads::new(common.threads.and_then(NonZero::new))
}
