//! `keysweep history`: a scan of the whole repository, with the history of each token.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use super::args::HistoryArgs;
use super::cleanup::{CleanupOutput, Options, cleanup};
use super::options::{Common, FormatName};
use super::progress::{self, Progress};
use super::scan::{Scan, finish, threads};
use super::settings::Settings;
use super::sightings::Sightings;
use super::stale::stale_entries;
use super::today::today;
#[cfg(feature = "online")]
use super::verifications;
use super::{again, baselines, in_force};
use sha2::{Digest, Sha256};

use crate::config::CONFIG_NAME;
use crate::config::baseline::{BASELINE_NAME, Baseline};
use crate::detect::Detector;
use crate::error::{Error, counted};
use crate::finding::{Finding, ShownPath};
use crate::git::repository::Repository;
use crate::history::baselined::{apply, apply_to_history};
use crate::history::database::History;
use crate::history::graph_collector::GraphCollector;
use crate::history::mask_cache::MaskCache;
use crate::history::progress::ProgressState;
use crate::history::provenance::{Detail, Provenance, ShownCommit, trace_provenance};
use crate::history::source::SecondPass;
use crate::report::{Incident, credentials};
use crate::rotation::Deployment;
use crate::rule::Rule;
use crate::scan::engine::{ScanResult, Scanner};
use crate::scan::push::Pushed;
use crate::scan::selection::Selection;
use crate::scan::source::Kind;
use crate::secrets::Secrets;

/// Scans every object and follows each token through the history, or what some commits introduce.
pub(super) fn run(args: &HistoryArgs, common: &Common) -> Result<u8, Error> {
    let repository = Repository::discover(Path::new("."))?;
    let selection = Selection {
        revisions: args.revisions.clone(),
        since: args.since.clone(),
        until: args.until.clone(),
        branches: args.branch.clone(),
        author: args.author.clone(),
        paths: args.paths.clone(),
    };
    match (selection.is_all(), &args.replacements) {
        (true, _) => all(&repository, args, common),
        (false, _) if common.format() == FormatName::Html => Err(Error::new(
            "cannot write an incident report on some commits",
            "they are not all places where a token may be",
            "leave out what selects commits, or --format html",
        )),
        (false, None) => selected(&repository, &selection, args, common),
        (false, Some(path)) => Err(Error::new(
            format!("cannot write the replacements to {}", path.display()),
            "some commits are not all places where a token may stand",
            "leave out what selects commits, or --replacements",
        )),
    }
}

fn selected(repository: &Repository, selection: &Selection, args: &HistoryArgs, common: &Common) -> Result<u8, Error> {
    let started = Instant::now();
    let (mut notes, mut unread) = (Vec::new(), Vec::new());
    let InForce { settings, baseline } = in_force(repository, args, &mut notes, &mut unread, common)?;
    let commits = Pushed::selected(repository, selection)?;
    #[cfg(feature = "archives")]
    let commits = commits.with_archives(args.archives());
    let detector = Detector::new(&settings.rules);
    let sightings = Sightings::of(common);
    let report = |finding: &Finding| sightings.report(finding);
    let scanner =
        Scanner { detector: &detector, allow: &settings.allow, before: None, secrets: None, on_finding: Some(&report) };
    let mut result = scanner.run(&commits, threads(common));
    apply(&mut result, &baseline, None, today()?);
    let authors = authors(repository, &result, &detector)?;
    notes.extend(settings.unstaged_edit(&result, repository.worktree()));
    result.unread.extend(unread);
    result.missing.extend(commits.missing());
    if args.allow_incomplete {
        result.accept_missing();
    }
    let quiet = settings.quiet;
    finish(Scan { commits: authors, quiet, ..Scan::new(Kind::Commits, result, started, notes) }, common)
}

/// The author and date of each commit with a token, by hex id.
fn authors(
    repository: &Repository,
    result: &ScanResult,
    detector: &Detector,
) -> Result<HashMap<String, ShownCommit>, Error> {
    let ids: HashSet<&str> = result.findings.iter().filter_map(|f| Some(f.origin.as_ref()?.id.as_str())).collect();
    let masks = MaskCache::new(detector);
    let shown = |id: &str| Ok((id.to_owned(), ShownCommit::new(&repository.commit_facts(id)?, &masks)));
    ids.into_iter().map(shown).collect()
}

/// The settings and the baseline of a scan.
struct InForce {
    settings: Settings,
    baseline: Baseline,
}

