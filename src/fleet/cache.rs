//! The cache folder: a folder for each repository, with its mirror or what is known to be clean in it. Several processes may use it
//! at once. If it grows beyond its limit, the repositories that were not used for longest are removed.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crate::atomic_file::{AtomicFile, NewFolders};
use crate::error::Error;
use crate::fleet::size::of_folder;

/// How often other processes are taken into account.
const STALE: Duration = Duration::from_secs(60);

/// The file in the folder of a repository with its size, so that a new process need not measure all folders.
const SIZE: &str = "size";

/// Tells backup programs to leave the folder out (bford.info/cachedir).
const TAG_NAME: &str = "CACHEDIR.TAG";
const TAG: &[u8] =
    b"Signature: 8a477f597d28d172789f06886806bc55\n# Mirrors of git repositories, made by keysweep fleet.\n";

/// An open cache folder.
pub struct Cache {
    folder: PathBuf,
    /// In bytes.
    limit: u64,
    stored: RefCell<Stored>,
}

/// What is known of the repositories in the cache, by key.
struct Stored {
    read: Instant,
    entries: HashMap<String, Usage>,
}

#[derive(Clone, Copy)]
struct Usage {
    size: u64,
    used: SystemTime,
}

/// The folder of a repository. No other process uses it meanwhile.
pub struct Entry {
    key: String,
    pub folder: PathBuf,
    /// Holds the lock.
    _lock: File,
}

impl Cache {
    /// Opens the folder, and creates it if it is missing. It must belong to this user alone: a forged cache could hide a token.
    pub fn open(folder: PathBuf, limit: u64) -> Result<Self, Error> {
        let failed = |cause: io::Error| {
            let help = "remove it, make it yours alone with chmod 700, or name another folder with --cache";
            Error::new(format!("cannot use the cache folder {}", folder.display()), cause, help)
        };
        let _folders = create(&folder).map_err(failed)?;
        check_owner(&folder).map_err(failed)?;
        let entries = list(&folder).map_err(failed)?;
        // Each process makes sure of the tag before it adds the first repository, since several may open a new folder at once.
        let tag = folder.join(TAG_NAME);
        if entries.is_empty() && !tag.exists() {
            write(&tag, TAG).map_err(failed)?;
        }
        if !tag.exists() {
            return Err(failed(io::Error::other(format!(
                "it has no {TAG_NAME}, so its folders may not be keysweep's"
            ))));
        }
        let stored = RefCell::new(Stored { read: Instant::now(), entries });
        Ok(Self { folder, limit, stored })
    }

    /// The folder for a repository, which is created if it is missing. Waits until no other process uses it.
    pub fn entry(&self, key: String, deadline: Instant) -> Result<Entry, Error> {
        let folder = self.folder.join(&key);
        let failed = |cause: io::Error| {
            let context = format!("cannot use the folder {}", folder.display());
            Error::new(context, cause, "look who else uses it, and check its permissions")
        };
        let lock = loop {
            match try_lock(&folder).map_err(failed)? {
                Some(lock) => break lock,
                None if Instant::now() >= deadline => return Err(failed(io::Error::other("another process uses it"))),
                None => thread::sleep(Duration::from_millis(100)),
            }
        };
        // The time of the folder is that of its last use. If it stays older, the repository is removed sooner.
        let _ = lock.set_modified(SystemTime::now());
        // It is written again after the use. Until then, other processes measure the folder.
        let _ = fs::remove_file(folder.join(SIZE));
        Ok(Entry { key, folder, _lock: lock })
    }

    /// Measures the repository that is in use, and removes others until the limit is kept. Fails if this one exceeds it, alone or with
    /// those that other processes use.
    pub fn make_room(&self, entry: &Entry) -> Result<(), String> {
        let size = of_folder(&entry.folder);
        let mut stored = self.stored.borrow_mut();
        if size > self.limit {
            stored.entries.insert(entry.key.clone(), Usage { size, used: SystemTime::now() });
            return Err(format!("the cache would exceed {} bytes", self.limit));
        }
        if stored.read.elapsed() > STALE {
            // An error here also occurs for the folder in use.
            *stored = Stored { read: Instant::now(), entries: list(&self.folder).unwrap_or_default() };
        }
        stored.entries.insert(entry.key.clone(), Usage { size, used: SystemTime::now() });
        let mut sum: u64 = stored.entries.values().map(|usage| usage.size).sum();
        let mut others: Vec<(SystemTime, u64, String)> = Vec::new();
        if sum > self.limit {
            let is_other = |key: &&String| **key != entry.key;
            let keys = stored.entries.keys().filter(is_other).cloned();
            others = keys.map(|key| (stored.entries[&key].used, stored.entries[&key].size, key)).collect();
            others.sort();
        }
        for (_, size, key) in others {
            if sum <= self.limit {
                break;
            }
            if self.remove(&key) {
                stored.entries.remove(&key);
                sum -= size;
            }
        }
        if sum <= self.limit {
            return Ok(());
        }
        Err(format!("with what other processes use, the cache would exceed {} bytes", self.limit))
    }

