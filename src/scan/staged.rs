//! What the next commit adds: the index against HEAD, and against the commits being merged.

use gix::ObjectId;

use crate::config::CONFIG_NAME;
use crate::detect::Detector;
use crate::error::Error;
use crate::git::index;
use crate::git::repository::Repository;
use crate::scan::change_set::Comparison;
use crate::scan::committed_config::config_in;
use crate::scan::parallel::spread;
use crate::scan::source::{Coverage, Kind, Source, Unit};
use crate::threads::Threads;

/// The staged change of one repository.
pub struct Staged<'r> {
    repository: &'r Repository,
    kind: Kind,
    head: Option<ObjectId>,
    comparison: Comparison<'r>,
    config: Option<ObjectId>,
}

impl<'r> Staged<'r> {
    /// Compares the index with HEAD. Reads no content yet.
    pub fn read(repository: &'r Repository) -> Result<Self, Error> {
        Self::against(repository.head_tree()?, repository.merge_trees()?, Kind::Staged, repository)
    }

    /// All that the index holds, as if there were no commit yet.
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
        let delta = index::compare(&index, git_dir, head, objects, CONFIG_NAME)?;
        let config = delta.top_file;
        let against = move |parent, objects: &_| index::compare(&index, git_dir, Some(parent), objects, CONFIG_NAME);
        let comparison = Comparison::new(delta, head, merged, Box::new(against), objects)?;
        Ok(Self { repository, kind, head, comparison, config })
    }

    /// `.keysweep.toml` as the next commit has it.
    pub fn config(&self) -> Result<Option<Vec<u8>>, Error> {
        self.config.map(|id| self.repository.objects.blob_owned(&id, &CONFIG_NAME)).transpose()
    }

    /// `.keysweep.toml` as HEAD has it.
    pub fn config_before(&self) -> Result<Option<Vec<u8>>, Error> {
        let Some(head) = self.head else { return Ok(None) };
        config_in(&self.repository.objects, &head)
    }

    /// Whether there is no commit yet.
    pub fn is_first(&self) -> bool {
        !self.comparison.has_parent()
    }
}

impl Source for Staged<'_> {
    fn kind(&self) -> Kind {
        self.kind
    }

    fn visit(&self, _: &Detector, threads: Threads, visit: &(dyn Fn(&Unit<'_>) + Sync)) -> Coverage {
        let (comparison, object_dirs) = (&self.comparison, &self.repository.object_dirs);
        let count = comparison.len();
        spread(
            count,
            threads,
            &self.repository.objects,
            || object_dirs.reader(),
            |objects, buffer, at, covered| {
                comparison.scan(at, objects, buffer, visit, covered);
            },
        )
    }
}
