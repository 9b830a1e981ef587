//! All objects of a repository, each once, wherever it is kept and whoever refers to it.

#[cfg_attr(not(feature = "archives"), path = "no_archives.rs")]
mod archives;
mod buffer;
mod copies;
mod delta;
mod entries;
mod graph;
mod honest;
mod labels;
mod links;
mod pack;
mod remembered;
mod stores;
mod trace;
mod walk;
mod watch;
mod work;

pub use labels::Label;
pub use trace::{CommitFacts, Introduced, Sought, Trace};
pub use watch::{Moment, Phase, Watch};

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use gix::ObjectId;
use gix::hash::oid;
use gix::objs::Kind as ObjectKind;

use archives::Archives;
use copies::Copies;
use links::{Found, Links};
use pack::Pack;
use remembered::Remembered;
use stores::Contents;
use walk::{Look, Object, Search, Task};
use work::GONE;

use super::envelope::{visit_envelope, whole};
use super::gaps::objects;
use super::index;
use super::loose::Loose;
use super::objects::{Kept, Objects, SUBMODULE};
use super::refs::{Ref, Refs};
use super::{Coverage, Kind, Repository, Skipped, Source, Threads, Unit};
use crate::detect::Detector;
use crate::finding::{Origin, OriginKind, Part};
use crate::trouble::Trouble;

/// Objects that cannot be read, by what is wrong with them.
type Broken = Mutex<BTreeMap<String, Vec<ObjectId>>>;

/// The object database of a repository, and the names that lead into it.
pub struct History<'r> {
    repository: &'r Repository,
    detector: &'r Detector,
    contents: Contents,
    refs: Vec<Ref>,
    /// Those of a reftable; others are files, and read where they are asked for.
    reflogs: Vec<Ref>,
    head: Option<ObjectId>,
    /// Those of all worktrees: where each has its index and its HEAD.
    git_dirs: Vec<PathBuf>,
    /// Names of refs that lead to no object themselves.
    other_names: Vec<Vec<u8>>,
    /// What the index of each worktree holds.
    staged: Vec<index::Change>,
    /// Names that stand there for nothing yet.
    intended: Vec<Vec<u8>>,
    /// What need not be read again.
    clean: Remembered,
    /// How many objects that leaves out.
    remembered: usize,
    /// What was noticed, once all was read.
    found: OnceLock<Found>,
    /// Told how far it is.
    watch: Arc<Watch>,
    archives: Archives,
}

impl<'r> History<'r> {
    /// Opens every pack and lists every loose object. Reads no content but the indexes of the worktrees.
    pub fn open(repository: &'r Repository, detector: &'r Detector, threads: Threads, watch: Arc<Watch>) -> Self {
        let mut contents = Contents::of(repository.stores.folders(), repository.objects.hash(), threads);
        let mut told = |trouble| contents.unread.push(trouble);
        let Refs { direct: refs, symbolic, broken } = repository.all_refs().map_err(&mut told).unwrap_or_default();
        broken.into_iter().for_each(&mut told);
        let mut other_names = symbolic;
        other_names.extend(repository.head_name().map_err(&mut told).unwrap_or_default());
        other_names.retain(|name| refs.iter().all(|found| found.name != *name));
        let in_table = repository.has_reftable().then(|| repository.ask_git_for_reflogs());
        let reflogs = in_table.and_then(|found| found.map_err(&mut told).ok()).unwrap_or_default();
        let head = repository.head().map_err(&mut told).unwrap_or_default();
        let git_dirs =
            repository.git_dirs().map_err(&mut told).unwrap_or_else(|()| vec![repository.common_dir().into()]);
        git_dirs.iter().flat_map(|git_dir| labels::unread_logs(&git_dir.join("logs"))).for_each(&mut told);
        let (mut staged, mut intended) = (Vec::new(), Vec::new());
        for git_dir in &git_dirs {
            let index = staged_in(git_dir, &repository.objects).map_err(&mut told).unwrap_or_default();
            staged.extend(index.changes);
            intended.extend(index.intended);
        }
        Self {
            repository,
            detector,
            contents,
            refs,
            reflogs,
            head,
            git_dirs,
            other_names,
            staged,
            intended,
            clean: Remembered::default(),
            remembered: 0,
            found: OnceLock::new(),
            watch,
            archives: Archives::new(false),
        }
    }
}

