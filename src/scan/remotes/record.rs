//! What the disk shows about the origin of tracking refs: the last fetch, the clone, and a record of earlier pushes.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use gix::ObjectId;
use gix::bstr::ByteSlice;

use crate::atomic_file::{AtomicFile, NewFolders};
use crate::error::Error;
use crate::finding::Secret;
use crate::git::path::to_path;
use crate::git::refs::Ref;
use crate::git::repository::Repository;
use crate::regular_file;
use crate::scan::remotes::location::Location;
use crate::scan::remotes::settings::Remote;

/// One line of `FETCH_HEAD`: the repository at `location` had `id` when it was last fetched from.
#[derive(Clone, Debug)]
pub(crate) struct Fetched {
    pub id: ObjectId,
    /// The branch that had it.
    pub branch: Option<Vec<u8>>,
    location: Location,
}

impl Fetched {
    /// The lines of the last fetch in this worktree and in the main one. `base` is the top of this worktree.
    pub fn read(repository: &Repository, base: &Path) -> Vec<Self> {
        let common = repository.common_dir();
        let main = common.parent().filter(|_| common.file_name().is_some_and(|name| name == ".git"));
        let mut places = vec![(repository.git_dir(), base)];
        if repository.git_dir() != common {
            places.push((common, main.unwrap_or(common)));
        }
        let lines_of = |(folder, base): (&Path, &Path)| {
            let text = regular_file::read(&folder.join("FETCH_HEAD")).unwrap_or_default();
            text.lines().filter_map(|line| Self::parse(line, base)).collect::<Vec<_>>()
        };
        places.into_iter().flat_map(lines_of).collect()
    }

    /// `<id>\t[not-for-merge]\tbranch '<name>' of <url>`. For HEAD the last field is the URL alone.
    fn parse(line: &[u8], base: &Path) -> Option<Self> {
        let mut fields = line.splitn(3, |&b| b == b'\t');
        let (id, _, what) = (fields.next()?, fields.next()?, fields.next()?);
        let (branch, url) = match what.rfind(b"' of ") {
            Some(at) => (what[..at].strip_prefix(b"branch '").map(<[u8]>::to_vec), &what[at + 5..]),
            None => (None, what),
        };
        Some(Self { id: ObjectId::from_hex(id).ok()?, branch, location: Location::of_fetch_head(url, base)? })
    }

    pub fn is_from(&self, places: &[Location]) -> bool {
        places.contains(&self.location)
    }
}

/// The URL that this remote was cloned from. Its reflog has it until git expires the entry.
pub(crate) fn clone_source(remote: &Remote, repository: &Repository, base: &Path) -> Result<Option<Location>, Error> {
    let Ok(name) = std::str::from_utf8(&remote.name) else { return Ok(None) };
    let head = format!("refs/remotes/{name}/HEAD");
    let message = if repository.has_reftable() {
        let there = repository.query_git(&["rev-parse", "--quiet", "--verify", &head])?;
        let log = ["log", "--walk-reflogs", "--no-show-signature", "--format=%gs", &head, "--"];
        let log = if there.is_some() { repository.query_git(&log)?.unwrap_or_default() } else { Vec::new() };
        log.lines().next_back().map(<[u8]>::to_vec)
    } else if name.split('/').any(|part| part == "..") {
        None
    } else {
        let log = regular_file::read(&repository.common_dir().join("logs").join(head)).unwrap_or_default();
        log.lines().next().and_then(|line| Some(line.splitn_str(2, b"\t").nth(1)?.to_vec()))
    };
    let url = message.as_deref().and_then(|message| message.strip_prefix(b"clone: from "));
    Ok(url.map(|url| Location::parse(url, base)))
}

/// The time and the size of the repository's `config`, which differ after each change. None where they cannot be read.
pub(crate) fn config_stamp(repository: &Repository) -> Option<String> {
    let meta = repository.common_dir().join("config").metadata().ok()?;
    let modified = meta.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(format!("{}.{}", modified.as_nanos(), meta.len()))
}

