//! Reads the configuration file from commits.

use gix::ObjectId;
use gix::hash::oid;

use crate::config::CONFIG_NAME;
use crate::error::Error;
use crate::git::Repository;
use crate::git::odb::objects::Objects;
use crate::git::revision::{parse_id, peel};

/// Reads `.keysweep.toml` at the top of `tree`.
pub(crate) fn config_in(objects: &Objects, tree: &oid) -> Result<Option<Vec<u8>>, Error> {
    objects.top_file(tree, CONFIG_NAME)?.map(|id| objects.blob_owned(&id, &CONFIG_NAME)).transpose()
}

impl Repository {
    /// Reads `.keysweep.toml` from the commit with the hex id `commit`. `None` if the commit has no such file, or if the id is not
    /// that of a commit.
    pub fn config_of_commit(&self, commit: &str) -> Result<Option<Vec<u8>>, Error> {
        let config = |tree: ObjectId| config_in(&self.objects, &tree);
        self.tree_of_commit(commit)?.map(config).transpose().map(Option::flatten)
    }

    /// Returns the hex id of the blob of that file.
    pub fn config_id_of_commit(&self, commit: &str) -> Result<Option<String>, Error> {
        let config = |tree: ObjectId| Ok(self.objects.top_file(&tree, CONFIG_NAME)?.map(|id| id.to_string()));
        self.tree_of_commit(commit)?.map(config).transpose().map(Option::flatten)
    }

    fn tree_of_commit(&self, commit: &str) -> Result<Option<ObjectId>, Error> {
        let commit = peel(&parse_id(commit, &self.objects)?, &self.objects)?.commit();
        commit.map(|id| Ok(self.objects.commit(&id, &CONFIG_NAME)?.tree)).transpose()
    }
}
