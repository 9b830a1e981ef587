//! What archives hold: zip (and so jar, docx, whl, nupkg), tar, ar, and gzip, zstd, xz, bzip2, LZMA and zlib streams, recognized
//! by their bytes and not by their names, one in another. From bytes to units, nothing else: where the bytes come from is the
//! caller's.
//!
//! The caller scans the archive's own bytes too, since they contain more than files: comments, owners, what is in front and
//! behind. What was found in an entry may be found there again: [`Unpacked::is_told`] says what was.

pub(crate) mod covered;
pub(crate) mod stream;
pub(crate) mod tar;
pub(crate) mod zip;

mod ar;
mod content;
#[cfg(test)]
mod damaged;
mod kind;
mod limits;
mod sparse;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};

use crate::scan::archive::content::{Content, Stop};
use crate::scan::archive::covered::{Hits, Told};
use crate::scan::archive::kind::Kind;
use crate::scan::archive::limits::{Account, ENTRY, EXCESS, FINDINGS, Limit};
pub(crate) use crate::scan::archive::limits::{Budget, LIMITS, Limits};
use crate::scan::archive::stream::{Format, Layout};

use crate::error::Trouble;
use crate::finding::{Part, Span};
use crate::git::diff::lines::added;
use crate::scan::source::{Newness, Skipped, Unit};

/// The longest path of an entry that is shown, as long as a path on Linux can be. Each finding may have one: 8 kB with 50,000
/// findings and a name of 100 kB took 4.9 GB.
const LONGEST_PATH: usize = 4096;

/// The shortest text beside the files that may hold a token.
const SHORTEST_TEXT: usize = 16;

/// Of one outermost file, no more than this are listed by name.
const MOST_SKIPPED: usize = 1000;

/// What became of one file.
#[derive(Debug, Default)]
pub(crate) struct Unpacked {
    /// Files found inside.
    pub files: usize,
    /// Their bytes, and those of what they were packed in.
    pub bytes: u64,
    pub skipped: Vec<Skipped>,
    pub unread: Vec<Unopened>,
    told: Told,
}

/// What could not be read, or not to its end.
#[derive(Debug)]
pub(crate) struct Unopened {
    pub path: Vec<u8>,
    /// What shares its fate: ` and 2 more in the same archive`, or nothing.
    others: String,
    why: String,
}

impl Unopened {
    /// What to say of it, under this name.
    pub fn trouble(&self, name: &[u8]) -> Trouble {
        let attempt = format!("cannot look into {}{}", String::from_utf8_lossy(name), self.others);
        Trouble::new(attempt, &self.why, "unpack it by other means, and scan what comes out")
    }
}

impl Unpacked {
    /// Whether what was found at this span of the outermost file was found in a file inside.
    pub fn is_told(&self, bytes: &[u8], span: &Span) -> bool {
        self.told.holds(bytes, span)
    }
}

/// Hands the names and contents of all that `bytes`, the file `path`, holds to `visit`, as `path!/name`. A file that is
/// no archive holds nothing.
pub(crate) fn unpack(
    path: &[u8],
    bytes: &[u8],
    limits: Limits,
    budget: &Budget,
    visit: &dyn Fn(&Unit<'_>),
) -> Unpacked {
    let account = Account::new(limits, budget, bytes.len() as u64);
    let mut walk = Walk { account, visit, unpacked: Unpacked::default(), unread: BTreeMap::new() };
    let told = walk.look_into(path, bytes, 0);
    let unread = walk.unread.into_iter().map(|(why, (path, more))| {
        let others = if more == 0 { String::new() } else { format!(" and {more} more in the same archive") };
        Unopened { path, others, why }
    });
    Unpacked { told, unread: unread.collect(), ..walk.unpacked }
}

/// An entry of an archive.
pub(crate) struct Entry<'a> {
    name: &'a [u8],
    /// Where in the archive its name and target are, among other things.
    headers: Vec<Range<usize>>,
    /// Comments and the like: other fields may surround them, so that the scan of the archive's own bytes misses a token there.
    texts: Vec<Range<usize>>,
    /// None: a folder.
    part: Option<Part>,
    /// Of a tar's link.
    target: Option<&'a [u8]>,
    /// What is wrong with it, although it can be read.
    damage: Option<String>,
}