/// Whether nothing has written the ref since the clone. A clone packs its tracking refs and starts no reflog for them; every later
/// fetch or push writes one. A reftable does not show that, so there the answer is no after any fetch.
pub(crate) fn is_as_cloned(found: &Ref, repository: &Repository) -> bool {
    let common = repository.common_dir();
    let is_there = |path: &Path| path.symlink_metadata().is_ok();
    if repository.has_reftable() {
        return !is_there(&common.join("FETCH_HEAD")) && !is_there(&repository.git_dir().join("FETCH_HEAD"));
    }
    let name = to_path(&found.name);
    !is_there(&common.join(&name)) && !is_there(&common.join("logs").join(name))
}

/// Whether the fetch that wrote `FETCH_HEAD` may have written the ref. None where the ref has no file, so no time of its own.
pub(crate) fn is_of_last_fetch(found: &Ref, repository: &Repository) -> Option<bool> {
    /// A fetch writes other files between these two.
    const SLACK: Duration = Duration::from_secs(60);
    let modified = |path: &Path| path.metadata().and_then(|meta| meta.modified()).ok();
    let written = modified(&repository.common_dir().join(to_path(&found.name)))?;
    let heads = [repository.common_dir(), repository.git_dir()].map(|folder| modified(&folder.join("FETCH_HEAD")));
    Some(heads.into_iter().flatten().max().is_some_and(|fetched| written + SLACK >= fetched))
}

/// Whether git wrote the ref after the last change of the repository's `config`, so with the current URL. After refs were packed
/// the answer is no.
pub(crate) fn is_newer_than_config(found: &Ref, repository: &Repository) -> bool {
    let modified = |path: &Path| path.metadata().and_then(|meta| meta.modified()).ok();
    let file = repository.common_dir().join(to_path(&found.name));
    let is_its =
        regular_file::read(&file).is_ok_and(|text| ObjectId::from_hex(text.trim_ascii()).ok() == Some(found.id));
    let (config, file) = (modified(&repository.common_dir().join("config")), modified(&file));
    is_its && matches!((config, file), (Some(config), Some(file)) if file > config)
}

/// Relative to the git directory that all worktrees share. The file is trusted as much as the refs and settings there are.
const FILE: &str = "keysweep/remotes";
const TITLE: &str = "keysweep remotes 2";

/// For each remote, which repository it was at the last push. Names and URLs are stored as digests, since either may hold a secret.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Record {
    entries: Vec<RemoteRecord>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RemoteRecord {
    remote: String,
    /// The digest of the location that the remote fetched from.
    pub location: String,
    /// Commits of tracking refs that may come from another repository.
    pub doubtful: HashSet<ObjectId>,
    /// Commits of tracking refs that come from this repository, and commits that were pushed there.
    pub trusted: HashSet<ObjectId>,
    /// The [`config_stamp`] at that time.
    pub stamp: Option<String>,
}

impl RemoteRecord {
    pub fn new(
        remote: &Remote,
        location: String,
        doubtful: HashSet<ObjectId>,
        trusted: HashSet<ObjectId>,
        stamp: Option<String>,
    ) -> Self {
        let remote = Secret::new(&remote.identity()).fingerprint().to_string();
        Self { remote, location, doubtful, trusted, stamp }
    }
}

impl Record {
    pub fn load(repository: &Repository) -> Self {
        let text = regular_file::read(&repository.common_dir().join(FILE)).unwrap_or_default();
        Self::parse(&String::from_utf8_lossy(&text)).unwrap_or_default()
    }

    fn parse(text: &str) -> Option<Self> {
        let mut entries: Vec<RemoteRecord> = Vec::new();
        for line in text.strip_suffix('\n')?.strip_prefix(TITLE)?.lines().skip(1) {
            let words: Vec<&str> = line.split(' ').collect();
            match words[..] {
                ["?", id] => _ = entries.last_mut()?.doubtful.insert(ObjectId::from_hex(id.as_bytes()).ok()?),
                ["+", id] => _ = entries.last_mut()?.trusted.insert(ObjectId::from_hex(id.as_bytes()).ok()?),
                [remote, location, stamp] => entries.push(RemoteRecord {
                    remote: remote.to_owned(),
                    location: location.to_owned(),
                    doubtful: HashSet::new(),
                    trusted: HashSet::new(),
                    stamp: Some(stamp.to_owned()).filter(|stamp| stamp != "-"),
                }),
                _ => return None,
            }
        }
        Some(Self { entries })
    }

