//! Measures other scanners with the same tokens, each in its own file.
//!
//! Any finding in the file of a token counts as found. It counts as exact if the reported secret is the token. No
//! scanner claims to find all shapes. If most tokens of a shape were found by general rules (a telling name, entropy, a
//! password in a URL), the figure is in brackets. No scanner may access the network: validation is switched off.

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
    /// Parses the output into findings.
    read: fn(&str) -> Vec<PeerFinding>,
}

struct PeerFinding {
    file: String,
    secret: Secret,
    /// Found by a rule for the tokens of a vendor, and not by a general rule.
    named: bool,
}

/// Words in the names of general rules.
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
        read: |output| listed(output, ["/File", "/Secret", "/RuleID"]),
    },
    Peer {
        name: "betterleaks",
        variable: "KEYSWEEP_BENCH_BETTERLEAKS",
        words: &[".", "--no-banner", "--log-level=error", "--jsonl"],
        read: |output| lines(output, ["/finding/location/path", "/finding/match/value", "/finding/rule_id"]),
    },
    Peer {
        name: "kingfisher",
        variable: "KEYSWEEP_BENCH_KINGFISHER",
        words: &["scan", "--no-update-check", "--no-validate", "--no-dedup", "--format", "jsonl", "."],
        read: |output| lines(output, ["/finding/path", "/finding/snippet", "/rule/id"]),
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

/// A temporary folder with mode 0700 that is removed at the end.
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
            eprintln!("recall: cannot remove {}, which contains generated tokens: {e}", self.0.display());
        }
    }
}

/// The shape and the token of each file.
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
        let program = env::var_os(self.variable).expect("the variable is set");
        let mut command = Command::new(program);
        command.args(self.words).current_dir(folder).stdin(Stdio::null()).stderr(Stdio::null());
        let output = command.output().map_err(|e| format!("{}: {e}", self.name))?;
        let findings = (self.read)(&String::from_utf8_lossy(&output.stdout));
        if findings.is_empty() {
            return Err(format!("cannot parse the output of {} ({})", self.name, output.status));
        }
        Ok(tally(files, &findings))
    }
}

fn tally(files: &Files, findings: &[PeerFinding]) -> Vec<Tally> {
    // For each file with a finding: whether a finding is exact, and whether a vendor's rule found it.
    let mut found: BTreeMap<&str, (bool, bool)> = BTreeMap::new();
    for finding in findings {
        let file = finding.file.trim_start_matches("./");
        if let Some((_, token)) = files.get(file) {
            let (exact, named) = found.entry(file).or_default();
            *exact |= finding.secret.is(token);
            *named |= finding.named;
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

/// The JSON pointers to the file, the secret and the rule of a finding.
type Pointers = [&'static str; 3];

fn finding_at(value: &Value, [file, secret, rule]: Pointers) -> Option<PeerFinding> {
    let named = is_named(&text_at(value, rule)?);
    Some(PeerFinding { file: text_at(value, file)?, secret: Secret::Plain(text_at(value, secret)?), named })
}

fn listed(output: &str, pointers: Pointers) -> Vec<PeerFinding> {
    let list: Vec<Value> = serde_json::from_str(output).unwrap_or_default();
    list.iter().filter_map(|value| finding_at(value, pointers)).collect()
}

fn lines(output: &str, pointers: Pointers) -> Vec<PeerFinding> {
    let values = output.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    values.filter_map(|value| finding_at(&value, pointers)).collect()
}

/// Parses `./file:line:secret`. The output has no rule, but the scanner's list contains two prefixes of keysweep.
fn matches(output: &str) -> Vec<PeerFinding> {
    let read = |line: &str| {
        let parts: Vec<&str> = line.splitn(3, ':').collect();
        let [file, _, secret] = parts[..] else { return None };
        let named = ["sk", "rk"].iter().any(|stem| secret.starts_with(&format!("{stem}_live_")));
        Some(PeerFinding { file: file.to_owned(), secret: Secret::Plain(secret.to_owned()), named })
    };
    output.lines().filter_map(read).collect()
}

fn hashes(output: &str) -> Vec<PeerFinding> {
    let report: Value = serde_json::from_str(output).unwrap_or_default();
    let files = report["results"].as_object().cloned().unwrap_or_default();
    let digest = |value: &Value| Some(Secret::Sha1(text_at(value, "/hashed_secret")?));
    files
        .iter()
        .flat_map(|(file, found)| found.as_array().into_iter().flatten().map(move |value| (file, value)))
        .filter_map(|(file, value)| {
            Some(PeerFinding { file: file.clone(), secret: digest(value)?, named: is_named(&text_at(value, "/type")?) })
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
        // A rule for another vendor may match a random token by chance.
        match tally.found {
            0 => "0 %".to_owned(),
            found if 2 * tally.named < found => format!("({figures})"),
            _ => figures,
        }
    };
    let cells: Vec<String> = tallies.iter().map(cell).collect();
    println!("| {} | {} | {} |", shape.label(), tallies[0].tokens, cells.join(" | "));
}
