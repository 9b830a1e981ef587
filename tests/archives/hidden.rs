//! Content that archive readers extract although a simple reader misses it: wrong counts, unexpected content, and bytes
//! between entries.

use crate::support::archive::{content, gzip_of, made_by_python, stored, tar_archive, zip_archive, zstd};
use crate::support::leak::expect_no_leak;
use crate::support::token::{Maker, Token};
use crate::support::{Repo, Run, note, text};

fn scan(bytes: &[u8]) -> Run {
    let repo = Repo::new();
    repo.write("a", bytes);
    repo.keysweep(&["files", "--archives", "--format", "jsonl", "a"])
}

/// The paths and fingerprints of the findings.
fn found(run: &Run) -> Vec<(String, String)> {
    let named = |name: &str, finding: &serde_json::Value| text(&finding[name]).to_owned();
    let mut found: Vec<_> = run.findings().iter().map(|one| (named("path", one), named("fingerprint", one))).collect();
    found.sort();
    found
}

#[track_caller]
fn expect(bytes: &[u8], wanted: &[(&str, &Token)]) {
    let run = scan(bytes).expect_code(1);
    let mut wanted: Vec<_> = wanted.iter().map(|(path, token)| ((*path).to_owned(), token.fingerprint())).collect();
    wanted.sort();
    assert_eq!(found(&run), wanted, "{}", run.all());
    expect_no_leak(&run, []);
}

/// Expects that the scan finds the token and reports the archive as unread.
#[track_caller]
fn expect_unread(bytes: &[u8], token: &Token, why: &str) {
    let run = scan(bytes).expect_code(2).expect_has(why);
    assert!(found(&run).iter().any(|(_, found)| *found == token.fingerprint()), "{}", run.all());
}

fn position(bytes: &[u8], of: &[u8]) -> usize {
    bytes.windows(of.len()).rposition(|part| part == of).expect("the bytes occur")
}

/// Builds a tar header of this type and passes it to `edit`.
fn header(name: &str, kind: u8, size: u64, edit: impl FnOnce(&mut [u8; 512])) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.set_path(name).expect("a name");
    header.set_size(size);
    header.set_mode(0o644);
    header.set_entry_type(tar::EntryType::new(kind));
    edit(header.as_mut_bytes());
    header.set_cksum();
    header.as_bytes().to_vec()
}

fn padded(bytes: &[u8]) -> Vec<u8> {
    let mut padded = bytes.to_vec();
    padded.resize(bytes.len().next_multiple_of(512), 0);
    padded
}

const END: [u8; 1024] = [0; 1024];

#[test]
fn a_zip_with_a_wrong_count_is_scanned_fully_and_unread() {
    let token = Maker::new(6100).sk_live(24);
    let content = content(&token);
    let whole = zip_archive(&[("a.txt", b"nothing"), ("b.txt", content.as_bytes())]);
    for count in [0, 1, 3] {
        note(count);
        let mut bytes = whole.clone();
        let end = position(&bytes, b"PK\x05\x06");
        bytes[end + 8] = count;
        bytes[end + 10] = count;
        expect_unread(&bytes, &token, &format!("its end record says {count} files, and its directory has 2"));
    }
    // The size of the directory may be wrong, or the directory may be missing.
    let mut bytes = whole.clone();
    let end = position(&bytes, b"PK\x05\x06");
    let first = position(&bytes[..position(&bytes, b"PK\x01\x02")], b"PK\x01\x02");
    let second = position(&bytes, b"PK\x01\x02");
    bytes[end + 12] -= u8::try_from(second - first).expect("a small directory");
    expect_unread(&bytes, &token, "its directory");
    bytes[end + 4..end + 20].fill(0);
    expect_unread(&bytes, &token, "its directory");
}

#[test]
fn a_count_that_overflows_is_not_trusted() {
    let token = Maker::new(6101).sk_live(24);
    let script = "import zipfile, struct\nz = zipfile.ZipFile('out', 'w', zipfile.ZIP_DEFLATED)\nfor n in range(65536): z.writestr(str(n), b'')\nz.write('in', 'last')\nz.close()\nb = open('out', 'rb').read()\nat = b.rindex(b'PK\\x06\\x06')\nend = bytearray(b[b.rindex(b'PK\\x05\\x06'):])\nend[8:12] = struct.pack('<HH', 1, 1)\nend[12:20] = struct.pack('<II', *struct.unpack('<QQ', b[at + 40:at + 56]))\nopen('out', 'wb').write(b[:at] + end)";
    let bytes = made_by_python(script, &[("in", content(&token).as_bytes())]);
    expect_unread(&bytes, &token, "its end record says 1 files, and its directory has 65537");
}

