//! Masked names for reports.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::detect::Detector;
use crate::finding::ShownPath;

/// A cache of masked names, so that each name is masked once, no matter how many tokens a report shows with it. Without it, an author
/// name with a thousand tokens took 16 s.
pub struct MaskCache<'d> {
    detector: &'d Detector,
    names: RefCell<HashMap<Vec<u8>, Vec<u8>>>,
    persons: RefCell<HashMap<Vec<u8>, Vec<u8>>>,
}

impl<'d> MaskCache<'d> {
    pub fn new(detector: &'d Detector) -> Self {
        Self { detector, names: RefCell::default(), persons: RefCell::default() }
    }

    pub(super) fn mask(&self, name: &[u8]) -> Vec<u8> {
        let mut names = self.names.borrow_mut();
        names.entry(name.to_owned()).or_insert_with(|| self.detector.mask(name)).clone()
    }

    pub(super) fn shown(&self, name: &[u8]) -> ShownPath {
        ShownPath::from_masked(self.mask(name))
    }

    pub(super) fn person(&self, name: &[u8]) -> ShownPath {
        let mut persons = self.persons.borrow_mut();
        let masked = persons.entry(name.to_owned()).or_insert_with(|| self.detector.mask_person(name));
        ShownPath::from_masked(masked.clone())
    }
}
