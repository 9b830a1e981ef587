//! The command line: from words to a scan, from its outcome to an exit code.

mod again;
mod args;
mod cleaning;
mod config;
mod find;
mod history;
mod hook;
mod install;
mod output;
mod progress;
mod rules;
mod sightings;

use std::collections::HashMap;
use std::num::NonZero;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use args::{Cli, Command, Common, FilesArgs, FormatName};
use config::Settings;

use crate::cleanup::Cleaning;
use crate::config::{Allow, CONFIG_NAME};
use crate::detect::Detector;
use crate::error::Trouble;
use crate::finding::ShownPath;
use crate::git::mmap::survive_truncation;
use crate::git::repository::Repository;
use crate::history::provenance::{Exposure, ShownCommit};
use crate::report::{self, Format, PushHelp, Report};
use crate::scan::engine::{Outcome, Sweep};
use crate::scan::files::Files;
use crate::scan::git_dir::GitFiles;
use crate::scan::message::Message;
use crate::scan::source::{Kind, Source};
use crate::scan::staged::Staged;
use crate::threads::Threads;

/// The exit codes, which users' scripts rely on.
mod code {
    pub(super) const CLEAN: u8 = 0;
    pub(super) const FOUND: u8 = 1;
    pub(super) const TROUBLE: u8 = 2;
}

/// Runs the program on the words of the process.
pub fn main() -> ExitCode {
    output::never_show_a_panic();
    let words: Vec<_> = std::env::args_os().collect();
    survive_truncation();
    let code: u8 = match Cli::of(&words) {
        Ok(cli) => {
            output::report_errors_as(cli.common.format, cli.common.output.as_deref());
            run(&cli).unwrap_or_else(|trouble| {
                output::fail(&trouble);
                code::TROUBLE
            })
        }
        Err(err) => output::usage(&err, &words),
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
        Command::Staged => staged(false, &cli.common),
        Command::Message { file } => message(file, false, &cli.common),
        Command::Hook(args) => hook::run(args, &cli.common),
        Command::Files(args) => files(args, &cli.common),
        Command::Install { names, global } => install::install(names, *global, &cli.common),
        Command::Uninstall { names, global } => install::uninstall(names, *global, &cli.common),
        Command::Doctor => install::doctor(&cli.common),
        Command::History(args) => history::run(args, &cli.common),
        Command::Find(args) => find::run(args, &cli.common),
        Command::Rules { id, check } => rules::run(id.as_deref(), *check, &cli.common),
    }
}

/// Scans what the next commit adds, or all that the index has, by the configuration that the index has.
fn staged(whole: bool, common: &Common) -> Result<u8, Trouble> {
    let started = Instant::now();
    let repository = Repository::discover(Path::new("."))?;
    let staged = if whole { Staged::whole(&repository)? } else { Staged::read(&repository)? };
    let mut notes = Vec::new();
    let settings = settings_of_index(&staged, &repository, &mut notes, common)?;
    let (outcome, kind) = sweep(&staged, &settings, Some(&settings.before), common);
    notes.extend(settings.unstaged_edit(&outcome, repository.worktree()));
    let below_top = !outcome.findings.is_empty() && is_below_top(&repository);
    let first_commit = staged.is_first();
    let quiet = settings.quiet;
    finish(Scan { first_commit, below_top, quiet, ..Scan::new(kind, outcome, started, notes) }, common)
}

fn settings_of_index(
    staged: &Staged<'_>,
    repository: &Repository,
    notes: &mut Vec<String>,
    common: &Common,
) -> Result<Settings, Trouble> {
    match (&common.config, staged.config()?) {
        (Some(path), _) => Settings::from_file(path, &common.allow),
        (None, Some(text)) => Settings::from_change(text, staged.config_before()?.as_deref(), &common.allow),
        (None, None) => {
            notes.extend(unstaged_config(repository));
            Settings::without_file(&common.allow)
        }
    }
}