/// Reads them from where `args` say, and says what is not in force. With `--replacements` there is no baseline: the script removes
/// every token, and proves it.
fn in_force(
    repository: &Repository,
    args: &HistoryArgs,
    notes: &mut Vec<String>,
    unread: &mut Vec<Error>,
    common: &Common,
) -> Result<InForce, Error> {
    let ignores_baseline = args.no_baseline || args.replacements.is_some();
    if args.untrusted {
        return Ok(InForce { settings: in_force::of_untrusted(common)?, baseline: Baseline::default() });
    }
    let Some(revision) = &args.config_from else {
        let settings = in_force::of_history(repository, notes, unread, common)?;
        let baseline =
            if ignores_baseline { Baseline::default() } else { baselines::of_history(repository, notes, unread)? };
        return Ok(InForce { settings, baseline });
    };
    let commit = repository.resolve(revision)?;
    let settings = in_force::of_commit(&commit, repository, common)?;
    let (baseline, _) = baselines::of_commit(Some(&commit), repository)?;
    let head = repository.head_id()?;
    let read = |commit: &str, name| repository.top_file_of_commit(commit, name);
    if let Some(head) = &head {
        if read(head, CONFIG_NAME)? != read(&commit, CONFIG_NAME)? {
            notes.push(format!("HEAD changes {CONFIG_NAME}, which was used as {revision} has it"));
        }
        notes.extend(baselines::added_note(&baseline, read(head, BASELINE_NAME)?.as_deref(), "HEAD"));
    }
    Ok(InForce { settings, baseline: if ignores_baseline { Baseline::default() } else { baseline } })
}

/// What a scan of the whole history found. The baseline is not applied yet.
pub(super) struct Sweep {
    pub result: ScanResult,
    pub provenances: Vec<Provenance>,
    /// Knows all tokens that were found.
    pub detector: Detector,
    pub notes: Vec<String>,
}

/// How to scan the whole history.
#[derive(Clone, Copy)]
pub(super) struct SweepOptions<'o> {
    /// The folder with the cache of clean objects, if the scan skips them.
    pub clean_cache: Option<&'o Path>,
    pub archives: bool,
}

/// Scans the whole history and follows each token through it. Collects the tokens in `secrets`.
pub(super) fn sweep(
    repository: &Repository,
    settings: &Settings,
    secrets: &Secrets,
    options: SweepOptions<'_>,
    common: &Common,
) -> Sweep {
    let mut notes = Vec::new();
    let detector = Detector::new(&settings.rules);
    let rules = rules_version(&settings.rules, options.archives);
    let progress_state = Arc::new(ProgressState::default());
    progress::tell_when_stopped(&progress_state);
    let progress = Progress::start(&progress_state, common);
    let history = History::open(repository, threads(common), progress_state);
    #[cfg(feature = "archives")]
    let history = history.with_archives(options.archives);
    let history = match options.clean_cache {
        Some(folder) => history.since_last(folder, &rules),
        None => history,
    };
    let sightings = Sightings::of(common);
    let report = |finding: &Finding| sightings.report(finding);
    let scanner = Scanner {
        detector: &detector,
        allow: &settings.allow,
        before: None,
        secrets: Some(secrets),
        on_finding: Some(&report),
    };
    let mut result = scanner.run(&history, threads(common));
    notes.extend(options.clean_cache.and_then(|folder| remember(&history, (folder, &rules), &detector, &result)));
    let found: HashSet<_> = result.findings.iter().map(|finding| finding.fingerprint).collect();
    let tokens = secrets.tokens(|token| found.contains(&token));
    let second = (!tokens.is_empty()).then(|| Detector::searching_beyond(&settings.rules, tokens));
    let mut collected = None;
    if let Some(detector) = &second {
        let scanner =
            Scanner { detector, allow: &settings.allow, before: None, secrets: Some(secrets), on_finding: None };
        let collector = GraphCollector::new(&history, &result.findings);
        let second_pass = SecondPass { history: &history, collector: &collector };
        result.add_second_pass(scanner.run(&second_pass, threads(common)));
        collected = Some(collector);
        notes.extend(by_value(&result));
    }
    // Names may hold a token that no rule finds there.
    let detector = second.unwrap_or(detector);
    let provenances =
        trace_provenance(&mut result, &history, &detector, &settings.allow, Detail::Object, collected, threads(common));
    drop(progress);
    notes.extend(history.notes());
    Sweep { result, provenances, detector, notes }
}

