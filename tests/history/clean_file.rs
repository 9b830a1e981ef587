//! The file that `history --replacements` writes: its location, permissions and content. No other file and no output
//! contains a token.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use data_encoding::{BASE64, HEXLOWER};

use crate::support::history::fingerprint;
use crate::support::leak::{FORMATS, expect_no_leak};
use crate::support::token::{Maker, Token};
use crate::support::{Call, Repo, client};

fn scene(seed: u64) -> (Repo, Token) {
    let token = Maker::new(seed).sk_live(24);
    let repo = Repo::new();
    repo.stage("a.txt", client(&token));
    repo.commit("bad");
    (repo, token)
}

fn call(repo: &Repo, path: impl AsRef<Path>) -> Call {
    repo.keysweep_call(&["history", "--replacements"]).args(&[path.as_ref()])
}

fn outside(repo: &Repo) -> PathBuf {
    repo.base().join("replacements.txt")
}

/// Removes the replacements file and the plan beside it.
fn remove_both(path: &Path) {
    fs::remove_file(path).expect("the file");
    fs::remove_file(path.with_extension(format!("{}.sh", path.extension().expect("one").display()))).expect("the plan");
}

/// Expects exit 2, one sentence with these words, no report and no file.
#[track_caller]
fn expect_refused(repo: &Repo, path: impl AsRef<Path>, words: &str) {
    let path = path.as_ref();
    let before = fs::read(path).ok();
    let run = call(repo, path).run().expect_code(2).expect_has(words);
    if run.err().lines().count() != 1 || !run.stdout.is_empty() {
        run.fail("expected one sentence");
    }
    assert_eq!(fs::read(path).ok(), before, "{} must not change", path.display());
}

/// A comment line with the token. filter-repo ignores it, and `find --tokens-from` reads it.
fn token_line(token: &Token) -> String {
    format!("literal:==>keysweep-token:{}", HEXLOWER.encode(token.text().as_bytes()))
}

#[test]
fn the_file_has_one_line_for_each_encoded_form() {
    let mut make = Maker::new(7950);
    let (plain, named_by_file, message) = (make.sk_live(24), make.sk_live(24), make.sk(32));
    let repo = Repo::new();
    let encoded = BASE64.encode(format!("k: {plain}").as_bytes());
    repo.stage("a.txt", client(&plain));
    repo.stage("b.txt", format!("{plain} {plain}\ndata: {encoded}\n"));
    repo.stage(format!("{named_by_file}.txt"), "innocent\n");
    repo.commit(&client(&message));
    call(&repo, outside(&repo)).run().expect_code(1);
    let text = fs::read_to_string(outside(&repo)).expect("text");
    let line =
        |form: &str, rule: &str, token: &Token| format!("literal:{form}==>REMOVED-{rule}-{}", fingerprint(token));
    let stripe = "stripe-secret-key";
    let mut wanted = [
        line(plain.text(), stripe, &plain),
        line(&encoded[4..], stripe, &plain),
        line(named_by_file.text(), stripe, &named_by_file),
        line(message.text(), "sk-token", &message),
    ];
    let (mut lines, mut named): (Vec<&str>, Vec<&str>) =
        text.lines().partition(|line| !line.contains("keysweep-token"));
    let mut tokens = [&plain, &named_by_file, &message].map(token_line);
    named.sort_unstable();
    tokens.sort_unstable();
    assert_eq!(named, tokens, "the file must name each token once");
    assert!(lines.is_sorted_by_key(|line| std::cmp::Reverse(line.find("==>"))), "the longest forms must come first");
    lines.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(lines, wanted);
}

