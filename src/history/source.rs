//! The scan of all objects of a repository. It reads each object once, in packs, loose or in alternates, reachable or not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use gix::ObjectId;
use gix::hash::oid;
use gix::objs::Kind as ObjectKind;

use crate::detect::Detector;
use crate::error::Error;
use crate::finding::Part;
use crate::git::odb::loose::Loose;
use crate::git::odb::missing::objects;
use crate::git::odb::objects::{EntryKind, SUBMODULE};
use crate::git::pack::traversal::{Content, Search, Task, visit_object};
use crate::history::archives::Archives;
use crate::history::database::History;
use crate::history::dedup::Dedup;
use crate::history::graph_collector::GraphCollector;
use crate::history::progress::Phase;
use crate::history::references::References;
use crate::history::work::{GONE, Wanted};
use crate::scan::commit_text::whole;
use crate::scan::source::{Coverage, Kind, Skipped, Source, Unit};
use crate::threads::Threads;

/// The objects that cannot be read, by error message.
type Broken = Mutex<BTreeMap<String, Vec<ObjectId>>>;

impl Source for History<'_> {
    fn kind(&self) -> Kind {
        Kind::History
    }

    fn visit(&self, detector: &Detector, threads: Threads, visit: &(dyn Fn(&Unit<'_>) + Sync)) -> Coverage {
        let references = References::new(&self.contents);
        let read = self.count() - self.known_clean;
        self.progress.begin(Phase::Reading, read);
        let pass = Pass {
            detector,
            archives: &self.archives,
            references: Some(&references),
            collector: None,
            wanted: Wanted::New,
        };
        let (bytes, unread) = self.read(&pass, threads, visit);
        let mut unavailable = references.finish();
        self.clean.add_to(&mut unavailable);
        let unavailable = self.unavailable.get_or_init(|| unavailable);
        let (mut skipped, known_clean) = (self.submodules(&unavailable.submodules), self.known_clean);
        let unfinished = self.contents.unfinished.iter().map(|path| path.as_os_str().as_encoded_bytes().to_vec());
        skipped.extend(unfinished.map(|path| Skipped { path, why: UNFINISHED }));
        let mut covered = Coverage { objects: read, known_clean, bytes, skipped, unread, ..Coverage::default() };
        self.report_missing(unavailable, threads, &mut covered);
        #[cfg(feature = "archives")]
        let covered = self.add_archives(covered, threads);
        covered
    }
}

/// A second pass over a whole history, for the tokens that the first pass found. It does not report missing objects, since the
/// first pass did.
pub struct SecondPass<'h> {
    pub history: &'h History<'h>,
    /// Collects what the provenance of the tokens needs.
    pub collector: &'h GraphCollector<'h>,
}

impl Source for SecondPass<'_> {
    fn kind(&self) -> Kind {
        Kind::History
    }

    fn visit(&self, detector: &Detector, threads: Threads, visit: &(dyn Fn(&Unit<'_>) + Sync)) -> Coverage {
        let &Self { history, collector } = self;
        let archives = history.archives.again();
        let pass =
            Pass { detector, archives: &archives, references: None, collector: Some(collector), wanted: Wanted::All };
        history.progress.begin(Phase::Reading, history.count());
        let (_, unread) = history.read(&pass, threads, visit);
        // The first pass may have spent what archives may cost.
        #[cfg(feature = "archives")]
        let unread = [unread, history.unread_in(&archives, threads)].concat();
        Coverage { unread, ..Coverage::default() }
    }
}

/// One pass over all objects.
struct Pass<'p> {
    detector: &'p Detector,
    archives: &'p Archives,
    /// Set if the pass checks what objects refer to.
    references: Option<&'p References<'p>>,
    collector: Option<&'p GraphCollector<'p>>,
    wanted: Wanted<'p>,
}

