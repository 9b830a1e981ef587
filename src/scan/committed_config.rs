//! Reads the configuration and the baseline from commits.

use gix::ObjectId;
use gix::hash::oid;

use crate::error::Error;
use crate::git::Repository;
use crate::git::odb::objects::Objects;
use crate::git::revision::{parse_id, peel};

/// Reads the file `name` at the top of `tree`.
pub(crate) fn top_file_in(objects: &Objects, tree: &oid, name: &str) -> Result<Option<Vec<u8>>, Error> {
    objects.top_file(tree, name)?.map(|id| objects.blob_owned(&id, &name)).transpose()
}

impl Repository {
    /// Reads the file `name` at the top of the commit with the hex id `commit`. `None` if the commit has no such file, or if the id
    /// is not that of a commit.
    pub fn top_file_of_commit(&self, commit: &str, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let read = |tree: ObjectId| top_file_in(&self.objects, &tree, name);
        self.tree_of_commit(commit, name)?.map(read).transpose().map(Option::flatten)
    }

    /// Returns the hex id of the blob of that file.
    pub fn top_file_id_of_commit(&self, commit: &str, name: &str) -> Result<Option<String>, Error> {
        let find = |tree: ObjectId| Ok(self.objects.top_file(&tree, name)?.map(|id| id.to_string()));
        self.tree_of_commit(commit, name)?.map(find).transpose().map(Option::flatten)
    }

    fn tree_of_commit(&self, commit: &str, name: &str) -> Result<Option<ObjectId>, Error> {
        let commit = peel(&parse_id(commit, &self.objects)?, &self.objects)?.commit();
        commit.map(|id| Ok(self.objects.commit(&id, &name)?.tree)).transpose()
    }
}
