//! `keysweep files --archives` scans zip, gzip, tar and zstd files and reports files that it cannot read.

use std::collections::HashSet;
use std::io::Cursor;

use crate::support::archive::{LINE, content, gzip_of, made_by_python, stored, tar_archive, zip_archive, zstd};
use crate::support::leak::expect_no_leak;
use crate::support::token::Maker;
use crate::support::{Repo, Run, note, text};
use zip::write::SimpleFileOptions;

fn scan(repo: &Repo, paths: &[&str]) -> Run {
    repo.keysweep_call(&["files", "--archives", "--format", "jsonl"]).args(paths).run()
}

/// Scans a single file with this content.
fn scan_one(name: &str, bytes: &[u8]) -> Run {
    let repo = Repo::new();
    repo.write(name, bytes);
    scan(&repo, &[name])
}

#[test]
fn a_token_is_found_in_every_kind() {
    let token = Maker::new(6000).sk_live(24);
    let content = content(&token);
    let inner = [("etc/conf.txt", content.as_bytes()), ("other.txt", b"nothing")];
    for (name, bytes, path) in [
        ("a.zip", zip_archive(&inner), "a.zip!/etc/conf.txt"),
        ("lib.jar", stored(&inner), "lib.jar!/etc/conf.txt"),
        ("no-ending", zip_archive(&inner), "no-ending!/etc/conf.txt"),
        ("a.tar", tar_archive(&inner), "a.tar!/etc/conf.txt"),
        ("a.tar.gz", gzip_of(&tar_archive(&inner)), "a.tar.gz!/etc/conf.txt"),
        ("a.tgz", gzip_of(&tar_archive(&inner)), "a.tgz!/etc/conf.txt"),
        ("a.tar.zst", zstd(&tar_archive(&inner)), "a.tar.zst!/etc/conf.txt"),
        ("d/a.log.gz", gzip_of(content.as_bytes()), "d/a.log.gz!/a.log"),
        ("a.log.zst", zstd(content.as_bytes()), "a.log.zst!/a.log"),
        ("a.zip", zip_archive(&[("in/b.zip", &zip_archive(&inner))]), "a.zip!/in/b.zip!/etc/conf.txt"),
        ("a.zip", stored(&[("in/b.zip", &stored(&inner))]), "a.zip!/in/b.zip!/etc/conf.txt"),
        ("a.zip", zip_archive(&[("b.tar.gz", &gzip_of(&tar_archive(&inner)))]), "a.zip!/b.tar.gz!/etc/conf.txt"),
        ("a.tar", tar_archive(&[("b.gz", &gzip_of(content.as_bytes()))]), "a.tar!/b.gz!/b"),
        ("a.tar", tar_archive(&[("b.tar", &tar_archive(&inner))]), "a.tar!/b.tar!/etc/conf.txt"),
        ("x.gz.gz", gzip_of(&gzip_of(content.as_bytes())), "x.gz.gz!/x.gz!/x"),
    ] {
        note(path);
        let run = scan_one(name, &bytes).expect_found(&[(path, LINE, &token)]);
        expect_no_leak(&run, [&token]);
        assert_eq!(run.summary()["skipped"], serde_json::json!([]));
    }
}

#[test]
fn without_the_option_an_archive_is_a_file() {
    let token = Maker::new(6001).sk_live(24);
    let repo = Repo::new();
    repo.write("a.zip", zip_archive(&[("a.txt", content(&token).as_bytes())]));
    repo.keysweep(&["files", "--format", "jsonl", "a.zip"]).expect_silent();
    scan(&repo, &["a.zip"]).expect_code(1);
    repo.keysweep(&["files", "--help"]).expect_code(0).expect_has("--archives");
}

#[test]
fn standard_input_may_be_an_archive() {
    let token = Maker::new(6002).sk_live(24);
    let repo = Repo::new();
    let call = repo.keysweep_call(&["files", "--archives", "--format", "jsonl", "-"]);
    let run = call.stdin(gzip_of(content(&token).as_bytes())).run();
    run.expect_found(&[("-!/-", LINE, &token)]);
}

