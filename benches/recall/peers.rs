//! Other scanners on the same tokens, each in a file of its own.
//!
//! A peer is given every finding in a token's file as that token found, whatever the finding says, and as exact where what
//! it calls the secret is the token. No peer claims all shapes: where most was found by rules for secrets in general
//! (a telling name, an entropy, a password in an address), the figure stands in brackets. None is let near a network:
//! validation is switched off.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, io};

use serde_json::Value;

use super::shapes::{SHAPES, Shape};
use super::{Sample, Tally, at_least, share};

struct Peer {
    name: &'static str,
    variable: &'static str,
    words: &'static [&'static str],
    /// What it says, as the file's name and what it takes for the secret.
    read: fn(&str) -> Vec<Said>,
}

struct Said {
    file: String,
    secret: Secret,
    /// By a rule for a vendor's tokens, not for secrets in general.
    named: bool,
}

/// What the peers' rules for secrets in general have in their names.
const GENERAL: &[&str] =
    &["generic", "curl", "entropy", "keyword", "basic auth", "uri", "url", "userinfo", "credential"];

enum Secret {
    Plain(String),
    Sha1(String),
}

const PEERS: &[Peer] = &[
    Peer {
        name: "gitleaks",
        variable: "KEYSWEEP_BENCH_GITLEAKS",
        words: &["dir", "--no-banner", "--log-level=error", "--redact=0", "-f", "json", "-r", "-", "."],
        read: |said| listed(said, ["/File", "/Secret", "/RuleID"]),
    },
    Peer {
        name: "betterleaks",
        variable: "KEYSWEEP_BENCH_BETTERLEAKS",
        words: &[".", "--no-banner", "--log-level=error", "--jsonl"],
        read: |said| lines(said, ["/finding/location/path", "/finding/match/value", "/finding/rule_id"]),
    },
    Peer {
        name: "kingfisher",
        variable: "KEYSWEEP_BENCH_KINGFISHER",
        words: &["scan", "--no-update-check", "--no-validate", "--no-dedup", "--format", "jsonl", "."],
        read: |said| lines(said, ["/finding/path", "/finding/snippet", "/rule/id"]),
    },
    Peer { name: "ripsecrets", variable: "KEYSWEEP_BENCH_RIPSECRETS", words: &["--only-matching", "."], read: matches },
    Peer {
        name: "detect-secrets",
        variable: "KEYSWEEP_BENCH_DETECT_SECRETS",
        words: &["scan", "--no-verify", "--all-files", "."],
        read: hashes,
    },
];

pub fn measure_all(rounds: usize) -> Result<(), String> {
    let given = |peer: &&Peer| env::var_os(peer.variable).is_some();
    let peers: Vec<&Peer> = PEERS.iter().filter(given).collect();
    let absent: Vec<&str> = PEERS.iter().filter(|peer| !given(peer)).map(|peer| peer.variable).collect();
    if !absent.is_empty() {
        println!("Left out, since these variables are not set: {}.\n", absent.join(", "));
    }
    if peers.is_empty() {
        return Ok(());
    }
    let folder = Folder::new().map_err(|e| format!("a temporary folder: {e}"))?;
    let files = plant(&folder.0, rounds).map_err(|e| format!("{}: {e}", folder.0.display()))?;
    let columns: Result<Vec<_>, _> = peers.iter().map(|peer| peer.measure(&folder.0, &files)).collect();
    print(&peers, &columns?);
    Ok(())
}

/// Readable by its owner only, and removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> io::Result<Self> {
        let path = env::temp_dir().join(format!("keysweep-recall-{}", std::process::id()));
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(e) = fs::remove_dir_all(&self.0) {
            eprintln!("recall: {} stays behind and holds made-up tokens: {e}", self.0.display());
        }
    }
}

/// What stands in a file: which shape, and the token.
type Files = BTreeMap<String, (usize, String)>;

fn plant(folder: &Path, rounds: usize) -> io::Result<Files> {
    let mut files = Files::new();
    for (which, shape) in SHAPES.iter().enumerate() {
        for n in 0..shape.contexts().len() * rounds {
            let sample = Sample::draw(shape, n);
            let name = format!("s{which}-{n}.{}", sample.context.ending);
            fs::write(folder.join(&name), &sample.text)?;
            files.insert(name, (which, sample.token));
        }
    }
    Ok(files)
}

impl Peer {
    fn measure(&self, folder: &Path, files: &Files) -> Result<Vec<Tally>, String> {
        eprintln!("recall: {} reads {} files", self.name, files.len());
        let program = env::var_os(self.variable).expect("asked before");
        let mut command = Command::new(program);
        command.args(self.words).current_dir(folder).stdin(Stdio::null()).stderr(Stdio::null());
        let output = command.output().map_err(|e| format!("{}: {e}", self.name))?;
        let said = (self.read)(&String::from_utf8_lossy(&output.stdout));
        if said.is_empty() {
            return Err(format!("{} says nothing that could be read ({})", self.name, output.status));
        }
        Ok(tally(files, &said))
    }
}