impl<'a> Entry<'a> {
    fn new(name: &'a [u8]) -> Self {
        Self { name, headers: Vec::new(), texts: Vec::new(), part: Some(Part::Content), target: None, damage: None }
    }
}

type Decode<'a> = dyn FnMut(&mut Content<'_, '_>, &mut Layout) -> Result<(), Stop> + 'a;

/// The content of an entry.
pub(crate) enum Data<'a> {
    /// It is in the archive as it is, there.
    Plain(Range<usize>),
    Packed(&'a mut Decode<'a>),
    /// It cannot be read, for this reason.
    Closed(String),
}

/// Takes what one archive has.
pub(crate) trait Taker {
    fn entry(&mut self, bytes: &[u8], entry: Entry<'_>, data: Data<'_>) -> ControlFlow<()>;

    /// A text that belongs to no entry.
    fn text(&mut self, bytes: &[u8], there: Range<usize>);
}

pub(crate) type Take<'t> = dyn Taker + 't;

/// The way through one outermost file.
struct Walk<'w> {
    account: Account<'w>,
    visit: &'w dyn Fn(&Unit<'_>),
    unpacked: Unpacked,
    /// By reason: the first, and how many more.
    unread: BTreeMap<String, (Vec<u8>, usize)>,
}

/// An archive that is being read.
struct Opened<'o, 'w> {
    walk: &'o mut Walk<'w>,
    path: &'o [u8],
    depth: usize,
    told: &'o mut Told,
}

