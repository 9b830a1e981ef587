//! The installation never writes through a symlink of an attacker, and reports symlinks that the user created.

use std::fs;
use std::os::unix::fs::symlink;

use sha2::{Digest as _, Sha256};

use crate::support::history::history_call;
use crate::support::server::ServerFixture;
use crate::support::{Repo, client};

const PROGRAM: &str = env!("CARGO_BIN_EXE_keysweep");

#[test]
fn a_script_is_written_under_an_unpredictable_name() {
    let repo = Repo::new();
    let victim = repo.base().join("victim");
    fs::write(&victim, "keep").expect("write");
    // `exec` keeps the process id, so the script can predict it.
    let script = "ln -s \"$1\" .git/hooks/.keysweep-$$.tmp; exec \"$2\" install";
    let args = ["-c".as_ref(), script.as_ref(), "sh".as_ref(), victim.as_os_str(), PROGRAM.as_ref()];
    repo.call("sh", &args).run().expect_code(0);
    assert_eq!(fs::read(&victim).expect("read"), b"keep");
    assert!(fs::symlink_metadata(repo.path(".git/hooks/pre-commit")).expect("a script").is_file());
}

#[test]
fn a_template_is_not_written_through_a_symlink() {
    let repo = Repo::none();
    let (victim, settings) = (repo.base().join("victim"), repo.base().join("gitconfig"));
    let info = repo.base().join(".config/git/template/info");
    fs::create_dir_all(&info).expect("create");
    symlink(&victim, info.join("exclude")).expect("link");
    fs::write(&settings, "").expect("write");
    let call = repo.keysweep_call(&["install", "--global"]).env("GIT_CONFIG_GLOBAL", &settings);
    call.run().expect_code(0);
    assert!(!victim.exists());
    assert!(fs::symlink_metadata(info.join("exclude")).expect("a file").is_file());
}

#[test]
fn a_hooks_folder_that_links_out_of_the_worktree_is_refused() {
    for (setting, link) in [(".githooks", ".githooks"), ("tools/hooks", "tools"), ("./a/../.githooks", ".githooks")] {
        let repo = Repo::new();
        let outside = repo.base().join("outside");
        fs::create_dir_all(outside.join("hooks")).expect("create");
        fs::create_dir_all(repo.path("a")).expect("create");
        symlink(&outside, repo.path(link)).expect("link");
        repo.git(&["config", "core.hooksPath", setting]);
        let run = repo.keysweep(&["install"]).expect_code(2);
        run.expect_has("cannot install hooks in ").expect_has(&format!("{link} is a symbolic link to "));
        for folder in [&outside, &outside.join("hooks")] {
            assert!(!folder.join("pre-commit").exists(), "{setting}");
        }
    }
}

#[test]
fn a_hooks_folder_that_the_user_linked_is_used_and_reported() {
    let repo = Repo::new();
    let outside = repo.base().join("outside");
    fs::create_dir_all(&outside).expect("create");
    fs::remove_dir_all(repo.path(".git/hooks")).expect("remove");
    symlink(&outside, repo.path(".git/hooks")).expect("link");
    let note = format!(".git/hooks is a symbolic link to {}: ", outside.display());
    repo.keysweep(&["install"]).expect_code(0).expect_has(&note);
    repo.keysweep(&["doctor"]).expect_code(0);
    assert!(outside.join("pre-commit").is_file());
}

/// A forged cache of `--since-last`, as an attacker with write access to the git directory could create it: the rules
/// of a real cache, and these ids.
fn forge(cache: &[u8], ids: &[Vec<u8>]) -> Vec<u8> {
    let title = b"keysweep clean objects 2\n".len();
    let mut forged = cache[..title + 32].to_vec();
    for part in [ids.concat(), Vec::new(), Vec::new(), Vec::new()] {
        forged.extend((part.len() as u64).to_be_bytes());
        forged.extend(part);
    }
    let checksum = Sha256::digest(&forged);
    forged.extend_from_slice(&checksum);
    forged
}

#[test]
fn a_server_does_not_trust_the_cache_of_clean_objects() {
    for hook in ["pre-receive", "update"] {
        let mut fixture = ServerFixture::new(9300, hook);
        let token = fixture.token();
        let bad = fixture.add("a.txt", client(&token));
        // The caches of the server and of the pushing clone claim that every object is clean.
        let ids = fixture.client.git(&["cat-file", "--batch-all-objects", "--batch-check=%(objectname)"]).out();
        let hex = |id: &str| data_encoding::HEXLOWER.decode(id.as_bytes()).expect("an id");
        let ids: Vec<Vec<u8>> = ids.lines().map(hex).collect();
        let clean = Repo::new();
        history_call(&clean).args(&["--since-last"]).run().expect_code(0);
        let cache = fs::read(clean.path(".git/keysweep/clean-objects")).expect("a cache");
        for folder in [fixture.server.clone(), fixture.client.path(".git")] {
            fs::create_dir_all(folder.join("keysweep")).expect("create");
            fs::write(folder.join("keysweep/clean-objects"), forge(&cache, &ids)).expect("write");
        }
        fixture.expect_rejected(&["main"], &[(&bad, "a.txt:1", &token)]);
        // The forgery is valid: the client's own scan trusts it.
        fs::remove_file(fixture.client.path(".git/index")).expect("remove");
        history_call(&fixture.client).args(&["--since-last"]).run().expect_code(0);
    }
}
