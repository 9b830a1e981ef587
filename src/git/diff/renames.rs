//! Which of the files that came are files that left: what moved is not new.
//!
//! One removed file is the source of one new file at most, as git has it; a second one is a copy, which adds what it
//! holds at a new place.

use std::collections::HashMap;
use std::sync::OnceLock;

use gix::ObjectId;

use crate::error::Error;
use crate::git::diff::change::{Change, Removal};
use crate::git::diff::lines::Lines;
use crate::git::odb::objects::Objects;

/// Half of the bytes in common lines: git's threshold.
const ALIKE: f64 = 0.5;

/// How many pairs of files are compared at most. Beyond, a file that came is taken for new, which at worst reports a
/// token again that moved. Only asked where a new file holds a token.
const PAIRS: usize = 20_000;

pub(crate) struct Renames {
    /// For each change, whether its very content left under another name.
    exact: Vec<bool>,
    /// Removed files that no exact move accounts for.
    left: Vec<Removal>,
    /// By change, the place in `left` of the file that it was.
    edited: OnceLock<HashMap<usize, usize>>,
}

impl Renames {
    pub fn new(changes: &[Change], removed: Vec<Removal>) -> Self {
        let mut by_id: HashMap<ObjectId, Vec<Removal>> = HashMap::new();
        for gone in removed {
            by_id.entry(gone.id).or_default().push(gone);
        }
        let mut exact = vec![false; changes.len()];
        for (moved, change) in exact.iter_mut().zip(changes).filter(|(_, change)| change.old.is_none()) {
            *moved = by_id.get_mut(&change.id).and_then(Vec::pop).is_some();
        }
        let mut left: Vec<Removal> = by_id.into_values().flatten().collect();
        left.sort_by(|a, b| a.path.cmp(&b.path));
        Self { exact, left, edited: OnceLock::new() }
    }

    /// Whether the change at `at` is a move that changes nothing.
    pub fn is_exact(&self, at: usize) -> bool {
        self.exact[at]
    }

    /// What the new file at `at` of `changes` was before it moved and was edited.
    pub fn source(&self, at: usize, changes: &[Change], objects: &Objects) -> Result<Option<Vec<u8>>, Error> {
        if self.left.is_empty() {
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
            .map(|&source| objects.blob_owned(&self.left[source].id, &self.left[source].path.escape_ascii()))
            .transpose()
    }

    /// The most alike first, each file once.
    fn pair(&self, changes: &[Change], objects: &Objects) -> Result<HashMap<usize, usize>, Error> {
        let came: Vec<usize> = (0..changes.len()).filter(|&at| changes[at].old.is_none() && !self.exact[at]).collect();
        if came.len().saturating_mul(self.left.len()) > PAIRS {
            return Ok(HashMap::new());
        }
        let olds = self
            .left
            .iter()
            .map(|gone| Ok(Lines::of(&objects.blob_owned(&gone.id, &gone.path.escape_ascii())?)))
            .collect::<Result<Vec<_>, Error>>()?;
        let mut alike = Vec::new();
        for &at in &came {
            let new = Lines::of(&objects.blob_owned(&changes[at].id, &changes[at].path.escape_ascii())?);
            for (source, old) in
                olds.iter().enumerate().filter(|&(source, _)| self.left[source].kept == changes[at].kept)
            {
                alike.push((old.similarity(&new), at, source));
            }
        }
        alike.retain(|&(share, ..)| share >= ALIKE);
        alike.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut pairs = HashMap::new();
        let mut used = vec![false; olds.len()];
        for (_, at, source) in alike {
            if !used[source] && !pairs.contains_key(&at) {
                used[source] = true;
                pairs.insert(at, source);
            }
        }
        Ok(pairs)
    }
}
