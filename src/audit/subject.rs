//! The repository that an audit is about. Each part is read when the first check asks for it.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::config::baseline::Baseline;
use crate::config::{Accepted, Allow, Date, LedgerEntry};
use crate::detect::Detector;
use crate::finding::{Finding, Fingerprint, ShownPath};
use crate::git::repository::Repository;
use crate::history::baselined::apply;
use crate::scan::engine::{ScanResult, Scanner};
use crate::scan::files::Files;
use crate::scan::git_dir::GitFiles;
use crate::scan::source::Source;
use crate::scan::worktree::{Worktree, ignored_paths};
use crate::threads::Threads;

use super::client_names::{PublicName, public_names};
use super::code::handlers::is_of_interest;
use super::code::logging::{Logged, logged};
use super::code::source::{Code, Language};
use super::env_file::{self, EnvFile, EnvKind};
use super::model::Answer;
use super::package::{Root, is_vendored, roots};
use super::reader::{Reader, folder_of, join, name_of};
use super::webhooks::{Webhooks, is_candidate, webhooks};

/// The settings of an audit, from the command line and the configuration.
pub struct Settings<'a> {
    pub repository: &'a Repository,
    /// The top of the worktree.
    pub top: &'a Path,
    pub detector: &'a Detector,
    pub allow: &'a Allow,
    pub baseline: &'a Baseline,
    pub ledger: &'a [LedgerEntry],
    pub accepted: &'a [Accepted],
    pub today: Date,
    pub threads: Threads,
    /// Whether hooks may be run, and with them the programs that the repository names.
    pub run_hooks: bool,
    /// The digests of the rules that are in force, as `history --since-last` computes them.
    pub rule_digests: &'a [[u8; 32]],
}

pub(super) struct Subject<'a> {
    pub settings: &'a Settings<'a>,
    pub reader: Reader,
    worktree: OnceCell<Option<Worktree<'a>>>,
    paths: OnceCell<Vec<(Vec<u8>, bool)>>,
    ignored: OnceCell<Vec<Vec<u8>>>,
    roots: OnceCell<Vec<Root>>,
    env_files: OnceCell<Vec<EnvFile>>,
    scan: OnceCell<WorktreeScan>,
    webhooks: OnceCell<Webhooks>,
}

/// What one pass over the files of the worktree finds.
#[derive(Default)]
pub(super) struct WorktreeScan {
    pub findings: Vec<Finding>,
    /// Variables with the prefix of a public one, in code.
    pub public_names: Vec<PublicName>,
    /// Calls in code that log a secret.
    pub logged: Vec<Logged>,
    /// Source files that may be about webhooks, with their content.
    webhook_files: Vec<(Vec<u8>, Vec<u8>)>,
}

/// A token that an env file on this machine has.
pub(super) struct LocalToken<'f> {
    pub file: &'f EnvFile,
    pub token: &'f env_file::EnvToken,
}

impl<'a> Subject<'a> {
    pub fn new(settings: &'a Settings<'a>) -> Self {
        Self {
            settings,
            reader: Reader::new(settings.top),
            worktree: OnceCell::new(),
            paths: OnceCell::new(),
            ignored: OnceCell::new(),
            roots: OnceCell::new(),
            env_files: OnceCell::new(),
            scan: OnceCell::new(),
            webhooks: OnceCell::new(),
        }
    }

    /// The path with masked tokens.
    pub fn shown(&self, path: &[u8]) -> ShownPath {
        ShownPath::from_masked(self.settings.detector.mask(path))
    }