    pub fn of(&self, remote: &Remote) -> Option<&RemoteRecord> {
        let digest = Secret::new(&remote.identity()).fingerprint().to_string();
        self.entries.iter().find(|entry| entry.remote == digest)
    }

    /// Returns whether the record changed.
    pub fn put(&mut self, entry: RemoteRecord) -> bool {
        match self.entries.iter_mut().find(|known| known.remote == entry.remote) {
            Some(known) if *known == entry => return false,
            Some(known) => *known = entry,
            None => self.entries.push(entry),
        }
        true
    }

    /// Writes the record, all of it or nothing. If that fails, the next push computes it again.
    pub fn store(&self, repository: &Repository) -> io::Result<()> {
        // `keysweep doctor` runs hooks and leaves no trace.
        if std::env::var_os("GIT_QUARANTINE_PATH").is_some() {
            return Ok(());
        }
        let path = repository.common_dir().join(FILE);
        let _folders = NewFolders::create(path.parent().expect("it is in a folder"))?;
        let mut file = AtomicFile::create(&path)?;
        file.write_all(self.text().as_bytes())?;
        file.replace()
    }

    fn text(&self) -> String {
        let mut text = format!("{TITLE}\n");
        for entry in &self.entries {
            let _ = writeln!(text, "{} {} {}", entry.remote, entry.location, entry.stamp.as_deref().unwrap_or("-"));
            for (mark, ids) in [("?", &entry.doubtful), ("+", &entry.trusted)] {
                let mut ids: Vec<&ObjectId> = ids.iter().collect();
                ids.sort();
                for id in ids {
                    let _ = writeln!(text, "{mark} {id}");
                }
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let id = |letter: &str| ObjectId::from_hex(letter.repeat(40).as_bytes()).expect("an id");
        let mut record = Record::default();
        let remote = |name: &str| Remote::named(name.as_bytes());
        let stamp = Some("1.2".to_owned());
        let entry = RemoteRecord::new(&remote("a"), "x".to_owned(), [id("1"), id("2")].into(), [id("3")].into(), stamp);
        assert!(record.put(entry.clone()));
        assert!(!record.put(entry));
        assert!(record.put(RemoteRecord::new(&remote("b"), "y".to_owned(), HashSet::new(), HashSet::new(), None)));
        assert_eq!(Record::parse(&record.text()), Some(Record { entries: record.entries.clone() }));
        assert_eq!(record.of(&remote("b")).map(|entry| entry.location.as_str()), Some("y"));
        assert_eq!(record.of(&remote("c")), None);
        for broken in ["", "nonsense\n", "keysweep remotes 2\n? x\n", "keysweep remotes 2\na\n", &record.text()[..30]] {
            assert_eq!(Record::parse(broken), None, "{broken}");
        }
    }

    #[test]
    fn lines_of_fetch_head_are_parsed() {
        let id = "1".repeat(40);
        let base = Path::new("/nowhere");
        let parse = |line: String| Fetched::parse(line.as_bytes(), base);
        let place = |url: &str| [Location::parse(url.as_bytes(), base)];
        let branch = parse(format!("{id}\t\tbranch 'it' of x' of https://example.org/o/r")).expect("a line");
        assert_eq!(branch.branch.as_deref(), Some(&b"it' of x"[..]));
        assert!(branch.is_from(&place("git@example.org:o/r.git")));
        let head = parse(format!("{id}\tnot-for-merge\tgit@example.org:o/r")).expect("a line");
        assert!(head.branch.is_none() && head.is_from(&place("https://example.org/o/r")));
        for broken in [String::new(), id.clone(), format!("{id}\tx"), "1\t\tx".to_owned()] {
            assert!(parse(broken.clone()).is_none(), "{broken}");
        }
    }
}
