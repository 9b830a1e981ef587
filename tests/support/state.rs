//! The state of a repository with tokens and their replacements normalized, so that the states before and after a
//! rewrite can be compared. All data is read through git.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::hash::Hasher as _;
use std::path::{Path, PathBuf};

use regex::bytes::{Captures, Regex};

use super::Repo;
use super::history::fingerprint;
use super::token::Token;

/// All objects of a git directory.
pub struct Objects {
    all: HashMap<String, (String, Vec<u8>)>,
    memo: HashMap<String, u64>,
    clean: HashMap<String, bool>,
}

/// Names, with tokens normalized, and the meaning of the object that each name refers to.
pub type RefMeanings = BTreeMap<String, u64>;

/// Replaces each token, and each replacement of it, by the same marker.
pub struct Normalizer {
    tokens: Vec<(Vec<u8>, Vec<u8>)>,
    replaced: Regex,
}

impl Normalizer {
    pub fn new(tokens: &[Token]) -> Self {
        let known = tokens.iter().map(|one| (one.text().into(), fingerprint(one).into_bytes())).collect();
        Self { tokens: known, replaced: Regex::new("REMOVED-[a-z0-9-]+?-([0-9a-f]{16})(-2)*").expect("a pattern") }
    }

    pub fn text(&self, bytes: &[u8]) -> Vec<u8> {
        let named = |id: &[u8]| [b"<", id, b">"].concat();
        let mut bytes = self.replaced.replace_all(bytes, |found: &Captures<'_>| named(&found[1])).into_owned();
        for (text, id) in &self.tokens {
            while let Some(at) = find(&bytes, text) {
                bytes.splice(at..at + text.len(), named(id));
            }
        }
        bytes
    }

    pub fn has_token(&self, bytes: &[u8]) -> bool {
        self.tokens.iter().any(|(text, _)| find(bytes, text).is_some())
    }
}

fn find(bytes: &[u8], text: &[u8]) -> Option<usize> {
    let first = text[0];
    (0..bytes.len().saturating_sub(text.len() - 1)).find(|&at| bytes[at] == first && bytes[at..].starts_with(text))
}

impl Objects {
    /// Reads the objects of the git directory `folder`.
    pub fn of(repo: &Repo, folder: &Path) -> Self {
        let args = ["cat-file", "--batch-all-objects", "--batch", "--unordered"];
        let out = repo.git_call(&args).env("GIT_DIR", folder).env("GIT_NO_LAZY_FETCH", "1").run().expect_code(0).stdout;
        let (mut all, mut at) = (HashMap::new(), 0);
        while at < out.len() {
            let end = at + out[at..].iter().position(|&byte| byte == b'\n').expect("a header");
            let head = String::from_utf8_lossy(&out[at..end]).into_owned();
            let [id, kind, size] = head.split(' ').collect::<Vec<_>>()[..] else { panic!("{head}") };
            let start = end + 1;
            let size: usize = size.parse().expect("a size");
            all.insert(id.to_owned(), (kind.to_owned(), out[start..start + size].to_vec()));
            at = start + size + 1;
        }
        Self { all, memo: HashMap::new(), clean: HashMap::new() }
    }

    /// Ids of objects that contain a token.
    pub fn containing_tokens(&self, normalizer: &Normalizer) -> Vec<String> {
        let held = self.all.iter().filter(|(_, (_, bytes))| normalizer.has_token(bytes));
        held.map(|(id, (kind, _))| format!("{kind} {id}")).collect()
    }

    /// Ids of objects that neither contain a token nor reach an object that does.
    pub fn clean_ids(&mut self, normalizer: &Normalizer) -> BTreeSet<String> {
        let ids: Vec<String> = self.all.keys().cloned().collect();
        ids.into_iter().filter(|id| self.is_clean(id, normalizer)).collect()
    }

    pub fn ids(&self) -> BTreeSet<String> {
        self.all.keys().cloned().collect()
    }

    fn is_clean(&mut self, id: &str, normalizer: &Normalizer) -> bool {
        if let Some(known) = self.clean.get(id) {
            return *known;
        }
        let Some((kind, bytes)) = self.all.get(id).cloned() else { return true };
        let references = references(&kind, &bytes);
        let clean = !normalizer.has_token(&bytes) && references.iter().all(|one| self.is_clean(one, normalizer));
        self.clean.insert(id.to_owned(), clean);
        clean
    }