/// Says that there is a configuration which is in no index.
fn unstaged_config(repository: &Repository) -> Option<String> {
    let meta = repository.worktree()?.join(CONFIG_NAME).symlink_metadata().ok()?;
    if meta.is_symlink() {
        let why =
            "is a symbolic link, which is not followed, so it was not used: make it a regular file and git add it";
        return Some(format!("{CONFIG_NAME} {why}"));
    }
    meta.is_file().then(|| format!("{CONFIG_NAME} is not staged, so it was not used: git add {CONFIG_NAME}"))
}

/// Scans a commit message, by the configuration that the index has. In a hook there has to be a repository.
fn message(file: &Path, in_hook: bool, common: &Common) -> Result<u8, Trouble> {
    let started = Instant::now();
    let repository = match Repository::discover(Path::new(".")) {
        Err(trouble) if in_hook => return Err(trouble),
        repository => repository.ok().filter(|repository| repository.worktree().is_some()),
    };
    let mut notes = Vec::new();
    let settings = match (&repository, &common.config) {
        (_, Some(path)) => Settings::from_file(path, &common.allow)?,
        (Some(repository), None) => settings_of_index(&Staged::read(repository)?, repository, &mut notes, common)?,
        (None, None) => Settings::without_file(&common.allow)?,
    };
    // So git says that it opens no editor.
    let is_edited = std::env::var_os("GIT_EDITOR").is_none_or(|editor| editor != ":");
    let message = Message::read(file, repository.as_ref().filter(|_| is_edited))?;
    let (outcome, kind) = sweep(&message, &settings, Some(&settings.before), common);
    notes.extend(settings.unstaged_edit(&outcome, repository.as_ref().and_then(Repository::worktree)));
    finish(Scan { quiet: settings.quiet, ..Scan::new(kind, outcome, started, notes) }, common)
}

fn files(args: &FilesArgs, common: &Common) -> Result<u8, Trouble> {
    let started = Instant::now();
    let repository = Repository::discover(Path::new(".")).ok();
    let top = repository.as_ref().and_then(Repository::worktree);
    let settings = settings_of_folder(top, common)?;
    let files = Files::find(&args.paths, GitFiles::default(), top, args.respect_gitignore);
    #[cfg(feature = "archives")]
    let files = files.with_archives(args.archives);
    let whole = top.is_some_and(|top| args.paths.iter().any(|path| is_same_folder(path, top)));
    let (outcome, kind) = sweep(&files, &settings, None, common);
    // Only where all of the repository is scanned is a glob that allows nothing a stale one; a fingerprint may be the history's.
    let notes = if whole { stale_entries(&settings.allow, &outcome, None) } else { Vec::new() };
    finish(Scan { quiet: settings.quiet, ..Scan::new(kind, outcome, started, notes) }, common)
}

/// The file that was named, or the one at the top of the worktree as it is on disk.
fn settings_of_folder(top: Option<&Path>, common: &Common) -> Result<Settings, Trouble> {
    match &common.config {
        Some(path) => Settings::from_file(path, &common.allow),
        None => Settings::from_folder(top.unwrap_or(Path::new(".")), &common.allow),
    }
}

fn sweep(source: &dyn Source, settings: &Settings, before: Option<&Allow>, common: &Common) -> (Outcome, Kind) {
    let detector = Detector::new(&settings.rules);
    let sweep = Sweep { detector: &detector, allow: &settings.allow, before, vault: None, tell: None };
    (sweep.run(source, threads(common)), source.kind())
}

impl From<FormatName> for Format {
    fn from(name: FormatName) -> Self {
        match name {
            FormatName::Human => Format::Human,
            FormatName::Json => Format::Json,
            FormatName::Jsonl => Format::Jsonl,
        }
    }
}

/// A scan that has ended.
struct Scan {
    kind: Kind,
    outcome: Outcome,
    exposures: Option<Vec<Exposure>>,
    commits: HashMap<String, ShownCommit>,
    cleaning: Option<Cleaning>,
    /// How many tokens were sought by value.
    sought: usize,
    push: Option<PushHelp>,
    /// What could not be done besides the scan.
    failed: Option<Trouble>,
    started: Instant,
    notes: Vec<String>,
    first_commit: bool,
    below_top: bool,
    /// Whether the configuration asks for silence where nothing is found.
    quiet: bool,
}