impl History<'_> {
    /// Passes all units to `visit`. Returns the number of bytes that were read, and an error for each group of objects that could not
    /// be read.
    fn read(&self, pass: &Pass<'_>, threads: Threads, visit: &(dyn Fn(&Unit<'_>) + Sync)) -> (u64, Vec<Error>) {
        let &Pass { detector, archives, references, collector, wanted } = pass;
        let dedup = Dedup::new(self.has_duplicates(self.count()));
        let broken = Broken::default();
        let failed = |id: &oid, why: &str| {
            let mut broken = broken.lock().expect("no thread panicked while it held the lock");
            broken.entry(why.to_owned()).or_default().push(id.to_owned());
        };
        let splice = detector.splice_context();
        let search = Search {
            may_match: &|bytes| detector.may_contain_token(bytes),
            find: &|kind, bytes| {
                if !detector.may_contain_token(bytes) {
                    return Content::Clean;
                }
                // Only a blob is scanned as one text.
                if kind != ObjectKind::Blob {
                    return Content::Unknown;
                }
                let hits = detector.find(bytes);
                // Even an object without hits matters to a delta: with a distant name or a NUL at the start, text that a delta adds
                // can be a token.
                if hits.is_empty() && !detector.needs_whole(bytes) { Content::Clean } else { Content::Found(hits) }
            },
            splice: &splice,
        };
        let task = Task {
            select: archives.select(),
            search: Some(search),
            entries: Some(&|new| {
                if let Some(references) = references {
                    references.check_ids(new.files.iter().chain(new.subtrees));
                    references.add_submodules(new.submodules);
                }
                if let Some(collector) = collector {
                    collector.add_entries(new);
                }
            }),
            visit: &|object| {
                if let Some(err) = references.and_then(|references| references.check_object(object).err()) {
                    failed(object.id, &err.to_string());
                }
                if let Some(collector) = collector {
                    collector.add(object);
                }
                if dedup.is_first(object) {
                    archives.show(object, visit);
                }
            },
            failed: &failed,
        };
        let bytes = self.run(&self.work(wanted), threads, &task);
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
    /// Visits names that may be in no object: the names of refs, and the paths of staged files.
    fn visit_names(&self, visit: &dyn Fn(&Unit<'_>)) {
        for name in self.refs.iter().map(|found| &found.name).chain(&self.other_names) {
            visit(&Unit { path: Some(name), ..whole(Part::Ref, name) });
        }
        for path in self.staged.iter().map(|change| &change.path).chain(&self.intended) {
            visit(&Unit { path: Some(path), ..whole(Part::Name, path) });
        }
    }

    /// Reads loose objects that were deleted during the scan. A `git gc` in the background may have moved them into a pack.
    fn visit_moved<F>(&self, broken: &Broken, task: &Task<'_, F>) {
        let deleted = broken.lock().expect("no thread panicked while it held the lock").remove(GONE);
        let objects = self.repository.object_dirs.reader();
        let mut buffer = Vec::new();
        for id in deleted.unwrap_or_default() {
            match objects.any(&id, &"the history", &mut buffer) {
                Ok((kind, bytes)) => visit_object(kind, &id, bytes, task),
                Err(_) => (task.failed)(&id, GONE),
            }
        }
    }

    /// Reads loose copies of objects that are damaged in a pack. The scan skipped them, since it reads each object once.
    fn visit_other_copies<F>(&self, broken: &Broken, task: &Task<'_, F>) {
        let broken = broken.lock().expect("no thread panicked while it held the lock").clone();
        let mut buffer = Vec::new();
        for (dir, _) in &self.contents.loose {
            let mut store = Loose::new(dir);
            for id in broken.values().flatten() {
                if let Ok(Some((kind, start))) = store.read(id, &mut buffer) {
                    visit_object(kind, id, &buffer[start..], task);
                }
            }
        }
    }

    /// Returns the submodules, which are not scanned: those in an index with their paths, others with the `names` in trees.
    fn submodules(&self, names: &BTreeSet<Vec<u8>>) -> Vec<Skipped> {
        let staged = self.staged.iter().filter(|change| change.kind == EntryKind::Submodule);
        let mut paths: Vec<Vec<u8>> = staged.map(|change| change.path.clone()).collect();
        let is_staged = |name: &[u8]| paths.iter().any(|path| path.rsplit(|&b| b == b'/').next() == Some(name));
        let others: Vec<Vec<u8>> = names.iter().filter(|name| !is_staged(name)).cloned().collect();
        paths.extend(others);
        paths.into_iter().map(|path| Skipped { path, why: SUBMODULE }).collect()
    }
}

/// The reason why a pack that git is writing is skipped.
const UNFINISHED: &str = "a pack that git is still writing: the next scan reads it";

fn unreadable(ids: &[ObjectId], why: &str) -> Error {
    Error::new(format!("cannot read {}", objects(ids)), why, "run git fsck --full to find the damage")
        .of_objects(ids.len())
}