    /// A hash of an object and all objects that it reaches. Ids and signatures are left out: a rewrite changes them.
    pub fn meaning(&mut self, id: &str, normalizer: &Normalizer) -> u64 {
        if let Some(known) = self.memo.get(id) {
            return *known;
        }
        let Some((kind, bytes)) = self.all.get(id).cloned() else { return hash(&id) };
        let meaning = match &*kind {
            "blob" => hash(&("blob", normalizer.text(&bytes))),
            "tree" => {
                let mut entries: Vec<_> = entries(&bytes)
                    .into_iter()
                    .map(|(mode, name, child)| (normalizer.text(&name), mode, self.meaning(&child, normalizer)))
                    .collect();
                entries.sort();
                hash(&("tree", entries))
            }
            _ => {
                let text = bytes.split(|&byte| byte == b'\n');
                let mut parts = Vec::new();
                let (mut in_head, mut in_signature) = (true, false);
                for line in text {
                    in_head &= !line.is_empty();
                    let word = line.split(|&byte| byte == b' ').next().unwrap_or_default();
                    in_signature = in_head && (word == b"gpgsig" || in_signature && line.starts_with(b" "));
                    if in_signature {
                        continue;
                    }
                    if in_head && [&b"tree"[..], b"parent", b"object"].contains(&word) {
                        let child = String::from_utf8_lossy(&line[word.len() + 1..]).into_owned();
                        parts.push(hash(&self.meaning(&child, normalizer)));
                    } else {
                        parts.push(hash(&normalizer.text(line)));
                    }
                }
                hash(&(kind, parts))
            }
        };
        self.memo.insert(id.to_owned(), meaning);
        meaning
    }

    /// The meaning of each listed name.
    pub fn names(&mut self, listed: &[(String, String)], normalizer: &Normalizer) -> RefMeanings {
        let shown = |name: &str| String::from_utf8_lossy(&normalizer.text(name.as_bytes())).into_owned();
        listed.iter().map(|(name, id)| (shown(name), self.meaning(id, normalizer))).collect()
    }
}

fn hash(value: &impl std::hash::Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

fn entries(bytes: &[u8]) -> Vec<(Vec<u8>, Vec<u8>, String)> {
    let (mut entries, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let space = at + bytes[at..].iter().position(|&byte| byte == b' ').expect("a mode");
        let end = space + bytes[space..].iter().position(|&byte| byte == 0).expect("a name");
        let id = data_encoding::HEXLOWER.encode(&bytes[end + 1..end + 21]);
        entries.push((bytes[at..space].to_vec(), bytes[space + 1..end].to_vec(), id));
        at = end + 21;
    }
    entries
}

fn references(kind: &str, bytes: &[u8]) -> Vec<String> {
    match kind {
        "blob" => Vec::new(),
        "tree" => entries(bytes).into_iter().map(|(_, _, id)| id).collect(),
        _ => {
            let head = bytes.split(|&byte| byte == b'\n').take_while(|line| !line.is_empty());
            let lines = head.map(|line| String::from_utf8_lossy(line).into_owned());
            let led = lines.filter_map(|line| {
                let (word, id) = line.split_once(' ')?;
                ["tree", "parent", "object"].contains(&word).then(|| id.to_owned())
            });
            led.collect()
        }
    }
}

/// Names and ids of all refs, all detached HEADs and all reflog entries, including stashes.
pub fn listed(repo: &Repo, folder: &Path) -> Vec<(String, String)> {
    // A reflog message can contain commit ids, which a rewrite changes.
    let ids = regex::Regex::new("[0-9a-f]{40}").expect("a pattern");
    let refs = repo.git_call(&["for-each-ref", "--format=%(refname) %(objectname)"]).env("GIT_DIR", folder);
    let pair = |line: &str| line.split_once(' ').map(|(name, id)| (name.to_owned(), id.to_owned()));
    let mut listed: Vec<_> = refs.run().expect_code(0).out().lines().filter_map(pair).collect();
    for path in files(folder) {
        let name = path.strip_prefix(folder).expect("below").to_string_lossy().into_owned();
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let text = text.trim_end();
        if name == "HEAD" || name.starts_with("worktrees/") && name.ends_with("/HEAD") && !name.contains("/logs/") {
            if !text.starts_with("ref:") {
                listed.push((name, text.to_owned()));
            }
        } else if name.contains("logs/") {
            for (at, line) in text.lines().enumerate() {
                let message = line.split_once('\t').map_or("", |(_, message)| message);
                let id = line.split(' ').nth(1).expect("an id");
                let message = ids.replace_all(message, "<id>");
                listed.push((format!("{name}@{at} {message}"), id.to_owned()));
            }
        }
    }
    listed
}

/// All files below `folder`, without following symlinks.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.expect("an entry").path()).filter(|path| !path.is_symlink());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The paths and bytes of the files in a worktree.
pub fn worktree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for path in files(folder) {
        let name = path.strip_prefix(folder).expect("below").to_owned();
        if !name.starts_with(".git") {
            found.insert(name, fs::read(&path).expect("a file"));
        }
    }
    found
}