#[test]
fn archives_of_python_are_read() {
    let token = Maker::new(6003).sk_live(24);
    let content = content(&token);
    let long = format!("{}/{}/conf.txt", "d".repeat(90), "e".repeat(90));
    for (what, script) in [
        (
            "zip64",
            "import zipfile\nz = zipfile.ZipFile('out', 'w', zipfile.ZIP_DEFLATED)\nwith z.open(NAME, 'w', force_zip64=True) as f: f.write(open('in', 'rb').read())\nz.close()",
        ),
        (
            "streamed zip",
            "import zipfile\nclass W:\n  def __init__(s): s.f = open('out', 'wb')\n  def write(s, b): return s.f.write(b)\n  def flush(s): s.f.flush()\nw = W()\nz = zipfile.ZipFile(w, 'w', zipfile.ZIP_DEFLATED)\nz.write('in', NAME)\nz.close()\nw.flush()",
        ),
        (
            "program before the archive",
            "import zipfile\nopen('out', 'wb').write(b'#!/usr/bin/env python3\\n' * 9)\nz = zipfile.ZipFile('out', 'a', zipfile.ZIP_DEFLATED)\nz.write('in', NAME)\nz.comment = b'a comment'\nz.close()",
        ),
        (
            "pax",
            "import tarfile\nt = tarfile.open('out', 'w:gz', format=tarfile.PAX_FORMAT)\nt.add('in', NAME)\nt.close()",
        ),
        (
            "gnu",
            "import tarfile\nt = tarfile.open('out', 'w', format=tarfile.GNU_FORMAT)\nt.add('in', NAME)\nt.close()",
        ),
    ] {
        note(what);
        let script = format!("NAME = '{long}'\n{script}");
        let bytes = made_by_python(&script, &[("in", content.as_bytes())]);
        scan_one("a", &bytes).expect_found(&[(&format!("a!/{long}"), LINE, &token)]);
    }
}

#[test]
fn concatenated_members_are_all_read() {
    let mut make = Maker::new(6004);
    let (one, two) = (make.sk_live(24), make.sk_live(24));
    let texts = [&one, &two].map(content);
    let both = |pack: &dyn Fn(&[u8]) -> Vec<u8>| texts.each_ref().map(|text| pack(text.as_bytes())).concat();
    for (what, bytes, paths) in [
        ("gzip", both(&gzip_of), ["a!/a", "a!/a"]),
        ("zstd", both(&zstd), ["a!/a", "a!/a"]),
        ("skippable frame", [&b"\x50\x2a\x4d\x18\x03\0\0\0abc"[..], &both(&zstd)].concat(), ["a!/a", "a!/a"]),
        (
            "tar",
            [tar_archive(&[("1", texts[0].as_bytes())]), tar_archive(&[("2.gz", &gzip_of(texts[1].as_bytes()))])]
                .concat(),
            ["a!/1", "a!/2.gz!/2"],
        ),
    ] {
        note(what);
        let second = if paths[0] == paths[1] { 2 * LINE } else { LINE };
        scan_one("a", &bytes).expect_found(&[(paths[0], LINE, &one), (paths[1], second, &two)]);
    }
    // The bytes after the last member are scanned as plain text.
    let bytes = [gzip_of(texts[0].as_bytes()), b"\n".to_vec(), texts[1].clone().into_bytes()].concat();
    let run = scan_one("a", &bytes).expect_code(1);
    let mut paths: Vec<_> = run.findings().iter().map(|f| text(&f["path"]).to_owned()).collect();
    paths.sort();
    assert_eq!(paths, ["a", "a!/a"]);
}

#[test]
fn comments_and_other_metadata_are_scanned() {
    let mut make = Maker::new(6005);
    let (comment, front) = (make.sk_live(24), make.sk_live(24));
    let mut to = zip::ZipWriter::new(Cursor::new(Vec::new()));
    to.set_comment(format!("key {comment}")).expect("a comment");
    to.start_file("a.txt", SimpleFileOptions::default()).expect("a name");
    let bytes = to.finish().expect("write").into_inner();
    let bytes = [format!("KEY={front}\n").as_bytes(), &bytes].concat();
    let run = scan_one("a.zip", &bytes).expect_code(1);
    let found: HashSet<_> = run.findings().iter().map(|f| (f["path"].clone(), f["fingerprint"].clone())).collect();
    assert_eq!(
        found,
        [&front, &comment].map(|token| ("a.zip".into(), token.fingerprint().into())).into(),
        "{}",
        run.all()
    );
}