#[test]
fn the_file_is_private_for_any_umask() {
    for umask in ["000", "022", "077"] {
        let (repo, _) = scene(7951);
        let script = format!("umask {umask}; exec \"$@\"");
        let program = env!("CARGO_BIN_EXE_keysweep");
        let args = ["-c", &script, "sh", program, "history", "--replacements", "../replacements.txt"];
        repo.call("sh", &args).run().expect_code(1);
        let mode = fs::metadata(outside(&repo)).expect("the file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "umask {umask}");
    }
}

#[test]
fn an_existing_file_is_not_overwritten() {
    let (repo, _) = scene(7952);
    fs::write(outside(&repo), "mine\n").expect("write");
    expect_refused(&repo, outside(&repo), "is there already");
    let link = repo.base().join("link");
    symlink("nowhere", &link).expect("link");
    expect_refused(&repo, &link, "is there already");
    assert!(!repo.base().join("nowhere").exists());
}

#[test]
fn the_file_is_refused_in_a_worktree_that_does_not_ignore_it() {
    let (repo, _) = scene(7953);
    fs::create_dir(repo.path("sub")).expect("mkdir");
    symlink(repo.top(), repo.base().join("inside")).expect("link");
    let other = Repo::new();
    for path in [
        repo.path("r.txt"),
        repo.path("sub/r.txt"),
        "r.txt".into(),
        "sub/../r.txt".into(),
        repo.base().join("inside/r.txt"),
        other.path("r.txt"),
    ] {
        expect_refused(&repo, &path, "git does not ignore it");
    }
    repo.git(&["worktree", "add", "-q", "--detach", "../linked"]);
    expect_refused(&repo, repo.base().join("linked/r.txt"), "git does not ignore it");
    for git_dir in [".git/r.txt", ".git/worktrees/r.txt"] {
        expect_refused(&repo, repo.path(git_dir), "git directory");
    }
    repo.git(&["init", "-q", "--bare", "../bare.git"]);
    expect_refused(&repo, repo.base().join("bare.git/r.txt"), "git directory");
    repo.stage(".gitignore", "/r.txt\n/sub/\n");
    for path in ["r.txt", "sub/r.txt"] {
        call(&repo, path).run().expect_code(1);
        assert!(repo.path(path).is_file());
    }
    // A tracked file is not ignored, whatever the patterns are.
    repo.git(&["rm", "-q", "--cached", "a.txt"]);
    repo.git(&["add", "-f", "r.txt"]);
    fs::remove_file(repo.path("r.txt")).expect("remove");
    expect_refused(&repo, repo.path("r.txt"), "git does not ignore it");
}

#[test]
fn hook_variables_do_not_change_the_worktree() {
    let (repo, _) = scene(7954);
    let set = |call: Call| call.env("GIT_DIR", repo.path(".git")).env("GIT_INDEX_FILE", repo.path(".git/index"));
    set(call(&repo, outside(&repo))).run().expect_code(1);
    remove_both(&outside(&repo));
    set(call(&repo, repo.path("r.txt"))).env("GIT_WORK_TREE", repo.top()).cwd(repo.base()).run().expect_code(2);
    set(call(&repo, outside(&repo))).env("GIT_WORK_TREE", repo.top()).cwd(repo.base()).run().expect_code(1);
}

#[test]
fn a_file_that_cannot_be_written_is_an_error() {
    let (repo, token) = scene(7955);
    expect_refused(&repo, repo.base().join("none/r.txt"), "cannot write the replacements");
    expect_refused(&repo, "/", "cannot write the replacements");
    // Root can write to every folder except those of some virtual file systems.
    let run =
        call(&repo, "/proc/r.txt").run().expect_code(2).expect_has("cannot write the replacements to /proc/r.txt");
    // The report still lists the findings.
    expect_no_leak(&run.expect_has(&token.redacted()).expect_has("--replacements \"$HOME"), [&token]);
    let folder = repo.base().join("closed");
    fs::create_dir(&folder).expect("mkdir");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o555)).expect("chmod");
    if fs::write(folder.join("probe"), "").is_err() {
        call(&repo, folder.join("r.txt")).run().expect_code(2).expect_has("cannot write the replacements");
    }
}

#[test]
fn a_report_to_the_same_file_is_refused() {
    let (repo, _) = scene(7956);
    let path = outside(&repo);
    call(&repo, &path)
        .args(&["--output", "../replacements.txt"])
        .run()
        .expect_code(2)
        .expect_has("the replacements go there");
    assert!(!path.exists());
}

