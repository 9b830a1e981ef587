//! `keysweep hook pre-commit` and `pre-merge-commit`. In a commit they report the same as `staged`. A framework can
//! also run them without a commit.

use std::fs;

use crate::support::push::{Pair, expect_refused, expect_report, write_hook};
use crate::support::token::{Maker, Token};
use crate::support::{Call, Repo, Run, client, note};
use serde_json::Value;

const HOOKS: &[&str] = &["pre-commit", "pre-merge-commit"];

fn hook_call(repo: &Repo, name: &str) -> Call {
    repo.keysweep_call(&["hook", "--format", "jsonl", name])
}

fn without_seconds(run: &Run) -> Vec<Value> {
    let mut objects = run.objects();
    for object in &mut objects {
        object.as_object_mut().expect("an object").remove("seconds");
    }
    objects
}

type StagedState = (&'static str, fn(&Repo, &Token));

/// Staged states on top of one commit with `a.txt` and `b.txt`.
const STATES: &[StagedState] = &[
    ("nothing staged", |_, _| {}),
    ("a token", |r, t| r.stage("a.txt", client(t))),
    ("innocent", |r, _| r.stage("a.txt", "innocent\n")),
    ("staged, then fixed in the worktree", |r, t| {
        r.stage("a.txt", client(t));
        r.write("a.txt", "innocent\n");
    }),
    ("in the worktree only", |r, t| r.write("a.txt", client(t))),
    ("a name", |r, t| drop(r.stage_blob(t.text(), "x\n"))),
    ("a link", |r, t| drop(r.stage_entry("120000", "link", t.text()))),
    ("a submodule", |r, _| {
        r.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{},module", "1".repeat(40))]);
    }),
    ("a rename", |r, _| drop(r.git(&["mv", "old.txt", "new.txt"]))),
    ("a split index", |r, t| {
        r.stage("a.txt", client(t));
        r.git(&["update-index", "--split-index"]);
    }),
    ("a staged version that differs from the worktree", |r, t| {
        r.stage("a.txt", client(t));
        r.git(&["update-index", "--index-version", "4"]);
    }),
    ("an unborn branch", |r, _| drop(r.git(&["checkout", "-q", "--orphan", "unborn"]))),
    ("a merge", |r, t| {
        r.git(&["checkout", "-q", "-b", "side"]);
        r.stage("side.txt", client(t));
        r.commit("side");
        r.git(&["checkout", "-q", "main"]);
        r.git(&["merge", "-q", "--no-ff", "--no-commit", "side"]);
    }),
    ("an evil merge", |r, t| {
        r.git(&["checkout", "-q", "-b", "side"]);
        r.stage("side.txt", "side\n");
        r.commit("side");
        r.git(&["checkout", "-q", "main"]);
        r.git(&["merge", "-q", "--no-ff", "--no-commit", "side"]);
        r.stage("evil.txt", client(t));
    }),
    ("allowed by the staged configuration", |r, t| {
        r.stage("a.txt", client(t));
        let fingerprint = t.fingerprint();
        r.stage(".keysweep.toml", format!("[allow]\nfingerprints = [{{ id = '{fingerprint}', reason = 'x' }}]\n"));
    }),
    ("a wrong configuration", |r, _| r.stage(".keysweep.toml", "x = 1\n")),
    ("a configuration that is not staged", |r, t| {
        r.stage("a.txt", client(t));
        r.write(".keysweep.toml", "[allow]\npaths = ['a.txt']\n");
    }),
];

fn repo_in_state(seed: u64, arrange: fn(&Repo, &Token)) -> (Repo, Token) {
    let mut make = Maker::new(seed);
    let (old, token) = (make.sk_live(24), make.sk_live(24));
    let repo = Repo::new();
    repo.stage("a.txt", "a\n");
    repo.stage("old.txt", client(&old));
    repo.commit("base");
    arrange(&repo, &token);
    (repo, token)
}

#[test]
fn the_hook_reports_the_same_as_staged() {
    for (name, arrange) in STATES {
        note(name);
        let (repo, _) = repo_in_state(3900, *arrange);
        let staged = repo.staged();
        for hook in HOOKS {
            let run = hook_call(&repo, hook).run();
            assert_eq!(run.code, staged.code, "{}", run.all());
            assert_eq!(without_seconds(&run), without_seconds(&staged));
            assert_eq!(run.err(), staged.err());
        }
        for format in ["human", "json"] {
            let args = ["--format", format, "--color", "never"];
            let staged = repo.keysweep_call(&["staged"]).args(&args).run();
            let hook = repo.keysweep_call(&["hook", "pre-commit"]).args(&args).run();
            let lines = |run: &Run| -> Vec<String> {
                // Only a hook blocks the commit.
                let text = run.out().replace("; commit blocked", "");
                text.lines().filter(|line| !line.contains("seconds")).map(str::to_owned).collect()
            };
            assert_eq!(lines(&hook), lines(&staged));
        }
    }
}

#[test]
fn the_hook_reports_the_same_as_staged_for_a_temporary_index() {
    for framework in [false, true] {
        let (repo, token) = repo_in_state(3901, |_, _| {});
        repo.stage("staged.txt", client(&token));
        let other = repo.path(".git/other");
        let env = |call: Call| call.env("GIT_INDEX_FILE", &other);
        env(repo.git_call(&["read-tree", "HEAD"])).run().expect_code(0);
        let hook = || {
            if framework {
                hook_call(&repo, "pre-commit").env("PRE_COMMIT", "1")
            } else {
                hook_call(&repo, "pre-commit")
            }
        };
        env(hook()).run().expect_silent();
        repo.write("a.txt", client(&token));
        env(repo.git_call(&["add", "a.txt"])).run().expect_code(0);
        let run = env(hook()).run().expect_found(&[("a.txt", 1, &token)]);
        assert_eq!(run.only_finding()["source"], "staged");
    }
}

#[test]
fn the_scripts_block_commits_and_merges() {
    let (repo, token) = repo_in_state(3902, |_, _| {});
    for hook in HOOKS {
        write_hook(&repo, repo.top(), hook, "");
    }
    let head = || repo.git(&["rev-parse", "HEAD"]).line();
    let before = head();
    let stopped = |args: &[&str]| {
        let run = repo.git_call(args).run().expect_code(1).expect_has(&token.redacted()).expect_lacks(token.body());
        assert_eq!(head(), before, "{}", run.all());
    };
    repo.stage("a.txt", client(&token));
    stopped(&["commit", "-m", "x"]);
    stopped(&["commit", "-a", "-m", "x"]);
    stopped(&["commit", "-m", "x", "a.txt"]);
    stopped(&["commit", "--amend", "--no-edit"]);
    repo.git(&["reset", "-q", "--hard"]);

    // A clean merge contains old tokens of the other branch. A merge strategy may add others.
    repo.git(&["checkout", "-q", "-b", "side"]);
    repo.stage("side.txt", client(&token));
    repo.git(&["commit", "-q", "--no-verify", "-m", "side"]);
    repo.git(&["checkout", "-q", "main"]);
    repo.git(&["merge", "-q", "--no-ff", "-m", "merge", "side"]);
    assert_ne!(head(), before);
}

#[test]
fn without_a_commit_a_framework_scans_every_file_of_the_index() {
    let mut make = Maker::new(3903);
    let (old, staged, unstaged, new) = (make.sk_live(24), make.sk_live(24), make.sk_live(24), make.sk_live(24));
    let repo = Repo::new();
    repo.stage("sub/old.txt", format!("x\n{}", client(&old)));
    repo.commit("base");
    repo.stage("sub/old.txt", format!("x\n{}{}", client(&old), client(&staged)));
    repo.write("sub/old.txt", client(&unstaged));
    repo.write("untracked.txt", client(&unstaged));
    repo.stage_blob(format!("{new}.txt"), "x\n");
    repo.staged().expect_code(1);
    for (hook, variable) in
        [("pre-commit", "PRE_COMMIT"), ("pre-merge-commit", "PRE_COMMIT"), ("pre-commit", "PREK_HOOK_STAGE")]
    {
        note(format!("{hook} {variable}"));
        let run = hook_call(&repo, hook).env(variable, "1").run().expect_code(1);
        let wanted = [("null", "sub/old.txt:2", &old), ("null", "sub/old.txt:3", &staged), ("null", "name", &new)];
        expect_report(&run, &wanted);
        assert!(run.findings().iter().all(|finding| finding["source"] == "index"), "{}", run.all());
        assert_eq!(run.summary()["scanned"]["files"], 2);
    }
    // With nothing staged, every file is still scanned.
    repo.git(&["reset", "-q", "--hard"]);
    let run = hook_call(&repo, "pre-commit").env("PRE_COMMIT", "1").run().expect_code(1);
    expect_report(&run, &[("null", "sub/old.txt:2", &old)]);
    // A run from a subfolder scans the same files and reports the same paths.
    let run = hook_call(&repo, "pre-commit").env("PRE_COMMIT", "1").cwd(repo.path("sub")).run().expect_code(1);
    expect_report(&run, &[("null", "sub/old.txt:2", &old)]);
}

#[test]
fn every_form_of_index_is_scanned_whole() {
    type Form = (&'static str, fn(&Repo));
    let forms: &[Form] = &[
        ("as it is", |_| {}),
        ("version 4", |r| drop(r.git(&["update-index", "--index-version", "4"]))),
        ("split", |r| drop(r.git(&["update-index", "--split-index"]))),
        ("sparse", |r| drop(r.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "in"]))),
        ("unborn", |r| drop(r.git(&["checkout", "-q", "--orphan", "unborn"]))),
        ("packed", |r| drop(r.git(&["gc", "-q"]))),
        ("an intent-to-add entry", |r| {
            r.write("intended.txt", "x\n");
            r.git(&["add", "-N", "intended.txt"]);
        }),
    ];
    for (name, arrange) in forms {
        note(name);
        let mut make = Maker::new(3904);
        let (inside, outside) = (make.sk_live(24), make.sk_live(24));
        let repo = Repo::new();
        repo.stage("in/a.txt", client(&inside));
        repo.stage("out/deep/b.txt", client(&outside));
        repo.stage("top.txt", "x\n");
        repo.commit("base");
        arrange(&repo);
        let run = hook_call(&repo, "pre-commit").env("PRE_COMMIT", "1").run().expect_code(1);
        expect_report(&run, &[("null", "in/a.txt:1", &inside), ("null", "out/deep/b.txt:1", &outside)]);
    }
}

