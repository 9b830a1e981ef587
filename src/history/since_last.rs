//! `--since-last`: skips objects that were clean in an earlier scan, and caches the ids of clean objects.

use std::collections::HashSet;
use std::io;

use gix::ObjectId;

use crate::detect::Detector;
use crate::history::clean_cache::{KnownClean, digest};
use crate::history::database::History;
use crate::history::work::Work;

impl History<'_> {
    /// Skips objects that were clean in an earlier scan with the same rules. If an object was removed since then, nothing is skipped,
    /// so that the scan finds the references to it.
    #[must_use]
    pub fn since_last(self, rules: &[u8; 32]) -> Self {
        let id_len = self.repository.objects.hash().len_in_bytes();
        let clean = KnownClean::load(self.repository.common_dir(), rules, id_len);
        if clean.is_empty() || clean.has_lost(&self.contents.ids()) {
            return self;
        }
        let history = Self { clean, ..self };
        Self { known_clean: history.count_known_clean(), ..history }
    }

    /// Writes the cache. `tainted` has the hex ids of objects with tokens. The scan must have read everything.
    pub fn remember(&self, detector: &Detector, rules: &[u8; 32], tainted: &HashSet<&str>) -> io::Result<()> {
        let tainted = tainted.iter().filter_map(|id| ObjectId::from_hex(id.as_bytes()).ok());
        let tainted: HashSet<ObjectId> = tainted.chain(self.archives.closed()).collect();
        let (others, clean): (Vec<ObjectId>, Vec<ObjectId>) =
            self.contents.ids().into_iter().partition(|id| tainted.contains(id));
        let unavailable = self.unavailable.get().expect("the history was scanned");
        // A tree with a token in the name of a submodule is not clean, so the next scan reads it again.
        let names = unavailable.submodules.iter().filter(|name| detector.find(name).is_empty());
        let known_clean = KnownClean {
            ids: clean.iter().flat_map(|id| id.as_bytes()).copied().collect(),
            id_len: 0,
            others: others.iter().flat_map(|id| digest(id)).collect(),
            missing: unavailable.missing.iter().flat_map(|id| id.as_bytes()).copied().collect(),
            submodules: names.flat_map(|name| name.iter().copied().chain([0])).collect(),
        };
        known_clean.store(self.repository.common_dir(), rules)
    }

    /// Counts the objects that the scan skips.
    fn count_known_clean(&self) -> usize {
        if self.clean.is_empty() {
            return 0;
        }
        let mut read: HashSet<ObjectId> = HashSet::new();
        for work in self.work(true) {
            match work {
                Work::Root(pack, root) => pack.for_each_in_tree(root.entry, |id| read.insert(id.to_owned())),
                Work::Loose(_, ids) => read.extend(ids),
            }
        }
        self.count() - read.len()
    }
}
