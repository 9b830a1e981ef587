//! Resolving ids and revisions, and peeling tags.

use std::collections::HashSet;

use gix::ObjectId;
use gix::objs::Kind as ObjectKind;

use crate::error::Error;
use crate::git::odb::objects::Objects;
use crate::git::repository::Repository;
use crate::git::revwalk::Ancestry;

/// A ref's object, peeled: the tags in a row, and the object that is not a tag.
pub(crate) struct Peeled {
    pub chain: Vec<(ObjectKind, ObjectId)>,
}

impl Repository {
    /// Of `commits`, those that are reachable from a remote-tracking ref, and so were published before. The ids are in hex.
    pub fn published(&self, commits: &HashSet<&str>) -> Result<HashSet<String>, Error> {
        let mut ancestry = Ancestry::new(&self.objects, self.shallow()?);
        let tracking = self.refs()?.into_iter().filter(|found| found.name.starts_with(b"refs/remotes/"));
        let tracking = tracking.filter_map(|found| peel(&found.id, &self.objects).ok()?.commit());
        ancestry.mark_known(&tracking.collect::<Vec<_>>())?;
        let wanted = commits.iter().map(|hex| parse_id(hex, &self.objects)).collect::<Result<Vec<_>, Error>>()?;
        let missing: HashSet<ObjectId> = ancestry.unknown_commits(&wanted)?.into_iter().collect();
        Ok(wanted.into_iter().filter(|id| !missing.contains(id)).map(|id| id.to_string()).collect())
    }

    /// The id of HEAD's commit in hex. None before the first commit.
    pub fn head_id(&self) -> Result<Option<String>, Error> {
        Ok(self.head()?.map(|id| id.to_string()))
    }

    /// Whether this repository has the object `id`, which is in hex.
    pub fn has(&self, id: &str) -> bool {
        parse_id(id, &self.objects).is_ok_and(|id| self.objects.any(&id, &"", &mut Vec::new()).is_ok())
    }

    /// The best common ancestor of two commits. None if there is none, or if one is no commit. All ids are in hex.
    pub fn merge_base(&self, one: &str, other: &str) -> Option<String> {
        let printed = self.query_git(&["merge-base", one, other]).ok()??;
        String::from_utf8(printed.trim_ascii().to_vec()).ok()
    }

    /// Resolves `word`, a revision in any form that git knows, to the id of a commit in hex.
    pub fn resolve(&self, word: &str) -> Result<String, Error> {
        Ok(self.resolve_commit(word)?.to_string())
    }
}

impl Peeled {
    pub fn commit(&self) -> Option<ObjectId> {
        self.chain.last().filter(|(kind, _)| *kind == ObjectKind::Commit).map(|(_, id)| *id)
    }
}

/// Follows annotated tags to an object that is not a tag. Fails if an object on the way is missing or damaged.
pub(crate) fn peel(id: &ObjectId, objects: &Objects) -> Result<Peeled, Error> {
    let mut chain = Vec::new();
    let mut buffer = Vec::new();
    let mut next = Some(*id);
    while let Some(id) = next.take() {
        let (kind, bytes) = objects.any(&id, &"a pushed ref", &mut buffer)?;
        chain.push((kind, id));
        if kind == ObjectKind::Tag {
            let target = gix::objs::TagRefIter::from_bytes(bytes, objects.hash()).target_id();
            next =
                Some(target.map_err(|err| {
                    Error::new(format!("cannot read tag {id}"), err, "run git fsck to find the damage")
                })?);
        }
    }
    Ok(Peeled { chain })
}

pub(crate) fn parse_id(hex: &str, objects: &Objects) -> Result<ObjectId, Error> {
    let wrong = |cause: &dyn std::fmt::Display| {
        Error::new(format!("cannot scan the object {hex}"), cause, "pass to the hook what git passes, unchanged")
    };
    let id = ObjectId::from_hex(hex.as_bytes()).map_err(|err| wrong(&err))?;
    if id.kind() == objects.hash() {
        Ok(id)
    } else {
        Err(wrong(&"it does not have the length of an id of this repository"))
    }
}