impl Walk<'_> {
    /// What `bytes` hold, `depth` archives deep; and what was found in it.
    fn look_into(&mut self, path: &[u8], bytes: &[u8], depth: usize) -> Told {
        let mut told = Told::default();
        for kind in kind::all(bytes) {
            self.open(kind, path, bytes, depth, &mut told);
        }
        told.in_order()
    }

    fn open(&mut self, kind: Kind, path: &[u8], bytes: &[u8], depth: usize, told: &mut Told) {
        if let Kind::Other(why) = kind {
            return self.skip(path, why);
        }
        if depth >= self.account.limits.depth {
            let depth = self.account.limits.depth;
            return self.give_up(path, format!("more than {depth} archives are nested"));
        }
        let mut opened = Opened { walk: self, path, depth, told };
        let read = match kind {
            Kind::Zip => zip::each(bytes, &mut opened),
            Kind::Tar => tar::each(bytes, &mut opened),
            Kind::Ar => ar::each(bytes, &mut opened),
            Kind::Stream(format) => return self.stream(format, path, bytes, depth, told),
            Kind::Other(_) => Ok(()),
        };
        if let Err(why) = read {
            self.give_up(path, why);
        }
    }

    /// One stream, which may be a tar: its files are then the archive's own.
    fn stream(&mut self, format: Format, path: &[u8], bytes: &[u8], depth: usize, told: &mut Told) {
        let inner = entry_path(path, kind::bare_name(path));
        let mut layout = Layout::default();
        let (hits, end, limit) = self.packed(
            path,
            bytes.len(),
            &mut layout,
            |content, layout| stream::unpack(format, bytes, content, layout),
            |walk, content| {
                let is_tar = tar::first_header(content) == Some(0);
                let below = if is_tar {
                    walk.look_into(path, content, depth)
                } else {
                    walk.look_into(&inner, content, depth + 1)
                };
                walk.hand_over(&inner, Part::Content, content, &below)
            },
        );
        if let Some(limit) = limit {
            self.limit(path, limit);
        }
        layout.body.iter().for_each(|range| told.region(range.clone(), &hits));
        for there in layout.texts {
            self.text(path, bytes, there, told);
        }
        // What stands behind may be a stream of another kind. A zip is found by its end.
        let Some((end, rest)) = end.and_then(|end| Some((end, bytes.get(end..)?))) else { return };
        if let Some(kind) = kind::start(rest).filter(|kind| *kind != Kind::Zip) {
            let mut behind = Told::default();
            self.open(kind, path, rest, depth + 1, &mut behind);
            told.behind(end, behind);
        }
    }

    /// Unpacks something, passes it on, and says why it is not whole.
    fn packed<T>(
        &mut self,
        path: &[u8],
        size: usize,
        layout: &mut Layout,
        decode: impl FnOnce(&mut Content<'_, '_>, &mut Layout) -> Result<T, Stop>,
        take: impl FnOnce(&mut Self, &[u8]) -> Hits,
    ) -> (Hits, Option<T>, Option<Limit>) {
        // Decoding takes time also where nothing comes of it.
        if let Err(limit) = self.account.spend(size as u64) {
            return (Hits::default(), None, Some(limit));
        }
        let mut content = Content::new(&mut self.account);
        let decoded = decode(&mut content, layout);
        let (content, limit) = content.finish(matches!(decoded, Err(Stop::Full)));
        let hits = take(self, &content);
        self.account.release(content.len() as u64);
        let end = match decoded {
            Ok(end) => Some(end),
            Err(Stop::Full) => None,
            Err(Stop::Damaged(why) | Stop::Unsupported(why)) => {
                self.give_up(path, why);
                None
            }
        };
        (hits, end, limit)
    }

    fn content(&mut self, path: &[u8], part: Part, bytes: &[u8], depth: usize) -> Hits {
        let told = self.look_into(path, bytes, depth + 1);
        self.hand_over(path, part, bytes, &told)
    }

    /// Hands a file over, and returns all that was found in it.
    fn hand_over(&mut self, path: &[u8], part: Part, bytes: &[u8], told: &Told) -> Hits {
        if part == Part::Content {
            self.unpacked.files += 1;
        }
        self.unpacked.bytes += bytes.len() as u64;
        self.show(path, part, bytes, &|span| !told.holds(bytes, span))
    }

    fn show(&mut self, path: &[u8], part: Part, bytes: &[u8], is_new: &dyn Fn(&Span) -> bool) -> Hits {
        let (hits, is_spent) = (RefCell::new(Hits::default()), Cell::new(false));
        let compare = |spans: &[Span]| {
            let list = |span: &Span| {
                let is_new = is_new(span);
                is_spent.set(is_spent.get() || (is_new && !self.account.budget.take_finding()));
                // What is not listed here may still be found in the archive's own bytes.
                if !is_new || !is_spent.get() {
                    hits.borrow_mut().add(bytes, span);
                }
                is_new && !is_spent.get()
            };
            Ok(spans.iter().map(list).collect())
        };
        (self.visit)(&Unit { path: Some(path), part, origin: None, bytes, newness: Newness::Compared(&compare) });
        if is_spent.get() {
            let why = format!("archives hold more than {FINDINGS} findings, of which no more are listed");
            self.give_up(path, why);
            self.account.close();
        }
        hits.into_inner()
    }

    /// The name as it is behind the archive's own, which was scanned before.
    fn name(&mut self, archive: &[u8], name: &[u8]) -> Hits {
        if is_too_long(archive, name) {
            return self.show(&entry_path(archive, name), Part::Content, name, &|_| true);
        }
        let path = entry_path(archive, name);
        self.show(&path, Part::Name, &path, &|span| span.start > archive.len())
    }

    fn text(&mut self, path: &[u8], bytes: &[u8], there: Range<usize>, told: &mut Told) {
        let text = bytes.get(there.clone()).filter(|text| text.len() >= SHORTEST_TEXT);
        if let Some(text) = text {
            let hits = self.show(path, Part::Content, text, &|_| true);
            told.region(there, &hits);
        }
    }

    fn limit(&mut self, path: &[u8], limit: Limit) {
        let limits = self.account.limits;
        let why = match limit {
            Limit::Content => {
                format!("it is larger than {} MiB, of which the beginning was scanned", limits.file >> 20)
            }
            Limit::File => format!(
                "what it holds is larger than {} MiB and {} times the file, or than {} GiB; the beginning was scanned",
                limits.free >> 20,
                limits.ratio,
                limits.all >> 30
            ),
            Limit::Scan => {
                let most = EXCESS >> 20;
                format!(
                    "all archives together hold {most} MiB more than archives of their size usually do; the beginning was scanned"
                )
            }
        };
        self.give_up(path, why);
    }

    fn skip(&mut self, path: &[u8], why: &'static str) {
        match self.unpacked.skipped.len() {
            MOST_SKIPPED => {
                let why = "one of more than 1,000 in an archive, which are not unpacked";
                self.unpacked.skipped.push(Skipped { path: path.to_owned(), why });
            }
            listed if listed < MOST_SKIPPED => self.unpacked.skipped.push(Skipped { path: path.to_owned(), why }),
            _ => {}
        }
    }

    fn give_up(&mut self, path: &[u8], why: String) {
        self.unread.entry(why).and_modify(|(_, more)| *more += 1).or_insert_with(|| (path.to_owned(), 0));
    }
}

