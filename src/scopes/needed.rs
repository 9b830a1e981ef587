//! The least scopes that the code of a repository needs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Mutex;

use super::calls::{Call, What, calls, has_host, has_versioned_path, names_attio};
use crate::audit::code::handlers::is_of_interest;
use crate::audit::code::source::{Code, Language};
use crate::audit::package::is_vendored;
use crate::detect::Detector;
use crate::error::Error;
use crate::finding::{Part, ShownPath};
use crate::git::repository::Repository;
use crate::scan::source::Source as _;
use crate::scan::worktree::Worktree;
use crate::threads::Threads;

/// Larger files are generated.
const MAX_SOURCE: usize = 400_000;

/// What the code needs, and what is unknown. Paths are masked.
#[derive(Debug, Default)]
pub struct Needed {
    /// Sorted by scope. No scope includes another one.
    pub scopes: Vec<ScopeUse>,
    pub untold: Vec<Untold>,
    /// The number of calls that are known.
    pub calls: usize,
    /// A list with any of these may lack a scope.
    pub unread: Vec<Error>,
}

/// A scope, and the calls that require it.
#[derive(Debug)]
pub struct ScopeUse {
    pub scope: String,
    pub places: Vec<Place>,
}

/// A call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    path: Vec<u8>,
    /// Counted from 1.
    pub line: usize,
    /// `GET /v2/objects`.
    pub call: String,
}

impl Place {
    /// The path, masked.
    pub fn path(&self) -> ShownPath {
        ShownPath::from_masked(self.path.clone())
    }
}

/// A call whose scopes are unknown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Untold {
    path: Vec<u8>,
    /// Counted from 1.
    pub line: usize,
    pub why: String,
}

impl Untold {
    /// The path, masked.
    pub fn path(&self) -> ShownPath {
        ShownPath::from_masked(self.path.clone())
    }
}

#[derive(Default)]
struct Found {
    /// Whether a source file has Attio's host.
    has_host: bool,
    /// The calls of files that do not name Attio, with the masked path of the file.
    unnamed: Vec<(Vec<u8>, Vec<Call>)>,
    scopes: BTreeMap<String, BTreeSet<Place>>,
    calls: BTreeSet<Place>,
    untold: BTreeSet<Untold>,
}

impl Needed {
    /// Reads the index and all that `git add -A` would take. `top` is the top of the worktree.
    pub fn read(repository: &Repository, top: &Path, detector: &Detector, threads: Threads) -> Self {
        let worktree = match Worktree::list(repository, top) {
            Ok(worktree) => worktree,
            Err(error) => return Self { unread: vec![error], ..Self::default() },
        };
        let found = Mutex::new(Found::default());
        let ignore = |_: &[u8], _: &[u8]| {};
        let coverage = worktree.calling(&ignore).visit(detector, threads, &|unit| {
            let Some(path) = unit.path.filter(|path| unit.part == Part::Content && is_read(path, unit.bytes)) else {
                return;
            };
            if let Some(language) = Language::of(path) {
                let code = Code::new(path, language, unit.bytes);
                let names_attio = names_attio(unit.bytes);
                let (calls, path) = (calls(&code, names_attio), detector.mask(path));
                let mut found = found.lock().expect("no thread panicked while it held the lock");
                found.has_host |= has_host(unit.bytes);
                if names_attio { found.add(&path, calls) } else { found.unnamed.push((path, calls)) }
            }
        });
        let mut found = found.into_inner().expect("no thread panicked while it held the lock");
        if found.has_host {
            for (path, calls) in std::mem::take(&mut found.unnamed) {
                found.add(&path, calls);
            }
        }
        let Found { mut scopes, calls, untold, .. } = found;
        let all: Vec<String> = scopes.keys().cloned().collect();
        for wider in all.iter().filter_map(|scope| scope.strip_suffix("-write")) {
            let narrow = scopes.remove(wider).unwrap_or_default();
            scopes.entry(format!("{wider}-write")).or_default().extend(narrow);
        }
        let scopes = scopes.into_iter().map(|(scope, places)| ScopeUse { scope, places: places.into_iter().collect() });
        let unread = coverage.unread.into_iter().chain(coverage.missing).collect();
        Self { scopes: scopes.collect(), untold: untold.into_iter().collect(), calls: calls.len(), unread }
    }
}

fn is_read(path: &[u8], bytes: &[u8]) -> bool {
    bytes.len() <= MAX_SOURCE
        && !is_vendored(path)
        && is_of_interest(path)
        && (names_attio(bytes) || has_versioned_path(bytes))
}

impl Found {
    fn add(&mut self, path: &[u8], calls: Vec<Call>) {
        for call in calls {
            let (path, line) = (path.to_vec(), call.line);
            match call.what {
                What::Untold(why) => drop(self.untold.insert(Untold { path, line, why })),
                What::Known(endpoint) => {
                    let place = Place { path, line, call: format!("{} /v2/{}", endpoint.method, endpoint.path) };
                    for scope in endpoint.scopes.split(' ').filter(|scope| !scope.is_empty()) {
                        self.scopes.entry(scope.to_owned()).or_default().insert(place.clone());
                    }
                    self.calls.insert(place);
                }
            }
        }
    }
}