fn tally(files: &Files, said: &[Said]) -> Vec<Tally> {
    // Of the files with a finding: whether one is exact, whether one has a rule of its own.
    let mut found: BTreeMap<&str, (bool, bool)> = BTreeMap::new();
    for one in said {
        let file = one.file.trim_start_matches("./");
        if let Some((_, token)) = files.get(file) {
            let (exact, named) = found.entry(file).or_default();
            *exact |= one.secret.is(token);
            *named |= one.named;
        }
    }
    let mut tallies: Vec<Tally> = SHAPES.iter().map(|_| Tally::default()).collect();
    for (file, (which, _)) in files {
        let tally = &mut tallies[*which];
        tally.tokens += 1;
        if let Some((exact, named)) = found.get(file.as_str()) {
            tally.found += 1;
            tally.exact += usize::from(*exact);
            tally.named += usize::from(*named);
        }
    }
    tallies
}

impl Secret {
    fn is(&self, token: &str) -> bool {
        match self {
            Secret::Plain(secret) => secret == token,
            Secret::Sha1(digest) => *digest == sha1(token.as_bytes()),
        }
    }
}

fn sha1(bytes: &[u8]) -> String {
    let mut hasher = gix::hash::hasher(gix::hash::Kind::Sha1);
    hasher.update(bytes);
    hasher.try_finalize().expect("a token is no collision attack").to_string()
}

fn text_at(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer).and_then(Value::as_str).map(str::to_owned)
}

fn is_named(rule: &str) -> bool {
    let rule = rule.to_lowercase();
    !GENERAL.iter().any(|word| rule.contains(word))
}

/// Where a finding has its file, its secret and its rule.
type Pointers = [&'static str; 3];

fn said_at(value: &Value, [file, secret, rule]: Pointers) -> Option<Said> {
    let named = is_named(&text_at(value, rule)?);
    Some(Said { file: text_at(value, file)?, secret: Secret::Plain(text_at(value, secret)?), named })
}

fn listed(said: &str, pointers: Pointers) -> Vec<Said> {
    let list: Vec<Value> = serde_json::from_str(said).unwrap_or_default();
    list.iter().filter_map(|value| said_at(value, pointers)).collect()
}

fn lines(said: &str, pointers: Pointers) -> Vec<Said> {
    let values = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    values.filter_map(|value| said_at(&value, pointers)).collect()
}

/// `./file:line:secret`, without a rule: its list names two prefixes of ours.
fn matches(said: &str) -> Vec<Said> {
    let read = |line: &str| {
        let parts: Vec<&str> = line.splitn(3, ':').collect();
        let [file, _, secret] = parts[..] else { return None };
        let named = ["sk", "rk"].iter().any(|stem| secret.starts_with(&format!("{stem}_live_")));
        Some(Said { file: file.to_owned(), secret: Secret::Plain(secret.to_owned()), named })
    };
    said.lines().filter_map(read).collect()
}

fn hashes(said: &str) -> Vec<Said> {
    let report: Value = serde_json::from_str(said).unwrap_or_default();
    let files = report["results"].as_object().cloned().unwrap_or_default();
    let digest = |value: &Value| Some(Secret::Sha1(text_at(value, "/hashed_secret")?));
    files
        .iter()
        .flat_map(|(file, found)| found.as_array().into_iter().flatten().map(move |value| (file, value)))
        .filter_map(|(file, value)| {
            Some(Said { file: file.clone(), secret: digest(value)?, named: is_named(&text_at(value, "/type")?) })
        })
        .collect()
}

fn print(peers: &[&Peer], columns: &[Vec<Tally>]) {
    let names: Vec<&str> = peers.iter().map(|peer| peer.name).collect();
    println!("Found by others, each token in a file of its own: share found, at least (95 %), exact of those.");
    println!("In brackets: mostly by rules for secrets in general; for such a shape the peer claims nothing.\n");
    println!("| shape | tokens | {} |", names.join(" | "));
    println!("|---|--:|{}", "--:|".repeat(peers.len()));
    for (which, shape) in SHAPES.iter().enumerate() {
        print_row(shape, &columns.iter().map(|column| &column[which]).collect::<Vec<_>>());
    }
    println!();
}

fn print_row(shape: &Shape, tallies: &[&Tally]) {
    let cell = |tally: &&Tally| {
        let (found, bound) = (share(tally.found, tally.tokens), at_least(tally.found, tally.tokens));
        let exact = share(tally.exact, tally.found);
        let figures = format!("{:.0} %, ≥ {:.0} %, {:.0} %", found * 100.0, bound * 100.0, exact * 100.0);
        // A rule for something else may match a random token by chance.
        match tally.found {
            0 => "0 %".to_owned(),
            found if 2 * tally.named < found => format!("({figures})"),
            _ => figures,
        }
    };
    let cells: Vec<String> = tallies.iter().map(cell).collect();
    println!("| {} | {} | {} |", shape.label(), tallies[0].tokens, cells.join(" | "));
}