impl Taker for Opened<'_, '_> {
    fn entry(&mut self, bytes: &[u8], entry: Entry<'_>, data: Data<'_>) -> ControlFlow<()> {
        let (walk, depth) = (&mut *self.walk, self.depth);
        let path = entry_path(self.path, entry.name);
        let targets = entry.target.map_or(0, <[u8]>::len);
        let cost = ENTRY + (self.path.len() + entry.name.len() + targets) as u64;
        if let Err(limit) = walk.account.spend(cost) {
            walk.limit(self.path, limit);
            return ControlFlow::Break(());
        }
        // A damaged header may cut a token, so what is found there covers nothing of the archive's own bytes.
        let mut nothing = Told::default();
        let told = if entry.damage.is_some() { &mut nothing } else { &mut *self.told };
        let mut hits = walk.name(self.path, entry.name);
        if let Some(target) = entry.target {
            hits.extend(walk.show(&path, Part::SymlinkTarget, target, &|_| true));
        }
        entry.headers.into_iter().for_each(|range| told.region(range, &hits));
        for there in entry.texts {
            walk.text(&path, bytes, there, told);
        }
        if let Some(why) = entry.damage {
            walk.give_up(&path, why);
        }
        let Some(part) = entry.part else { return ControlFlow::Continue(()) };
        match data {
            Data::Plain(range) => {
                if let Err(limit) = walk.account.spend(range.len() as u64) {
                    walk.limit(self.path, limit);
                    return ControlFlow::Break(());
                }
                let hits = walk.content(&path, part, &bytes[range.clone()], depth);
                told.plain(&range, starts_record(&bytes[range.end..]), &hits);
            }
            Data::Packed(decode) => {
                let mut layout = Layout::default();
                let take = |walk: &mut Walk<'_>, content: &[u8]| walk.content(&path, part, content, depth);
                let (hits, _, limit) = walk.packed(&path, 0, &mut layout, decode, take);
                let mut read = 0;
                for range in layout.body {
                    read += range.len() as u64;
                    told.region(range, &hits);
                }
                match limit.map_or_else(|| walk.account.spend(read), Err) {
                    Ok(()) => {}
                    Err(limit @ Limit::Content) => walk.limit(&path, limit),
                    Err(limit) => {
                        walk.limit(self.path, limit);
                        return ControlFlow::Break(());
                    }
                }
            }
            Data::Closed(why) => walk.give_up(&path, why),
        }
        ControlFlow::Continue(())
    }

    fn text(&mut self, bytes: &[u8], there: Range<usize>) {
        self.walk.text(self.path, bytes, there, self.told);
    }
}

/// Whether a header of zip, tar or ar is in front.
fn starts_record(bytes: &[u8]) -> bool {
    let is_zip = bytes.starts_with(b"PK") && bytes.get(2).is_some_and(|&b| b < 9);
    is_zip || tar::starts_header(bytes) || ar::starts_header(bytes)
}

