//! `keysweep find`: every place of the given tokens, by their bytes or by their fingerprints.

use std::collections::HashSet;
use std::ffi::OsString;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use super::args::FindArgs;
use super::options::Common;
use super::progress::{self, Progress};
use super::scan::{Scan, finish, threads};
use super::{in_force, output};
use crate::cleanup::tokens_from;
use crate::config::Allow;
use crate::detect::Detector;
use crate::error::Error;
use crate::finding::Fingerprint;
use crate::git::repository::Repository;
use crate::history::database::History;
use crate::history::progress::ProgressState;
use crate::history::provenance::{Detail, add_files, trace_provenance};
use crate::rule::Rule;
use crate::rules::{self, PACKS, rules_of};
use crate::scan::engine::{ScanResult, Scanner};
use crate::scan::files::Files;
use crate::scan::source::Kind;
use crate::text::without_line_end;

/// Shorter values occur in too many places by chance.
pub(super) const SHORTEST: usize = 8;

/// Encoded text is decoded in overlapping pieces. The overlap covers a token of this length in any encoding.
pub(super) const LONGEST: usize = 512;

/// More than this on standard input is not a list of tokens.
const LARGEST: u64 = 16 << 20;

/// A way to pass the token that leaves no trace in the history of a shell.
const HOW: &str = "give it on standard input: printf %s \"$TOKEN\" | keysweep find";

pub(super) fn run(args: &FindArgs, common: &Common) -> Result<u8, Error> {
    let started = Instant::now();
    refuse(&args.typed)?;
    if args.fingerprint.is_empty() { by_value(args, common, started) } else { by_fingerprint(args, common, started) }
}

/// Searches for the bytes of tokens.
fn by_value(args: &FindArgs, common: &Common, started: Instant) -> Result<u8, Error> {
    let tokens = match &args.tokens_from {
        Some(path) => distinct(tokens_from(path)?).map_err(|cause| {
            let context = format!("cannot search for the tokens of {}", path.display());
            Error::new(context, cause, "make the file anew with keysweep history --replacements")
        })?,
        None => tokens_on_stdin()?,
    };
    let mut detector = Arc::new(Detector::for_tokens(rules::ALL, &tokens));
    output::know_tokens(&detector);
    let repository = Repository::discover(Path::new("."))?;
    let of_packs = rules_of_packs(&repository, common);
    if !of_packs.is_empty() {
        detector = Arc::new(Detector::for_tokens(&[rules::ALL, &of_packs].concat(), &tokens));
        output::know_tokens(&detector);
    }
    let search = Search { detector: &detector, fingerprints: None, searched: tokens.len(), notes: forms(&tokens) };
    search.run(&repository, args, common, started)
}

/// Searches for the tokens that detection recognizes, and compares their fingerprints.
fn by_fingerprint(args: &FindArgs, common: &Common, started: Instant) -> Result<u8, Error> {
    let fingerprints: HashSet<Fingerprint> =
        args.fingerprint.iter().map(|text| parse(text)).collect::<Result<_, _>>()?;
    let repository = Repository::discover(Path::new("."))?;
    let mut unread = Vec::new();
    let settings = in_force::of_history(&repository, &mut Vec::new(), &mut unread, common)?;
    if let Some(error) = unread.pop() {
        return Err(error);
    }
    let detector = Detector::new(&settings.rules);
    let notes = vec![BY_FINGERPRINT.to_owned()];
    let search = Search { detector: &detector, fingerprints: Some(fingerprints), searched: 0, notes };
    search.run(&repository, args, common, started)
}

/// Parses the first 16 hex digits of a SHA-256, or all 64. The error does not repeat the text, which may be a token.
fn parse(text: &str) -> Result<Fingerprint, Error> {
    let text = text.to_ascii_lowercase();
    let start = if text.len() == 64 { text.get(..16) } else { Some(text.as_str()) };
    start.and_then(Fingerprint::parse).ok_or_else(|| {
        let cause = "it is not 16 or 64 hex digits";
        let help = "a fingerprint begins the SHA-256 of a token: printf %s \"$TOKEN\" | sha256sum | cut -c1-16";
        Error::new("cannot use the value of --fingerprint", cause, help)
    })
}

