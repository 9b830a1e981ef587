//! Limits and names, with archives that are made here.

use std::cell::{Cell, RefCell};
use std::io::Write as _;

use crate::finding::Part;
use crate::scan::archive::limits::{Budget, EXCESS, FINDINGS, Limits};
use crate::scan::archive::path_inside;
use crate::scan::archive::walk::unpack;
use crate::scan::source::AddedFilter;

const SMALL: Limits = Limits { depth: 3, file: 1 << 20, held: 4 << 20, free: 2 << 20, ratio: 10, all: 8 << 20 };

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut to = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    to.write_all(bytes).and_then(|()| to.finish()).expect("writing to memory")
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut to = ::zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in files {
        let options = ::zip::write::SimpleFileOptions::default().compression_method(::zip::CompressionMethod::Deflated);
        to.start_file(*name, options).expect("a name");
        to.write_all(content).expect("writing to memory");
    }
    to.finish().expect("writing to memory").into_inner()
}

/// The contents that were passed on, by path and length, and the reasons for the others.
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
    let errors = unpacked.unread.iter().map(|one| one.error(&one.path));
    (seen, errors.map(|error| format!("{}: {}", error.context, error.cause)).collect())
}

fn holds(errors: &[String], words: &str) {
    assert!(matches!(errors, [one] if one.contains(words)), "{errors:?}");
}

#[test]
fn a_file_that_is_too_large_is_read_in_part_and_the_next_one_whole() {
    let zeros = vec![0; (1 << 20) + 1];
    let (seen, errors) = unpacked(&zip(&[("a", &zeros), ("b", b"x")]));
    assert_eq!(seen, [("f!/a".to_owned(), 1 << 20), ("f!/b".to_owned(), 1)]);
    holds(&errors, "cannot look into f!/a: it is larger than 1 MiB");
    let (seen, errors) = unpacked(&zip(&[("a", &zeros[1..])]));
    assert_eq!((seen.len(), errors.len()), (1, 0));
}

#[test]
fn all_that_is_unpacked_is_bounded_by_the_size_of_the_file() {
    let zeros = vec![0; 1 << 20];
    let (seen, errors) = unpacked(&zip(&[("a", &zeros), ("b", &zeros), ("c", &zeros), ("d", b"x")]));
    assert_eq!(seen.len(), 3, "{seen:?}");
    assert!(seen[2].1 < 1 << 20, "{seen:?}");
    holds(&errors, "cannot look into f: what it holds is larger than 2 MiB and 10 times the file");
}

#[test]
fn a_bomb_in_bombs_counts_as_one() {
    let inner = zip(&[("z", &vec![0; 1 << 20])]);
    let outer = zip(&["1", "2", "3", "4", "5"].map(|name| (name, &inner[..])));
    let (seen, errors) = unpacked(&outer);
    assert!(seen.iter().map(|(_, size)| size).sum::<usize>() < 3 << 20, "{seen:?}");
    assert!(errors.iter().any(|one| one.contains("larger than 2 MiB")), "{errors:?}");
}

#[test]
fn archives_in_archives_end_at_the_depth() {
    let mut bytes = b"content".to_vec();
    for depth in 0..6 {
        let (seen, errors) = unpacked(&bytes);
        assert_eq!(seen.len(), depth.min(3), "{depth}");
        assert_eq!(errors.len(), usize::from(depth > 3), "{errors:?}");
        if depth > 3 {
            holds(&errors, "more than 3 archives are nested");
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
    let (_, errors) = unpacked(&gzip(&zip(&files)));
    assert!(errors.iter().any(|one| one.contains("larger than")), "{errors:?}");
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
        if let (AddedFilter::Compared(compare), Part::Content) = (unit.added, unit.part) {
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
