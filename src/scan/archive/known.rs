//! The content of the older version of an archive.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::finding::{Part, Span};
use crate::git::diff::lines::added;
use crate::scan::archive::limits::{Budget, LIMITS};
use crate::scan::archive::walk::unpack;
use crate::scan::source::Unit;

/// How many bytes of an older version are kept. Most archives are smaller and are unpacked once.
const KEPT: usize = 32 << 20;

/// The cost of a file in addition to its name and bytes.
const ENTRY: usize = 128;

/// The older version of an archive. It is unpacked when the first token is found in the newer version, and again only if a file
/// was not kept. This is charged to the scan's budget. When the budget is spent, everything counts as new.
pub(crate) struct Known<'k> {
    path: &'k [u8],
    old: Vec<u8>,
    budget: &'k Budget,
    most: usize,
    files: RefCell<Files>,
}

/// A path and part as a hash. At worst, two files with the same hash unpack the older version once in vain.
type Key = u64;

#[derive(Default)]
struct Files {
    /// All files. None before the first pass.
    keys: Option<HashSet<Key>>,
    /// The contents of some files, with all files of the same name.
    kept: HashMap<(Vec<u8>, Part), Vec<Vec<u8>>>,
}

fn key(path: &[u8], part: Part) -> Key {
    let mut hasher = DefaultHasher::new();
    (path, part).hash(&mut hasher);
    hasher.finish()
}

impl<'k> Known<'k> {
    pub fn new(path: &'k [u8], old: Vec<u8>, budget: &'k Budget) -> Self {
        Self { path, old, budget, most: KEPT, files: RefCell::default() }
    }

    /// Removes from `still_new` the hits that the older version has under the same name.
    pub fn leave_out(&self, new: &Unit<'_>, spans: &[Span], still_new: &mut [bool]) {
        let mut files = self.files.borrow_mut();
        let name = (new.path.unwrap_or_default().to_vec(), new.part);
        let is_there = files.keys.as_ref().map(|keys| keys.contains(&key(&name.0, name.1)));
        match (is_there, files.kept.get(&name)) {
            (Some(false), _) => {}
            (_, Some(contents)) => contents.iter().for_each(|old| compare(old, new, spans, still_new)),
            _ => *files = self.pass(&name, &mut |old| compare(old, new, spans, still_new), is_there.is_none()),
        }
    }

    /// Unpacks the older version and passes on each content with the requested name. Keeps those that follow it, or all in the
    /// first pass.
    fn pass(&self, wanted: &(Vec<u8>, Part), take: &mut dyn FnMut(&[u8]), is_first: bool) -> Files {
        let mut keys = HashSet::new();
        let mut kept: HashMap<(Vec<u8>, Part), Vec<Vec<u8>>> = HashMap::new();
        let mut incomplete = HashSet::new();
        let (mut left, mut is_behind) = (self.most, is_first);
        let state = RefCell::new(|unit: &Unit<'_>| {
            let name = (unit.path.unwrap_or_default().to_vec(), unit.part);
            let key = key(&name.0, name.1);
            keys.insert(key);
            let is_wanted = name == *wanted;
            if is_wanted {
                take(unit.bytes);
            }
            is_behind |= is_wanted;
            // The bytes of a name that is requested once are not needed again.
            let bytes = if unit.part == Part::Name { &[] } else { unit.bytes };
            let cost = bytes.len() + name.0.len() + ENTRY;
            if is_behind && cost <= left && !incomplete.contains(&key) {
                left -= cost;
                kept.entry(name).or_default().push(bytes.to_vec());
            } else {
                incomplete.insert(key);
                kept.remove(&name);
            }
        });
        unpack(self.path, &self.old, LIMITS, self.budget, &|unit| (*state.borrow_mut())(unit));
        Files { keys: Some(keys), kept }
    }
}

fn compare(old: &[u8], new: &Unit<'_>, spans: &[Span], still_new: &mut [bool]) {
    let is_added = match new.part {
        Part::Name => vec![false; spans.len()],
        _ => added(old, new.bytes, spans),
    };
    for (new, is_added) in still_new.iter_mut().zip(is_added) {
        *new &= is_added;
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::scan::source::AddedFilter;

    const SIZE: usize = 128 << 10;
    const FILES: usize = 16;

    fn content(line: usize) -> Vec<u8> {
        [format!("line {line}\n").as_bytes(), &b" \n".repeat(SIZE / 2)].concat()
    }

    /// The first half of the files twice.
    fn archive() -> Vec<u8> {
        let mut to = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
        for (n, line) in (0..FILES).map(|n| (n, n)).chain((0..2).map(|n| (n, 100 + n))) {
            let (mut header, content) = (tar::Header::new_gnu(), content(line));
            header.set_size(content.len() as u64);
            to.append_data(&mut header, format!("{n}"), &content[..]).expect("write");
        }
        let mut gzip = to.into_inner().expect("write");
        gzip.flush().and_then(|()| gzip.finish()).expect("write")
    }

    /// How many files are known if `most` bytes are kept and the budget allows this many passes.
    fn known(most: usize, passes: u64) -> usize {
        let old = archive();
        // The first MiB and 100 times the archive are free.
        let pass = ((FILES + 2) * SIZE) as u64 * 2 - (1 << 20) - 100 * old.len() as u64;
        let budget = Budget::of(passes * pass + pass / 2, 10);
        let known = Known { most, ..Known::new(b"a.tgz", old, &budget) };
        let is_known = |path: String, line: usize| {
            let bytes = content(line);
            let unit = Unit {
                path: Some(path.as_bytes()),
                part: Part::Content,
                origin: None,
                bytes: &bytes,
                hits: None,
                added: AddedFilter::Whole,
            };
            let mut still_new = [true];
            known.leave_out(&unit, std::slice::from_ref(&(0..6)), &mut still_new);
            !still_new[0]
        };
        assert!(!is_known("a.tgz!/other".to_owned(), 1) && !is_known("a.tgz!/3".to_owned(), 4));
        (0..FILES).filter(|n| is_known(format!("a.tgz!/{n}"), *n)).count()
            + usize::from(is_known("a.tgz!/1".into(), 101))
    }

    #[test]
    fn an_older_version_is_unpacked_once() {
        assert_eq!(known(KEPT, 1), FILES + 1);
    }

    #[test]
    fn what_is_not_kept_is_unpacked_in_a_few_passes() {
        assert_eq!(known(FILES / 3 * (SIZE + 1024), 7), FILES + 1);
        assert!(known(0, 7) < FILES);
    }
}
