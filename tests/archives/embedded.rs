//! Archives that start inside a file: after a shell script, a program, a few bytes or another archive.

use serde_json::json;

use crate::support::archive::{LINE, content, gzip_of, made_by_python, tar_archive, zip_archive, zstd};
use crate::support::leak::expect_no_leak;
use crate::support::token::{Maker, Token};
use crate::support::{Repo, Run, note, text};

fn scan(bytes: &[u8]) -> Run {
    let repo = Repo::new();
    repo.write("a", bytes);
    repo.keysweep(&["files", "--archives", "--format", "jsonl", "a"])
}

/// The output of a Python compressor for these bytes.
fn compress_with_python(by: &str, bytes: &[u8]) -> Vec<u8> {
    let script = format!("import bz2, lzma, zlib\nd = open('in', 'rb').read()\nopen('out', 'wb').write({by})");
    made_by_python(&script, &[("in", bytes)])
}

#[track_caller]
fn expect(bytes: &[u8], path: &str, token: &Token) {
    expect_each(&[(String::new(), bytes.to_vec(), path)], token);
}

/// Expects that each of these files, all named `a`, contains the token at this path and nowhere else.
#[track_caller]
fn expect_each(files: &[(String, Vec<u8>, &str)], token: &Token) {
    let repo = Repo::new();
    for (n, (_, bytes, _)) in files.iter().enumerate() {
        repo.write(format!("f/{n}/a"), bytes);
    }
    let run = repo.keysweep(&["files", "--archives", "--format", "jsonl", "f"]).expect_code(1);
    let found: Vec<(String, u64)> =
        run.findings().iter().map(|one| (text(&one["path"]).to_owned(), one["line"].as_u64().unwrap_or(0))).collect();
    for (n, (what, _, path)) in files.iter().enumerate() {
        let here: Vec<_> = found.iter().filter(|(found, _)| found.starts_with(&format!("f/{n}/"))).collect();
        assert_eq!(here, [&(format!("f/{n}/{path}"), LINE)], "{what}: {}", run.all());
    }
    assert_eq!(run.summary()["skipped"], json!([]));
    expect_no_leak(&run, [token]);
}

/// A shell script of `len` bytes, like a script of makeself.
fn script(len: usize) -> Vec<u8> {
    let mut script = b"#!/bin/sh\ntail -n +2 \"$0\" | tar xz; exit\n".to_vec();
    while script.len() < len {
        script.extend(b"# a line of a script that unpacks what follows\n");
    }
    script.truncate(len - 1);
    [&script[..], b"\n"].concat()
}

/// Bytes that are neither a text nor an archive.
fn junk(len: usize) -> Vec<u8> {
    (0..len).map(|n| u8::try_from((n * n + 7 * n / 3) % 251).expect("a byte")).collect()
}

/// Each kind of stream, with the path of its content.
fn streams(text: &[u8]) -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let tar = tar_archive(&[("in.txt", text)]);
    vec![
        ("gzip", gzip_of(text), "a!/a"),
        (
            "gzip with a name",
            made_by_python(
                "import gzip\nwith gzip.GzipFile('log', 'wb', fileobj=open('out', 'wb')) as f: f.write(open('in', 'rb').read())",
                &[("in", text)],
            ),
            "a!/a",
        ),
        ("tar.gz", gzip_of(&tar), "a!/in.txt"),
        ("xz", compress_with_python("lzma.compress(d)", text), "a!/a"),
        ("tar.xz", compress_with_python("lzma.compress(d)", &tar), "a!/in.txt"),
        ("bzip2", compress_with_python("bz2.compress(d)", text), "a!/a"),
        ("zstd", zstd(text), "a!/a"),
        ("tar.zst", zstd(&tar), "a!/in.txt"),
    ]
}

#[test]
fn a_stream_after_other_bytes_is_unpacked() {
    let token = Maker::new(6400).sk_live(24);
    let text = content(&token);
    let zip = zip_archive(&[("b.txt", b"nothing")]);
    let tar = tar_archive(&[("b.txt", b"nothing")]);
    let program = [b"\x7fELF\x02\x01\x01\0".to_vec(), junk(9000)].concat();
    let fronts = [
        ("a short script", script(700)),
        ("a long script", script(20_011)),
        ("a script as long as a chunk", script(4096)),
        ("a byte order mark", b"\xef\xbb\xbf".to_vec()),
        ("a byte", b"x".to_vec()),
        ("a line", b"-----BEGIN-----\n".to_vec()),
        ("a program", program),
        ("a zip", zip),
        ("a tar", tar),
    ];
    let mut files = Vec::new();
    for (stream, bytes, path) in streams(text.as_bytes()) {
        for (front, before) in &fronts {
            files.push((format!("{stream} behind {front}"), [before, &bytes[..]].concat(), path));
            let more = [before, &bytes[..], &junk(300)].concat();
            files.push((format!("{stream} between {front} and junk"), more, path));
        }
    }
    expect_each(&files, &token);
}

