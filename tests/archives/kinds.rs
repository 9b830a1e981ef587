//! Kinds of archives that are unpacked, and kinds that are reported because they are not.

use crate::support::archive::{LINE, content, gzip_of, made_by_python, tar_archive, zip_archive, zstd};
use crate::support::clean::{step, sweep_with};
use crate::support::history_fixture::HistoryFixture;
use crate::support::leak::expect_no_leak;
use crate::support::token::Maker;
use crate::support::{Repo, Run, note, text};

/// The output of a Python compressor for these bytes.
fn compress_with_python(by: &str, bytes: &[u8]) -> Vec<u8> {
    let script = format!("import bz2, lzma, zlib\nd = open('in', 'rb').read()\nopen('out', 'wb').write({by})");
    made_by_python(&script, &[("in", bytes)])
}

/// A zip of one file, compressed with this method.
fn zip_with_method(method: u16, packed: &[u8], content: &[u8]) -> Vec<u8> {
    let mut crc = flate2::Crc::new();
    crc.update(content);
    let len = |bytes: &[u8]| u32::try_from(bytes.len()).expect("a small file").to_le_bytes();
    let facts =
        [&method.to_le_bytes()[..], &[0; 4], &crc.sum().to_le_bytes(), &len(packed), &len(content), &[1, 0, 0, 0]];
    let facts = facts.concat();
    let local = [b"PK\x03\x04\x3f\0\0\0", &facts[..], b"f", packed].concat();
    let listed = [b"PK\x01\x02\x3f\0\x3f\0\0\0", &facts[..], &[0; 14], b"f"].concat();
    let end = [b"PK\x05\x06\0\0\0\0\x01\0\x01\0", &len(&listed)[..], &len(&local), &[0; 2]].concat();
    [local, listed, end].concat()
}

/// An ar archive of these files.
fn ar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let member = |(name, bytes): &(&str, &[u8])| {
        let header = format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, 0, 100_644, bytes.len());
        [header.as_bytes(), bytes, if bytes.len() % 2 == 1 { b"\n" } else { b"" }].concat()
    };
    [b"!<arch>\n".to_vec(), files.iter().flat_map(member).collect()].concat()
}

#[test]
fn streams_of_every_kind_are_unpacked() {
    let token = Maker::new(6200).sk_live(24);
    let text = content(&token);
    let tar = tar_archive(&[("in.txt", text.as_bytes())]);
    let pack = |by: &str| compress_with_python(by, text.as_bytes());
    let two = |by: &str| compress_with_python(by, b"nothing\n").into_iter().chain(pack(by)).collect::<Vec<u8>>();
    let lzma = "lzma.compress(d, lzma.FORMAT_ALONE)";
    let x86 = "lzma.compress(d, filters=[{'id': lzma.FILTER_X86}, {'id': lzma.FILTER_LZMA2, 'preset': 9}])";
    for (what, name, bytes, path, line) in [
        ("xz", "a.xz", pack("lzma.compress(d)"), "a.xz!/a", LINE),
        ("xz -9", "a.xz", pack("lzma.compress(d, preset=9)"), "a.xz!/a", LINE),
        ("xz sha256", "a.xz", pack("lzma.compress(d, check=lzma.CHECK_SHA256)"), "a.xz!/a", LINE),
        ("xz with a filter", "a.xz", pack(x86), "a.xz!/a", LINE),
        ("xz streams", "a.xz", two("lzma.compress(d) + bytes(8)"), "a.xz!/a", LINE + 1),
        ("bzip2", "a.bz2", pack("bz2.compress(d)"), "a.bz2!/a", LINE),
        ("bzip2 streams", "a.bz2", two("bz2.compress(d)"), "a.bz2!/a", LINE + 1),
        ("lzma", "a.lzma", pack(lzma), "a.lzma!/a", LINE),
        ("zlib", "0123", pack("zlib.compress(d)"), "0123!/0123", LINE),
        ("zlib fast", "0123", pack("zlib.compress(d, 1)"), "0123!/0123", LINE),
        ("tar.xz", "a.tar.xz", compress_with_python("lzma.compress(d)", &tar), "a.tar.xz!/in.txt", LINE),
        ("tar.bz2", "a.tbz", compress_with_python("bz2.compress(d)", &tar), "a.tbz!/in.txt", LINE),
    ] {
        note(what);
        let repo = Repo::new();
        repo.write(name, bytes);
        let run = repo.keysweep(&["files", "--archives", "--format", "jsonl", name]);
        let run = run.expect_found(&[(path, line, &token)]);
        expect_no_leak(&run, [&token]);
        assert_eq!(run.summary()["skipped"], serde_json::json!([]));
    }
}

