//! The commits that a push sends: every commit that the other repository lacks, compared with all its parents.
//!
//! A token that one commit adds and the next one removes is pushed as well, so scanning the tips is not enough.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use gix::ObjectId;
use gix::objs::Kind as ObjectKind;

use crate::config::CONFIG_NAME;
use crate::detect::Detector;
use crate::error::{Error, counted};
use crate::finding::{Origin, OriginKind, Part, Span};
use crate::git::diff::tree::compare_trees;
use crate::git::odb::commit::Commit;
use crate::git::odb::missing::MissingObjects;
use crate::git::odb::objects::{LFS_POINTER, Objects, lfs_pointers_error};
use crate::git::refs::{Ref, shallow_error};
use crate::git::repository::Repository;
use crate::git::revision::{parse_id, peel};
use crate::git::revwalk::{Ancestry, KnownAncestors};
use crate::scan::change_set::ChangeSet;
use crate::scan::commit_text::{visit_commit_text, whole};
use crate::scan::parallel::run_parallel;
use crate::scan::push_request::{Advice, Known, Push};
use crate::scan::remotes::known_at;
use crate::scan::selection::Selection;
use crate::scan::source::{AddedFilter, Coverage, Kind, Source, Unit};
use crate::threads::Threads;

/// What the receiving repository has, read once for all refs.
pub struct PushBase<'r> {
    repository: &'r Repository,
    kind: Kind,
    /// Commits, tags, trees and blobs that the other side has or that were scanned already.
    known: HashSet<ObjectId>,
    ancestry: Ancestry<'r>,
    all_known: Arc<KnownAncestors>,
    shallow: HashSet<ObjectId>,
    pub advice: Advice,
}

/// Everything that is pushed, ready to be scanned.
pub struct Pushed<'r> {
    repository: &'r Repository,
    kind: Kind,
    commits: Vec<IncomingCommit>,
    /// Tags, blobs and trees to which a pushed ref points directly, each with its kind.
    others: Vec<(ObjectKind, ObjectId)>,
    names: Vec<Vec<u8>>,
    /// The number of commits whose parents a shallow clone lacks.
    cut: usize,
    /// What the other side has. None where the walk saw all of it.
    known: Option<Arc<KnownAncestors>>,
    /// Collects missing objects, where they are not an error at once.
    missing: Option<Arc<MissingObjects>>,
    /// Reports that more commits were scanned than were asked for, since git could not filter them.
    unsorted: Option<Error>,
    /// The budget for archives. None where they are not unpacked.
    #[cfg(feature = "archives")]
    archives: Option<crate::scan::archive::Budget>,
}

/// How to scan a commit.
#[derive(Clone, Copy)]
struct How<'p> {
    known: Option<&'p KnownAncestors>,
    #[cfg(feature = "archives")]
    archives: Option<&'p crate::scan::archive::Budget>,
}

/// A commit that the other side lacks.
struct IncomingCommit {
    id: ObjectId,
    tree: ObjectId,
    /// The trees of its parents.
    parents: Vec<ObjectId>,
}

/// The trees of commits, each read once.
struct Trees<'o> {
    objects: &'o Objects,
    known: HashMap<ObjectId, ObjectId>,
}

impl Trees<'_> {
    fn of(&mut self, commit: &ObjectId) -> Result<ObjectId, Error> {
        if let Some(tree) = self.known.get(commit) {
            return Ok(*tree);
        }
        let tree = self.objects.commit(commit, &"a parent of a commit that is asked for")?.tree;
        self.known.insert(*commit, tree);
        Ok(tree)
    }
}

impl<'r> PushBase<'r> {
    /// Determines what the other side has, for all of `pushes`. Reads no content.
    pub fn read(repository: &'r Repository, pushes: &[Push], known: &Known, kind: Kind) -> Result<Self, Error> {
        let objects = &repository.objects;
        let shallow = repository.shallow()?;
        let (refs, advice) = match known {
            Known::At(destination) => {
                let there = known_at(destination, pushes, repository)?;
                (there.ids, there.advice)
            }
            Known::OwnRefs => (repository.refs()?.into_iter().map(|found| found.id).collect(), Advice::default()),
            Known::Nothing => (Vec::new(), Advice::default()),
        };
        let old = pushes.iter().filter_map(|push| push.old.as_deref()).filter_map(|hex| parse_id(hex, objects).ok());
        let known: HashSet<ObjectId> = refs.into_iter().chain(old).collect();
        let commits: Vec<ObjectId> = known.iter().filter_map(|id| peel(id, objects).ok()?.commit()).collect();
        let mut ancestry = Ancestry::new(objects, shallow.clone());
        ancestry.mark_known(&commits)?;
        let all_known = Arc::new(KnownAncestors::new(commits, shallow.clone()));
        Ok(Self { repository, kind, known, ancestry, all_known, shallow, advice })
    }