#[test]
fn a_framework_range_scans_its_commits() {
    let mut pair = Pair::new(3905);
    let (gone, stays) = (pair.token(), pair.token());
    let gone_at = pair.add("a.txt", client(&gone));
    pair.add("a.txt", "innocent\n");
    pair.repo.git(&["tag", "-a", "-m", "x", "v1"]);
    let stays_at = pair.add("b.txt", client(&stays));
    let run = |from: &str, to: &str| {
        let call = hook_call(&pair.repo, "pre-commit").env("PRE_COMMIT", "1");
        call.env("PRE_COMMIT_FROM_REF", from).env("PRE_COMMIT_TO_REF", to).run()
    };
    let both = [(gone_at.as_str(), "a.txt:1", &gone), (stays_at.as_str(), "b.txt:1", &stays)];
    for (from, to, wanted) in [
        ("origin/main", "HEAD", &both[..]),
        ("main~3", "main", &both),
        (&pair.oid("main~3"), &pair.oid("main"), &both),
        ("v1", "refs/heads/main", &both[1..]),
        ("main~3", "v1", &both[..1]),
        ("HEAD", "HEAD", &[]),
        ("main", "v1", &[]),
    ] {
        note(format!("{from} {to}"));
        expect_report(&run(from, to).expect_code(i32::from(!wanted.is_empty())), wanted);
    }
    expect_refused(run("nowhere", "HEAD"), &["nowhere"]);
    expect_refused(run("HEAD", "nowhere"), &["nowhere"]);
}

