//! Walks through an archive and the archives in it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};

use crate::scan::archive::content::{Content, Stop};
use crate::scan::archive::covered::{Covered, Hits};
use crate::scan::archive::embedded::{Found, Search};
use crate::scan::archive::entry::{Data, Entry, Taker};
use crate::scan::archive::kind::Kind;
use crate::scan::archive::limits::{Account, ENTRY, EXCESS, FINDINGS, Limit};
use crate::scan::archive::limits::{Budget, Limits};
use crate::scan::archive::path::{entry_path, is_too_long};
use crate::scan::archive::stream::{Format, Layout};
use crate::scan::archive::{ar, binary, embedded, kind, stream, tar, zip};

use crate::error::Error;
use crate::finding::{Part, Span};
use crate::scan::source::{AddedFilter, Skipped, Unit};

/// The shortest text outside of files that may contain a token.
const SHORTEST_TEXT: usize = 16;

/// The maximum number of unread entries that are named for one outermost file.
const MOST_SKIPPED: usize = 1000;

/// The result for one outermost file.
#[derive(Debug, Default)]
pub(crate) struct Unpacked {
    /// Files found inside.
    pub files: usize,
    /// The size of these files and of the streams that contained them.
    pub bytes: u64,
    pub skipped: Vec<Skipped>,
    pub unread: Vec<Unopened>,
    covered: Covered,
}

/// An archive or entry that could not be read to its end.
#[derive(Debug)]
pub(crate) struct Unopened {
    pub path: Vec<u8>,
    /// A suffix for others that failed for the same reason: ` and 2 more in the same archive`, or nothing.
    others: String,
    pub(super) why: String,
}

impl Unopened {
    /// Returns the error to report under this name.
    pub fn error(&self, name: &[u8]) -> Error {
        let context = format!("cannot look into {}{}", String::from_utf8_lossy(name), self.others);
        Error::new(context, &self.why, "unpack it by other means, and scan what comes out")
    }
}

impl Unpacked {
    /// Whether the token at this span of the outermost file was also found in an entry.
    pub fn is_covered(&self, bytes: &[u8], span: &Span) -> bool {
        self.covered.holds(bytes, span)
    }
}

/// Passes the names and contents of all entries of `bytes`, the file at `path`, to `visit`, with paths such as `path!/name`. A file
/// that is not an archive has no entries.
pub(crate) fn unpack(
    path: &[u8],
    bytes: &[u8],
    limits: Limits,
    budget: &Budget,
    visit: &dyn Fn(&Unit<'_>),
) -> Unpacked {
    let account = Account::new(limits, budget, bytes.len() as u64);
    let mut walk = ArchiveWalk { account, visit, unpacked: Unpacked::default(), unread: BTreeMap::new() };
    let covered = walk.look_into(path, bytes, 0);
    let unread = walk.unread.into_iter().map(|(why, (path, more))| {
        let others = if more == 0 { String::new() } else { format!(" and {more} more in the same archive") };
        Unopened { path, others, why }
    });
    Unpacked { covered, unread: unread.collect(), ..walk.unpacked }
}

/// The walk through one outermost file.
struct ArchiveWalk<'w> {
    account: Account<'w>,
    visit: &'w dyn Fn(&Unit<'_>),
    unpacked: Unpacked,
    /// By reason: the first path, and the number of others.
    unread: BTreeMap<String, (Vec<u8>, usize)>,
}

/// Bytes to unpack, nested in `depth` archives.
struct Input<'i> {
    path: &'i [u8],
    bytes: &'i [u8],
    depth: usize,
    /// Whether other bytes precede, and so probably follow, the archive.
    is_embedded: bool,
}

impl Input<'_> {
    /// The rest of the input from `start`.
    fn behind(&self, start: usize, depth: usize) -> Self {
        Self { path: self.path, bytes: &self.bytes[start..], depth, is_embedded: true }
    }
}

/// An archive that is being read.
struct Opened<'o, 'w> {
    walk: &'o mut ArchiveWalk<'w>,
    path: &'o [u8],
    depth: usize,
    covered: &'o mut Covered,
    /// The ranges that were read as the content of an entry.
    contents: &'o mut Vec<Range<usize>>,
}

