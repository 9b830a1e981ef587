//! The command line: from words to a scan, from its outcome to an exit code.

mod args;
mod config;
mod output;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;

use args::{Cli, Command, Common, FormatName};
use config::Settings;

use crate::allow::CONFIG_NAME;
use crate::detect::Detector;
use crate::report::{self, Format, Report};
use crate::rule::Rule;
use crate::rules;
use crate::source::{Files, Repository, Source, Staged};
use crate::sweep::Sweep;
use crate::trouble::Trouble;

/// The exit codes, which users' scripts rely on.
mod code {
    pub(super) const CLEAN: u8 = 0;
    pub(super) const FOUND: u8 = 1;
    pub(super) const TROUBLE: u8 = 2;
}

/// Runs the program on the words of the process.
pub fn main() -> ExitCode {
    output::never_show_a_panic();
    let code = match Cli::try_parse() {
        Ok(cli) => run(&cli).unwrap_or_else(|trouble| {
            output::complain(&trouble);
            code::TROUBLE
        }),
        Err(err) => output::usage(&err),
    };
    ExitCode::from(code)
}

fn run(cli: &Cli) -> Result<u8, Trouble> {
    match &cli.command {
        Command::Staged => staged(&cli.common),
        Command::Files { paths, respect_gitignore } => files(paths, *respect_gitignore, &cli.common),
        Command::Rules { id } => explain(id.as_deref(), &cli.common),
    }
}

fn staged(common: &Common) -> Result<u8, Trouble> {
    let started = Instant::now();
    let repository = Repository::discover(Path::new("."))?;
    let staged = Staged::read(&repository)?;
    let (settings, mut notes) = match &common.config {
        Some(path) => (Settings::from_file(path, &common.allow)?, Vec::new()),
        None => (Settings::from_staged(&staged, &common.allow)?, Vec::new()),
    };
    if common.config.is_none()
        && staged.config()?.is_none()
        && repository.on_disk(CONFIG_NAME).is_some_and(|path| path.is_file())
    {
        notes.push(format!("{CONFIG_NAME} is not staged, so it was not used: git add {CONFIG_NAME}"));
    }
    let first_commit = staged.is_first();
    finish(&staged, &settings, started, &notes, first_commit, common)
}

fn files(paths: &[PathBuf], respect_gitignore: bool, common: &Common) -> Result<u8, Trouble> {
    let started = Instant::now();
    let repository = Repository::discover(Path::new(".")).ok();
    let top = repository.as_ref().and_then(Repository::worktree);
    let settings = match &common.config {
        Some(path) => Settings::from_file(path, &common.allow)?,
        None => Settings::from_folder(top.unwrap_or(Path::new(".")), &common.allow)?,
    };
    let files = Files::find(paths, top, respect_gitignore);
    finish(&files, &settings, started, &[], false, common)
}

/// Scans, reports, and says with which code to exit.
fn finish(
    source: &dyn Source,
    settings: &Settings,
    started: Instant,
    notes: &[String],
    first_commit: bool,
    common: &Common,
) -> Result<u8, Trouble> {
    let detector = Detector::new(&settings.rules);
    let sweep = Sweep { detector: &detector, allow: &settings.allow, before: settings.before.as_ref() };
    let outcome = sweep.run(source, threads(common));
    for trouble in &outcome.unread {
        output::complain(trouble);
    }
    let seconds = started.elapsed().as_secs_f64();
    let report = Report { source: source.name(), outcome: &outcome, seconds, notes, first_commit };
    let format = match common.format {
        FormatName::Human => Format::Human,
        FormatName::Json => Format::Json,
        FormatName::Jsonl => Format::Jsonl,
    };
    output::write(common, |style, out| report::write(&report, format, style, common.quiet, out))?;
    Ok(match (outcome.unread.is_empty(), outcome.findings.is_empty()) {
        (false, _) => code::TROUBLE,
        (true, false) => code::FOUND,
        (true, true) => code::CLEAN,
    })
}

fn threads(common: &Common) -> usize {
    common.threads.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from)
}

fn explain(id: Option<&str>, common: &Common) -> Result<u8, Trouble> {
    let Some(id) = id else {
        output::write(common, |_, out| report::list(rules::ALL, out))?;
        return Ok(code::CLEAN);
    };
    let rule = rules::ALL.iter().find(|rule| rule.id == id).ok_or_else(|| no_such_rule(id))?;
    output::write(common, |_, out| report::explain(rule, out))?;
    Ok(code::CLEAN)
}

fn no_such_rule(id: &str) -> Trouble {
    let likeness = |rule: &&&Rule| (strsim::jaro_winkler(id, rule.id) * 1e6) as u64;
    let nearest = rules::ALL.iter().max_by_key(likeness).map_or("", |rule| rule.id);
    Trouble::new(
        format!("cannot explain the rule {id}"),
        "there is none of this id",
        format!("did you mean {nearest}? keysweep rules lists all"),
    )
}