#[test]
fn unreadable_objects_are_an_error_in_the_hook() {
    let (repo, _) = repo_in_state(3906, |r, _| r.stage("a.txt", "innocent\n"));
    let id = repo.git(&["rev-parse", ":a.txt"]).line();
    fs::remove_file(repo.path(format!(".git/objects/{}/{}", &id[..2], &id[2..]))).expect("a loose object");
    for framework in [false, true] {
        let call = hook_call(&repo, "pre-commit");
        let run = if framework { call.env("PRE_COMMIT", "1") } else { call }.run().expect_code(2);
        assert!(run.err().contains("a.txt"), "{}", run.all());
        assert_ne!(run.summary()["unread"], 0);
    }
    let bare = Repo::init(&["--bare"]);
    expect_refused(hook_call(&bare, "pre-commit").run(), &["bare"]);
    expect_refused(hook_call(&bare, "pre-commit").env("PRE_COMMIT", "1").run(), &["bare"]);
}

/// A commit inside another hook inherits the variables of that hook. `pre-commit run --from-ref … --to-ref …` sets
/// them, and so does every framework in pre-push.
#[test]
fn variables_of_an_outer_hook_are_ignored_in_a_commit() {
    let mut pair = Pair::new(3909);
    let (token, merged, word) = (pair.token(), pair.token(), pair.token());
    let repo = &pair.repo;
    for name in ["pre-commit", "pre-merge-commit", "commit-msg"] {
        write_hook(repo, repo.top(), name, "--format jsonl");
    }
    for marker in ["PRE_COMMIT", "PREK_HOOK_STAGE"] {
        for ends in [&["HEAD", "HEAD"][..], &["HEAD", "no-such-commit"], &["HEAD"]] {
            note(format!("{marker} {ends:?}"));
            let leftover = |args: &[&str]| {
                let call = repo.git_call(args).env(marker, "1").env("PRE_COMMIT_LOCAL_BRANCH", "main");
                let names = ["PRE_COMMIT_FROM_REF", "PRE_COMMIT_TO_REF"];
                names.iter().zip(ends).fold(call, |call, (name, end)| call.env(name, end)).run()
            };
            repo.stage("a.txt", client(&token));
            for args in
                [&["commit", "-q", "-m", "x"][..], &["commit", "-q", "-m", "x", "a.txt"], &["commit", "-qam", "x"]]
            {
                leftover(args).expect_code(1).expect_has(&token.fingerprint()).expect_has("a.txt");
            }
            repo.git(&["rm", "-q", "--cached", "-f", "a.txt"]);
            let run = leftover(&["commit", "-q", "--allow-empty", "-m", &format!("x {word}")]).expect_code(1);
            run.expect_has(&word.fingerprint());
            // A clean commit passes for any variables.
            repo.stage("b.txt", format!("{marker} {ends:?}\n"));
            leftover(&["commit", "-q", "-m", "clean"]).expect_code(0);
            // The changes of a merge are scanned before the merge is committed.
            repo.git(&["checkout", "-q", "-B", "side", "HEAD~1"]);
            repo.stage("side.txt", format!("{marker} {ends:?}\n"));
            repo.commit("side");
            repo.git(&["checkout", "-q", "main"]);
            repo.git(&["merge", "-q", "--no-ff", "--no-commit", "side"]);
            repo.stage("side.txt", client(&merged));
            leftover(&["commit", "-q", "-m", "x"]).expect_code(1).expect_has(&merged.fingerprint());
            repo.git(&["merge", "--abort"]);
            leftover(&["merge", "-q", "--no-ff", "-m", "clean", "side"]).expect_code(0);
        }
    }
}