#[test]
fn a_token_in_a_name_is_found_once_and_not_printed() {
    let mut make = Maker::new(6006);
    let (folder, file) = (make.sk_live(24), make.sk_live(24));
    // The name has no extension, so the bytes after it look like a part of the name.
    let name = format!("{}/d{}/{folder}/{file}", "l".repeat(80), "m".repeat(80));
    let files = [(name.as_str(), &b"nothing"[..]), ("x", b"nothing")];
    for bytes in [
        zip_archive(&files),
        stored(&files),
        tar_archive(&files),
        gzip_of(&tar_archive(&files)),
        zip_archive(&[("in.zip", &zip_archive(&files))]),
    ] {
        let run = scan_one("a.zip", &bytes).expect_code(1);
        let found: Vec<_> = run.findings().iter().map(|f| (f["part"].clone(), f["fingerprint"].clone())).collect();
        assert_eq!(found, [&folder, &file].map(|token| ("name".into(), token.fingerprint().into())), "{}", run.all());
        expect_no_leak(&run, [&folder, &file]);
    }
    // The name of the archive is reported once, and not with every file inside.
    let run = scan_one(&format!("{folder}.zip"), &zip_archive(&[("a", b"x"), ("b", b"x")])).expect_code(1);
    assert_eq!(run.findings().len(), 1, "{}", run.all());
}

#[test]
fn links_in_archives_are_scanned_and_not_followed() {
    let token = Maker::new(6007).sk_live(24);
    let target = format!("/nowhere/{token}");
    let mut to = tar::Builder::new(Vec::new());
    for (name, kind) in [("soft", tar::EntryType::Symlink), ("hard", tar::EntryType::Link)] {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(0);
        to.append_link(&mut header, name, &target).expect("write");
    }
    let tar = to.into_inner().expect("write");
    let mut to = zip::ZipWriter::new(Cursor::new(Vec::new()));
    to.add_symlink("soft", &target, SimpleFileOptions::default()).expect("write");
    let zip = to.finish().expect("write").into_inner();
    for (bytes, names) in [(tar, &["hard", "soft"][..]), (zip, &["soft"])] {
        let run = scan_one("a", &bytes).expect_code(1);
        let found: Vec<_> = run.findings().iter().map(|f| (f["path"].clone(), f["part"].clone())).collect();
        let wanted: Vec<_> = names.iter().map(|name| (format!("a!/{name}").into(), "symlink".into())).collect();
        assert_eq!(found, wanted, "{}", run.all());
    }
}

#[test]
fn names_with_parent_folders_are_only_names() {
    let token = Maker::new(6008).sk_live(24);
    let script = "import zipfile\nz = zipfile.ZipFile('out', 'w', zipfile.ZIP_DEFLATED)\nfor n in ['../../a', '/etc/b', './c', 'd\\x1b[2J']: z.write('in', n)\nz.close()";
    let bytes = made_by_python(script, &[("in", content(&token).as_bytes())]);
    let run = scan_one("a.zip", &bytes);
    let run = run.expect_found(&[
        ("a.zip!/../../a", LINE, &token),
        ("a.zip!/etc/b", LINE, &token),
        ("a.zip!/c", LINE, &token),
        ("a.zip!/d\u{1b}[2J", LINE, &token),
    ]);
    drop(run);
    let repo = Repo::new();
    repo.write("a.zip", bytes);
    repo.keysweep(&["files", "--archives", "a.zip"]).expect_code(1).expect_lacks("\u{1b}");
}

#[test]
fn an_encrypted_file_is_unread_and_others_are_scanned() {
    let token = Maker::new(6009).sk_live(24);
    let mut bytes = zip_archive(&[("locked.txt", b"nothing"), ("open.txt", content(&token).as_bytes())]);
    for (signature, flags) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        let at = bytes.windows(4).position(|four| four == signature).expect("a header");
        bytes[at + flags] |= 1;
    }
    let run = scan_one("a.zip", &bytes).expect_code(2);
    assert!(run.err().contains("cannot look into a.zip!/locked.txt: it is encrypted"), "{}", run.err());
    assert_eq!(run.findings().len(), 1, "{}", run.all());
    assert_eq!(run.summary()["unread"], 1);
    assert!(run.summary()["skipped"].to_string().contains("encrypted"));
}

#[test]
fn a_damaged_archive_is_never_clean() {
    let token = Maker::new(6010).sk_live(24);
    let content = content(&token);
    let files = [("a.txt", &b"nothing"[..]), ("b.txt", content.as_bytes())];
    for (what, bytes, from) in [
        ("zip", zip_archive(&files), 4),
        ("gzip", gzip_of(content.as_bytes()), 3),
        ("zstd", zstd(content.as_bytes()), 4),
        ("tar.gz", gzip_of(&tar_archive(&files)), 3),
        ("tar of gzip", tar_archive(&[("b.gz", &gzip_of(content.as_bytes()))]), 512),
    ] {
        let repo = Repo::new();
        let whole = if what.starts_with("tar of") { 600 } else { bytes.len() };
        let step = (whole - from).div_ceil(25);
        for cut in (from..whole).step_by(step) {
            repo.write("a", &bytes[..cut]);
            let run = scan(&repo, &["a"]);
            if run.code != Some(2) {
                run.fail(&format!("{what} cut after {cut} of {} bytes", bytes.len()));
            }
            run.expect_has("cannot look into a").expect_lacks("panicked").expect_lacks("fault in keysweep");
        }
    }
}

