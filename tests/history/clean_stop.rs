//! Interruptions of the plan: a kill, Ctrl-C, or a git that fails. Nothing is lost, one sentence reports what is done
//! and what is not, and a second run completes the first.

use std::fs;

use super::clean_places::{leak, with_remote};
use crate::support::clean::{commands, expect_without, shell_call, sweep};
use crate::support::token::{Maker, Token};
use crate::support::{Repo, Run, executable};

/// A repository with a leaked token and uncommitted work of every kind.
fn scene() -> (Repo, Vec<Token>) {
    let (repo, mut make) = (with_remote("../origin.git"), Maker::new(8500));
    repo.stage("old.txt", "old\n");
    repo.commit("before");
    let token = leak(&repo, &mut make);
    repo.stage("mine.txt", "not pushed\n");
    repo.commit("mine");
    repo.git(&["gc", "-q"]);
    repo.write("a.txt", "stashed\n");
    repo.git(&["stash", "-q"]);
    repo.git(&["worktree", "add", "-q", "-b", "side", "../linked"]);
    repo.stage("staged.txt", "staged\n");
    repo.write("a.txt", "changed\n");
    (repo, vec![token])
}

/// The state that must not change, interrupted or not.
fn state(repo: &Repo) -> Vec<String> {
    let linked = repo.view("linked");
    vec![
        repo.git(&["for-each-ref"]).out(),
        repo.git(&["--git-dir=../origin.git", "for-each-ref"]).out(),
        repo.git(&["status", "--porcelain"]).out(),
        linked.git(&["status", "--porcelain"]).out(),
        repo.git(&["reflog", "main"]).out(),
        fs::read_to_string(repo.path("a.txt")).expect("a.txt"),
        fs::read_to_string(repo.path("key.txt")).expect("key.txt"),
    ]
}

/// Runs the script in its own process group. The first git command whose arguments contain `at` runs `then`.
fn stopped(repo: &Repo, apply: &str, at: &str, then: &str) -> Run {
    let bin = repo.base().join("bin");
    fs::create_dir_all(&bin).expect("mkdir");
    let path = std::env::var("PATH").expect("a path");
    let script = format!(
        "#!/bin/sh\nPATH='{path}'\nif [ ! -e '{0}/done' ]; then\ncase \" $* \" in\n*'{at}'*) : > '{0}/done'; {then} ;;\nesac\nfi\n\
         exec git \"$@\"\n",
        bin.display()
    );
    executable(&bin.join("git"), &script);
    // A shell that starts the tests in the background has SIGINT ignored, and no script could catch it then.
    let group = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.setpgid(0, 0); os.environ['GROUP'] = str(os.getpid()); os.execvp('sh', ['sh', '-c', sys.argv[1]])";
    let quoted = format!("python3 -c \"{group}\" {}", quote(apply));
    let call = shell_call(repo, repo.base(), &format!("PATH='{}':$PATH; {quoted}", bin.display()));
    let run = call.run();
    assert!(bin.join("done").exists(), "no git with {at} was started");
    run
}

fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

const KILL: &str = "/bin/kill -s KILL -- -$GROUP; sleep 5";
const INTERRUPT: &str = "/bin/kill -s INT -- -$GROUP; sleep 5";
const FULL: &str = "echo 'fatal: No space left on device' >&2; exit 128";

/// The git command to interrupt, the kind of interruption, and whether anything has changed before it.
const STEPS: [(&str, &str, bool); 13] = [
    (" config remote.place1.url", INTERRUPT, false),
    (" cat-file --batch-all-objects", FULL, false),
    ("after.git ", FULL, false),
    (" bundle create", INTERRUPT, false),
    (" bundle create", KILL, false),
    (" push -q", KILL, true),
    (" push -q", INTERRUPT, true),
    (" index-pack", FULL, true),
    (" update-ref -m", KILL, true),
    (" update-index -z --index-info", INTERRUPT, true),
    (" checkout-index", KILL, true),
    (" pack-objects -q", FULL, true),
    ("proof1.git fetch", KILL, true),
];

