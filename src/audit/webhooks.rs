//! The webhook handlers of a repository, and how each of them verifies its deliveries.

use std::collections::BTreeMap;

use super::code::handlers::{Handler, Vendor, handler, is_of_interest, knows_idempotency, may_verify_elsewhere};
use super::code::imports::SourceFiles;
use super::code::source::{Code, Language};
use super::code::verification::{Verification, verification};
use super::reader::Reader;

/// How a handler verifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verified {
    Here,
    /// In a file that it imports.
    ByHelper,
    No,
    /// It calls something with such a name, which is not one import away.
    Unclear,
}

/// A handler and what is known of it.
#[derive(Debug)]
pub(super) struct HandlerFacts {
    pub path: Vec<u8>,
    pub line: usize,
    pub vendor: Vendor,
    pub verified: Verified,
    /// Whether a vendor's library verifies, which checks the time as well.
    pub by_library: bool,
    /// Whether a timestamp is compared with the time.
    pub checks_time: bool,
    pub knows_idempotency: bool,
    /// The lines of an HMAC over a timestamp and the body, and their file.
    pub stamped: Vec<(Vec<u8>, usize)>,
}

/// All that the checks of webhooks ask.
#[derive(Debug, Default)]
pub(super) struct Webhooks {
    pub handlers: Vec<HandlerFacts>,
    /// Comparisons of a digest that are not in constant time.
    pub leaky: Vec<(Vec<u8>, usize)>,
    /// Inputs of a verification that were serialized again.
    pub reserialized: Vec<(Vec<u8>, usize)>,
    /// The number of files that verify a signature.
    pub verifying: usize,
}

/// A file and its verification.
struct Analyzed {
    code: Code,
    verification: Verification,
}

/// Whether a file may be part of the analysis. Cheap, since it is asked of every file.
pub(super) fn is_candidate(path: &[u8], bytes: &[u8]) -> bool {
    const WORDS: &[&[u8]] = &[b"hmac", b"Hmac", b"HMAC", b"ebhook", b"EBHOOK", b"ignature", b"IGNATURE"];
    Language::of(path).is_some()
        && is_of_interest(path)
        && (contains(path, b"hook") || WORDS.iter().any(|word| contains(bytes, word)))
}

fn contains(bytes: &[u8], word: &[u8]) -> bool {
    memchr::memmem::find(bytes, word).is_some()
}

/// Analyzes the candidates. `paths` are all files of the repository, for imports.
pub(super) fn webhooks<'p>(
    candidates: &[(Vec<u8>, Vec<u8>)],
    paths: impl Iterator<Item = &'p [u8]>,
    reader: &Reader,
) -> Webhooks {
    let mut analyzed: BTreeMap<Vec<u8>, Analyzed> = BTreeMap::new();
    for (path, bytes) in candidates {
        if let Some(one) = analyze(path, bytes) {
            analyzed.insert(path.clone(), one);
        }
    }
    let mut found = Webhooks::default();
    for (path, one) in &analyzed {
        let at = |lines: &[usize]| lines.iter().map(|line| (path.clone(), *line)).collect::<Vec<_>>();
        found.leaky.extend(at(&one.verification.leaky));
        found.reserialized.extend(at(&one.verification.reserialized));
        found.verifying += usize::from(one.verification.is_any());
    }
    let handlers: Vec<(Vec<u8>, Handler)> =
        analyzed.iter().filter_map(|(path, one)| Some((path.clone(), handler(&one.code)?))).collect();
    let files = SourceFiles::new(paths);
    for (path, handler) in handlers {
        let helpers = helpers(&path, &files, &mut analyzed, reader);
        found.handlers.push(facts(path, &handler, &helpers, &analyzed));
    }
    found
}

fn analyze(path: &[u8], bytes: &[u8]) -> Option<Analyzed> {
    let code = Code::new(path, Language::of(path)?, bytes);
    let verification = verification(&code);
    Some(Analyzed { code, verification })
}

/// The files that a handler imports. Those that were no candidates are read.
fn helpers(
    path: &[u8],
    files: &SourceFiles<'_>,
    analyzed: &mut BTreeMap<Vec<u8>, Analyzed>,
    reader: &Reader,
) -> Vec<Vec<u8>> {
    let Some(handler) = analyzed.get(path) else { return Vec::new() };
    let imported: Vec<Vec<u8>> = files.imported(&handler.code).into_iter().map(<[u8]>::to_vec).collect();
    for path in &imported {
        if !analyzed.contains_key(path)
            && let Some(one) = reader.read(path).and_then(|bytes| analyze(path, &bytes))
        {
            analyzed.insert(path.clone(), one);
        }
    }
    imported
}

fn facts(
    path: Vec<u8>,
    handler: &Handler,
    helpers: &[Vec<u8>],
    analyzed: &BTreeMap<Vec<u8>, Analyzed>,
) -> HandlerFacts {
    let own = &analyzed[&path];
    let helpers: Vec<&Analyzed> = helpers.iter().filter_map(|path| analyzed.get(path)).collect();
    let verifying: Vec<&Analyzed> = if own.verification.is_any() {
        vec![own]
    } else {
        helpers.iter().copied().filter(|helper| is_called(helper, own)).collect()
    };
    let verified = match () {
        () if own.verification.is_any() => Verified::Here,
        () if !verifying.is_empty() => Verified::ByHelper,
        () if may_verify_elsewhere(&own.code) => Verified::Unclear,
        () => Verified::No,
    };
    let stamped =
        verifying.iter().flat_map(|one| one.verification.stamped.iter().map(|line| (one.code.path.clone(), *line)));
    let all = || std::iter::once(own).chain(helpers.iter().copied());
    HandlerFacts {
        line: handler.line,
        vendor: handler.vendor,
        verified,
        by_library: verifying.iter().any(|one| one.verification.by_library),
        checks_time: verifying.iter().any(|one| one.verification.checks_time),
        knows_idempotency: all().any(|one| knows_idempotency(&one.code)),
        stamped: stamped.collect(),
        path,
    }
}

/// Whether a handler calls a function of the helper that verifies.
fn is_called(helper: &Analyzed, handler: &Analyzed) -> bool {
    let has_name = |name: &String| {
        let bytes = handler.code.bare.as_bytes();
        let mut places = memchr::memmem::find_iter(bytes, name.as_bytes());
        places.any(|at| bytes.get(at + name.len()).is_none_or(|next| !(next.is_ascii_alphanumeric() || *next == b'_')))
    };
    helper.verification.is_any() && helper.verification.functions.iter().any(has_name)
}