#[test]
fn a_flipped_bit_is_reported_without_a_panic() {
    let token = Maker::new(6011).sk_live(24);
    let content = content(&token);
    let files = [("a.txt", &b"nothing"[..]), ("b.txt", content.as_bytes())];
    for bytes in [
        zip_archive(&files),
        gzip_of(&tar_archive(&files)),
        zstd(content.as_bytes()),
        tar_archive(&[("b.zip", &zip_archive(&files))]),
    ] {
        let repo = Repo::new();
        let names: Vec<String> = (0..bytes.len().min(2000)).step_by(7).map(|at| format!("{at}")).collect();
        for (n, name) in names.iter().enumerate() {
            let mut bytes = bytes.clone();
            bytes[n * 7] ^= 1 << (n % 8);
            repo.write(name, bytes);
        }
        let run = scan(&repo, &["."]).expect_code(2);
        run.expect_lacks("panicked").expect_lacks("fault in keysweep");
    }
}

#[test]
fn too_deeply_nested_archives_are_unread() {
    let token = Maker::new(6012).sk_live(24);
    let mut bytes = content(&token).into_bytes();
    for depth in 1..=10 {
        bytes = if depth % 2 == 0 { gzip_of(&bytes) } else { zip_archive(&[("in", &bytes)]) };
        let run = scan_one("a", &bytes);
        if depth <= 8 {
            run.expect_code(1);
        } else {
            run.expect_code(2).expect_has("more than 8 archives are nested");
        }
    }
}

#[test]
fn a_bomb_is_unread() {
    let script = "import zipfile\nz = zipfile.ZipFile('out', 'w', zipfile.ZIP_DEFLATED)\nfor n in '1234': z.writestr(n, bytes(32 << 20))\nz.close()";
    let bomb = made_by_python(script, &[]);
    assert!(bomb.len() < 200_000, "{}", bomb.len());
    let repo = Repo::new();
    repo.write("bomb.zip", bomb);
    scan(&repo, &["bomb.zip"]).expect_code(2).expect_has("bomb.zip: what it holds is larger than 64 MiB and 250 times");
}

#[test]
fn many_entries_are_all_read() {
    let token = Maker::new(6013).sk_live(24);
    let content = content(&token);
    let names = "names = [f'd{n // 100}/f{n}' for n in range(20000)] + ['last']\nlast = open('in', 'rb').read()\ndef content(n): return last if n == 'last' else b'x'\n";
    for script in [
        "import zipfile\nz = zipfile.ZipFile('out', 'w', zipfile.ZIP_DEFLATED)\nfor n in names: z.writestr(n, content(n))\nz.close()",
        "import io, tarfile\nt = tarfile.open('out', 'w:gz')\nfor n in names:\n  i = tarfile.TarInfo(n)\n  i.size = len(content(n))\n  t.addfile(i, io.BytesIO(content(n)))\nt.close()",
    ] {
        let bytes = made_by_python(&format!("{names}{script}"), &[("in", content.as_bytes())]);
        let run = scan_one("a", &bytes).expect_found(&[("a!/last", LINE, &token)]);
        assert!(run.summary()["scanned"]["files"].as_u64() > Some(20_000), "{}", run.summary());
    }
}

#[test]
fn a_path_inside_can_be_allowed() {
    let token = Maker::new(6014).sk_live(24);
    let content = content(&token);
    let repo = Repo::new();
    repo.write("a.zip", stored(&[("t/a.txt", content.as_bytes()), ("u/b.txt", b"x")]));
    for (glob, code) in [("a.zip!/t/**", 0), ("a.txt", 0), ("a.zip", 1), ("a.zip!/u/**", 1)] {
        note(glob);
        let run = repo.keysweep(&["files", "--archives", "--allow", glob, "--format", "jsonl", "a.zip"]);
        run.expect_code(code);
    }
    let marked = content.replace(&token.to_string(), &format!("{token} keysweep:allow"));
    repo.write("a.zip", zip_archive(&[("a.txt", marked.as_bytes())]));
    scan(&repo, &["a.zip"]).expect_code(0);
}