#[test]
fn sizes_of_streams_are_compared() {
    let token = Maker::new(6102).sk_live(24);
    let mut bytes = gzip_of(content(&token).as_bytes());
    let len = bytes.len();
    bytes[len - 4] ^= 1;
    expect_unread(&bytes, &token, "the size does not match");
    let mut bytes = gzip_of(content(&token).as_bytes());
    bytes[len - 8] ^= 1;
    expect_unread(&bytes, &token, "the checksum does not match");
}

#[test]
fn two_files_of_one_name_are_both_read() {
    let mut make = Maker::new(6103);
    let (one, two) = (make.sk_live(24), make.sk_live(24));
    let script = "import zipfile\nz = zipfile.ZipFile('out', 'w', zipfile.ZIP_DEFLATED)\nz.write('1', 'a')\nz.write('2', 'a')\nz.close()";
    let bytes = made_by_python(script, &[("1", content(&one).as_bytes()), ("2", content(&two).as_bytes())]);
    expect(&bytes, &[("a!/a", &one), ("a!/a", &two)]);
}

#[test]
fn a_file_that_no_directory_lists_is_read() {
    let mut make = Maker::new(6104);
    let (listed, other) = (make.sk_live(24), make.sk_live(24));
    let first = zip_archive(&[("other.txt", content(&other).as_bytes())]);
    let local = &first[..position(&first, b"PK\x01\x02")];
    let bytes = [local, &zip_archive(&[("a.txt", content(&listed).as_bytes())])].concat();
    expect(&bytes, &[("a!/a.txt", &listed), ("a!/other.txt", &other)]);
    // A truncated archive without a directory is scanned too.
    expect_unread(local, &other, "it has no directory");
}

#[test]
fn a_folder_in_a_tar_may_have_content() {
    let token = Maker::new(6105).sk_live(24);
    let text = content(&token);
    let packed = gzip_of(text.as_bytes());
    for kind in *b"512346D" {
        note(kind as char);
        for (data, path) in [(text.as_bytes(), "a!/dir"), (&packed, "a!/dir!/dir")] {
            let size = data.len() as u64;
            let tar = [header("dir", kind, size, |_| ()), padded(data), END.to_vec()].concat();
            expect(&tar, &[(path, &token)]);
            // In an old tar, the name shows that the entry is a folder.
            let tar = [header("dir/", 0, size, |_| ()), padded(data), END.to_vec()].concat();
            assert_eq!(found(&scan(&tar).expect_code(1)).len(), 1);
            // An extended header may contain the size.
            let record = format!("size={size}\n");
            let record = format!("{} {record}", record.len() + 3);
            let pax = [header("pax", b'x', record.len() as u64, |_| ()), padded(record.as_bytes())].concat();
            let tar = [pax, header("dir", kind, 0, |_| ()), padded(data), END.to_vec()].concat();
            expect(&tar, &[(path, &token)]);
        }
    }
}

#[test]
fn headers_that_only_python_sees_are_read() {
    let token = Maker::new(6106).sk_live(24);
    // Python does not skip the content of a folder. GNU tar does.
    let inner = tar_archive(&[("in.gz", &gzip_of(content(&token).as_bytes()))]);
    let inner = &inner[..inner.len() - 1024];
    let tar = [header("dir", b'5', 512, |_| ()), inner.to_vec(), END.to_vec()].concat();
    let run = scan(&tar);
    assert!(run.code == Some(1) || run.code == Some(2), "{}", run.all());
    assert!(found(&run).iter().any(|(_, found)| *found == token.fingerprint()), "{}", run.all());
}

#[test]
fn bytes_after_a_stream_are_scanned() {
    let mut make = Maker::new(6107);
    let (token, tail) = (make.sk_live(24), make.sk_live(24));
    let whole = zip_archive(&[("a.txt", content(&token).as_bytes())]);
    let listed = position(&whole, b"PK\x01\x02");
    let more = format!("\nKEY={tail}\n");
    let mut bytes = [&whole[..listed], more.as_bytes(), &whole[listed..]].concat();
    let len = u32::try_from(listed - 35 + more.len()).expect("a small file").to_le_bytes();
    bytes[18..22].copy_from_slice(&len);
    let listed = listed + more.len();
    bytes[listed + 20..listed + 24].copy_from_slice(&len);
    let end = position(&bytes, b"PK\x05\x06");
    let offset = u32::try_from(listed).expect("a small file").to_le_bytes();
    bytes[end + 16..end + 20].copy_from_slice(&offset);
    expect(&bytes, &[("a!/a.txt", &token), ("a", &tail)]);
}