/// A search of the history, the index, the worktree and the git directory.
struct Search<'a> {
    detector: &'a Detector,
    /// The tokens to keep of those that are found. `None` keeps all.
    fingerprints: Option<HashSet<Fingerprint>>,
    /// The number of tokens that are searched for by value.
    searched: usize,
    notes: Vec<String>,
}

impl Search<'_> {
    fn run(self, repository: &Repository, args: &FindArgs, common: &Common, started: Instant) -> Result<u8, Error> {
        let progress_state = Arc::new(ProgressState::default());
        progress::tell_when_stopped(&progress_state);
        let progress = Progress::start(&progress_state, common);
        let history = History::open(repository, threads(common), progress_state);
        let allow = Allow::strict();
        let detector = self.detector;
        let scanner = Scanner { detector, allow: &allow, before: None, secrets: None, on_finding: None };
        let mut result = self.wanted(scanner.run(&history, threads(common)));
        let mut provenances =
            trace_provenance(&mut result, &history, detector, &allow, Detail::Position, None, threads(common));
        let files = files(repository, args.tokens_from.as_deref())?;
        let on_disk = self.wanted(scanner.run(&files, threads(common)));
        drop(progress);
        add_files(&mut provenances, &on_disk.findings);
        absorb(&mut result, on_disk);
        if args.allow_incomplete {
            result.accept_missing();
        }
        let notes = history.notes().into_iter().chain(self.notes).collect();
        let scan = Scan::new(Kind::Find, result, started, notes);
        finish(Scan { provenances: Some(provenances), searched: self.searched, ..scan }, common)
    }

    /// Drops the findings of other tokens.
    fn wanted(&self, mut result: ScanResult) -> ScanResult {
        if let Some(fingerprints) = &self.fingerprints {
            result.findings.retain(|finding| fingerprints.contains(&finding.fingerprint));
        }
        result
    }
}

/// The rules of the packs that the configuration turns on. They name a searched token, and mask other tokens in the report. If
/// the configuration cannot be used, the rules of every pack, because the search itself does not need it.
fn rules_of_packs(repository: &Repository, common: &Common) -> Vec<&'static Rule> {
    let mut unread = Vec::new();
    let settings = in_force::of_history(repository, &mut Vec::new(), &mut unread, common);
    // Errors still mask everything that any rule may match.
    output::expect_rules();
    let packs = match settings {
        Ok(settings) if unread.is_empty() => settings.packs,
        _ => PACKS.iter().collect(),
    };
    rules_of(packs).collect()
}

/// Refuses a token on the command line, since other users can read the arguments of a process.
fn refuse(typed: &[OsString]) -> Result<(), Error> {
    if typed.is_empty() {
        return Ok(());
    }
    let cause = "the shell's history would keep it";
    Err(Error::new("cannot take the token from the command line", cause, HOW))
}

/// Reads the tokens on standard input, one on each line.
fn tokens_on_stdin() -> Result<Vec<Vec<u8>>, Error> {
    let refused = |cause: &str, help: &str| Error::new("cannot search for the token", cause, help);
    if io::stdin().is_terminal() {
        return Err(refused("standard input is a terminal, which would show it", HOW));
    }
    let mut text = Vec::new();
    let read = io::stdin().take(LARGEST + 1).read_to_end(&mut text);
    read.map_err(|err| Error::new("cannot read the token from standard input", err, HOW))?;
    if text.len() as u64 > LARGEST {
        return Err(refused("standard input has more than 16 MiB", "give the tokens, one a line"));
    }
    let lines = text.split(|&b| b == b'\n').map(without_line_end).map(<[u8]>::to_vec);
    let tokens: Vec<Vec<u8>> = lines.filter(|line| !line.is_empty()).collect();
    let any_part = "give a part of it that is on one line: any 8 bytes or more in a row will do";
    if tokens.is_empty() {
        return Err(refused("standard input is empty", any_part));
    }
    if tokens.iter().any(|token| token.contains(&0)) {
        return Err(refused("it contains a NUL byte, which no token has", any_part));
    }
    distinct(tokens).map_err(|cause| refused(&cause, any_part))
}