fn stop_at(steps: &[(&str, &str, bool)]) {
    let whole = {
        let (repo, _) = scene();
        let [_, apply] = commands(&sweep(&repo, repo.top()).expect_code(1));
        shell_call(&repo, repo.base(), &apply).run().expect_code(0);
        state(&repo)
    };
    for &(at, then, changed) in steps {
        let (repo, tokens) = scene();
        let before = state(&repo);
        let [_, apply] = commands(&sweep(&repo, repo.top()).expect_code(1));
        let run = stopped(&repo, &apply, at, then);
        for token in &tokens {
            assert!(!run.all().contains(token.body()), "a token is printed");
        }
        if then == KILL {
            assert_eq!(run.code, Some(137));
        } else {
            let sentence = if changed { "to complete it" } else { "nothing was changed" };
            let run = run.expect_code(if then == FULL { 2 } else { 130 }).expect_has("keysweep: stopped");
            drop(run.expect_has(sentence).expect_lacks("KeyboardInterrupt"));
            assert_eq!(
                fs::read_dir(repo.base().join("tmp")).expect("list").count(),
                0,
                "{at}: temporary files are left"
            );
        }
        if !changed {
            assert_eq!(state(&repo), before, "{at}");
        }
        for folder in ["repo", "origin.git"] {
            repo.git_call(&["fsck", "--no-dangling"]).cwd(repo.base().join(folder)).run().expect_code(0);
        }
        shell_call(&repo, repo.base(), &apply).run().expect_code(0).expect_has("Proved: ");
        assert_eq!(state(&repo), whole, "{at}");
        for git_dir in [repo.path(".git"), repo.base().join("origin.git")] {
            expect_without(&repo, &git_dir, &tokens);
        }
        assert_eq!(fs::read_dir(repo.base().join("tmp")).expect("list").count(), 0, "{at}: temporary files are left");
    }
}

#[test]
fn before_anything_is_changed() {
    stop_at(&STEPS[..5]);
}

#[test]
fn while_it_pushes_and_moves_refs() {
    stop_at(&STEPS[5..9]);
}

#[test]
fn while_it_writes_files_and_removes_objects() {
    stop_at(&STEPS[9..]);
}

/// Git reads all objects while the script writes new ones. It reads the new file even if it has the same object elsewhere, so an
/// object must not have its name before its content.
#[test]
fn an_object_has_no_name_before_its_content() {
    const PROGRAM: &str = r#"
import sys
source, repository = sys.argv[1:]
sys.argv = ["script", "rewrite", repository]
exec(compile(open(source).read(), source, "exec"))
SIZE, CLEAN = 20, repository + "/.git"
compress = zlib.compress
def watched(*args):
    names = [name for _, _, files in os.walk(CLEAN + "/objects") for name in files]
    assert not names, names
    return compress(*args)
zlib.compress = watched
rewrite = Rewrite()
rewrite.put(b"0" * 40, b"blob", b"text\n")
print(git(CLEAN, "cat-file", "blob", rewrite.new[b"0" * 40].decode()).decode())
"#;
    let repo = Repo::new();
    repo.write("replacements.txt", "literal:old==>new\n");
    fs::remove_dir_all(repo.path(".git/objects")).expect("remove");
    fs::create_dir_all(repo.path(".git/objects/pack")).expect("create");
    let source = crate::support::runner::ours("src/report/plan/objects.py");
    let top = repo.top().to_str().expect("UTF-8");
    let call = repo.call("python3", &["-c", PROGRAM, source.to_str().expect("UTF-8"), top]);
    let run = call.env("KEYSWEEP_REPLACEMENTS", repo.path("replacements.txt")).run();
    assert_eq!(run.expect_code(0).out(), "text\n\n");
}
