//! Objects by their hex ids, and what tags point to.

use std::collections::HashSet;

use gix::ObjectId;
use gix::objs::Kind as ObjectKind;

use crate::error::Error;
use crate::git::odb::objects::Objects;
use crate::git::repository::Repository;
use crate::git::revwalk::Ancestry;

/// What a ref points to in the end, and what stands on the way there.
pub(crate) struct Peeled {
    pub chain: Vec<(ObjectKind, ObjectId)>,
}

impl Repository {
    /// Which of these commits, by their hex ids, some tracking ref reaches: they left this repository already.
    pub fn published(&self, commits: &HashSet<&str>) -> Result<HashSet<String>, Error> {
        let mut ancestry = Ancestry::new(&self.objects, self.shallow()?);
        let tracking = self.refs()?.into_iter().filter(|found| found.name.starts_with(b"refs/remotes/"));
        let tracking = tracking.filter_map(|found| peel(&found.id, &self.objects).ok()?.commit());
        ancestry.know(&tracking.collect::<Vec<_>>())?;
        let wanted = commits.iter().map(|hex| id_of(hex, &self.objects)).collect::<Result<Vec<_>, Error>>()?;
        let missing: HashSet<ObjectId> = ancestry.missing(&wanted)?.into_iter().collect();
        Ok(wanted.into_iter().filter(|id| !missing.contains(id)).map(|id| id.to_string()).collect())
    }

    /// The hex id of HEAD's commit; None before the first one.
    pub fn head_id(&self) -> Result<Option<String>, Error> {
        Ok(self.head()?.map(|id| id.to_string()))
    }

    /// Whether this repository has the object with the hex id `id`.
    pub fn has(&self, id: &str) -> bool {
        id_of(id, &self.objects).is_ok_and(|id| self.objects.any(&id, &"", &mut Vec::new()).is_ok())
    }

    /// The commit that `word` names, in any way that git knows, as a hex id.
    pub fn resolve(&self, word: &str) -> Result<String, Error> {
        Ok(self.commit_named(word)?.to_string())
    }
}

impl Peeled {
    pub fn commit(&self) -> Option<ObjectId> {
        self.chain.last().filter(|(kind, _)| *kind == ObjectKind::Commit).map(|(_, id)| *id)
    }
}

/// Follows tags to what they stand for.
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

pub(crate) fn id_of(hex: &str, objects: &Objects) -> Result<ObjectId, Error> {
    let wrong = |cause: &dyn std::fmt::Display| {
        Error::new(format!("cannot scan the object {hex}"), cause, "pass on what git hands to the hook as it is")
    };
    let id = ObjectId::from_hex(hex.as_bytes()).map_err(|err| wrong(&err))?;
    if id.kind() == objects.hash() { Ok(id) } else { Err(wrong(&"ids of this repository have another length")) }
}