#[test]
fn streams_with_junk_between_them_are_unpacked() {
    let mut make = Maker::new(6401);
    let tokens: Vec<Token> = (0..3).map(|_| make.sk_live(24)).collect();
    let texts: Vec<String> = tokens.iter().map(content).collect();
    let [first, second, third] = [0, 1, 2].map(|n| streams(texts[n].as_bytes()));
    for (n, (kind, first, path)) in first.into_iter().enumerate() {
        note(kind);
        let all = [&first[..], &junk(700), &second[n].1, b"and\n", &third[n].1].concat();
        // The zstd decoder rejects the bytes after a frame.
        let run = scan(&all).expect_code(if ["zstd", "tar.zst"].contains(&kind) { 2 } else { 1 });
        let mut found: Vec<_> = run.findings().iter().map(|one| text(&one["fingerprint"]).to_owned()).collect();
        let mut wanted: Vec<_> = tokens.iter().map(Token::fingerprint).collect();
        found.sort();
        wanted.sort();
        assert_eq!(found, wanted, "{}", run.all());
        assert!(run.findings().iter().all(|one| text(&one["path"]) == path), "{}", run.all());
    }
}

#[test]
fn a_zlib_stream_after_a_length_is_unpacked() {
    let token = Maker::new(6402).sk_live(24);
    let packed = compress_with_python("zlib.compress(d)", content(&token).as_bytes());
    // Qt writes a length of four bytes. Flash writes a name and a length, together eight bytes.
    for front in [&b"\0\0\x04\x55"[..], b"CWS\x09\0\x10\0\0"] {
        expect(&[front, &packed].concat(), "a!/a", &token);
    }
}

#[test]
fn streams_in_unsupported_containers_are_unpacked() {
    let token = Maker::new(6403).sk_live(24);
    let packed = gzip_of(content(&token).as_bytes());
    let cpio = format!("070701{}TRAILER!!!\0\0\0\0", "0".repeat(104)).into_bytes();
    for (kind, front) in [("a cpio archive", cpio), ("an rpm package", [b"\xed\xab\xee\xdb", &junk(400)[..]].concat())]
    {
        let run = scan(&[&front[..], &packed, &[0; 40]].concat()).expect_code(1);
        assert_eq!(run.findings().len(), 1, "{}", run.all());
        assert!(run.summary()["skipped"].to_string().contains(kind), "{}", run.summary());
    }
    // A tar at an offset that is not a multiple of 512 is scanned as plain bytes, and the streams in it are unpacked.
    let tar = tar_archive(&[("b.gz", &packed)]);
    expect(&[&script(700), &tar[..]].concat(), "a!/a", &token);
}

#[test]
fn a_stream_in_a_stream_is_unpacked_once() {
    let token = Maker::new(6404).sk_live(24);
    let packed = gzip_of(content(&token).as_bytes());
    let stored = "import gzip\nopen('out', 'wb').write(gzip.compress(open('in', 'rb').read(), 0))";
    let outer = made_by_python(stored, &[("in", &packed)]);
    expect(&[&script(700), &outer[..]].concat(), "a!/a!/a", &token);
    let run_file = [&script(700)[..], &packed].concat();
    expect(&tar_archive(&[("in.run", &run_file)]), "a!/in.run!/in.run", &token);
    expect(&gzip_of(&tar_archive(&[("in.run", &run_file)])), "a!/in.run!/in.run", &token);
    expect(&zip_archive(&[("in.run", &run_file)]), "a!/in.run!/in.run", &token);
    let sparse = "import os, subprocess\nd = open('in', 'rb').read()\nwith open('f.gz', 'wb') as f:\n  f.write(d)\n  f.truncate(1 << 20)\nsubprocess.run(['tar', '--sparse', '-cf', 'out', 'f.gz'], check=True)";
    expect(&made_by_python(sparse, &[("in", &packed)]), "a!/f.gz!/f", &token);
}