    /// Empties the folder of the repository.
    pub fn clear(&self, entry: &Entry) {
        for inner in entry.folder.read_dir().into_iter().flatten().flatten() {
            let path = inner.path();
            // What stays counts.
            let _ = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        }
        let size = of_folder(&entry.folder);
        let mut stored = self.stored.borrow_mut();
        stored.entries.insert(entry.key.clone(), Usage { size, used: SystemTime::now() });
    }

    /// Writes down the size of the repository, for later processes.
    pub fn record(&self, entry: &Entry) {
        let usage = self.stored.borrow().entries.get(&entry.key).copied();
        let size = usage.map_or_else(|| of_folder(&entry.folder), |usage| usage.size);
        // Without the file, the folder is measured again.
        let _ = write(&entry.folder.join(SIZE), size.to_string().as_bytes());
    }

    /// Removes a repository from the cache. Returns whether it is gone, and not in use.
    fn remove(&self, key: &str) -> bool {
        let folder = self.folder.join(key);
        match existing_lock(&folder) {
            Ok(Some(_lock)) => fs::remove_dir_all(&folder).is_ok(),
            Ok(None) => false,
            Err(err) => err.kind() == io::ErrorKind::NotFound,
        }
    }
}

/// Creates the folder with mode 0700.
fn create(folder: &Path) -> io::Result<NewFolders> {
    let mut folders = match folder.parent() {
        Some(above) if folder.symlink_metadata().is_err() => NewFolders::create(above)?,
        _ => return Ok(NewFolders::default()),
    };
    folders.create_one(folder, &private())?;
    Ok(folders)
}

fn private() -> fs::DirBuilder {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = AtomicFile::create(path)?;
    io::Write::write_all(&mut file, bytes)?;
    file.replace()
}

#[cfg(unix)]
fn check_owner(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    let meta = folder.symlink_metadata()?;
    let refused = |why: &str| Err(io::Error::other(why));
    match () {
        () if !meta.is_dir() => refused("it is no folder"),
        () if meta.uid() != rustix::process::geteuid().as_raw() => refused("it belongs to another user"),
        () if meta.mode() & 0o077 != 0 => refused("other users may use it"),
        () => Ok(()),
    }
}

#[cfg(not(unix))]
fn check_owner(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Lists the repositories. Other files are ignored, and never removed.
fn list(folder: &Path) -> io::Result<HashMap<String, Usage>> {
    let mut entries = HashMap::new();
    for entry in folder.read_dir()? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_key = name.len() == 32 && name.bytes().all(|b| b.is_ascii_hexdigit());
        // Another process may have removed it.
        let Some(meta) = entry.metadata().ok().filter(|meta| is_key && meta.is_dir()) else { continue };
        let written = fs::read_to_string(entry.path().join(SIZE)).ok().and_then(|size| size.parse().ok());
        let size = written.unwrap_or_else(|| of_folder(&entry.path()));
        entries.insert(name, Usage { size, used: meta.modified().unwrap_or(SystemTime::UNIX_EPOCH) });
    }
    Ok(entries)
}

/// Creates the folder if it is missing, and locks it. None if another process has the lock.
fn try_lock(folder: &Path) -> io::Result<Option<File>> {
    match private().create(folder) {
        Err(err) if err.kind() != io::ErrorKind::AlreadyExists => return Err(err),
        _ => {}
    }
    match existing_lock(folder) {
        // Another process has just removed it.
        Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(None),
        lock => lock,
    }
}

/// Locks the folder, by the folder itself. None if another process has the lock.
#[cfg(unix)]
fn existing_lock(folder: &Path) -> io::Result<Option<File>> {
    use rustix::fs::{FlockOperation, flock};
    use std::os::unix::fs::MetadataExt as _;
    if !folder.symlink_metadata()?.is_dir() {
        return Err(io::Error::other("it is no folder"));
    }
    let lock = File::open(folder)?;
    match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
        Err(rustix::io::Errno::WOULDBLOCK) => return Ok(None),
        locked => locked?,
    }
    // The folder that was opened may have been removed before it was locked.
    let (ours, there) = (lock.metadata()?, folder.symlink_metadata()?);
    Ok((ours.ino() == there.ino() && ours.dev() == there.dev()).then_some(lock))
}

/// On Windows a folder cannot be opened like this. There, one process at a time may use a cache.
#[cfg(not(unix))]
fn existing_lock(folder: &Path) -> io::Result<Option<File>> {
    let lock = folder.join("lock");
    File::options().create(true).truncate(false).write(true).open(lock).map(Some)
}
