//! Archives with changed bytes: they are read or reported as unread, without a panic or an endless loop.

use std::cell::Cell;
use std::io::{Cursor, Write as _};
use std::sync::OnceLock;

use proptest::prelude::*;
use proptest::sample::Index;

use crate::scan::archive::limits::{Budget, LIMITS, Limits};
use crate::scan::archive::walk::unpack;

/// One archive of every kind, one of them nested in others.
fn archives() -> Vec<Vec<u8>> {
    let text = "It was the best of times, it was the worst of times.\n".repeat(20).into_bytes();
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, method) in [("a.txt", zip::CompressionMethod::Deflated), ("d/b.txt", zip::CompressionMethod::Stored)] {
        zip.start_file(name, zip::write::SimpleFileOptions::default().compression_method(method)).expect("a name");
        zip.write_all(&text).expect("write");
    }
    let zip = zip.finish().expect("write").into_inner();
    let mut tar = tar::Builder::new(Vec::new());
    for (name, content) in [("a.txt", &text), ("b.zip", &zip), (&*"long/".repeat(40), &text)] {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        tar.append_data(&mut header, name, &content[..]).expect("write");
    }
    let tar = tar.into_inner().expect("write");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&tar).expect("write");
    let gzip = gzip.finish().expect("write");
    let zstd = ruzstd::encoding::compress_to_vec(&tar[..], ruzstd::encoding::CompressionLevel::Fastest);
    vec![zip, tar, gzip, zstd]
}

proptest! {
    // Few of the bytes are sizes and offsets, so many are changed.
    #![proptest_config(ProptestConfig { cases: 4 * ProptestConfig::default().cases, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damage_is_no_panic(
        which in any::<Index>(),
        changes in prop::collection::vec((any::<Index>(), any::<u8>()), 0..8),
        cut in prop::option::of(any::<Index>()),
    ) {
        static ARCHIVES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
        let mut bytes = which.get(ARCHIVES.get_or_init(archives)).clone();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(cut.map_or(bytes.len(), |cut| cut.index(bytes.len())));
        let seen = Cell::new(0);
        let limits = Limits { file: 1 << 20, free: 1 << 20, all: 4 << 20, ..LIMITS };
        let unpacked = unpack(b"archive", &bytes, limits, &Budget::default(), &|unit| seen.set(seen.get() + unit.bytes.len()));
        prop_assert!(seen.get() <= 8 << 20);
        prop_assert!(unpacked.bytes <= 4 << 20);
    }
}