/// Whether there is something to unpack, or to be named because it is not.
pub(crate) fn is_archive(bytes: &[u8]) -> bool {
    !kind::all(bytes).is_empty()
}

/// Takes out of `still_new` what an older version of the archive has under the same name. Asked only of files that hold a token,
/// and unpacks the older version each time, so that it is never in memory as a whole.
/// The scan's budget pays for it: once that is spent, what the older version has counts as new.
pub(crate) fn leave_out_known(
    path: &[u8],
    old: &[u8],
    budget: &Budget,
    new: &Unit<'_>,
    spans: &[Span],
    still_new: &mut [bool],
) {
    let kept = RefCell::new(still_new);
    unpack(path, old, LIMITS, budget, &|unit| {
        if (unit.path, unit.part) != (new.path, new.part) {
            return;
        }
        let is_added = match new.part {
            Part::Name => vec![false; spans.len()],
            _ => added(unit.bytes, new.bytes, spans),
        };
        for (new, is_added) in kept.borrow_mut().iter_mut().zip(is_added) {
            *new &= is_added;
        }
    });
}

/// `path`, as it is in an archive that had no name when it was unpacked, if that is at `outer`. What is packed by itself is
/// called by the file that it is packed in, so it had no name either.
pub(crate) fn path_inside(outer: &[u8], path: &[u8]) -> Vec<u8> {
    let (mut outer, mut path) = (outer.to_owned(), path);
    while let Some(rest) = path.strip_prefix(b"!/").filter(|rest| rest.is_empty() || rest.starts_with(b"!/")) {
        outer = entry_path(&outer, kind::bare_name(&outer));
        path = rest;
    }
    outer.extend_from_slice(path);
    outer
}

/// `outer.zip!/inner/name`, or the length of a name that is too long to be shown. No part of it is, since that may be a part
/// of a token.
fn entry_path(archive: &[u8], name: &[u8]) -> Vec<u8> {
    if is_too_long(archive, name) {
        return [archive, format!("!/(a name of {} bytes)", name.len()).as_bytes()].concat();
    }
    let mut name = name;
    while let Some(rest) = name.strip_prefix(b"./").or_else(|| name.strip_prefix(b"/")) {
        name = rest;
    }
    [archive, b"!/", name].concat()
}

