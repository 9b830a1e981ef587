//! Input that cannot be scanned is never reported as clean: exit 2 and one sentence that names the input.

use std::fs::{self, File};
use std::process::Stdio;

use crate::support::push::{expect_refused, expect_usage_error};
use crate::support::token::Maker;
use crate::support::{Repo, client};

/// Expects the same error in every format, and no summary of a clean scan in the machine formats.
#[track_caller]
fn expect_staged_refused(repo: &Repo, words: &[&str]) {
    for format in ["human", "json", "jsonl"] {
        expect_refused(repo.keysweep(&["staged", "--format", format]), words);
    }
}

/// A repository with one commit and one clean staged change.
fn clean_repo() -> Repo {
    let repo = Repo::new();
    repo.stage("sub/a.txt", "one\n");
    repo.stage("b.txt", "one\n");
    repo.commit("base");
    repo.stage("sub/a.txt", "one\ntwo\n");
    repo.staged().expect_silent();
    repo
}

fn loose(id: &str) -> String {
    format!(".git/objects/{}/{}", &id[..2], &id[2..])
}

fn remove_object(repo: &Repo, name: &str) -> String {
    let id = repo.git(&["rev-parse", name]).line();
    fs::remove_file(repo.path(loose(&id))).expect("a loose object");
    id
}

#[test]
fn a_folder_without_a_repository_is_refused() {
    let repo = Repo::none();
    expect_staged_refused(&repo, &["repository"]);
}

#[test]
fn a_bare_repository_is_refused() {
    let repo = Repo::init(&["--bare"]);
    expect_staged_refused(&repo, &["bare"]);
}

#[test]
fn the_git_directory_is_not_a_worktree() {
    let repo = clean_repo();
    let run = repo.staged_call().cwd(repo.path(".git")).run();
    expect_refused(run, &[]);
}

#[test]
fn a_wrong_git_dir_is_refused() {
    let repo = clean_repo();
    let nowhere = repo.base().join("nowhere");
    expect_refused(repo.staged_call().env("GIT_DIR", &nowhere).run(), &["nowhere"]);
}

#[test]
fn a_missing_staged_blob_is_reported() {
    let repo = clean_repo();
    let id = remove_object(&repo, ":sub/a.txt");
    let run = repo.staged().expect_code(2);
    assert!(run.err().contains("sub/a.txt") || run.err().contains(&id[..7]), "{}", run.err());
    expect_staged_refused(&repo, &[]);
}

#[test]
fn readable_findings_are_reported_beside_the_errors() {
    let token = Maker::new(900).sk_live(24);
    let repo = clean_repo();
    repo.stage("z.txt", client(&token));
    repo.stage("a.txt", client(&token));
    remove_object(&repo, ":sub/a.txt");
    let run = repo.staged().expect_code(2).expect_has("sub/a.txt");
    assert_eq!(run.findings().len(), 2, "{}", run.all());
    assert_ne!(run.summary()["skipped"], serde_json::json!([]), "{}", run.all());
}

#[test]
fn a_damaged_staged_blob_is_reported() {
    for damage in [&b""[..], b"garbage", b"x\x9c\x03\0\0\0\0\x01"] {
        let repo = clean_repo();
        let id = repo.git(&["rev-parse", ":sub/a.txt"]).line();
        fs::remove_file(repo.path(loose(&id))).expect("a loose object");
        repo.write(loose(&id), damage);
        let run = repo.staged().expect_code(2);
        assert!(run.err().contains("sub/a.txt") || run.err().contains(&id[..7]), "{}", run.err());
        expect_staged_refused(&repo, &[]);
    }
}

#[test]
fn a_staged_object_of_the_wrong_kind_is_refused() {
    let repo = clean_repo();
    let tree = repo.git(&["rev-parse", "HEAD^{tree}"]).line();
    repo.git(&["update-index", "--add", "--cacheinfo", &format!("100644,{tree},c.txt")]);
    expect_staged_refused(&repo, &["c.txt"]);
}

#[test]
fn a_missing_old_blob_makes_no_token_old() {
    let token = Maker::new(901).sk_live(24);
    let repo = clean_repo();
    repo.stage("b.txt", format!("one\n{}", client(&token)));
    remove_object(&repo, "HEAD:b.txt");
    let run = repo.staged();
    if !matches!(run.code, Some(1 | 2)) {
        run.fail("a token passed because the old file was unreadable");
    }
}

