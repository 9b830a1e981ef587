//! Where a repository uses the tokens that are to be rotated: platforms, and names of variables.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Mutex;

use regex::Regex;

use super::credential::Credential;
use super::names::{Stored, stored_names, variables};
use super::platform::{Platform, WORKFLOWS, platforms_of};
use crate::audit::package::is_vendored;
use crate::audit::reader::folder_of;
use crate::detect::Detector;
use crate::error::Error;
use crate::finding::{Part, ShownPath};
use crate::git::repository::Repository;
use crate::scan::source::Source as _;
use crate::scan::worktree::Worktree;
use crate::threads::Threads;

/// Larger files are generated. Settings and source files are far smaller.
const MAX_FILE: usize = 1_000_000;

/// The number of lines of one file that are kept for a name.
const MAX_LINES: usize = 3;

/// The number of names that one file may add for a credential. More are no names that a person wrote.
const MAX_NAMES: usize = 50;

/// Where a repository uses tokens. Paths and names are masked.
#[derive(Debug, Default)]
pub struct Deployment {
    pub(super) uses: Vec<Use>,
    pub(super) variables: Vec<Variable>,
    /// A procedure with any of these may lack a platform.
    pub unread: Vec<Error>,
}

/// A file of a platform.
#[derive(Debug)]
pub(super) struct Use {
    pub platform: Platform,
    pub path: ShownPath,
    /// The folder to run commands in.
    pub folder: ShownPath,
    /// Whether the file configures the platform, and not only a deployment to it.
    pub is_configuration: bool,
    /// The stored tokens that it names.
    pub names: BTreeSet<Name>,
}

/// The name of a stored token, for the credential with this index.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    pub credential: usize,
    pub text: String,
    /// In Kubernetes, the secret that contains the key `text`.
    pub container: Option<String>,
    /// In Kubernetes, the namespace of that secret, if the file names it.
    pub namespace: Option<String>,
}

/// Paths and lines, counted from 1.
pub(super) type Places = BTreeSet<(Vec<u8>, usize)>;

/// An environment variable, for the credential with this index.
#[derive(Debug)]
pub(super) struct Variable {
    pub credential: usize,
    pub name: String,
    pub places: Places,
}

#[derive(Default)]
struct Found {
    uses: BTreeMap<(Platform, Vec<u8>), BTreeSet<Name>>,
    variables: BTreeMap<(usize, String), Places>,
}

impl Deployment {
    /// Reads the index and all that `git add -A` would take, on disk and in the index. Follows no symbolic link. `top` is the top of
    /// the worktree.
    pub fn read(
        repository: &Repository,
        top: &Path,
        credentials: &[Credential],
        detector: &Detector,
        threads: Threads,
    ) -> Self {
        let worktree = match Worktree::list(repository, top) {
            Ok(worktree) => worktree,
            Err(error) => return Self { unread: vec![error], ..Self::default() },
        };
        let (found, reader) = (Mutex::new(Found::default()), FileReader::new(credentials, detector));
        let ignore = |_: &[u8], _: &[u8]| {};
        let coverage = worktree.calling(&ignore).visit(detector, threads, &|unit| {
            let Some(path) = unit.path.filter(|path| unit.part == Part::Content && !is_vendored(path)) else { return };
            reader.read(path, unit.bytes, &found);
        });
        let Found { mut uses, variables } = found.into_inner().expect("no thread panicked while it held the lock");
        // A workflow that deploys to a platform counts only where no file configures that.
        let configured: BTreeSet<Platform> = uses
            .keys()
            .filter(|(platform, path)| !is_by_workflow(*platform, path))
            .map(|(platform, _)| *platform)
            .collect();
        uses.retain(|(platform, path), _| !is_by_workflow(*platform, path) || !configured.contains(platform));
        let shown = |path: &[u8]| ShownPath::from_masked(detector.mask(path));
        let uses = uses.into_iter().map(|((platform, path), names)| Use {
            platform,
            folder: if is_by_workflow(platform, &path) { shown(b"") } else { shown(folder_of(&path)) },
            is_configuration: !is_by_workflow(platform, &path),
            path: shown(&path),
            names,
        });
        let variables = variables.into_iter().map(|((credential, name), places)| {
            let places = places.into_iter().map(|(path, line)| (detector.mask(&path), line));
            Variable { credential, name, places: places.collect() }
        });
        let unread = coverage.unread.into_iter().chain(coverage.missing).collect();
        Self { uses: uses.collect(), variables: variables.collect(), unread }
    }