fn all(repository: &Repository, args: &HistoryArgs, common: &Common) -> Result<u8, Error> {
    let started = Instant::now();
    let output_files = CleanupOutput::new(args, repository, common)?;
    #[cfg(feature = "online")]
    let wanted = verifications::Wanted::of(args)?;
    let (mut notes, mut unread) = (Vec::new(), Vec::new());
    let InForce { settings, baseline } = in_force(repository, args, &mut notes, &mut unread, common)?;
    let clean_cache = args.clean_cache.as_deref().unwrap_or_else(|| repository.common_dir());
    let sweep_options = SweepOptions { clean_cache: args.since_last.then_some(clean_cache), archives: args.archives() };
    let swept = sweep(repository, &settings, output_files.secrets(), sweep_options, common);
    let Sweep { mut result, mut provenances, detector, notes: of_sweep } = swept;
    notes.extend(of_sweep);
    result.unread.extend(unread);
    notes.extend(stale_entries(&settings.allow, &result, Some(&provenances)));
    notes.extend(baselines::stale_note(&baseline, &result, &provenances));
    apply_to_history(&mut result, &mut provenances, (&baseline, &settings.allow), today()?);
    notes.extend(settings.unstaged_edit(&result, repository.worktree()));
    if args.allow_incomplete {
        result.accept_missing();
    }
    let mut failed = None;
    #[cfg(feature = "online")]
    let verifications = wanted.map(|wanted| wanted.ask(&provenances, output_files.secrets())).transpose()?;
    #[cfg(feature = "online")]
    let verifications = verifications.map(|asked| asked.reported(&mut notes, &mut failed));
    #[cfg(not(feature = "online"))]
    let verifications = None;
    let options = Options::new(args, common);
    let cleanup = cleanup(&provenances, output_files, (repository, &options), &detector, &mut notes, &mut failed);
    let deployment = cleanup.as_ref().and_then(|_| deployment(repository, &provenances, &detector, &mut notes, common));
    let provenances = Some(provenances);
    let incident = (common.format() == FormatName::Html).then(|| incident(repository, args, &detector));
    let quiet = settings.quiet;
    let scan = Scan::new(Kind::History, result, started, notes);
    let scan = Scan { provenances, verifications, cleanup, incident, deployment, failed, quiet, ..scan };
    finish(scan, common)
}

fn incident(repository: &Repository, args: &HistoryArgs, detector: &Detector) -> Incident {
    let folder = repository.worktree().unwrap_or_else(|| repository.common_dir());
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let name = folder.file_name().unwrap_or_default().as_encoded_bytes();
    Incident {
        repository: ShownPath::from_masked(detector.mask(name)),
        // The scan reports a HEAD that cannot be read.
        head: repository.head_id().ok().flatten(),
        command: again::list_command(Kind::History),
        with_people: !args.no_people,
    }
}

/// Where the worktree uses the tokens that the plan rotates. What cannot be read is a note, since it is no part of the scan.
fn deployment(
    repository: &Repository,
    provenances: &[Provenance],
    detector: &Detector,
    notes: &mut Vec<String>,
    common: &Common,
) -> Option<Deployment> {
    let credentials = credentials(provenances);
    if credentials.is_empty() {
        return None;
    }
    let deployment = match repository.own_worktree() {
        Ok(top) => Deployment::read(repository, top?, &credentials, detector, threads(common)),
        Err(error) => {
            notes.push(format!("the plan may lack a platform: {error}"));
            return None;
        }
    };
    notes.extend(deployment.unread.iter().map(|error| format!("the plan may lack a platform: {error}")));
    Some(deployment)
}

/// The number of places that the second pass added.
fn by_value(result: &ScanResult) -> Option<String> {
    let places = result.findings.iter().filter(|finding| finding.by_value).count();
    (places > 0).then(|| {
        format!("{} found by value alone: a token is there that no rule finds there", counted(places, "place"))
    })
}

/// Identifies the rules, the build, and whether archives were unpacked, because each of these changes what counts as clean.
pub(super) fn rules_version(rules: &[&'static Rule], archives: bool) -> [u8; 32] {
    let build = std::env::current_exe().and_then(|program| program.metadata()).ok();
    let build = build.map(|program| (program.len(), program.modified().ok()));
    Sha256::digest(format!("{} {build:?} {archives} {rules:?}", env!("CARGO_PKG_VERSION"))).into()
}

/// Saves the ids of clean objects in a folder. Returns a note if that fails.
fn remember(
    history: &History<'_>,
    (folder, rules): (&Path, &[u8; 32]),
    detector: &Detector,
    result: &ScanResult,
) -> Option<String> {
    if !result.is_complete() {
        return Some("not everything was read, so nothing was remembered".to_owned());
    }
    let found = result.findings.iter().chain(result.allowed.iter().map(|one| &one.finding));
    let tainted: HashSet<&str> = found.filter_map(|one| Some(one.origin.as_ref()?.id.as_str())).collect();
    let failed = history.remember(folder, detector, rules, &tainted).err()?;
    Some(format!("what is clean could not be remembered: {failed}; the next sweep reads everything again"))
}