#[test]
fn the_file_needs_a_scan_of_the_whole_history() {
    let (repo, _) = scene(7961);
    call(&repo, outside(&repo)).args(&["HEAD"]).run().expect_code(2).expect_has("leave out what selects commits");
    assert!(!outside(&repo).exists());
}

#[test]
fn a_scan_without_findings_writes_no_file() {
    let repo = Repo::new();
    repo.stage("a.txt", "innocent\n");
    repo.commit("good");
    call(&repo, outside(&repo)).run().expect_code(0).expect_has("no token was found, so no file");
    call(&repo, outside(&repo)).args(&["--quiet"]).run().expect_code(0).expect_lacks("file");
    assert!(!outside(&repo).exists());
}

#[test]
fn allowed_tokens_are_not_replaced() {
    let mut make = Maker::new(7957);
    let [bad, by_id, by_path, by_marker] = [24, 24, 24, 24].map(|n| make.sk_live(n));
    let repo = Repo::new();
    repo.stage("a.txt", client(&bad));
    repo.stage("b.txt", client(&by_id));
    repo.stage("fixtures/c.txt", client(&by_path));
    repo.stage("d.py", format!("k = \"{by_marker}\"  # keysweep:allow\n"));
    let id = fingerprint(&by_id);
    repo.stage(
        ".keysweep.toml",
        format!("[allow]\npaths = ['fixtures/**']\nfingerprints = [{{ id = '{id}', reason = 'x' }}]\n"),
    );
    repo.commit("some");
    call(&repo, outside(&repo)).run().expect_code(1);
    let text = fs::read_to_string(outside(&repo)).expect("text");
    let wanted = format!("literal:{bad}==>REMOVED-stripe-secret-key-{}\n{}\n", fingerprint(&bad), token_line(&bad));
    assert_eq!(text, wanted);
}

/// All files below `folder`.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("list").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn only_the_file_contains_tokens() {
    let mut make = Maker::new(7958);
    let tokens: Vec<Token> = (0..4).flat_map(|_| make.every_family()).collect();
    let repo = Repo::new();
    for (n, token) in tokens.iter().enumerate() {
        let text = if n % 3 == 0 { BASE64.encode(client(token).as_bytes()) } else { client(token) };
        repo.stage(format!("{n}.txt"), text);
    }
    repo.commit(&client(&tokens[0]));
    let temp = repo.base().join("tmp");
    fs::create_dir(&temp).expect("mkdir");
    let before = files(repo.base());
    for (n, format) in FORMATS.iter().enumerate() {
        let path = repo.base().join(format!("{n}.replacements"));
        let run = call(&repo, &path).args(format).env("TMPDIR", &temp).run().expect_code(1);
        expect_no_leak(&run, &tokens);
        let run = call(&repo, &path).args(format).env("TMPDIR", &temp).run().expect_code(2);
        expect_no_leak(&run, &tokens);
        let plan = fs::read_to_string(repo.base().join(format!("{n}.replacements.sh"))).expect("the plan");
        assert!(tokens.iter().all(|token| !plan.contains(token.body())), "the plan contains a token");
        remove_both(&path);
    }
    assert_eq!(files(repo.base()), before, "no other file may remain");
}

#[test]
fn a_path_that_is_a_token_is_not_printed() {
    let (repo, token) = scene(7959);
    let other = Maker::new(7960).sk_live(24);
    let path = repo.base().join(format!("{other}.txt"));
    for code in [1, 2] {
        expect_no_leak(&call(&repo, &path).run().expect_code(code), [&token, &other]);
    }
}

#[test]
fn a_nested_repository_uses_its_own_ignore_rules() {
    let (repo, _) = scene(7960);
    repo.stage(".gitignore", "/vendor/\n");
    repo.git(&["init", "-q", "vendor/lib"]);
    let inner = repo.path("vendor/lib/r.txt");
    expect_refused(&repo, &inner, "git does not ignore it");
    repo.write("vendor/lib/.gitignore", "r.txt\n");
    call(&repo, &inner).run().expect_code(1);
}
