//! The configuration and the baseline that the next commit has.

use gix::ObjectId;

use crate::config::CONFIG_NAME;
use crate::error::Error;
use crate::git::index;
use crate::git::repository::Repository;
use crate::scan::committed_config::top_file_in;

/// `.keysweep.toml` or `.keysweep-baseline` in the index, and in the commit that the index is compared with.
pub struct StagedConfig<'r> {
    repository: &'r Repository,
    name: &'static str,
    blob: Option<ObjectId>,
    head: Head,
}

enum Head {
    /// None if there is no commit to compare with.
    Tree(Option<ObjectId>),
    Unread,
}

impl<'r> StagedConfig<'r> {
    /// Looks the file `name` up in the index. Reads nothing of HEAD.
    pub fn find(repository: &'r Repository, name: &'static str) -> Result<Self, Error> {
        let (path, objects) = (repository.index_path()?, &repository.objects);
        let blob = index::top_file(&path, repository.git_dir(), objects, name)?;
        Ok(Self { repository, name, blob, head: Head::Unread })
    }

    /// `blob` is `.keysweep.toml` in the index, and `head` the tree of HEAD.
    pub(crate) fn new(repository: &'r Repository, blob: Option<ObjectId>, head: Option<ObjectId>) -> Self {
        Self { repository, name: CONFIG_NAME, blob, head: Head::Tree(head) }
    }

    /// Reads the file from the index.
    pub fn text(&self) -> Result<Option<Vec<u8>>, Error> {
        self.blob.map(|id| self.repository.objects.blob_owned(&id, &self.name)).transpose()
    }

    /// Reads the file from HEAD.
    pub fn text_before(&self) -> Result<Option<Vec<u8>>, Error> {
        let head = match self.head {
            Head::Tree(head) => head,
            Head::Unread => self.repository.head_tree()?,
        };
        Ok(head.map(|head| top_file_in(&self.repository.objects, &head, self.name)).transpose()?.flatten())
    }
}