impl Source for History<'_> {
    fn kind(&self) -> Kind {
        Kind::History
    }

    fn visit(&self, threads: Threads, visit: &(dyn Fn(&Unit<'_>) + Sync)) -> Coverage {
        let links = Links::new(&self.contents);
        let read = self.count() - self.remembered;
        self.watch.begin(Phase::Reading, read);
        let pass = Pass { detector: self.detector, archives: &self.archives, links: Some(&links), only_new: true };
        let (bytes, unread) = self.read(&pass, threads, visit);
        let mut found = links.into_found();
        self.clean.add_to(&mut found);
        let found = self.found.get_or_init(|| found);
        let (mut skipped, remembered) = (self.submodules(&found.submodules), self.remembered);
        let unfinished = self.contents.unfinished.iter().map(|path| path.as_os_str().as_encoded_bytes().to_vec());
        skipped.extend(unfinished.map(|path| Skipped { path, why: UNFINISHED }));
        let mut covered = Coverage { objects: read, remembered, bytes, skipped, unread, ..Coverage::default() };
        self.tell_lacks(found, threads, &mut covered);
        self.with_archives_told(covered, threads)
    }
}

/// A second pass over a history that was swept, all of it, for tokens that are known by then. What is missing was reported by the
/// first pass.
pub struct SecondPass<'h> {
    history: &'h History<'h>,
    detector: &'h Detector,
}

impl<'h> SecondPass<'h> {
    pub fn new(history: &'h History<'h>, detector: &'h Detector) -> Self {
        Self { history, detector }
    }
}

impl Source for SecondPass<'_> {
    fn kind(&self) -> Kind {
        Kind::History
    }

    fn visit(&self, threads: Threads, visit: &(dyn Fn(&Unit<'_>) + Sync)) -> Coverage {
        let archives = self.history.archives.again();
        let pass = Pass { detector: self.detector, archives: &archives, links: None, only_new: false };
        self.history.watch.begin(Phase::Reading, self.history.count());
        let (_, unread) = self.history.read(&pass, threads, visit);
        Coverage { unread, ..Coverage::default() }
    }
}

/// One pass over all objects.
struct Pass<'p> {
    detector: &'p Detector,
    archives: &'p Archives,
    /// Where it is asked what objects refer to.
    links: Option<&'p Links<'p>>,
    /// Whether what was clean is left out.
    only_new: bool,
}

impl History<'_> {
    /// Shows what can be scanned; returns how many bytes were read, and what could not be.
    fn read(&self, pass: &Pass<'_>, threads: Threads, visit: &(dyn Fn(&Unit<'_>) + Sync)) -> (u64, Vec<Trouble>) {
        let &Pass { detector, archives, links, only_new } = pass;
        let copies = Copies::new(self.has_copies(self.count()));
        let broken = Broken::default();
        let failed = |id: &oid, why: &str| {
            let mut broken = broken.lock().expect("no thread panicked while it held the lock");
            broken.entry(why.to_owned()).or_default().push(id.to_owned());
        };
        let search = Search {
            may_hold: &|bytes| detector.may_hold(bytes),
            holds: &|kind, bytes| {
                // What is no blob is not scanned as one text, and there is little of it.
                let is_blob = kind == ObjectKind::Blob;
                detector.may_hold(bytes) && (!is_blob || detector.depends(bytes) || !detector.find(bytes).is_empty())
            },
            reach: detector.reach(),
        };
        let task = Task {
            look: archives.look(),
            search: Some(search),
            entries: Some(&|ids, submodules| {
                if let Some(links) = links {
                    links.refer(ids);
                    links.submodules(submodules);
                }
            }),
            visit: &|object| {
                if let Some(err) = links.and_then(|links| links.see(object).err()) {
                    failed(object.id, &err.to_string());
                }
                if copies.is_first(object) {
                    archives.show(object, visit);
                }
            },
            failed: &failed,
        };
        let bytes = self.run(&self.work(only_new), threads, &task);
        self.visit_names(visit);
        self.visit_moved(&broken, &task);
        self.visit_other_copies(&broken, &task);
        let broken = broken.into_inner().expect("no thread panicked while it held the lock");
        let mut unread = self.contents.unread.clone();
        unread.extend(broken.iter().map(|(why, ids)| unreadable(ids, why)));
        (bytes, unread)
    }
}

