//! What archives hold: zip (and so jar, docx, whl, nupkg), gzip, tar and zstd, told by their bytes and not by their
//! names, one in another. From bytes to units, nothing else: where the bytes come from is the caller's.
//!
//! The caller scans the archive's own bytes too, since there is more in them than files: comments, owners, what stands
//! before and behind. A file that is stored as it is stands in them as well, and some packers leave a token as it is:
//! [`Unpacked::is_told`] says what need not be told twice.

#[cfg(test)]
mod damaged;
mod kind;
mod packed;
mod tarred;
mod told;
mod zipped;

use std::io::Read;
use std::ops::{ControlFlow, Range};

use kind::Kind;
use packed::Stream;
use told::Told;

use super::added::added;
use super::{Newness, Skipped, Unit};
use crate::finding::{Part, Span};
use crate::trouble::Trouble;

/// How far to go into one file, so that nobody's archive fills the memory or takes the day.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// How many archives may lie in one another.
    pub depth: usize,
    /// Bytes of one unpacked file: it is held in memory.
    pub file: u64,
    /// Bytes of all that is unpacked: in any case so many, then in proportion to the outermost file, but no more than this.
    pub free: u64,
    pub ratio: u64,
    pub all: u64,
}

/// Text and logs shrink to a tenth or twentieth, seldom to a hundredth; deflate cannot make less of anything than a
/// thousandth.
pub(super) const LIMITS: Limits = Limits { depth: 8, file: 512 << 20, free: 64 << 20, ratio: 250, all: 8 << 30 };

/// What became of one file.
#[derive(Debug, Default)]
pub(super) struct Unpacked {
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
pub(super) struct Unopened {
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
    /// Of each of these spans of the outermost file, whether it was handed over as part of a file inside.
    pub fn is_told(&self, bytes: &[u8], span: &Span) -> bool {
        self.told.holds(bytes, span)
    }
}

/// Hands the names and contents of all that `bytes`, the file `path`, holds to `visit`, as `path!/name`. A file that is
/// no archive holds nothing.
pub(super) fn unpack(path: &[u8], bytes: &[u8], limits: Limits, visit: &dyn Fn(&Unit<'_>)) -> Unpacked {
    let size = bytes.len() as u64;
    let left = limits.free.saturating_add(size.saturating_mul(limits.ratio)).min(limits.all);
    let mut walk = Walk { limits, left, visit, unpacked: Unpacked::default() };
    let told = walk.look_into(path, bytes, 0);
    Unpacked { told, ..walk.unpacked }
}

/// An entry of an archive.
struct Entry<'a> {
    name: &'a [u8],
    /// None: a folder.
    part: Option<Part>,
    /// Of a tar's link.
    target: Option<&'a [u8]>,
    data: Data<'a>,
}

/// The content of an entry.
enum Data<'a> {
    /// It stands in the archive as it is, there.
    Plain(Range<usize>),
    Packed(&'a mut dyn Read),
    /// It cannot be read, for this reason.
    Closed(String),
}

/// The way through one outermost file.
struct Walk<'a> {
    limits: Limits,
    /// How many bytes may still be unpacked.
    left: u64,
    visit: &'a dyn Fn(&Unit<'_>),
    unpacked: Unpacked,
}