#[test]
fn damaged_streams_are_unread() {
    let token = Maker::new(6201).sk_live(24);
    let text = content(&token);
    for by in ["lzma.compress(d)", "bz2.compress(d)", "lzma.compress(d, lzma.FORMAT_ALONE)", "zlib.compress(d)"] {
        let whole = compress_with_python(by, text.as_bytes());
        let repo = Repo::new();
        for cut in (14..whole.len()).step_by(whole.len() / 9) {
            note(format!("{by} cut after {cut}"));
            repo.write("a", &whole[..cut]);
            let run = repo.keysweep(&["files", "--archives", "--format", "jsonl", "a"]);
            // zlib has no magic number, so a stream that is cut near its start is not recognized.
            if !by.starts_with("zlib") || cut > whole.len() / 2 {
                run.expect_code(2).expect_has("cannot look into a: it is damaged or cut short");
            }
        }
    }
}

#[test]
fn zips_of_every_method_are_read() {
    let token = Maker::new(6202).sk_live(24);
    let text = content(&token);
    // Deflate64 differs from deflate only in long matches, and these streams have none.
    let plain =
        "(lambda c: c.compress(d) + c.flush())(zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_HUFFMAN_ONLY))";
    for (what, method, packed) in [
        ("deflate64", 9, compress_with_python(plain, text.as_bytes())),
        ("bzip2", 12, compress_with_python("bz2.compress(d)", text.as_bytes())),
        ("zstd", 93, zstd(text.as_bytes())),
        ("xz", 95, compress_with_python("lzma.compress(d)", text.as_bytes())),
    ] {
        note(what);
        let repo = Repo::new();
        repo.write("a.zip", zip_with_method(method, &packed, text.as_bytes()));
        let run = repo.keysweep(&["files", "--archives", "--format", "jsonl", "a.zip"]);
        run.expect_found(&[("a.zip!/f", LINE, &token)]);
    }
    for (what, method) in [("lzma", "LZMA"), ("bzip2", "BZIP2")] {
        note(what);
        let script = format!(
            "import zipfile\nz = zipfile.ZipFile('out', 'w', zipfile.ZIP_{method})\nz.write('in', 'f')\nz.close()"
        );
        let repo = Repo::new();
        repo.write("a.zip", made_by_python(&script, &[("in", text.as_bytes())]));
        let run = repo.keysweep(&["files", "--archives", "--format", "jsonl", "a.zip"]);
        run.expect_found(&[("a.zip!/f", LINE, &token)]);
    }
    let repo = Repo::new();
    repo.write("a.zip", zip_with_method(98, b"what is packed", text.as_bytes()));
    let run = repo.keysweep(&["files", "--archives", "--format", "jsonl", "a.zip"]).expect_code(2);
    run.expect_has("cannot look into a.zip!/f: it is packed by method 98 (PPMd), which is not supported")
        .expect_lacks("damaged");
}

#[test]
fn a_debian_package_is_unpacked() {
    let token = Maker::new(6203).sk_live(24);
    let tar = compress_with_python("lzma.compress(d)", &tar_archive(&[("./etc/conf", content(&token).as_bytes())]));
    let bytes = ar(&[("debian-binary/", b"2.0\n"), ("control.tar.gz/", &gzip_of(b"odd")), ("data.tar.xz/", &tar)]);
    let repo = Repo::new();
    repo.write("p.deb", &bytes);
    let call = ["files", "--archives", "--format", "jsonl", "p.deb"];
    repo.keysweep(&call).expect_found(&[("p.deb!/data.tar.xz!/etc/conf", LINE, &token)]);
    for cut in [bytes.len() - 30, 80] {
        repo.write("p.deb", &bytes[..cut]);
        repo.keysweep(&call).expect_code(2).expect_has("damaged");
    }
}

/// One sample of each kind that is reported and not unpacked.
fn unsupported_samples() -> Vec<(&'static str, Vec<u8>)> {
    let with = |magic: &[u8]| [magic, &[0; 200]].concat();
    let mut iso = vec![0; 0x8800];
    iso[0x8001..0x8006].copy_from_slice(b"CD001");
    let cpio = format!("070701{}TRAILER!!!\0\0\0\0", "0".repeat(104));
    let base64 = compress_with_python("__import__('base64').encodebytes(d)", &zip_archive(&[("a", &[b'x'; 200])]));
    let helm = compress_with_python("__import__('base64').b64encode(d)", &gzip_of(&(0..=255).collect::<Vec<u8>>()));
    let helm = compress_with_python("b'release: ' + __import__('base64').b64encode(d)", &helm);
    vec![
        ("a 7z archive", with(b"7z\xbc\xaf\x27\x1c")),
        ("a rar archive", with(b"Rar!\x1a\x07\x01\x00")),
        ("an lz4 archive", with(b"\x04\x22\x4d\x18")),
        ("a compress archive", with(b"\x1f\x9d\x90")),
        ("a xar archive", with(b"xar!\x00\x1c\x00\x01")),
        ("an ISO 9660 image", iso),
        ("a cpio archive", cpio.into_bytes()),
        ("a cpio archive", with(b"\xc7\x71\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x04\0\0\0\0\0abc\0")),
        ("a PDF, whose streams", with(b"%PDF-1.5\n<< /Filter /FlateDecode >>\nstream\n")),
        ("a git bundle", with(b"# v2 git bundle\n")),
        ("a git pack", with(b"PACK\0\0\0\x02\0\0\0\x01")),
        ("base64 of an archive", [b"data: ", &base64[..]].concat()),
        ("base64 of an archive", helm),
    ]
}

