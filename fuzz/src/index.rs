//! The index parser: any input is parsed or refused, for every form of index.

use std::fs;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::Command;

use keysweep::detect::Detector;
use keysweep::git::Repository;
use keysweep::rules::ALL;
use keysweep::scan::{Source, Staged, Unit};
use keysweep::threads::Threads;

/// Flag in the first byte: the repository uses SHA-256.
const SHA256: u8 = 1;
/// Flag in the first byte: the size of a shared index (two bytes) and the shared index precede the index.
const SHARED: u8 = 2;

/// The files of HEAD. The seeds contain these names, so that there is something to compare.
const FILES: &[&str] = &["a.txt", "d/e/f.txt", "d/e/g.txt", "d/h.txt", "d.txt", ".keysweep.toml", "z/y.txt"];

/// Two repositories, one for each object format. Each input replaces their index.
pub struct IndexTarget {
    folder: PathBuf,
    sha1: Repository,
    sha256: Repository,
    detector: Detector,
}

impl IndexTarget {
    /// Creates the repositories with git, in the folder `name` of the temporary folder.
    pub fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&folder);
        let sha1 = repository(&folder.join("sha1"), "sha1");
        let sha256 = repository(&folder.join("sha256"), "sha256");
        Self { folder, sha1, sha256, detector: Detector::new(ALL) }
    }

    /// Returns whether the index was read.
    pub fn check(&self, bytes: &[u8]) -> bool {
        let Some(input) = self.input(bytes) else { return false };
        let shared = input.write(&input.git_dir.join("index"));
        let staged = Staged::read(input.repository);
        if let Ok(staged) = &staged {
            let _ = staged.config().text();
            let _ = staged.visit(&self.detector, Threads::new(NonZero::new(1)), &|unit: &Unit<'_>| {
                assert!(unit.bytes.len() < 1 << 20);
            });
        }
        if let Some(path) = shared {
            fs::remove_file(path).expect("remove the shared index");
        }
        staged.is_ok()
    }

    /// Writes the index outside of the git directory. Returns the top of the repository and the path of the index.
    pub fn elsewhere(&self, bytes: &[u8]) -> Option<(PathBuf, PathBuf)> {
        let input = self.input(bytes)?;
        let path = self.folder.join("index");
        input.write(&path);
        Some((input.git_dir.parent().expect("below the top").to_owned(), path))
    }

    fn input<'a>(&'a self, bytes: &'a [u8]) -> Option<Input<'a>> {
        let (&form, rest) = bytes.split_first()?;
        let (repository, name, hash_len) =
            if form & SHA256 == 0 { (&self.sha1, "sha1", 20) } else { (&self.sha256, "sha256", 32) };
        let git_dir = self.folder.join(name).join(".git");
        let (shared, index) = if form & SHARED == 0 { (None, rest) } else { split_shared(rest) };
        let shared = shared.and_then(|shared| Some((git_dir.join(shared_name(index, hash_len)?), shared)));
        Some(Input { repository, git_dir, shared, index })
    }
}

/// The parsed parts of an input.
struct Input<'a> {
    repository: &'a Repository,
    git_dir: PathBuf,
    /// The path and the bytes of the shared index.
    shared: Option<(PathBuf, &'a [u8])>,
    index: &'a [u8],
}

impl Input<'_> {
    /// Writes the index to `path`. Also writes the shared index and returns its path.
    fn write(&self, path: &Path) -> Option<&Path> {
        fs::write(path, self.index).expect("write the index");
        let (shared_path, shared) = self.shared.as_ref()?;
        fs::write(shared_path, shared).expect("write the shared index");
        Some(shared_path)
    }
}

impl Drop for IndexTarget {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Splits the bytes into a shared index and the index that uses it.
fn split_shared(bytes: &[u8]) -> (Option<&[u8]>, &[u8]) {
    let Some((size, rest)) = bytes.split_first_chunk::<2>() else { return (None, bytes) };
    let (shared, index) = rest.split_at(usize::from(u16::from_be_bytes(*size)).min(rest.len()));
    (Some(shared), index)
}

/// The name of the shared index that `index` refers to.
fn shared_name(index: &[u8], hash_len: usize) -> Option<String> {
    let link = index.windows(4).rposition(|four| four == b"link")?;
    let id = index.get(link + 8..link + 8 + hash_len)?;
    Some(format!("sharedindex.{}", data_encoding::HEXLOWER.encode(id)))
}

fn repository(top: &Path, format: &str) -> Repository {
    fs::create_dir_all(top).expect("create a folder for a repository");
    git(top, &["init", "-q", "-b", "main", "--object-format", format]);
    for file in FILES {
        let path = top.join(file);
        fs::create_dir_all(path.parent().expect("below the top")).expect("create a folder");
        fs::write(path, format!("# {file}\n")).expect("write a file");
    }
    git(top, &["add", "."]);
    git(top, &["commit", "-q", "-m", "base"]);
    Repository::discover(top).unwrap_or_else(|error| panic!("{error}"))
}

fn git(top: &Path, args: &[&str]) {
    let mut command = Command::new("git");
    for variable in ["GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY"] {
        command.env_remove(variable);
    }
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    for role in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{role}_NAME"), "Ada").env(format!("GIT_{role}_EMAIL"), "ada@example.org");
        command.env(format!("GIT_{role}_DATE"), "2024-01-02T03:04:05Z");
    }
    let status = command.current_dir(top).args(args).status().expect("start git, which the tests need");
    assert!(status.success(), "git {args:?}");
}