impl Walk<'_> {
    /// What `bytes` hold, `depth` archives deep; and what of them that tells.
    fn look_into(&mut self, path: &[u8], bytes: &[u8], depth: usize) -> Told {
        let Some(kind) = kind::of(bytes) else { return Told::default() };
        if let Kind::Other(why) = kind {
            self.unpacked.skipped.push(Skipped { path: path.to_owned(), why });
            return Told::default();
        }
        if depth >= self.limits.depth {
            self.give_up(path, format!("more than {} archives lie in one another", self.limits.depth));
            return Told::default();
        }
        match kind {
            Kind::Zip => self.entries(path, bytes, depth, zipped::each),
            Kind::Tar => self.entries(path, bytes, depth, tarred::each),
            Kind::Gzip => self.packed(path, packed::Gzip::new(bytes), depth),
            Kind::Zstd => self.packed(path, packed::Zstd::new(bytes), depth),
            Kind::Other(_) => Told::default(),
        }
    }

    fn entries(
        &mut self,
        path: &[u8],
        bytes: &[u8],
        depth: usize,
        each: impl Fn(&[u8], &mut Told, &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<(), String>,
    ) -> Told {
        let mut told = Told::default();
        let mut closed = Closed::default();
        let read = each(bytes, &mut told, &mut |entry| {
            self.entry(path, bytes, &entry_path(path, entry.name), entry, depth, &mut closed)
        });
        for (why, (first, more)) in closed.0 {
            let others = if more == 0 { String::new() } else { format!(" and {more} more in the same archive") };
            self.unpacked.unread.push(Unopened { path: first, others, why });
        }
        if let Err(why) = read {
            self.give_up(path, why);
        }
        told.in_order()
    }

    fn entry(
        &mut self,
        archive: &[u8],
        bytes: &[u8],
        path: &[u8],
        entry: Entry<'_>,
        depth: usize,
        closed: &mut Closed,
    ) -> ControlFlow<()> {
        // The path stands for the work that a name makes, else a million of empty files would be free.
        if !self.spend(path.len() as u64) {
            return self.spent(archive);
        }
        self.name(path, archive.len());
        if let Some(target) = entry.target {
            self.hand_over(path, Part::SymlinkTarget, target, &Told::default());
        }
        let Some(part) = entry.part else { return ControlFlow::Continue(()) };
        match entry.data {
            Data::Plain(range) => {
                if !self.spend(range.len() as u64) {
                    return self.spent(archive);
                }
                self.content(path, part, &bytes[range], depth);
            }
            Data::Packed(reader) => {
                let (content, end) = self.read(reader);
                self.content(path, part, &content, depth);
                match end {
                    End::Whole => {}
                    End::Damaged(why) => closed.add(path, why),
                    End::TooLarge => closed.add(path, too_large(self.limits.file)),
                    End::Spent => return self.spent(archive),
                }
            }
            Data::Closed(why) => closed.add(path, why),
        }
        ControlFlow::Continue(())
    }

    /// One stream, which may be a tar: its files are then the archive's own.
    fn packed(&mut self, path: &[u8], mut stream: impl Stream, depth: usize) -> Told {
        let (content, end) = self.read(&mut stream);
        let inner = entry_path(path, kind::bare_name(path));
        let told = match kind::of(&content) {
            Some(Kind::Tar) => self.look_into(path, &content, depth),
            _ => self.look_into(&inner, &content, depth + 1),
        };
        self.hand_over(&inner, Part::Content, &content, &told);
        match end {
            End::Whole => {}
            End::Damaged(why) => self.give_up(path, why),
            End::TooLarge => self.give_up(path, too_large(self.limits.file)),
            End::Spent => _ = self.spent(path),
        }
        let mut told = Told::default();
        stream.body().iter().for_each(|range| told.whole(range.clone()));
        told
    }

    fn content(&mut self, path: &[u8], part: Part, bytes: &[u8], depth: usize) {
        let told = if part == Part::Content { self.look_into(path, bytes, depth + 1) } else { Told::default() };
        self.hand_over(path, part, bytes, &told);
    }

    fn hand_over(&mut self, path: &[u8], part: Part, bytes: &[u8], told: &Told) {
        if part == Part::Content {
            self.unpacked.files += 1;
        }
        self.unpacked.bytes += bytes.len() as u64;
        let untold = |spans: &[Span]| Ok(spans.iter().map(|span| !told.holds(bytes, span)).collect());
        (self.visit)(&Unit { path: Some(path), part, origin: None, bytes, newness: Newness::Compared(&untold) });
    }

    /// The name as it stands behind the archive's own, which somebody has seen to.
    fn name(&mut self, path: &[u8], archive: usize) {
        let inside = |spans: &[Span]| Ok(spans.iter().map(|span| span.start > archive).collect());
        (self.visit)(&Unit {
            path: Some(path),
            part: Part::Name,
            origin: None,
            bytes: path,
            newness: Newness::Compared(&inside),
        });
    }

    fn read(&mut self, reader: &mut dyn Read) -> (Vec<u8>, End) {
        let most = self.limits.file.min(self.left);
        let mut content = Vec::new();
        // One byte more shows that there is more.
        let read = reader.take(most + 1).read_to_end(&mut content);
        let more = content.len() as u64 > most;
        content.truncate(usize::try_from(most).unwrap_or(usize::MAX));
        let whole = self.spend(content.len() as u64);
        let end = match read {
            Err(err) => End::Damaged(format!("it is damaged or cut short ({err})")),
            Ok(_) if more && most < self.limits.file => End::Spent,
            Ok(_) if more => End::TooLarge,
            Ok(_) if whole => End::Whole,
            Ok(_) => End::Spent,
        };
        (content, end)
    }

    fn spend(&mut self, bytes: u64) -> bool {
        let enough = bytes <= self.left;
        self.left = self.left.saturating_sub(bytes);
        enough
    }

    fn spent(&mut self, archive: &[u8]) -> ControlFlow<()> {
        let Limits { free, ratio, all, .. } = self.limits;
        self.give_up(
            archive,
            format!(
                "what it holds is larger than {} MiB and {ratio} times the file, or than {} GiB; the beginning was scanned",
                free >> 20,
                all >> 30
            ),
        );
        self.left = 0;
        ControlFlow::Break(())
    }

    fn give_up(&mut self, path: &[u8], why: String) {
        self.unpacked.unread.push(Unopened { path: path.to_owned(), others: String::new(), why });
    }
}

