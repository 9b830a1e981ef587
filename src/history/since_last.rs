//! `--since-last`: skips objects that were clean in an earlier scan, and caches the ids of clean objects.

use std::collections::HashSet;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use gix::ObjectId;

use crate::detect::Detector;
use crate::git::date::iso8601;
use crate::history::clean_cache::{KnownClean, digest};
use crate::history::database::History;
use crate::history::work::{Wanted, Work};

/// What is known about the last scan of the whole history. Each has the day of that scan.
pub enum LastSweep {
    Never,
    /// The rules, the build or the unpacking of archives differ.
    OtherRules(String),
    /// Objects of that scan are gone, and clean ones may refer to them.
    Lost(String),
    Known {
        day: String,
        /// Objects with tokens, or with archives that could not be read.
        tainted: usize,
        /// Objects that came since.
        new: usize,
    },
}

/// Compares the cache with the objects that the repository has. `rules` are the digests of the rules that are in force.
pub fn last_sweep(history: &History<'_>, rules: &[[u8; 32]]) -> LastSweep {
    let common_dir = history.repository.common_dir();
    let Some(written) = KnownClean::written(common_dir) else { return LastSweep::Never };
    let seconds = written.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let day: String = iso8601(i64::try_from(seconds).unwrap_or_default()).chars().take(10).collect();
    let id_len = history.repository.objects.hash().len_in_bytes();
    let known = rules.iter().map(|rules| KnownClean::load(common_dir, rules, id_len)).find(|known| !known.is_empty());
    let Some(known) = known else { return LastSweep::OtherRules(day) };
    let ids = history.contents.ids();
    if known.has_lost(&ids) {
        return LastSweep::Lost(day);
    }
    let tainted = known.tainted();
    let new = ids.iter().filter(|id| !known.has(id)).count().saturating_sub(tainted);
    LastSweep::Known { day, tainted, new }
}

impl History<'_> {
    /// Skips objects that were clean in an earlier scan with the same rules, by the cache below `folder`. If an object was removed since then, nothing is skipped,
    /// so that the scan finds the references to it.
    #[must_use]
    pub fn since_last(self, folder: &Path, rules: &[u8; 32]) -> Self {
        let id_len = self.repository.objects.hash().len_in_bytes();
        let clean = KnownClean::load(folder, rules, id_len);
        if clean.is_empty() || clean.has_lost(&self.contents.ids()) {
            return self;
        }
        let history = Self { clean, ..self };
        Self { known_clean: history.count_known_clean(), ..history }
    }

    /// Writes the cache below `folder`. `tainted` has the hex ids of objects with tokens. The scan must have read everything.
    pub fn remember(
        &self,
        folder: &Path,
        detector: &Detector,
        rules: &[u8; 32],
        tainted: &HashSet<&str>,
    ) -> io::Result<()> {
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
        known_clean.store(folder, rules)
    }

    /// Counts the objects that the scan skips.
    fn count_known_clean(&self) -> usize {
        if self.clean.is_empty() {
            return 0;
        }
        let mut read: HashSet<ObjectId> = HashSet::new();
        for work in self.work(Wanted::New) {
            match work {
                Work::Root(pack, root) => pack.for_each_in_tree(root.entry, |id| read.insert(id.to_owned())),
                Work::Loose(_, ids) => read.extend(ids),
            }
        }
        self.count() - read.len()
    }
}