impl History<'_> {
    /// Names that stand in no object: those of refs, and of files that are staged only.
    fn visit_names(&self, visit: &dyn Fn(&Unit<'_>)) {
        for name in self.refs.iter().map(|found| &found.name).chain(&self.other_names) {
            visit(&Unit { path: Some(name), ..whole(Part::Ref, name) });
        }
        for path in self.staged.iter().map(|change| &change.path).chain(&self.intended) {
            visit(&Unit { path: Some(path), ..whole(Part::Name, path) });
        }
    }

    /// What was loose when the sweep began and is not any more is in a pack by now, where git packs in the background.
    fn visit_moved(&self, broken: &Broken, task: &Task<'_>) {
        let gone = broken.lock().expect("no thread panicked while it held the lock").remove(GONE);
        let objects = self.repository.stores.reader();
        let mut buffer = Vec::new();
        for id in gone.unwrap_or_default() {
            match objects.any(&id, &"the history", &mut buffer) {
                Ok((kind, bytes)) => walk::show_alone(kind, &id, bytes, task),
                Err(_) => (task.failed)(&id, GONE),
            }
        }
    }

    /// What a pack holds and cannot be read there may be loose as well, and was not read twice.
    fn visit_other_copies(&self, broken: &Broken, task: &Task<'_>) {
        let broken = broken.lock().expect("no thread panicked while it held the lock").clone();
        let mut buffer = Vec::new();
        for (dir, _) in &self.contents.loose {
            let mut store = Loose::new(dir);
            for id in broken.values().flatten() {
                if let Ok(Some((kind, start))) = store.read(id, &mut buffer) {
                    walk::show_alone(kind, id, &buffer[start..], task);
                }
            }
        }
    }

    /// Those that are checked out by their paths, others by the `names` that trees have for them.
    fn submodules(&self, names: &BTreeSet<Vec<u8>>) -> Vec<Skipped> {
        let staged = self.staged.iter().filter(|change| change.kept == Kept::Submodule);
        let mut paths: Vec<Vec<u8>> = staged.map(|change| change.path.clone()).collect();
        let is_staged = |name: &[u8]| paths.iter().any(|path| path.rsplit(|&b| b == b'/').next() == Some(name));
        let others: Vec<Vec<u8>> = names.iter().filter(|name| !is_staged(name)).cloned().collect();
        paths.extend(others);
        paths.into_iter().map(|path| Skipped { path, why: SUBMODULE }).collect()
    }

    /// Whether one of the `count` objects may be read in two places. The loose ones of several folders may all stand for a
    /// damaged one of a pack.
    fn has_copies(&self, count: usize) -> bool {
        let Contents { packs, loose, .. } = &self.contents;
        let kept = packs.iter().map(Pack::entries).chain(loose.iter().map(|(_, ids)| ids.len()));
        loose.len() > 1 || kept.sum::<usize>() > count
    }

    /// How many objects there are, each counted once.
    fn count(&self) -> usize {
        let loose: usize = self.contents.loose.iter().map(|(_, ids)| ids.len()).sum();
        match &self.contents.packs[..] {
            [] => loose,
            [pack] => loose + pack.count(),
            packs => loose + packs.iter().flat_map(Pack::ids).collect::<HashSet<_>>().len(),
        }
    }
}

/// Why a pack that git is writing is not scanned.
const UNFINISHED: &str = "a pack that git is writing: a sweep after that reads it";

/// All that the index of the worktree with this git directory holds.
fn staged_in(git_dir: &Path, objects: &Objects) -> Result<index::Delta, Trouble> {
    let path = git_dir.join("index");
    // A bare repository has none, and no index is an empty one. What cannot be looked for is.
    if path.try_exists().unwrap_or(true) {
        index::compare(&path, git_dir, None, objects)
    } else {
        Ok(index::Delta::default())
    }
}

/// Of blobs and trees only those that may hold a token.
fn held(kind: ObjectKind) -> Look {
    if matches!(kind, ObjectKind::Blob | ObjectKind::Tree) { Look::Held } else { Look::All }
}

/// Hands over what can be scanned of an object.
fn show(object: &Object<'_>, visit: &dyn Fn(&Unit<'_>)) {
    let &Object { kind, id, bytes, may_hold, .. } = object;
    if !may_hold {
        return;
    }
    let origin = |kind| Origin { order: 0, kind, id: id.to_string() };
    let visit_from = |origin: &Origin, unit: &Unit<'_>| visit(&Unit { origin: Some(origin), ..*unit });
    let visit_words = |origin: &Origin| visit_envelope(bytes, &|unit| visit_from(origin, unit));
    match kind {
        ObjectKind::Blob => visit_from(&origin(OriginKind::Blob), &whole(Part::Content, bytes)),
        ObjectKind::Commit => visit_words(&origin(OriginKind::Commit)),
        ObjectKind::Tag => visit_words(&origin(OriginKind::Tag)),
        ObjectKind::Tree => {
            let origin = origin(OriginKind::Tree);
            // One that is damaged was told, and what can be read of it is scanned.
            for entry in gix::objs::TreeRefIter::from_bytes(bytes, id.kind()).map_while(Result::ok) {
                visit_from(&origin, &whole(Part::Name, entry.filename));
            }
        }
    }
}

fn unreadable(ids: &[ObjectId], why: &str) -> Trouble {
    Trouble::new(format!("cannot read {}", objects(ids)), why, "look for the damage with git fsck --full")
        .of_objects(ids.len())
}
