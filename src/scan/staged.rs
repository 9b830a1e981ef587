//! The source for the staged change: the index compared with HEAD, and with the commits that are being merged.

use gix::ObjectId;

use crate::config::CONFIG_NAME;
use crate::detect::Detector;
use crate::error::Error;
use crate::git::index;
use crate::git::repository::Repository;
use crate::scan::change_set::ChangeSet;
use crate::scan::parallel::run_parallel;
use crate::scan::source::{Coverage, Kind, Source, Unit};
use crate::scan::staged_config::StagedConfig;
use crate::threads::Threads;

/// The staged change of one repository.
pub struct Staged<'r> {
    repository: &'r Repository,
    kind: Kind,
    change_set: ChangeSet<'r>,
    config: StagedConfig<'r>,
}

impl<'r> Staged<'r> {
    /// Compares the index with HEAD. Reads no blobs.
    pub fn read(repository: &'r Repository) -> Result<Self, Error> {
        Self::against(repository.head_tree()?, repository.merge_trees()?, Kind::Staged, repository)
    }

    /// Takes the whole index as the change, as if there were no commit yet.
    pub fn whole(repository: &'r Repository) -> Result<Self, Error> {
        Self::against(None, Vec::new(), Kind::Index, repository)
    }

    fn against(
        head: Option<ObjectId>,
        merged: Vec<ObjectId>,
        kind: Kind,
        repository: &'r Repository,
    ) -> Result<Self, Error> {
        let objects = &repository.objects;
        let (index, git_dir) = (repository.index_path()?, repository.git_dir());
        let diff = index::compare(&index, git_dir, head, objects, CONFIG_NAME)?;
        let config = StagedConfig::new(repository, diff.top_file, head);
        let against = move |parent, objects: &_| index::compare(&index, git_dir, Some(parent), objects, CONFIG_NAME);
        let change_set = ChangeSet::new(diff, head, merged, Box::new(against), objects)?;
        Ok(Self { repository, kind, change_set, config })
    }

    pub fn config(&self) -> &StagedConfig<'r> {
        &self.config
    }

    /// Returns whether there is no commit yet.
    pub fn is_first(&self) -> bool {
        !self.change_set.has_parent()
    }
}

impl Source for Staged<'_> {
    fn kind(&self) -> Kind {
        self.kind
    }

    fn visit(&self, _: &Detector, threads: Threads, visit: &(dyn Fn(&Unit<'_>) + Sync)) -> Coverage {
        let (change_set, object_dirs) = (&self.change_set, &self.repository.object_dirs);
        let count = change_set.len();
        run_parallel(
            count,
            threads,
            &self.repository.objects,
            || object_dirs.reader(),
            |objects, buffer, at, covered| {
                change_set.scan(at, objects, buffer, visit, covered);
            },
        )
    }
}