    /// Keeps the credentials with these indexes, which must be in ascending order.
    pub fn keep(&mut self, indexes: &[usize]) {
        let new = |old: usize| indexes.binary_search(&old).ok();
        self.variables.retain_mut(|one| new(one.credential).map(|index| one.credential = index).is_some());
        for one in &mut self.uses {
            let names = std::mem::take(&mut one.names).into_iter();
            one.names = names.filter_map(|name| Some(Name { credential: new(name.credential)?, ..name })).collect();
        }
    }

    /// Whether a file names a place of the credential with this index.
    pub fn names(&self, credential: usize) -> bool {
        self.variables.iter().any(|one| one.credential == credential)
            || self.uses.iter().flat_map(|one| &one.names).any(|name| name.credential == credential)
    }
}

/// Reads one file after the other. Threads share it.
struct FileReader<'a> {
    credentials: &'a [Credential],
    detector: &'a Detector,
    /// Matches text that may name a vendor.
    vendors: Regex,
}

impl<'a> FileReader<'a> {
    fn new(credentials: &'a [Credential], detector: &'a Detector) -> Self {
        let words = credentials.iter().flat_map(Credential::vendor_words);
        let words: Vec<String> = words.map(|word| word.replace('_', "[ _.-]?")).collect();
        let vendors = Regex::new(&format!("(?i-u){}", words.join("|"))).expect("words of letters and digits are valid");
        Self { credentials, detector, vendors }
    }

    fn read(&self, path: &[u8], bytes: &[u8], found: &Mutex<Found>) {
        if bytes.len() > MAX_FILE || memchr::memchr(0, bytes).is_some() {
            return;
        }
        let text = String::from_utf8_lossy(bytes);
        let platforms = platforms_of(path, &text);
        let may_name = self.vendors.is_match(&text);
        if platforms.is_empty() && !may_name {
            return;
        }
        let is_terraform = path.ends_with(b".tf");
        let named: Vec<_> = platforms
            .into_iter()
            .map(|platform| {
                let stored = if may_name { stored_names(platform, &text, is_terraform) } else { Vec::new() };
                (
                    platform,
                    self.of_credentials(&stored).map(|(credential, one)| name(credential, one)).collect::<Vec<_>>(),
                )
            })
            .collect();
        let variables = if may_name { variables(&text) } else { Vec::new() };
        let mut lines: BTreeMap<(usize, &str), Vec<usize>> = BTreeMap::new();
        for (credential, one) in self.of_credentials(&variables) {
            let lines = lines.entry((credential, one.name)).or_default();
            if lines.len() < MAX_LINES {
                lines.push(1 + memchr::memchr_iter(b'\n', &text.as_bytes()[..one.at]).count());
            }
        }
        let mut found = found.lock().expect("no thread panicked while it held the lock");
        for (platform, names) in named {
            found.uses.entry((platform, path.to_vec())).or_default().extend(names);
        }
        for ((credential, name), lines) in lines {
            let places = found.variables.entry((credential, name.to_owned())).or_default();
            places.extend(lines.into_iter().map(|line| (path.to_vec(), line)));
        }
    }

    /// The names that may be those of a credential, each with its index. A name that contains a token is left out.
    fn of_credentials<'s, 't>(&'s self, all: &'s [Stored<'t>]) -> impl Iterator<Item = (usize, &'s Stored<'t>)> {
        let of = |one: &Stored<'_>| {
            let own = [one.container, Some(one.name)].into_iter().flatten().collect::<Vec<_>>().join("_");
            let may_be = |credential: &Credential| {
                one.variable.is_some_and(|name| credential.may_be_in(name)) || credential.may_be_in(&own)
            };
            let index = self.credentials.iter().position(may_be)?;
            (self.detector.mask(own.as_bytes()) == own.as_bytes()).then_some(index)
        };
        all.iter().filter_map(move |one| Some((of(one)?, one))).take(MAX_NAMES)
    }
}

fn is_by_workflow(platform: Platform, path: &[u8]) -> bool {
    platform != Platform::GithubActions && path.starts_with(WORKFLOWS)
}

fn name(credential: usize, one: &Stored<'_>) -> Name {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let (container, namespace) = (owned(one.container), owned(one.namespace));
    Name { credential, text: one.name.to_owned(), container, namespace }
}