#[test]
fn a_zip_is_found_between_other_bytes() {
    let token = Maker::new(6108).sk_live(24);
    let zip = zip_archive(&[("in/a.txt", content(&token).as_bytes())]);
    let (signature, long) = ([7; 5000], vec![7; 200_000]);
    let front = [&b"MZ\x90\0"[..], &[3; 3000]].concat();
    let gzip = gzip_of(b"nothing");
    let xz = made_by_python("import lzma\nopen('out', 'wb').write(lzma.compress(b'nothing'))", &[]);
    let tar = tar_archive(&[("b", b"nothing")]);
    for (what, front, behind) in [
        ("program and signature", &front[..], &signature[..]),
        ("long signature", &front, &long),
        ("gzip", &gzip, b""),
        ("gzip and signature", &gzip, &signature),
        ("tar", &tar, b""),
        ("xz", &xz, b""),
    ] {
        note(what);
        expect(&[front, &zip, behind].concat(), &[("a!/in/a.txt", &token)]);
    }
}

#[test]
fn members_may_have_zeros_between_them() {
    let mut make = Maker::new(6109);
    let (one, two) = (make.sk_live(24), make.sk_live(24));
    let [first, second] = [&one, &two].map(|token| gzip_of(content(token).as_bytes()));
    expect(&[&first[..], &[0; 700], &second].concat(), &[("a!/a", &one), ("a!/a", &two)]);
    // Streams of another kind may follow.
    let other = zstd(content(&two).as_bytes());
    expect(&[&first[..], &other].concat(), &[("a!/a", &one), ("a!/a", &two)]);
}

/// A tar of two compressed files, so that the bytes of the tar contain no plain token.
fn two_compressed_files(make: &mut Maker) -> (Vec<u8>, Token, Token) {
    let (one, two) = (make.sk_live(24), make.sk_live(24));
    let [first, second] = [&one, &two].map(|token| gzip_of(content(token).as_bytes()));
    (tar_archive(&[("1.gz", &first), ("2.gz", &second)]), one, two)
}

#[test]
fn a_tar_with_a_damaged_header_is_unread() {
    let (tar, _, two) = two_compressed_files(&mut Maker::new(6110));
    for at in [0, 130, 150] {
        let mut bytes = tar.clone();
        bytes[at] ^= 1;
        expect_unread(&bytes, &two, "damaged");
    }
    // The damage is in the second header.
    let (tar, one, _) = two_compressed_files(&mut Maker::new(6111));
    let second = position(&tar, b"2.gz");
    let mut bytes = tar;
    bytes[second] ^= 1;
    expect_unread(&bytes, &one, "a header is damaged");
}

#[test]
fn headers_that_other_readers_accept_are_accepted() {
    let mut make = Maker::new(6112);
    let token = make.sk_live(24);
    let data = gzip_of(content(&token).as_bytes());
    let size = data.len() as u64;
    let tar = |header: Vec<u8>| [header, padded(&data), END.to_vec()].concat();
    // Old Sun systems summed signed bytes.
    let mut signed = header("n\u{e9}.gz", b'0', size, |_| ());
    let sum = |header: &[u8]| header.iter().map(|&b| i64::from(b.cast_signed())).sum::<i64>();
    let written = format!("{:06o}\0 ", sum(&signed[..148]) + sum(&signed[156..]) + 8 * 32);
    signed[148..156].copy_from_slice(written.as_bytes());
    expect(&tar(signed), &[("a!/n\u{e9}.gz!/n\u{e9}", &token)]);
    let nameless = header("x", b'0', size, |header| header[0] = 0);
    expect(&tar(nameless), &[("a!/!/", &token)]);
    let zeros = [vec![0; 512], tar(header("x.gz", b'0', size, |_| ()))].concat();
    expect(&zeros, &[("a!/x.gz!/x", &token)]);
    // Headers from before POSIX have no magic.
    let old = header("x.gz", 0, size, |header| header[257..345].fill(0));
    expect(&tar(old), &[("a!/x.gz!/x", &token)]);
}

#[test]
fn a_sparse_file_is_expanded() {
    let token = Maker::new(6113).sk_live(24);
    let packed = gzip_of(content(&token).as_bytes());
    let script = "import os, subprocess\nd = open('in', 'rb').read()\nwith open('f.gz', 'wb') as f:\n  f.write(d)\n  f.truncate(1 << 20)\n  f.seek(3 << 20)\n  f.write(d)\n  f.truncate(4 << 20)\nsubprocess.run(['tar', '--sparse', '--format=' + FORMAT, *OPTIONS, '-cf', 'out', 'f.gz'], check=True)";
    for (format, options) in [
        ("gnu", "[]"),
        ("posix", "['--sparse-version=0.0']"),
        ("posix", "['--sparse-version=0.1']"),
        ("posix", "['--sparse-version=1.0']"),
    ] {
        note(options);
        let script = format!("FORMAT = '{format}'\nOPTIONS = {options}\n{script}");
        let tar = made_by_python(&script, &[("in", &packed)]);
        assert!(tar.len() < 1 << 20, "the file is not sparse");
        expect(&tar, &[("a!/f.gz!/f", &token), ("a!/f.gz!/f", &token)]);
    }
}