/// Removes duplicates. The error describes what is wrong with a token without repeating it.
fn distinct(tokens: Vec<Vec<u8>>) -> Result<Vec<Vec<u8>>, String> {
    let several = tokens.len() > 1;
    for (at, token) in tokens.iter().enumerate() {
        let which = if several { format!("token {} of {}", at + 1, tokens.len()) } else { "it".to_owned() };
        if token.len() < SHORTEST {
            return Err(format!("{which} has fewer than 8 bytes, which occur anywhere by chance"));
        }
        if token.len() > LONGEST {
            return Err(format!("{which} has more than 512 bytes"));
        }
    }
    let mut seen = HashSet::new();
    Ok(tokens.into_iter().filter(|token| seen.insert(token.clone())).collect())
}

/// The worktree, and all files of the git directory except objects: settings, hooks, refs, reflogs, the index, the last message.
/// The file with the tokens is skipped and reported as such.
fn files(repository: &Repository, tokens: Option<&Path>) -> Result<Files, Error> {
    let top = repository.own_worktree()?;
    let worktree: Vec<PathBuf> = top.map(Path::to_owned).into_iter().collect();
    let files = Files::find(&worktree, repository.git_files(), top, false);
    Ok(match tokens {
        Some(tokens) => files.without(tokens, "it names the tokens to search for"),
        None => files,
    })
}

/// Removes the git directory from the skipped files, because it is scanned separately.
fn absorb(result: &mut ScanResult, mut on_disk: ScanResult) {
    on_disk.skipped.retain(|one| one.path.as_bytes() != b".git");
    result.absorb(on_disk);
}

/// The note that lists in which encodings a token was searched for.
const FORMS: &str = "searched for as written, across line breaks with any text between two lines, and in base64, hex, percent-encoding, \
                     quoted-printable, string escapes, HTML entities, UTF-16 and UTF-32, up to three in one another; not in what is \
                     compressed or encrypted, nor in hex dumps, arrays of numbers, base32, base85, uuencode and EBCDIC";

/// The note of a search by fingerprint.
const BY_FINGERPRINT: &str = "only tokens that detection recognizes were compared with the fingerprint; to search for every form of a \
                              token, give the token itself on standard input";

/// The note for a token that looks like a fingerprint. The search takes it literally, because a token may have that form.
const LIKE_A_FINGERPRINT: &str =
    "16 hex digits were searched for as written; to search for the token with that fingerprint, use --fingerprint";

/// A description of the searched tokens.
fn forms(tokens: &[Vec<u8>]) -> Vec<String> {
    let is_fingerprint = |token: &Vec<u8>| std::str::from_utf8(token).ok().and_then(Fingerprint::parse).is_some();
    let hint = tokens.iter().any(is_fingerprint).then(|| LIKE_A_FINGERPRINT.to_owned());
    encodings(tokens).into_iter().chain(hint).collect()
}

/// The encodings in which the tokens were searched for.
fn encodings(tokens: &[Vec<u8>]) -> Vec<String> {
    let short = tokens.iter().filter(|token| !Detector::decodes(token)).count();
    let which = match (short, tokens.len()) {
        (0, _) => return vec![FORMS.to_owned()],
        (1, 1) => {
            "the token is short, or has other characters than letters, digits and _-+/=: it was looked for".to_owned()
        }
        (short, all) => format!(
            "{short} of {all} tokens are short, or have other characters than letters, digits and _-+/=: these were looked for"
        ),
    };
    let ways = "as written and in the usual ways of encoding once (base64, hex, percent-encoding, quoted-printable, string escapes, \
                HTML entities, UTF-16); encoded twice, wrapped into lines or escaped in part they may not be found";
    let others = (short < tokens.len()).then(|| format!("the other tokens: {FORMS}"));
    std::iter::once(format!("{which} {ways}")).chain(others).collect()
}