    /// Lists what `pushes` introduce: the other side lacks it, and no earlier call returned it. Reads no content yet.
    pub fn introduced(&mut self, pushes: &[Push]) -> Result<Pushed<'r>, Error> {
        let objects = &self.repository.objects;
        let tips = pushes
            .iter()
            .map(|push| Ok((push, peel(&parse_id(&push.new, objects)?, objects)?)))
            .collect::<Result<Vec<_>, Error>>()?;
        let wanted: Vec<ObjectId> = tips.iter().filter_map(|(_, tip)| tip.commit()).collect();
        let missing = self.ancestry.unknown_commits(&wanted)?;
        let known = (!self.ancestry.is_complete()).then(|| self.all_known.clone());
        let are_new: HashSet<&ObjectId> = missing.iter().collect();
        let mut others = Vec::new();
        let mut names = Vec::new();
        for (push, tip) in tips {
            if !push.perhaps || tip.commit().is_some_and(|id| are_new.contains(&id)) {
                let is_other =
                    |(kind, id): &(ObjectKind, ObjectId)| *kind != ObjectKind::Commit && self.known.insert(*id);
                others.extend(tip.chain.into_iter().filter(is_other));
                names.push(push.name.clone());
            }
        }
        others.sort();
        names.sort();
        names.dedup();
        let cut = missing.iter().filter(|id| self.shallow.contains(*id)).count();
        let commits = missing.into_iter().map(|id| incoming(id, &self.ancestry)).collect();
        Ok(Pushed {
            repository: self.repository,
            kind: self.kind,
            commits,
            others,
            names,
            cut,
            known,
            missing: None,
            unsorted: None,
            #[cfg(feature = "archives")]
            archives: None,
        })
    }
}

impl<'r> Pushed<'r> {
    /// What the selected commits introduce, wherever they are. Reads no content yet.
    pub fn selected(repository: &'r Repository, selection: &Selection) -> Result<Self, Error> {
        let shallow = repository.shallow()?;
        let (ids, unsorted) = repository.selected(selection)?;
        let mut trees = Trees { objects: &repository.objects, known: HashMap::new() };
        let commits = ids.iter().map(|id| {
            let commit = repository.objects.commit(id, &"a commit that is asked for")?;
            let parents = if shallow.contains(id) { &[][..] } else { &commit.parents[..] };
            let parents = parents.iter().map(|parent| trees.of(parent)).collect::<Result<_, _>>()?;
            Ok(IncomingCommit { id: *id, tree: commit.tree, parents })
        });
        let commits = commits.collect::<Result<Vec<_>, Error>>()?;
        let cut = ids.iter().filter(|id| shallow.contains(*id)).count();
        let (others, names) = (Vec::new(), Vec::new());
        Ok(Self {
            repository,
            kind: Kind::Commits,
            commits,
            others,
            names,
            cut,
            known: None,
            missing: Some(Arc::default()),
            unsorted,
            #[cfg(feature = "archives")]
            archives: None,
        })
    }

    /// Unpacks archives as well.
    #[cfg(feature = "archives")]
    #[must_use]
    pub fn with_archives(self, archives: bool) -> Self {
        Self { archives: archives.then(Default::default), ..self }
    }

    /// The number of commits to scan.
    pub fn commits(&self) -> usize {
        self.commits.len()
    }

    /// A note for the report about the end of a shallow clone.
    pub fn note(&self) -> Option<String> {
        let what = match self.cut {
            0 => return None,
            1 => "1 commit was scanned with all its files: this shallow clone ends there".to_owned(),
            cut => format!("{cut} commits were scanned with all their files: this shallow clone ends there"),
        };
        Some(format!("{what}, so what they changed is unknown; git fetch --unshallow gets the rest"))
    }

    /// Errors about history that this clone lacks, and about a filter that git could not apply.
    pub fn missing(&self) -> impl Iterator<Item = Error> {
        let cut = (self.cut > 0).then(|| shallow_error(&counted(self.cut, "commit")));
        cut.into_iter().chain(self.unsorted.clone())
    }

