//! Rename detection: content that only moved is not new.
//!
//! As in git, a removed file is the source of at most one new file. A second new file with its content is a copy, and counts
//! as new.

use std::collections::HashMap;
use std::sync::OnceLock;

use gix::ObjectId;

use crate::error::Error;
use crate::git::diff::change::{Change, Removal};
use crate::git::diff::lines::LineStats;
use crate::git::odb::objects::Objects;

/// The similarity from which on two files count as a rename. This is git's default.
const MIN_SIMILARITY: f64 = 0.5;

/// At most this many pairs of files are compared. Beyond that, no edited file counts as renamed, which at worst reports a
/// moved token again. Pairs are only compared if a new file contains a token.
const MAX_PAIRS: usize = 20_000;

pub(crate) struct Renames {
    /// For each change, whether a removed file has the same content.
    exact: Vec<bool>,
    /// Removed files that are not the source of an exact rename.
    sources: Vec<Removal>,
    /// For each renamed and edited file, by the index of its change, the index of its source in `sources`.
    edited: OnceLock<HashMap<usize, usize>>,
}

impl Renames {
    pub fn new(changes: &[Change], removed: Vec<Removal>) -> Self {
        let mut by_id: HashMap<ObjectId, Vec<Removal>> = HashMap::new();
        for removal in removed {
            by_id.entry(removal.id).or_default().push(removal);
        }
        let mut exact = vec![false; changes.len()];
        for (moved, change) in exact.iter_mut().zip(changes).filter(|(_, change)| change.old.is_none()) {
            *moved = by_id.get_mut(&change.id).and_then(Vec::pop).is_some();
        }
        let mut sources: Vec<Removal> = by_id.into_values().flatten().collect();
        sources.sort_by(|a, b| a.path.cmp(&b.path));
        Self { exact, sources, edited: OnceLock::new() }
    }

    /// Whether the change at index `at` is a rename without an edit.
    pub fn is_exact(&self, at: usize) -> bool {
        self.exact[at]
    }

    /// The content of the file from which the new file at index `at` of `changes` was renamed, if it was renamed.
    pub fn source(&self, at: usize, changes: &[Change], objects: &Objects) -> Result<Option<Vec<u8>>, Error> {
        if self.sources.is_empty() {
            return Ok(None);
        }
        let edited = match self.edited.get() {
            Some(edited) => edited,
            None => {
                let pairs = self.pair(changes, objects)?;
                self.edited.get_or_init(|| pairs)
            }
        };
        edited
            .get(&at)
            .map(|&source| objects.blob_owned(&self.sources[source].id, &self.sources[source].path.escape_ascii()))
            .transpose()
    }

    /// Pairs new files with removed ones, the most similar first, and each file once.
    fn pair(&self, changes: &[Change], objects: &Objects) -> Result<HashMap<usize, usize>, Error> {
        let new_files: Vec<usize> =
            (0..changes.len()).filter(|&at| changes[at].old.is_none() && !self.exact[at]).collect();
        if new_files.len().saturating_mul(self.sources.len()) > MAX_PAIRS {
            return Ok(HashMap::new());
        }
        let olds = self
            .sources
            .iter()
            .map(|removal| Ok(LineStats::of(&objects.blob_owned(&removal.id, &removal.path.escape_ascii())?)))
            .collect::<Result<Vec<_>, Error>>()?;
        let mut candidates = Vec::new();
        for &at in &new_files {
            let new = LineStats::of(&objects.blob_owned(&changes[at].id, &changes[at].path.escape_ascii())?);
            for (source, old) in
                olds.iter().enumerate().filter(|&(source, _)| self.sources[source].kind == changes[at].kind)
            {
                candidates.push((old.similarity(&new), at, source));
            }
        }
        candidates.retain(|&(share, ..)| share >= MIN_SIMILARITY);
        candidates.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut pairs = HashMap::new();
        let mut used = vec![false; olds.len()];
        for (_, at, source) in candidates {
            if !used[source] && !pairs.contains_key(&at) {
                used[source] = true;
                pairs.insert(at, source);
            }
        }
        Ok(pairs)
    }
}