impl Scan {
    /// One of which no more is to be told than what was found.
    fn new(kind: Kind, outcome: Outcome, started: Instant, notes: Vec<String>) -> Self {
        let (exposures, commits) = (None, HashMap::new());
        let (cleaning, push, failed, first_commit, below_top) = (None, None, None, false, false);
        let (sought, quiet) = (0, false);
        Self {
            kind,
            outcome,
            exposures,
            commits,
            cleaning,
            sought,
            push,
            failed,
            started,
            notes,
            first_commit,
            below_top,
            quiet,
        }
    }
}

/// Reports, and says with which code to exit.
fn finish(scan: Scan, common: &Common) -> Result<u8, Trouble> {
    let Scan {
        kind,
        mut outcome,
        exposures,
        commits,
        cleaning,
        sought,
        push,
        failed,
        started,
        notes,
        first_commit,
        below_top,
        quiet,
    } = scan;
    for trouble in outcome.unread.iter().chain(&outcome.lacking).chain(&failed) {
        output::complain(trouble);
    }
    // They quote names, globs and what git said, and the report says them as they are.
    for trouble in outcome.unread.iter_mut().chain(&mut outcome.lacking).chain(&mut outcome.accepted) {
        *trouble = output::masked(trouble.clone());
    }
    let failed = failed.map(output::masked);
    let notes: Vec<String> = notes.iter().map(|note| output::safe(note)).collect();
    let report = Report {
        list_command: (!outcome.findings.is_empty()).then(|| again::list_command(kind)).flatten(),
        kind,
        outcome: &outcome,
        exposures: exposures.as_deref(),
        commits: &commits,
        cleaning: cleaning.as_ref(),
        failed: failed.as_ref(),
        sought,
        push: push.as_ref(),
        seconds: started.elapsed().as_secs_f64(),
        notes: &notes,
        first_commit,
        below_top,
    };
    let format = common.format.into();
    output::write(common, |style, out| {
        report::write(&report, format, style, common.quiet || quiet || is_quiet_by_environment(), out)?;
        // On a terminal they are there already.
        let in_file = report.errors().filter(|_| format == Format::Human && common.output.is_some());
        in_file.into_iter().try_for_each(|error| report::write_error(error, format, out))
    })?;
    exit(match (outcome.is_complete() && failed.is_none(), outcome.findings.is_empty()) {
        (false, _) => code::TROUBLE,
        (true, false) => code::FOUND,
        (true, true) => code::CLEAN,
    })
}

/// A hook does not see `git commit --quiet`, so it can be told by a variable.
fn is_quiet_by_environment() -> bool {
    std::env::var_os("KEYSWEEP_QUIET").is_some_and(|value| !value.is_empty() && value != "0")
}

/// Says of each entry that it allows nothing, where everything was read. `exposures` are those of a sweep of the history; a glob
/// that covers one of several places of a token has its use.
fn stale_entries(allow: &Allow, outcome: &Outcome, exposures: Option<&[Exposure]>) -> Vec<String> {
    fn path_of(path: Option<&ShownPath>) -> &[u8] {
        path.map_or(&b""[..], ShownPath::as_bytes)
    }
    if !outcome.is_complete() {
        return Vec::new();
    }
    let allowed = outcome.allowed.iter().map(|one| (path_of(one.finding.path.as_ref()), one.finding.fingerprint));
    let told = exposures
        .into_iter()
        .flatten()
        .flat_map(|one| one.places.iter().map(move |place| (path_of(place.path.as_ref()), one.finding.fingerprint)));
    let covered: Vec<_> = allowed.chain(told).collect();
    let unused = allow.unused(&covered, exposures.is_some());
    unused.map(|(entry, line)| format!("{CONFIG_NAME}:{line}: {entry} allows nothing, take it out")).collect()
}

/// Whether who reads the report stands in a folder of the worktree. A hook stands at its top, and git says from where it was called.
fn is_below_top(repository: &Repository) -> bool {
    let called_below = std::env::var_os("GIT_PREFIX").is_some_and(|prefix| !prefix.is_empty());
    called_below || repository.worktree().is_some_and(|top| !is_same_folder(Path::new("."), top))
}

fn is_same_folder(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

fn threads(common: &Common) -> Threads {
    Threads::new(common.threads.and_then(NonZero::new))
}