#[test]
fn texts_between_other_fields_are_found() {
    let mut make = Maker::new(6114);
    let token = make.sk_live(24);
    // The name ends with a letter, and the comment follows immediately.
    let script = format!(
        "import zipfile\nz = zipfile.ZipFile('out', 'w')\ni = zipfile.ZipInfo('file')\ni.comment = b'{}' + b'{}'\nz.writestr(i, b'nothing')\nz.close()",
        &token.to_string()[..6],
        &token.to_string()[6..]
    );
    expect(&made_by_python(&script, &[]), &[("a!/file", &token)]);
    // The length of this comment, 0x6161, is two letters.
    let comment = format!("{token} {}", "x".repeat(0x6161 - 33));
    let mut bytes = zip_archive(&[("b.txt", b"nothing")]);
    let end = bytes.len();
    bytes[end - 2..].copy_from_slice(b"aa");
    bytes.extend(comment.as_bytes());
    expect(&bytes, &[("a", &token)]);
    // A user name of 32 characters fills the field between the version and the group.
    assert_eq!(token.to_string().len(), 32);
    let user = token.to_string();
    for at in [265, 297] {
        let owned = header("f", b'0', 0, |header| {
            header[257..265].copy_from_slice(b"ustar\x0000");
            header[at..at + 32].copy_from_slice(user.as_bytes());
            header[329..337].copy_from_slice(b"0000001\0");
        });
        expect(&[owned, END.to_vec()].concat(), &[("a!/f", &token)]);
    }
}

#[test]
fn a_symlink_whose_target_is_an_archive_is_unpacked() {
    let token = Maker::new(6115).sk_live(24);
    let script = "import zipfile\nz = zipfile.ZipFile('out', 'w')\ni = zipfile.ZipInfo('link')\ni.create_system = 3\ni.external_attr = 0o120777 << 16\nz.writestr(i, open('in', 'rb').read())\nz.close()";
    let bytes = made_by_python(script, &[("in", &gzip_of(content(&token).as_bytes()))]);
    expect(&bytes, &[("a!/link!/link", &token)]);
}

#[test]
fn a_token_split_by_an_entry_is_found() {
    let token = Maker::new(6116).sk_live(24).to_string();
    let (first, second) = token.split_at(12);
    // A zip with two stored files and no header between them. The second starts in the middle of the first.
    let mut bytes = stored(&[("a", format!("KEY={first}").as_bytes())]);
    let content = position(&bytes, first.as_bytes()) + first.len();
    bytes.splice(content..content, second.bytes());
    let end = position(&bytes, b"PK\x05\x06");
    let offset = position(&bytes, b"PK\x01\x02");
    bytes[end + 16] = u8::try_from(offset).expect("a small archive");
    let run = scan(&bytes).expect_code(1);
    assert_eq!(run.findings().len(), 1, "{}", run.all());
    let plain = Repo::new();
    plain.write("a", &bytes);
    let plain = plain.keysweep(&["files", "--format", "jsonl", "a"]).expect_code(1);
    assert_eq!(found(&run)[0].1, found(&plain)[0].1, "{} {}", run.all(), plain.all());
}

#[test]
fn a_token_that_continues_after_an_entry_is_found() {
    let token = Maker::new(6117).sk_live(40);
    let text = format!("KEY={token}\n");
    let mut bytes = stored(&[("a", text.as_bytes())]);
    // Every reader now extracts a shorter token. The scan of the plain bytes finds the long one.
    let cut = text.len() - 9;
    let mut crc = flate2::Crc::new();
    crc.update(&text.as_bytes()[..cut]);
    let facts = [crc.sum(), cut.try_into().expect("short"), cut.try_into().expect("short")].map(u32::to_le_bytes);
    for at in [14, position(&bytes, b"PK\x01\x02") + 16] {
        bytes[at..at + 12].copy_from_slice(&facts.concat());
    }
    let run = scan(&bytes).expect_code(1);
    let paths = found(&run);
    assert!(paths.contains(&("a".to_owned(), token.fingerprint())), "{}", run.all());
    assert_eq!(paths.iter().filter(|(path, _)| path == "a!/a").count(), 1, "{}", run.all());
    // A record after the token is not part of the token.
    expect(&stored(&[("a", text.trim_end().as_bytes()), ("b", b"")]), &[("a!/a", &token)]);
}