#[test]
fn a_damaged_stream_after_other_bytes_is_unread() {
    let token = Maker::new(6405).sk_live(24);
    let text: String = (0..40).map(|n| Maker::new(n).alnum(48) + "\n").collect();
    let text = text + &content(&token);
    let formats = ["gzip", "xz", "bzip2", "zstd"];
    for (stream, bytes, _) in streams(text.as_bytes()).into_iter().filter(|(stream, ..)| formats.contains(stream)) {
        let mut flipped = bytes.clone();
        let last = flipped.len() - 6;
        flipped[last] ^= 0x10;
        for (what, bytes) in [("cut short", bytes[..bytes.len() * 3 / 4].to_vec()), ("changed", flipped)] {
            note(format!("{stream} {what}"));
            // The zstd encoder writes no checksum.
            if (stream, what) != ("zstd", "changed") {
                let run = scan(&[&script(700)[..], &bytes].concat());
                run.expect_code(2).expect_has("cannot look into a: it is damaged or cut short");
            }
        }
    }
}

/// A sample of each reported kind, as it starts inside other bytes.
fn unsupported_samples() -> Vec<(&'static str, Vec<u8>)> {
    let with = |magic: &[u8]| [magic, &[0; 200]].concat();
    let python = |script: &str| made_by_python(&format!("import gzip, struct, zlib\n{script}"), &[]);
    let start = "h = struct.pack('<QQI', 40, 9, 7)\nopen('out', 'wb').write(b'7z\\xbc\\xaf\\x27\\x1c\\0\\4' + struct.pack('<I', zlib.crc32(h)) + h + bytes(90))";
    let rar = "h = bytes([11, 1, 5, 6, 0, 1, 1, 128, 128, 0, 0, 0])[:12]\nopen('out', 'wb').write(b'Rar!\\x1a\\7\\1\\0' + struct.pack('<I', zlib.crc32(h)) + h + bytes(90))";
    let squashfs = "open('out', 'wb').write(struct.pack('<IIIIIHHHHHH', 0x73717368, 3, 0, 131072, 0, 1, 17, 0, 1, 4, 0) + bytes(90))";
    let cabinet =
        "open('out', 'wb').write(b'MSCF' + struct.pack('<IIIIIBBHH', 0, 200, 0, 44, 0, 3, 1, 1, 1) + bytes(90))";
    let pack = "open('out', 'wb').write(b'PACK' + struct.pack('>II', 2, 1) + b'\\x3b' + zlib.compress(b'12345678901') + bytes(20))";
    let lz4 = "open('out', 'wb').write(b'\\x04\\x22\\x4d\\x18\\x64\\x40\\xa7' + struct.pack('<I', 20) + bytes(90))";
    vec![
        ("a 7z archive", python(start)),
        ("a rar archive", python(rar)),
        ("a rar archive", with(b"Rar!\x1a\x07\x00\xcf\x90\x73\0\0\x0d\0")),
        ("an lz4 archive", python(lz4)),
        ("an lzip archive", with(b"LZIP\x01\x0c\0")),
        ("a squashfs image", python(squashfs)),
        ("a cabinet archive", python(cabinet)),
        ("a git pack", python(pack)),
    ]
}

#[test]
fn unsupported_kinds_after_other_bytes_are_reported() {
    let repo = Repo::new();
    let mut wanted: Vec<serde_json::Value> = Vec::new();
    for (n, (kind, bytes)) in unsupported_samples().into_iter().enumerate() {
        let fronts =
            [script(700), script(20_011), b"\xef\xbb\xbf".to_vec(), junk(5000), zip_archive(&[("b", b"nothing")])];
        for (m, front) in fronts.iter().enumerate() {
            repo.write(format!("f/{n}-{m}"), [&front[..], &bytes].concat());
            let why = format!("{kind} behind other bytes, which is not unpacked");
            wanted.push(json!({ "what": format!("f/{n}-{m}"), "why": why }));
        }
    }
    let run = repo.keysweep(&["files", "--archives", "--format", "jsonl", "f"]).expect_code(0);
    let skipped = run.summary()["skipped"].as_array().expect("a list").clone();
    let differ: Vec<_> = wanted.iter().filter(|one| !skipped.contains(one)).collect();
    assert!(differ.is_empty() && skipped.len() == wanted.len(), "{differ:?} {}", run.all());
    let pdf = [&b"\n\n%PDF-1.5\n<< /Filter /FlateDecode >>\nstream\n"[..], &junk(200)].concat();
    scan(&pdf).expect_code(0).expect_has("a PDF, whose streams are not unpacked");
}

