//! Folders nested too deeply, in an index and in trees. The scan reports an error or the right result and never
//! overflows its stack.

use std::fs;

use crate::support::push::{BINARY, Pair};
use crate::support::token::Maker;
use crate::support::{Repo, client};

/// A depth that would overflow the stack of any thread.
const DEEP: usize = 100_000;

const HASH: usize = 20;

/// Builds an index of this version with one file at `path` and with these extensions.
fn index(version: u8, path: &[u8], blob: &str, extensions: &[(&[u8], Vec<u8>)]) -> Vec<u8> {
    let id = (0..HASH).map(|at| u8::from_str_radix(&blob[2 * at..2 * at + 2], 16).expect("hex"));
    let name_length = u16::try_from(path.len().min(0x0fff)).expect("twelve bits");
    let mut entry = [&[0; 24], &[0, 0, 0o201, 0o244][..], &[0; 12]].concat();
    entry.extend(id);
    entry.extend(name_length.to_be_bytes());
    entry.extend(if version == 4 { &b"\0"[..] } else { b"" });
    entry.extend(path);
    entry.resize(if version == 4 { entry.len() + 1 } else { (entry.len() + 8) & !7 }, 0);
    let mut bytes = [b"DIRC\0\0\0", &[version][..], b"\0\0\0\x01", &entry].concat();
    for (name, content) in extensions {
        let size = u32::try_from(content.len()).expect("a small extension");
        bytes.extend([name, &size.to_be_bytes()[..], content].concat());
    }
    [bytes, vec![0; HASH]].concat()
}

/// A cache tree and an untracked cache of deeply nested folders.
fn deep_extensions() -> [(&'static [u8], Vec<u8>); 2] {
    let tree = [b"\0-1 1\n".to_vec(), b"d\0-1 1\n".repeat(DEEP), b"d\0-1 0\n".to_vec()].concat();
    let folders = [b"\0\x01d\0".repeat(DEEP), b"\0\0d\0".to_vec()].concat();
    // No identifier, no exclude files, zeros for all stat data and ids, and any count of folders.
    let untracked = [&[0; 1 + 36 + 36 + 4 + 2 * HASH + 1][..], &[1], &folders, &[0; 40]].concat();
    [(b"TREE", tree), (b"UNTR", untracked)]
}

#[test]
fn a_path_of_too_many_folders_is_an_error() {
    let repo = Repo::new();
    let blob = repo.blob("innocent\n");
    for version in [2, 3, 4] {
        for (path, code) in [(b"d/".repeat(DEEP), 2), (b"d/".repeat(2000), 0), (b"d/".repeat(2049), 2)] {
            let path = [path, b"file".to_vec()].concat();
            fs::write(repo.path(".git/index"), index(version, &path, &blob, &[])).expect("write the index");
            let run = repo.staged().expect_code(code);
            assert!(code == 0 || run.err().contains("levels of directories"), "{}", run.err());
        }
    }
}

#[test]
fn a_cache_of_too_many_folders_is_ignored() {
    let repo = Repo::new();
    let token = Maker::new(4700).sk_live(24);
    let blob = repo.blob(client(&token));
    for version in [2, 3, 4] {
        let bytes = index(version, b"a.txt", &blob, &deep_extensions());
        fs::write(repo.path(".git/index"), bytes).expect("write the index");
        repo.staged().expect_found(&[("a.txt", 1, &token)]);
    }
}

#[test]
fn a_tree_of_too_many_folders_is_an_error() {
    for (depth, code) in [(2000, 0), (2049, 2), (3000, 2)] {
        let pair = Pair::new(4701);
        let path = "d/".repeat(depth);
        let stream = format!(
            "commit refs/heads/deep\ncommitter Ada <ada@example.org> 1700000000 +0000\ndata 1\n.\n\
             M 100644 inline {path}file\ndata 1\n.\n\n"
        );
        pair.repo.git_call(&["fast-import", "--quiet"]).stdin(stream).run().expect_code(0);
        // A debug build needs three times the stack of a release build.
        let script = format!("ulimit -s 32768; exec '{BINARY}' hook pre-push origin x");
        let run = pair.repo.call("sh", &["-c", &script]).stdin(pair.new_ref("deep")).run().expect_code(code);
        assert!(code == 0 || run.err().contains("levels of directories"), "{}", run.err());
    }
}