#[test]
fn unsupported_kinds_are_reported() {
    let repo = Repo::new();
    for (n, (_, bytes)) in unsupported_samples().into_iter().enumerate() {
        repo.write(format!("f/{n}"), &bytes);
        repo.write(format!("z/{n}"), zip_archive(&[(&format!("in/{n}"), &bytes)]));
    }
    let run = repo.keysweep(&["files", "--archives", "--format", "jsonl", "f", "z"]).expect_code(0);
    let skipped = run.summary()["skipped"].as_array().expect("a list").clone();
    for (n, (kind, _)) in unsupported_samples().into_iter().enumerate() {
        for path in [format!("f/{n}"), format!("z/{n}!/in/{n}")] {
            let named = |one: &&serde_json::Value| one["what"] == path.as_str();
            let why = skipped.iter().find(named).unwrap_or_else(|| panic!("{kind} is not reported: {skipped:?}"));
            assert!(
                why["why"].as_str().is_some_and(|why| why.starts_with(kind) && why.contains("not unpacked")),
                "{why}"
            );
        }
    }
    assert_eq!(skipped.len(), 2 * unsupported_samples().len(), "{skipped:?}");
    // Without the option, these files are not reported.
    repo.keysweep(&["files", "--format", "jsonl", "f", "z"]).expect_silent();
}

#[test]
fn text_that_looks_like_an_archive_is_not_one() {
    let repo = Repo::new();
    for (n, text) in [
        "070701 is a number\n",
        "x^2 + y^2 = z^2\n",
        "the magic of base64 is H4sIAAAAAAAA, or UEsDBBQ\n",
        "%PDF-1.4 starts a PDF\n",
        "]\0\0\0\0",
        "PK\u{5}\u{6} ends a zip, and PK\u{1}\u{2} is an entry; PK\u{3}\u{4} is a file\n",
    ]
    .iter()
    .enumerate()
    {
        repo.write(format!("{n}"), format!("{text}{}", "and so on\n".repeat(90)));
    }
    let names: Vec<String> = (0..6).map(|n| n.to_string()).collect();
    repo.keysweep_call(&["files", "--archives", "--format", "jsonl"]).args(&names).run().expect_silent();
}

#[test]
fn a_git_directory_in_an_archive_is_read_or_reported() {
    let mut fixture = HistoryFixture::new(6204);
    let token = fixture.token();
    fixture.add("config.py", content(&token));
    let script = "import tarfile\nt = tarfile.open('out', 'w:gz')\nt.add(TOP + '/.git', '.git')\nt.close()";
    let pack = || {
        let script = format!("TOP = {:?}\n{script}", fixture.repo.top().display().to_string());
        let repo = Repo::new();
        repo.write("a.tgz", made_by_python(&script, &[]));
        repo.keysweep(&["files", "--archives", "--format", "jsonl", "a.tgz"])
    };
    let loose = pack().expect_code(1);
    assert_eq!(loose.findings().len(), 1, "{}", loose.all());
    fixture.git(&["gc", "-q"]);
    pack().expect_code(0).expect_has("a git pack, which is not unpacked");
}

#[test]
fn the_verification_of_a_plan_excludes_unsupported_archives() {
    let mut fixture = HistoryFixture::new(6205);
    let token = fixture.token();
    fixture.add("a.zip", zip_archive(&[("a.txt", content(&token).as_bytes())]));
    fixture.repo.git(&["clone", "-q", "--bare", "--no-local", ".", "../origin.git"]);
    fixture.git(&["remote", "add", "origin", "../origin.git"]);
    fixture.git(&["fetch", "-q"]);
    let sweep = || sweep_with(&fixture.repo, fixture.repo.top(), &["--archives"]).expect_code(1);
    let says = |run: &Run| text(&step(run, "clean")["says"]).to_owned();
    let output = says(&sweep());
    assert!(output.contains("proves the result") && !output.contains("does not cover"), "{output}");
    for name in ["replacements.txt", "replacements.txt.sh"] {
        std::fs::remove_file(fixture.repo.base().join(name)).expect("delete the replacements and the plan");
    }
    fixture.add("b.7z", [&b"7z\xbc\xaf\x27\x1c"[..], &[0; 40]].concat());
    let output = says(&sweep());
    assert!(output.contains("The proof does not cover archives that were not unpacked"), "{output}");
}