#[test]
fn a_missing_tree_or_commit_of_head_is_refused() {
    for name in ["HEAD", "HEAD^{tree}", "HEAD:sub"] {
        eprintln!("{name}");
        let repo = clean_repo();
        let id = remove_object(&repo, name);
        expect_staged_refused(&repo, &[&id[..7]]);
    }
}

#[test]
fn a_damaged_index_is_refused() {
    type Damage = (&'static str, fn(Vec<u8>) -> Vec<u8>);
    let damages: &[Damage] = &[
        ("empty", |_| Vec::new()),
        ("half", |b| b[..b.len() / 2].to_vec()),
        ("only the header", |b| b[..12].to_vec()),
        ("a truncated header", |b| b[..7].to_vec()),
        ("garbage", |_| b"this is no index at all, but long enough to be one by its size".to_vec()),
        ("zeros", |b| vec![0; b.len()]),
        ("another signature", |b| [b"DIRX", &b[4..]].concat()),
        ("an unknown version", |b| [&b[..4], &[0, 0, 0, 9], &b[8..]].concat()),
        ("more entries than there are", |b| [&b[..8], &[0, 0, 1, 0], &b[12..]].concat()),
        ("billions of entries", |b| [&b[..8], &[0xff; 4], &b[12..]].concat()),
        ("an extension longer than the file", |b| {
            let at = b.windows(4).position(|w| w == b"TREE").expect("a cache tree");
            [&b[..at + 4], &[0x7f, 0xff, 0xff, 0xff], &b[at + 8..]].concat()
        }),
        ("an unknown extension that must be understood", |b| {
            let at = b.windows(4).position(|w| w == b"TREE").expect("a cache tree");
            [&b[..at], b"tree", &b[at + 4..]].concat()
        }),
    ];
    for (name, damage) in damages {
        eprintln!("{name}");
        let repo = clean_repo();
        repo.git(&["write-tree"]);
        let path = repo.path(".git/index");
        let whole = fs::read(&path).expect("an index");
        fs::write(&path, damage(whole)).expect("write the index");
        expect_staged_refused(&repo, &["index"]);
    }
}

#[test]
fn an_index_that_is_a_folder_is_refused() {
    let repo = clean_repo();
    fs::remove_file(repo.path(".git/index")).expect("remove");
    fs::create_dir(repo.path(".git/index")).expect("create");
    expect_staged_refused(&repo, &["index"]);
}

#[test]
fn a_split_index_without_its_shared_index_is_refused() {
    let repo = clean_repo();
    repo.git(&["update-index", "--split-index"]);
    for entry in fs::read_dir(repo.path(".git")).expect("list") {
        let entry = entry.expect("entry");
        if entry.file_name().as_encoded_bytes().starts_with(b"sharedindex.") {
            fs::remove_file(entry.path()).expect("remove");
        }
    }
    expect_staged_refused(&repo, &["index"]);
}

#[test]
fn an_unreadable_head_is_refused() {
    for (path, content) in [
        (".git/HEAD", "garbage\n"),
        (".git/HEAD", ""),
        (".git/refs/heads/main", "garbage\n"),
        (".git/refs/heads/main", ""),
        (".git/refs/heads/main", "0123456789\n"),
        (".git/refs/heads/main", "1111111111111111111111111111111111111111\n"),
    ] {
        eprintln!("{path}: {content:?}");
        let repo = clean_repo();
        repo.write(path, content);
        expect_staged_refused(&repo, &[]);
    }
}

#[test]
fn a_damaged_git_config_is_refused() {
    let repo = clean_repo();
    repo.write(".git/config", "[core\n\tthis is no configuration");
    expect_staged_refused(&repo, &["config"]);
}

#[test]
fn an_unknown_repository_format_is_refused() {
    for (key, value) in [("core.repositoryFormatVersion", "99"), ("extensions.objectFormat", "sha4096")] {
        eprintln!("{key}");
        let repo = clean_repo();
        repo.git(&["config", "core.repositoryFormatVersion", "1"]);
        repo.git(&["config", key, value]);
        expect_staged_refused(&repo, &[]);
    }
}

#[test]
fn an_unknown_option_is_refused_with_a_suggestion() {
    let repo = clean_repo();
    expect_usage_error(&repo.keysweep(&["staged", "--fromat", "json"]), &["--fromat", "--format"]);
}

#[test]
fn an_unknown_command_or_value_is_refused_with_the_valid_ones() {
    let repo = clean_repo();
    for (args, words) in [
        (&["stagged"][..], &["stagged", "staged"][..]),
        (&["staged", "--format", "jsn"], &["jsn", "json"]),
        (&["staged", "--color", "sometimes"], &["sometimes", "always"]),
        (&["staged", "--threads", "many"], &["many", "--threads"]),
        (&["staged", "a.txt"], &["a.txt"]),
        (&["staged", "--allow"], &["--allow"]),
    ] {
        eprintln!("{args:?}");
        expect_usage_error(&repo.keysweep(args), words);
    }
}

#[test]
fn a_missing_path_is_reported() {
    let repo = clean_repo();
    expect_refused(repo.keysweep(&["files", "gone.txt"]), &["gone.txt"]);
}

#[test]
fn an_invalid_glob_is_reported() {
    let repo = clean_repo();
    expect_refused(repo.keysweep(&["staged", "--allow", "src/[a"]), &["src/[a"]);
}

#[test]
fn a_closed_pipe_is_neither_an_error_nor_clean() {
    let token = Maker::new(902).sk_live(24);
    for format in ["human", "json", "jsonl"] {
        let repo = clean_repo();
        let closed = || {
            let (reader, writer) = std::io::pipe().expect("a pipe");
            drop(reader);
            let mut call = repo.keysweep_call(&["staged", "--format", format]);
            call.command.stdout(Stdio::from(writer));
            call.run_with_own_stdout()
        };
        let clean = closed().expect_code(0);
        for n in 0..200 {
            repo.write(format!("many/{n}.txt"), client(&token));
        }
        repo.git(&["add", "many"]);
        let found = closed().expect_code(1);
        for run in [clean, found] {
            if !run.stderr.is_empty() {
                run.fail("a closed pipe must not be an error");
            }
        }
    }
}

#[test]
fn a_report_that_cannot_be_written_is_an_error() {
    let repo = clean_repo();
    let Ok(full) = File::options().write(true).open("/dev/full") else {
        eprintln!("skipped: this system has no /dev/full");
        return;
    };
    for format in ["json", "jsonl"] {
        let mut call = repo.keysweep_call(&["staged", "--format", format]);
        call.command.stdout(full.try_clone().expect("clone"));
        expect_refused(call.run_with_own_stdout(), &[]);
    }
}

#[test]
fn an_index_file_that_cannot_be_opened_is_refused() {
    let repo = clean_repo();
    let below_a_file = repo.path("b.txt/index");
    let run = repo.staged_call().env("GIT_INDEX_FILE", below_a_file).run();
    expect_refused(run, &["index"]);
}

#[test]
fn closed_streams_hide_no_token() {
    let token = Maker::new(903).sk_live(24);
    let repo = clean_repo();
    repo.stage("b.txt", client(&token));
    for closing in ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"] {
        eprintln!("{closing}");
        let script = format!("exec '{}' staged {closing}", env!("CARGO_BIN_EXE_keysweep"));
        repo.call("sh", &["-c", &script]).run().expect_code(1);
    }
}