/// How reading ended.
enum End {
    Whole,
    Damaged(String),
    TooLarge,
    Spent,
}

/// The entries of one archive that cannot be read: by reason, the first and how many more.
#[derive(Default)]
struct Closed(std::collections::BTreeMap<String, (Vec<u8>, usize)>);

impl Closed {
    fn add(&mut self, path: &[u8], why: String) {
        self.0.entry(why).and_modify(|(_, more)| *more += 1).or_insert_with(|| (path.to_owned(), 0));
    }
}

fn too_large(limit: u64) -> String {
    format!("it is larger than {} MiB, of which the beginning was scanned", limit >> 20)
}

/// Whether there is something to unpack, or to be named because it is not.
pub(super) fn is_archive(bytes: &[u8]) -> bool {
    kind::of(bytes).is_some()
}

/// Takes out of `still_new` what an older version of the archive has under the same name. Asked only of files that hold a token,
/// and unpacks the older version each time, so that it is never in memory as a whole.
pub(super) fn leave_out_known(path: &[u8], old: &[u8], new: &Unit<'_>, spans: &[Span], still_new: &mut [bool]) {
    let kept = std::cell::RefCell::new(still_new);
    unpack(path, old, LIMITS, &|unit| {
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

/// `outer.zip!/inner/name`.
fn entry_path(archive: &[u8], name: &[u8]) -> Vec<u8> {
    let mut name = name;
    while let Some(rest) = name.strip_prefix(b"./").or_else(|| name.strip_prefix(b"/")) {
        name = rest;
    }
    [archive, b"!/", name].concat()
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::io::Write as _;

    use super::*;

    const SMALL: Limits = Limits { depth: 3, file: 1 << 20, free: 2 << 20, ratio: 10, all: 8 << 20 };

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
        let unpacked = unpack(b"f", bytes, SMALL, &|unit| {
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
                holds(&troubles, "more than 3 archives lie in one another");
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
                unpack(path, &bytes, SMALL, &|unit| seen.borrow_mut().push(unit.path.unwrap_or_default().to_vec()));
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
}
