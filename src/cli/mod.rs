//! The command line: from words to a scan, from its outcome to an exit code.

mod args;
mod config;
mod hooks;
mod output;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;

use args::{Cli, Command, Common, FormatName};
use config::Settings;

use crate::allow::{Allow, CONFIG_NAME};
use crate::detect::Detector;
use crate::report::{self, Format, Report};
use crate::rules;
use crate::source::{Files, Repository, Source, Staged};
use crate::sweep::{Outcome, Sweep};
use crate::trouble::{Trouble, nearest};

/// The exit codes, which users' scripts rely on.
mod code {
    pub(super) const CLEAN: u8 = 0;
    pub(super) const FOUND: u8 = 1;
    pub(super) const TROUBLE: u8 = 2;
}

/// Runs the program on the words of the process.
pub fn main() -> ExitCode {
    output::never_show_a_panic();
    let code: u8 = match Cli::try_parse() {
        Ok(cli) => run(&cli).unwrap_or_else(|trouble| {
            output::complain(&trouble);
            code::TROUBLE
        }),
        Err(err) => output::usage(&err),
    };
    ExitCode::from(code)
}

/// Ends the process here: giving back memory and mappings piece by piece took 7 % of a clean run
/// in a clone of git/git.
fn exit(code: u8) -> ! {
    std::process::exit(i32::from(code))
}

fn run(cli: &Cli) -> Result<u8, Trouble> {
    match &cli.command {
        Command::Staged => staged(&cli.common),
        Command::Files { paths, respect_gitignore } => files(paths, *respect_gitignore, &cli.common),
        Command::Install { names, global } => hooks::install(names, *global, &cli.common),
        Command::Uninstall { names, global } => hooks::uninstall(names, *global, &cli.common),
        Command::Rules { id } => explain(id.as_deref(), &cli.common),
    }
}

fn staged(common: &Common) -> Result<u8, Trouble> {
    let started = Instant::now();
    let repository = Repository::discover(Path::new("."))?;
    let staged = Staged::read(&repository)?;
    let mut notes = Vec::new();
    let settings = match (&common.config, staged.config()?) {
        (Some(path), _) => Settings::from_file(path, &common.allow)?,
        (None, Some(text)) => Settings::from_staged(&text, staged.config_before()?.as_deref(), &common.allow)?,
        (None, None) => {
            let unstaged = repository.worktree().is_some_and(|top| top.join(CONFIG_NAME).is_file());
            notes.extend(
                unstaged.then(|| format!("{CONFIG_NAME} is not staged, so it was not used: git add {CONFIG_NAME}")),
            );
            Settings::without_file(&common.allow)?
        }
    };
    let change = Some(staged.is_first());
    Scan { source: &staged, settings: &settings, started, notes, change, whole: false }.finish(common)
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
    let whole = top.is_some_and(|top| paths.iter().any(|path| is_same_folder(path, top)));
    Scan { source: &files, settings: &settings, started, notes: Vec::new(), change: None, whole }.finish(common)
}

/// A scan that is all set.
struct Scan<'a> {
    source: &'a dyn Source,
    settings: &'a Settings,
    started: Instant,
    notes: Vec<String>,
    /// Where the scan is of a change: whether it is the first one of its repository.
    change: Option<bool>,
    /// Whether all of the repository is scanned: then an allowlist's entry that allows nothing is stale.
    whole: bool,
}

impl Scan<'_> {
    /// Scans, reports, and says with which code to exit.
    fn finish(mut self, common: &Common) -> Result<u8, Trouble> {
        let detector = Detector::new(&self.settings.rules);
        let before = self.change.map(|_| &self.settings.before);
        let outcome =
            Sweep { detector: &detector, allow: &self.settings.allow, before }.run(self.source, threads(common));
        for trouble in &outcome.unread {
            output::complain(trouble);
        }
        if self.whole {
            self.notes.extend(stale_entries(&self.settings.allow, &outcome));
        }
        let report = Report {
            source: self.source.name(),
            outcome: &outcome,
            seconds: self.started.elapsed().as_secs_f64(),
            notes: &self.notes,
            first_commit: self.change == Some(true),
        };
        let format = match common.format {
            FormatName::Human => Format::Human,
            FormatName::Json => Format::Json,
            FormatName::Jsonl => Format::Jsonl,
        };
        output::write(common, |style, out| report::write(&report, format, style, common.quiet, out))?;
        exit(match (outcome.unread.is_empty(), outcome.findings.is_empty()) {
            (false, _) => code::TROUBLE,
            (true, false) => code::FOUND,
            (true, true) => code::CLEAN,
        })
    }
}

fn stale_entries(allow: &Allow, outcome: &Outcome) -> Vec<String> {
    let allowed: Vec<_> =
        outcome.allowed.iter().map(|one| (one.finding.path.as_bytes(), one.finding.fingerprint)).collect();
    let unused = allow.unused(&allowed);
    unused.map(|(entry, line)| format!("{CONFIG_NAME}:{line}: {entry} allows nothing, take it out")).collect()
}

fn is_same_folder(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
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
    let nearest = nearest(id, rules::ALL.iter().map(|rule| rule.id));
    Trouble::new(
        format!("cannot explain the rule {id}"),
        "there is none of this id",
        format!("did you mean {nearest}? keysweep rules lists all"),
    )
}