impl ArchiveWalk<'_> {
    /// Unpacks `bytes`, nested in `depth` archives, and returns the findings.
    fn look_into(&mut self, path: &[u8], bytes: &[u8], depth: usize) -> Covered {
        let binary = binary::parts(bytes);
        let kinds = kind::all(bytes, binary.is_empty());
        let input = Input { path, bytes, depth, is_embedded: false };
        let (mut covered, mut opened) = (Covered::default(), Vec::new());
        for &kind in &kinds {
            self.open(kind, &input, &mut covered, &mut opened);
        }
        let is_named = kinds.iter().any(|kind| matches!(kind, Kind::Other(_)));
        self.embedded(&input, &binary::without(&binary, opened), is_named, &mut covered);
        covered.in_order()
    }

    /// Unpacks the archives that begin in these parts of the input. Reports one of those that are not unpacked.
    fn embedded(&mut self, input: &Input<'_>, parts: &[Range<usize>], mut is_named: bool, covered: &mut Covered) {
        let (mut search, mut at) = (Search::default(), 0);
        for part in parts {
            at = at.max(part.start);
            while let Some(Found { at: start, kind }) = search.next(input.bytes, at..part.end.max(at)) {
                at = start + 1;
                if let Kind::Other(why) = kind {
                    if !std::mem::replace(&mut is_named, true) {
                        self.skip(input.path, why);
                    }
                    continue;
                }
                if let Err(limit) = self.account.spend(ENTRY) {
                    return self.limit(input.path, limit);
                }
                let (mut inside, mut opened) = (Covered::default(), Vec::new());
                self.open(kind, &input.behind(start, input.depth), &mut inside, &mut opened);
                covered.behind(start, inside);
                at = opened.into_iter().map(|range| start + range.end).fold(at, usize::max);
            }
        }
        if search.is_over() {
            self.give_up(input.path, embedded::TOO_MANY.to_owned());
        }
    }

    /// Adds the ranges that were read as content to `opened`.
    fn open(&mut self, kind: Kind, input: &Input<'_>, covered: &mut Covered, opened: &mut Vec<Range<usize>>) {
        let &Input { path, bytes, depth, .. } = input;
        if let Kind::Other(why) = kind {
            return self.skip(path, why);
        }
        if depth >= self.account.limits.depth {
            let depth = self.account.limits.depth;
            return self.give_up(path, format!("more than {depth} archives are nested"));
        }
        if let Kind::Stream(format) = kind {
            return self.stream(format, input, covered, opened);
        }
        let mut container = Opened { walk: self, path, depth, covered, contents: opened };
        let read = match kind {
            Kind::Zip => zip::each(bytes, &mut container),
            Kind::Tar => tar::each(bytes, &mut container),
            Kind::Ar => ar::each(bytes, &mut container),
            Kind::Stream(_) | Kind::Other(_) => Ok(()),
        };
        if let Err(why) = read {
            self.give_up(path, why);
        }
    }

    /// Reads a stream. If it contains a tar, the tar's files belong to the archive directly.
    fn stream(&mut self, format: Format, input: &Input<'_>, covered: &mut Covered, opened: &mut Vec<Range<usize>>) {
        let &Input { path, bytes, depth, .. } = input;
        let inner = entry_path(path, kind::bare_name(path));
        let mut layout = Layout::default();
        let (hits, end, limit) = self.packed(
            path,
            &mut layout,
            |content, layout| stream::unpack(format, bytes, content, layout),
            |walk, content| {
                let is_tar = tar::first_header(content) == Some(0);
                let below = if is_tar {
                    walk.look_into(path, content, depth)
                } else {
                    walk.look_into(&inner, content, depth + 1)
                };
                walk.pass_on(&inner, Part::Content, content, &below)
            },
        );
        let read = layout.body.iter().map(|range| range.len() as u64).sum();
        if let Err(limit) = limit.map_or_else(|| self.account.spend(read), Err) {
            self.limit(path, limit);
        }
        let read_to = layout.body.iter().map(|range| range.end).max().unwrap_or_default();
        opened.push(0..end.unwrap_or_default().max(read_to));
        layout.body.iter().for_each(|range| covered.region(range.clone(), &hits));
        for there in layout.texts {
            self.text(path, bytes, there, covered);
        }
        let Some((end, rest)) = end.and_then(|end| Some((end, bytes.get(end..)?))) else { return };
        // A stream of another kind may follow. A zip is found by its end.
        if let Some(kind) = kind::start(rest).filter(|kind| *kind != Kind::Zip) {
            let (mut behind, mut opened_behind) = (Covered::default(), Vec::new());
            self.open(kind, &input.behind(end, depth + 1), &mut behind, &mut opened_behind);
            covered.behind(end, behind);
            // Do not search for an archive again that is only reported.
            opened.push(end..end + 1);
            opened.extend(opened_behind.into_iter().map(|range| end + range.start..end + range.end));
        } else if format == Format::Zstd && !input.is_embedded && !rest.is_empty() {
            self.give_up(path, "it is damaged or cut short (a frame has no magic number)".to_owned());
        }
    }

    /// Decodes a content and passes it to `take`. Returns the findings, the end of the stream, and the limit that was reached.
    fn packed<T>(
        &mut self,
        path: &[u8],
        layout: &mut Layout,
        decode: impl FnOnce(&mut Content<'_, '_>, &mut Layout) -> Result<T, Stop>,
        take: impl FnOnce(&mut Self, &[u8]) -> Hits,
    ) -> (Hits, Option<T>, Option<Limit>) {
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
        let covered = self.look_into(path, bytes, depth + 1);
        self.pass_on(path, part, bytes, &covered)
    }

    /// Passes a file to the scan and returns all findings in it.
    fn pass_on(&mut self, path: &[u8], part: Part, bytes: &[u8], covered: &Covered) -> Hits {
        if part == Part::Content {
            self.unpacked.files += 1;
        }
        self.unpacked.bytes += bytes.len() as u64;
        self.show(path, part, bytes, &|span| !covered.holds(bytes, span))
    }

    fn show(&mut self, path: &[u8], part: Part, bytes: &[u8], is_new: &dyn Fn(&Span) -> bool) -> Hits {
        let (hits, is_spent) = (RefCell::new(Hits::default()), Cell::new(false));
        let compare = |spans: &[Span]| {
            let list = |span: &Span| {
                let is_new = is_new(span);
                is_spent.set(is_spent.get() || (is_new && !self.account.budget.take_finding()));
                // Findings that are not listed here may be found again in the archive's own bytes.
                if !is_new || !is_spent.get() {
                    hits.borrow_mut().add(bytes, span);
                }
                is_new && !is_spent.get()
            };
            Ok(spans.iter().map(list).collect())
        };
        (self.visit)(&Unit {
            path: Some(path),
            part,
            origin: None,
            bytes,
            hits: None,
            added: AddedFilter::Compared(&compare),
        });
        if is_spent.get() {
            let why = format!("archives hold more than {FINDINGS} findings, of which no more are listed");
            self.give_up(path, why);
            self.account.close();
        }
        hits.into_inner()
    }

    /// Scans the name of an entry. The path of the archive was scanned before.
    fn name(&mut self, archive: &[u8], name: &[u8]) -> Hits {
        if is_too_long(archive, name) {
            return self.show(&entry_path(archive, name), Part::Content, name, &|_| true);
        }
        let path = entry_path(archive, name);
        self.show(&path, Part::Name, &path, &|span| span.start > archive.len())
    }

    fn text(&mut self, path: &[u8], bytes: &[u8], there: Range<usize>, covered: &mut Covered) {
        let text = bytes.get(there.clone()).filter(|text| text.len() >= SHORTEST_TEXT);
        if let Some(text) = text {
            let hits = self.show(path, Part::Content, text, &|_| true);
            covered.region(there, &hits);
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
        // A damaged header may cut a token, so findings here do not cover the archive's own bytes.
        let mut nothing = Covered::default();
        let covered = if entry.damage.is_some() { &mut nothing } else { &mut *self.covered };
        let mut hits = walk.name(self.path, entry.name);
        if let Some(target) = entry.target {
            hits.extend(walk.show(&path, Part::SymlinkTarget, target, &|_| true));
        }
        entry.headers.into_iter().for_each(|range| covered.region(range, &hits));
        for there in entry.texts {
            walk.text(&path, bytes, there, covered);
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
                self.contents.push(range.clone());
                let hits = walk.content(&path, part, &bytes[range.clone()], depth);
                covered.plain(&range, starts_record(&bytes[range.end..]), &hits);
            }
            Data::Packed(decode) => {
                let mut layout = Layout::default();
                let take = |walk: &mut ArchiveWalk<'_>, content: &[u8]| walk.content(&path, part, content, depth);
                let (hits, _, limit) = walk.packed(&path, &mut layout, decode, take);
                let mut read = 0;
                for range in layout.body {
                    read += range.len() as u64;
                    covered.region(range.clone(), &hits);
                    self.contents.push(range);
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
        self.walk.text(self.path, bytes, there, self.covered);
    }
}

/// Whether the bytes begin with a header of zip, tar or ar.
fn starts_record(bytes: &[u8]) -> bool {
    let is_zip = bytes.starts_with(b"PK") && bytes.get(2).is_some_and(|&b| b < 9);
    is_zip || tar::starts_header(bytes) || ar::starts_header(bytes)
}