    fn worktree(&self) -> Option<&Worktree<'a>> {
        let list = || {
            let listed = Worktree::list(self.settings.repository, self.settings.top);
            listed.map_err(|error| self.reader.record(error)).ok()
        };
        self.worktree.get_or_init(list).as_ref()
    }

    /// The files that git tracks or would add, each with whether it is tracked.
    pub fn paths(&self) -> &[(Vec<u8>, bool)] {
        self.paths.get_or_init(|| {
            let paths = self.worktree().into_iter().flat_map(Worktree::paths);
            paths.map(|(path, is_tracked)| (path.to_vec(), is_tracked)).collect()
        })
    }

    /// The paths that git ignores. A folder is one path with a `/` at its end.
    pub fn ignored(&self) -> &[Vec<u8>] {
        self.ignored.get_or_init(|| {
            ignored_paths(self.settings.repository, self.settings.top).unwrap_or_else(|error| {
                self.reader.record(error);
                Vec::new()
            })
        })
    }

    pub fn roots(&self) -> &[Root] {
        self.roots.get_or_init(|| roots(self.paths().iter().map(|(path, _)| &path[..]), &self.reader))
    }

    /// The files with this name, or with names that `is_wanted` accepts, that are not other people's code.
    pub fn files_named(&self, is_wanted: impl Fn(&[u8]) -> bool) -> Vec<&[u8]> {
        let paths = self.paths().iter().map(|(path, _)| &path[..]);
        let mut found: Vec<&[u8]> = paths.filter(|path| is_wanted(name_of(path)) && !is_vendored(path)).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// All env files: tracked, untracked and ignored.
    pub fn env_files(&self) -> &[EnvFile] {
        self.env_files.get_or_init(|| {
            let mut candidates: BTreeMap<Vec<u8>, (EnvKind, bool)> = BTreeMap::new();
            for (path, is_tracked) in self.paths() {
                if let Some(kind) = env_file::kind_of(path).filter(|_| !is_vendored(path)) {
                    let known = candidates.entry(path.clone()).or_insert((kind, false));
                    known.1 |= is_tracked;
                }
            }
            for path in self.ignored_files() {
                if let Some(kind) = env_file::kind_of(&path).filter(|_| !is_vendored(&path)) {
                    candidates.entry(path).or_insert((kind, false));
                }
            }
            for path in self.compose_env_files() {
                let is_tracked = self.paths().iter().any(|(known, tracked)| *tracked && *known == path);
                candidates.entry(path).or_insert((EnvKind::Values, is_tracked));
            }
            let parsed = candidates.into_iter().filter_map(|(path, (kind, is_tracked))| {
                let bytes = self.reader.read(&path)?;
                let Settings { detector, allow, .. } = self.settings;
                Some(EnvFile { is_tracked, ..env_file::parse(path, kind, &bytes, detector, allow) })
            });
            parsed.collect()
        })
    }

    /// The ignored files, and the files directly in each ignored folder.
    fn ignored_files(&self) -> Vec<Vec<u8>> {
        let mut files = Vec::new();
        for path in self.ignored() {
            match path.strip_suffix(b"/") {
                None => files.push(path.clone()),
                Some(folder) if is_vendored(folder) => {}
                Some(folder) => files.extend(self.reader.names(folder).into_iter().map(|name| join(folder, &name))),
            }
        }
        files
    }

    fn compose_env_files(&self) -> Vec<Vec<u8>> {
        let is_compose = |name: &[u8]| {
            let name = name.strip_prefix(b"docker-").unwrap_or(name);
            name.starts_with(b"compose") && (name.ends_with(b".yml") || name.ends_with(b".yaml"))
        };
        let mut found = Vec::new();
        for path in self.files_named(is_compose) {
            let text = self.reader.read(path).unwrap_or_default();
            let named = env_file::compose_env_files(&String::from_utf8_lossy(&text));
            let named = named.iter().map(|name| join(folder_of(path), name.trim_start_matches("./").as_bytes()));
            found.extend(named);
        }
        found
    }

    /// The tokens of all env files that have values, each fingerprint once per file.
    pub fn local_tokens(&self) -> Vec<LocalToken<'_>> {
        let files = self.env_files().iter().filter(|file| file.kind == EnvKind::Values);
        let tokens = files.flat_map(|file| file.tokens.iter().map(move |token| LocalToken { file, token }));
        tokens.collect()
    }

    /// One pass over the index and the files that `git add -A` would take.
    pub fn scan(&self) -> &WorktreeScan {
        self.scan.get_or_init(|| {
            let found = Mutex::new(WorktreeScan::default());
            let on_content = |path: &[u8], bytes: &[u8]| {
                let one = in_source(path, bytes);
                if one.public_names.is_empty() && one.logged.is_empty() && one.webhook_files.is_empty() {
                    return;
                }
                let mut found = found.lock().expect("no thread panicked while it held the lock");
                found.public_names.extend(one.public_names);
                found.logged.extend(one.logged);
                found.webhook_files.extend(one.webhook_files);
            };
            let findings = self.worktree().map(|worktree| self.run(&worktree.calling(&on_content)));
            let mut found = found.into_inner().expect("no thread panicked while it held the lock");
            found.public_names.sort();
            found.logged.sort();
            WorktreeScan { findings: findings.unwrap_or_default(), ..found }
        })
    }

    /// The handlers of webhooks, and how they verify.
    pub fn webhooks(&self) -> &Webhooks {
        self.webhooks.get_or_init(|| {
            let paths = self.paths().iter().map(|(path, _)| &path[..]).filter(|path| !is_vendored(path));
            webhooks(&self.scan().webhook_files, paths, &self.reader)
        })
    }

    /// Scans files and folders on disk. No symbolic link among `paths` is followed.
    pub fn scan_files(&self, paths: &[PathBuf]) -> Vec<Finding> {
        self.run(&Files::find(paths, GitFiles::default(), Some(self.settings.top), false))
    }

    fn run(&self, source: &dyn Source) -> Vec<Finding> {
        let Settings { detector, allow, baseline, today, threads, .. } = *self.settings;
        let scanner = Scanner { detector, allow, before: None, secrets: None, on_finding: None };
        let mut result = scanner.run(source, threads);
        apply(&mut result, baseline, None, today);
        let ScanResult { findings, unread, missing, .. } = result;
        unread.into_iter().chain(missing).for_each(|error| self.reader.record(error));
        findings
    }

    /// The answer to a check of the ledger if there is none. `why` and `help` are for a repository with tokens to list.
    pub fn without_ledger(&self, why: impl Into<String>, help: &str) -> Answer {
        if self.local_tokens().is_empty() {
            return Answer::not_applicable("no env file on this machine holds a token, and there is no ledger");
        }
        Answer::unknown(why, help)
    }

    /// The entries of the ledger for a token.
    pub fn ledger_of(&self, token: Fingerprint) -> impl Iterator<Item = &LedgerEntry> {
        self.settings.ledger.iter().filter(move |entry| entry.fingerprint == token)
    }
}

/// Larger files are generated.
const MAX_SOURCE: usize = 400_000;

/// What one source file has for the checks. Called for every file, on several threads.
fn in_source(path: &[u8], bytes: &[u8]) -> WorktreeScan {
    let mut found = WorktreeScan::default();
    if bytes.len() > MAX_SOURCE || is_vendored(path) {
        return found;
    }
    found.public_names = public_names(path, bytes);
    let Some(language) = Language::of(path).filter(|_| is_of_interest(path)) else { return found };
    if is_candidate(path, bytes) {
        found.webhook_files.push((path.to_vec(), bytes.to_vec()));
    }
    if names_secret(bytes) {
        found.logged = logged(&Code::new(path, language, bytes));
    }
    found
}

/// Whether the file may name a variable for a secret.
fn names_secret(bytes: &[u8]) -> bool {
    let words: [&[u8]; 7] = [b"_KEY", b"SECRET", b"TOKEN", b"piKey", b"ecret", b"pi_key", b"oken"];
    words.iter().any(|word| memchr::memmem::find(bytes, word).is_some())
}