#[test]
fn non_utf8_arguments_are_refused() {
    let repo = clean_repo();
    let odd = crate::support::os(b"odd-\xff");
    for args in [&["staged"][..], &["staged", "--allow"], &["staged", "--config"], &["files"], &["rules"], &[]] {
        eprintln!("{args:?}");
        let run = repo.keysweep_call(args).args(&[&odd]).run();
        if run.err().contains("--help") { expect_usage_error(&run, &[]) } else { _ = expect_refused(run, &[]) }
    }
}

#[test]
#[cfg(not(feature = "online"))]
fn a_build_without_online_says_how_to_build_one_with_it() {
    let repo = Repo::new();
    for words in
        [&["verify"][..], &["verify", "--vendor", "attio"], &["probe", "http://localhost/"], &["history", "--verify"]]
    {
        let run = repo.keysweep(words).expect_code(2).expect_has("--features online");
        run.expect_has("built without").expect_lacks("similar subcommand");
    }
}

#[test]
#[cfg(not(feature = "archives"))]
fn a_build_without_archives_says_how_to_build_one_with_them() {
    let repo = Repo::new();
    for command in ["files", "history"] {
        let run = repo.keysweep(&[command, "--archives"]).expect_code(2);
        assert_eq!(run.err().lines().count(), 1, "{}", run.err());
        run.expect_has("--features archives").expect_has("built without");
    }
}