#[test]
fn an_encoded_archive_is_reported() {
    let text = "a line like any other line\n".repeat(90);
    let encoded = |by: &str, bytes: &[u8]| {
        let script = format!("import base64\nd = open('in', 'rb').read()\nopen('out', 'wb').write({by})");
        made_by_python(&script, &[("in", bytes)])
    };
    let hex = "d.hex().encode()";
    let gzip = gzip_of(text.as_bytes());
    let lines = "b'\\n'.join(d.hex().encode()[n:n + 60] for n in range(0, len(d), 60))";
    let kinds = [
        ("hex of an archive", encoded(hex, &gzip)),
        ("hex of an archive", encoded("d.hex().upper().encode()", &gzip)),
        ("hex of an archive", encoded(lines, &gzip)),
        ("hex of an archive", [b"insert into t values (0x", &encoded(hex, &gzip)[..], b");"].concat()),
        ("hex of an archive", [b"1\t\\\\x", &encoded(hex, &gzip)[..], b"\n"].concat()),
        ("hex of an archive", encoded(hex, &zip_archive(&[("a.txt", text.as_bytes())]))),
        ("hex of an archive", encoded(hex, &compress_with_python("bz2.compress(d)", text.as_bytes()))),
        ("hex of an archive", encoded(hex, &compress_with_python("lzma.compress(d)", text.as_bytes()))),
        ("hex of an archive", encoded(hex, &zstd(text.as_bytes()))),
        ("base64 of an archive", encoded("base64.b64encode(d)", &gzip)),
        ("base64 of an archive", encoded("base64.urlsafe_b64encode(d)", &gzip)),
        ("base64 of an archive", encoded("base64.encodebytes(d).replace(b'\\n', b'\\\\r\\\\n')", &gzip)),
    ];
    let repo = Repo::new();
    for (n, (_, bytes)) in kinds.iter().enumerate() {
        for len in [700, 9013] {
            repo.write(format!("f/{n}-{len}"), [&script(len)[..], bytes, b"\n", &script(300)].concat());
        }
    }
    let run = repo.keysweep(&["files", "--archives", "--format", "jsonl", "f"]).expect_code(0);
    let skipped = run.summary()["skipped"].as_array().expect("a list").clone();
    for (n, (kind, _)) in kinds.iter().enumerate() {
        for len in [700, 9013] {
            let wanted = json!({ "what": format!("f/{n}-{len}"), "why": format!("{kind}, which is not unpacked") });
            assert!(skipped.contains(&wanted), "{wanted} {}", run.all());
        }
    }
}

#[test]
fn magic_numbers_without_an_archive_are_ignored() {
    // A compression library contains such bytes.
    let marks: [&[u8]; 16] = [
        b"\x1f\x8b\x08\0\0\0\0\0\0\x03",
        b"\x1f\x8b\x08\0\0\0\0\0\0\x03gzip: %s",
        b"\x1f\x8b\x08",
        b"\x28\xb5\x2f\xfd",
        b"\x81\xf9\x28\xb5\x2f\xfd\x74\x1c",
        b"\xfd7zXZ\0",
        b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4\x46",
        b"BZh91AY&SY",
        b"BZh91AY&SY\", \"application/x-bzip2\", \"bz2\" and more",
        b"\x04\x22\x4d\x18",
        b"7z\xbc\xaf\x27\x1c",
        b"Rar!\x1a\x07\x01\0",
        b"Rar!\x1a\x07\0",
        b"LZIP\x01",
        b"hsqs",
        b"PACK\0\0\0\x02",
    ];
    let repo = Repo::new();
    let mut names = Vec::new();
    for (n, mark) in marks.iter().enumerate() {
        for (m, behind) in [vec![0; 3000], junk(3000), script(3000), Vec::new()].into_iter().enumerate() {
            names.push(format!("{n}-{m}"));
            repo.write(format!("{n}-{m}"), [&junk(901)[..], mark, &behind].concat());
        }
    }
    names.push("all".to_owned());
    repo.write("all", [junk(20), marks.concat().repeat(3)].concat());
    let run = repo.keysweep_call(&["files", "--archives", "--format", "jsonl"]).args(&names).run().expect_silent();
    assert_eq!(run.summary()["skipped"], json!([]));
    assert_eq!(run.summary()["scanned"]["files"], 65);
}

#[test]
fn the_number_of_tried_magic_numbers_is_limited() {
    // Each mark is a candidate: a header and the start of an endless stream.
    let mark = [&b"\x1f\x8b\x08\0\0\0\0\0\0\x03"[..], &junk(30)].concat();
    let run = scan(&mark.repeat(10_100)).expect_code(2);
    run.expect_has("it has more than 10,000 marks of archives");
}