fn is_too_long(archive: &[u8], name: &[u8]) -> bool {
    name.len() > LONGEST_PATH.saturating_sub(archive.len())
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::io::Write as _;

    use super::*;

    const SMALL: Limits = Limits { depth: 3, file: 1 << 20, held: 4 << 20, free: 2 << 20, ratio: 10, all: 8 << 20 };

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut to = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        to.write_all(bytes).and_then(|()| to.finish()).expect("writing to memory")
    }

    fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut to = ::zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, content) in files {
            let options =
                ::zip::write::SimpleFileOptions::default().compression_method(::zip::CompressionMethod::Deflated);
            to.start_file(*name, options).expect("a name");
            to.write_all(content).expect("writing to memory");
        }
        to.finish().expect("writing to memory").into_inner()
    }

    /// The contents handed over, by path and length; and why the rest was not.
    fn unpacked(bytes: &[u8]) -> (Vec<(String, usize)>, Vec<String>) {
        let seen = RefCell::new(Vec::new());
        let unpacked = unpack(b"f", bytes, SMALL, &Budget::default(), &|unit| {
            if unit.part == Part::Content {
                let path = String::from_utf8_lossy(unit.path.unwrap_or_default()).into_owned();
                seen.borrow_mut().push((path, unit.bytes.len()));
            }
        });
        let mut seen = seen.into_inner();
        seen.sort();
        let troubles = unpacked.unread.iter().map(|one| one.trouble(&one.path));
        (seen, troubles.map(|trouble| format!("{}: {}", trouble.attempt, trouble.cause)).collect())
    }

    fn holds(troubles: &[String], words: &str) {
        assert!(matches!(troubles, [one] if one.contains(words)), "{troubles:?}");
    }

    #[test]
    fn a_file_that_is_too_large_is_read_in_part_and_the_next_one_whole() {
        let zeros = vec![0; (1 << 20) + 1];
        let (seen, troubles) = unpacked(&zip(&[("a", &zeros), ("b", b"x")]));
        assert_eq!(seen, [("f!/a".to_owned(), 1 << 20), ("f!/b".to_owned(), 1)]);
        holds(&troubles, "cannot look into f!/a: it is larger than 1 MiB");
        let (seen, troubles) = unpacked(&zip(&[("a", &zeros[1..])]));
        assert_eq!((seen.len(), troubles.len()), (1, 0));
    }

    #[test]
    fn all_that_is_unpacked_is_bounded_by_the_size_of_the_file() {
        let zeros = vec![0; 1 << 20];
        let (seen, troubles) = unpacked(&zip(&[("a", &zeros), ("b", &zeros), ("c", &zeros), ("d", b"x")]));
        assert_eq!(seen.len(), 3, "{seen:?}");
        assert!(seen[2].1 < 1 << 20, "{seen:?}");
        holds(&troubles, "cannot look into f: what it holds is larger than 2 MiB and 10 times the file");
    }

    #[test]
    fn a_bomb_in_bombs_counts_as_one() {
        let inner = zip(&[("z", &vec![0; 1 << 20])]);
        let outer = zip(&["1", "2", "3", "4", "5"].map(|name| (name, &inner[..])));
        let (seen, troubles) = unpacked(&outer);
        assert!(seen.iter().map(|(_, size)| size).sum::<usize>() < 3 << 20, "{seen:?}");
        assert!(troubles.iter().any(|one| one.contains("larger than 2 MiB")), "{troubles:?}");
    }

    #[test]
    fn archives_in_archives_end_at_the_depth() {
        let mut bytes = b"content".to_vec();
        for depth in 0..6 {
            let (seen, troubles) = unpacked(&bytes);
            assert_eq!(seen.len(), depth.min(3), "{depth}");
            assert_eq!(troubles.len(), usize::from(depth > 3), "{troubles:?}");
            if depth > 3 {
                holds(&troubles, "more than 3 archives are nested");
            }
            bytes = if depth % 2 == 0 { gzip(&bytes) } else { zip(&[("in", &bytes)]) };
        }
    }

    #[test]
    fn what_had_no_name_gets_that_of_its_place() {
        let text: &[u8] = b"text";
        for (bytes, at) in [
            (zip(&[("d/a.txt", text)]), "x.zip"),
            (gzip(text), "d/a.log.gz"),
            (gzip(&gzip(text)), "a.gz.gz"),
            (gzip(&zip(&[("a.gz", &gzip(text))])), "a.zip.gz"),
        ] {
            let paths = |path: &[u8]| {
                let seen = RefCell::new(Vec::new());
                unpack(path, &bytes, SMALL, &Budget::default(), &|unit| {
                    seen.borrow_mut().push(unit.path.unwrap_or_default().to_vec());
                });
                seen.into_inner()
            };
            let named = paths(at.as_bytes());
            let nameless = paths(b"").iter().map(|path| path_inside(at.as_bytes(), path)).collect::<Vec<_>>();
            assert_eq!(nameless, named);
        }
        assert_eq!(path_inside(b"a.zip", b""), b"a.zip");
    }

    #[test]
    fn a_million_of_names_is_not_free() {
        let name = "n".repeat(60_000);
        let names: Vec<String> = (0..60).map(|n| format!("{name}{n}")).collect();
        let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
        let (_, troubles) = unpacked(&gzip(&zip(&files)));
        assert!(troubles.iter().any(|one| one.contains("larger than")), "{troubles:?}");
    }

    #[test]
    fn bombs_share_one_budget() {
        let bomb = gzip(&vec![0; 1 << 20]);
        let limits = Limits { free: 4 << 20, ..SMALL };
        // The first MiB of each is free.
        let nested = zip(&["1", "2", "3"].map(|name| (name, &bomb[..])));
        let budget = Budget::of(3 << 20, FINDINGS);
        let unread = || {
            let unpacked = unpack(b"f", &nested, limits, &budget, &|_| ());
            unpacked.unread.iter().map(|one| one.why.clone()).collect::<Vec<_>>()
        };
        assert_eq!(unread(), Vec::<String>::new());
        holds(&unread(), "all archives together hold 512 MiB more");
    }

    #[test]
    fn findings_are_bounded() {
        let budget = Budget::of(EXCESS, 5);
        let archive = zip(&[("a", b"first"), ("b", b"second"), ("c", b"third")]);
        let listed = Cell::new(0);
        let unpacked = unpack(b"f", &archive, SMALL, &budget, &|unit| {
            if let (Newness::Compared(compare), Part::Content) = (unit.newness, unit.part) {
                let spans = vec![0..2, 2..4, 3..5];
                let new = compare(&spans).expect("nothing fails").into_iter().filter(|&is_new| is_new);
                listed.set(listed.get() + new.count());
            }
        });
        assert_eq!(listed.get(), 5);
        assert!(unpacked.unread.iter().any(|one| one.why.contains("archives hold more than 20000 findings")));
    }

    #[test]
    fn nested_files_are_held_together() {
        let limits = Limits { depth: 8, held: 2 << 20, free: 32 << 20, ..SMALL };
        let zeros = vec![0; 900 << 10];
        let in_turn = zip(&["1", "2", "3", "4"].map(|name| (name, &zeros[..])));
        assert!(unpack(b"f", &in_turn, limits, &Budget::default(), &|_| ()).unread.is_empty());
        let mut padded = Vec::new();
        for _ in 0..3 {
            padded = gzip(&[&zeros[..], &zip(&[("in", &padded)])].concat());
        }
        let unpacked = unpack(b"f", &padded, limits, &Budget::default(), &|_| ());
        let whys: Vec<_> = unpacked.unread.iter().map(|one| &one.why).collect();
        assert!(whys.iter().any(|why| why.contains("of which the beginning was scanned")), "{whys:?}");
    }

    #[test]
    fn a_directory_that_many_end_records_share_is_not_read_for_each() {
        let entries = zip(&[("a", b"")]);
        let entry = memchr::memmem::find(&entries, b"PK\x01\x02").expect("it is there");
        let end = memchr::memmem::find(&entries, b"PK\x05\x06").expect("it is there");
        let directory = entries[entry..end].repeat(1000);
        let mut record = entries[end..].to_vec();
        record[8..12].copy_from_slice(&[0xe8, 3, 0xe8, 3]);
        record[12..16].copy_from_slice(&u32::try_from(directory.len()).expect("small").to_le_bytes());
        record[16..20].copy_from_slice(&u32::try_from(entry).expect("small").to_le_bytes());
        let bytes = [&entries[..entry], &directory, &record.repeat(1000)].concat();
        let names = Cell::new(0);
        let limits = Limits { all: u64::MAX, free: u64::MAX, ..SMALL };
        let unpacked = unpack(b"f", &bytes, limits, &Budget::of(u64::MAX, FINDINGS), &|unit| {
            names.set(names.get() + usize::from(unit.part == Part::Name));
        });
        assert!(names.get() < 10_000, "{}", names.get());
        assert!(
            unpacked
                .unread
                .iter()
                .any(|one| one.why.contains("repeat one another") || one.why.contains("its directory ends before")),
            "{:?}",
            unpacked.unread
        );
    }

    #[test]
    fn a_name_too_long_to_be_shown_is_scanned_and_counted() {
        let name = "n".repeat(60_000);
        let seen = RefCell::new(Vec::new());
        let archive = zip(&[(&name, b"text")]);
        unpack(b"f", &archive, SMALL, &Budget::default(), &|unit| {
            seen.borrow_mut().push((unit.path.unwrap_or_default().to_vec(), unit.bytes.len()));
        });
        let path = b"f!/(a name of 60000 bytes)".to_vec();
        assert_eq!(seen.into_inner(), [(path.clone(), 60_000), (path, 4)]);
    }
}