    fn visit_other(
        &self,
        at: usize,
        buffer: &mut Vec<u8>,
        visit: &dyn Fn(&Unit<'_>),
        covered: &mut Coverage,
    ) -> Result<(), Error> {
        let (kind, id) = self.others[at];
        let objects = &self.repository.objects;
        let order = self.commits.len() + at;
        let tagged = |kind| Origin { order, kind, id: id.to_string() };
        covered.objects += 1;
        if kind == ObjectKind::Tree {
            let against = |parent, objects: &_| compare_trees(Some(parent), &[], id, objects, CONFIG_NAME);
            let delta = compare_trees(None, &[], id, objects, CONFIG_NAME)?;
            let comparison = ChangeSet::new(delta, None, Vec::new(), Box::new(against), objects)?;
            for change in 0..comparison.len() {
                comparison.scan(change, objects, buffer, visit, covered);
            }
            return Ok(());
        }
        let (_, bytes) = objects.any(&id, &"a pushed tag", buffer)?;
        covered.bytes += bytes.len() as u64;
        let origin = tagged(if kind == ObjectKind::Tag { OriginKind::Tag } else { OriginKind::Blob });
        let visit = |unit: &Unit<'_>| visit(&Unit { origin: Some(&origin), ..*unit });
        if kind == ObjectKind::Tag {
            visit_commit_text(bytes, &visit);
        } else {
            visit(&whole(Part::Content, bytes));
        }
        Ok(())
    }
}

impl IncomingCommit {
    /// Passes the commit's text to `visit`, and what the commit changes relative to all its parents.
    fn visit(
        &self,
        order: usize,
        how: How<'_>,
        objects: &Objects,
        buffer: &mut Vec<u8>,
        visit: &dyn Fn(&Unit<'_>),
        covered: &mut Coverage,
    ) -> Result<(), Error> {
        let kind = match self.parents.len() {
            0 => OriginKind::RootCommit,
            1 => OriginKind::Commit,
            _ => OriginKind::MergeCommit,
        };
        let origin = Origin { order, kind, id: self.id.to_string() };
        let visit = |unit: &Unit<'_>| {
            // Called only where a token was found: the answer may need a walk through the whole history.
            let compare = |spans: &[Span]| match (how.known, unit.added) {
                (Some(known), _) if known.has(&self.id, objects) => Ok(vec![false; spans.len()]),
                (_, AddedFilter::Whole) => Ok(vec![true; spans.len()]),
                (_, AddedFilter::Compared(compare)) => compare(spans),
            };
            visit(&Unit { origin: Some(&origin), added: AddedFilter::Compared(&compare), ..*unit });
        };
        covered.commits += 1;
        covered.objects += 1;
        let (_, bytes) = objects.any(&self.id, &"a pushed commit", buffer)?;
        covered.bytes += bytes.len() as u64;
        visit_commit_text(bytes, &visit);
        let (first, merged) = match self.parents.split_first() {
            Some((first, merged)) => (Some(*first), merged),
            None => (None, &[][..]),
        };
        let delta = compare_trees(first, merged, self.tree, objects, CONFIG_NAME)?;
        let against = |parent, objects: &_| compare_trees(Some(parent), &[], self.tree, objects, CONFIG_NAME);
        let comparison = ChangeSet::new(delta, first, merged.to_vec(), Box::new(against), objects)?;
        #[cfg(feature = "archives")]
        let comparison = comparison.with_archives(how.archives);
        for change in 0..comparison.len() {
            comparison.scan(change, objects, buffer, &visit, covered);
        }
        Ok(())
    }
}

impl Source for Pushed<'_> {
    fn kind(&self) -> Kind {
        self.kind
    }

    fn visit(&self, _: &Detector, threads: Threads, visit: &(dyn Fn(&Unit<'_>) + Sync)) -> Coverage {
        let (commits, object_dirs, missing) = (&self.commits, &self.repository.object_dirs, &self.missing);
        let reader = || match missing {
            Some(missing) => object_dirs.history_reader().recording_missing(missing.clone()),
            None => object_dirs.history_reader(),
        };
        let how = How {
            known: self.known.as_deref(),
            #[cfg(feature = "archives")]
            archives: self.archives.as_ref(),
        };
        let mut covered = run_parallel(commits.len(), threads, &reader(), reader, |objects, buffer, at, covered| {
            if let Err(error) = commits[at].visit(at, how, objects, buffer, visit, covered) {
                covered.unread.push(error);
            }
        });
        let mut buffer = Vec::new();
        for at in 0..self.others.len() {
            if let Err(error) = self.visit_other(at, &mut buffer, visit, &mut covered) {
                covered.unread.push(error);
            }
        }
        for name in &self.names {
            visit(&whole(Part::Ref, name));
        }
        if let Some(missing) = missing {
            self.repository.report_missing_objects(&missing.take(), threads, &mut covered);
        }
        if self.kind == Kind::Commits {
            // For a push it is enough to name a pointer. In a history the file behind it is missing.
            let all = covered.skipped.len();
            covered.skipped.retain(|skipped| skipped.why != LFS_POINTER);
            let pointers = all - covered.skipped.len();
            covered.missing.extend((pointers > 0).then(|| lfs_pointers_error(pointers)));
        }
        covered
    }
}

impl Repository {
    /// Everything that can be pushed from here: the branches, the tags, and HEAD.
    pub fn pushable(&self) -> Result<Vec<Push>, Error> {
        let mine = |name: &Ref| name.name.starts_with(b"refs/heads/") || name.name.starts_with(b"refs/tags/");
        let push = |name, id: ObjectId| Push { name, old: None, new: id.to_string(), perhaps: true };
        let mut all: Vec<Push> =
            self.refs()?.into_iter().filter(mine).map(|found| push(found.name, found.id)).collect();
        if let Some(head) = self.head()? {
            all.push(push(b"HEAD".to_vec(), head));
        }
        Ok(all)
    }
}

fn incoming(id: ObjectId, ancestry: &Ancestry<'_>) -> IncomingCommit {
    let of = |id: &ObjectId| -> &Commit { ancestry.commit(id).expect("the walk saw each commit and its parents") };
    let commit = of(&id);
    IncomingCommit { id, tree: commit.tree, parents: commit.parents.iter().map(|parent| of(parent).tree).collect() }
}
