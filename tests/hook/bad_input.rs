//! A hook never passes input that it cannot parse or objects that it cannot read: exit 2 and one sentence.

use std::fs;

use crate::support::leak::expect_no_leak;
use crate::support::push::{BINARY, Pair, ZERO, expect_refused, expect_report, expect_usage_error};
use crate::support::token::Maker;
use crate::support::{Repo, client, note};

const HOOKS: &[&str] = &["pre-commit", "pre-merge-commit", "commit-msg", "pre-push", "pre-receive", "update"];

/// A repository with two commits that the remote lacks. The first adds `sub/a.txt`, the second `b.txt`.
fn unpushed_commits(seed: u64) -> Pair {
    let pair = Pair::new(seed);
    pair.add("sub/a.txt", "one innocent file\n");
    pair.add("b.txt", "another innocent file\n");
    pair
}

fn remove_object(repo: &Repo, name: &str) -> String {
    let id = repo.git(&["rev-parse", name]).line();
    fs::remove_file(repo.path(format!(".git/objects/{}/{}", &id[..2], &id[2..]))).expect("a loose object");
    id
}

#[test]
fn malformed_lines_are_refused() {
    let pair = unpushed_commits(4200);
    let oid = pair.oid("HEAD");
    let good = pair.new_ref("refs/heads/main");
    for bad in [
        format!("refs/heads/main {oid} refs/heads/main\n"),
        format!("refs/heads/main {oid}\n"),
        format!("{oid}\n"),
        "nonsense\n".to_owned(),
        format!("refs/heads/main {oid} refs/heads/main {ZERO} more\n"),
        format!("refs/heads/main {oid} refs/heads/main {ZERO} \n"),
        format!("refs/heads/main {} refs/heads/main {ZERO}\n", &oid[..39]),
        format!("refs/heads/main {} refs/heads/main {ZERO}\n", &oid[..7]),
        format!("refs/heads/main {oid}0 refs/heads/main {ZERO}\n"),
        format!("refs/heads/main {} refs/heads/main {ZERO}\n", "g".repeat(40)),
        format!("refs/heads/main {} refs/heads/main {ZERO}\n", "1".repeat(64)),
        format!("refs/heads/main {oid} refs/heads/main {}\n", "z".repeat(40)),
        format!("refs/heads/main {oid} refs/heads/main 0\n"),
        format!("refs/heads/main HEAD refs/heads/main {ZERO}\n"),
        format!("refs/heads/main\t{oid}\trefs/heads/main\t{ZERO}\n"),
        format!("refs/heads/main {oid} refs/heads/main {ZERO}\r\n"),
        format!("refs/heads/main {oid} refs/heads/main {ZERO}\0\n"),
        // The output of `echo $lines` for two lines.
        format!("{} {}", good.trim_end(), good),
        "\0\0\0\0\n".to_owned(),
        "    \n".to_owned(),
    ] {
        note(bad.escape_debug());
        for lines in [bad.clone(), format!("{good}{bad}"), format!("{bad}{good}")] {
            expect_refused(pair.direct(lines), &[]);
        }
    }
    expect_report(&pair.direct(good).expect_code(0), &[]);
}

#[test]
fn an_unknown_new_id_is_refused() {
    let mut pair = unpushed_commits(4201);
    let token = pair.token();
    let unknown = "1".repeat(40);
    let line = format!("refs/heads/x {unknown} refs/heads/x {ZERO}\n");
    expect_refused(pair.direct(&line), &[&unknown[..7]]);
    let run = pair.direct(format!("{line}{}", pair.new_ref("refs/heads/main")));
    expect_refused(run, &[&unknown[..7]]);
    // The old id may be unknown.
    let oid = pair.oid("HEAD");
    expect_report(&pair.direct(format!("refs/heads/x {oid} refs/heads/x {unknown}\n")).expect_code(0), &[]);

    let bad = pair.add("a.txt", client(&token));
    let run = pair.direct(format!("{}{line}", pair.new_ref("refs/heads/main"))).expect_code(2);
    expect_no_leak(&run, [&token]);
    assert_eq!(pair.oid("HEAD"), bad);
}

#[test]
fn a_missing_object_is_an_error() {
    for name in ["HEAD", "HEAD~1", "HEAD^{tree}", "HEAD~1^{tree}", "HEAD~1:sub", "HEAD~1:sub/a.txt", "HEAD:b.txt"] {
        note(name);
        let pair = unpushed_commits(4202);
        let line = pair.new_ref("refs/heads/main");
        let id = remove_object(&pair.repo, name);
        let run = pair.direct(&line).expect_code(2);
        let stderr = run.err();
        if !["sub/a.txt", "b.txt", &id[..7]].iter().any(|word| stderr.contains(word)) {
            run.fail("the error does not name the object");
        }
        for format in ["human", "json"] {
            let call = pair.repo.keysweep_call(&["hook", "--format", format, "pre-push", "origin", "x"]);
            let run = call.stdin(&line).run().expect_code(2);
            // Both commits read the tree of the first.
            let sentences = if name == "HEAD~1^{tree}" { 2 } else { 1 };
            if run.err().lines().count() > sentences || run.all().to_lowercase().contains("clean") {
                run.fail("expected one error for each missing object, and no statement that the push is clean");
            }
        }
    }
}

#[test]
fn a_damaged_object_is_an_error() {
    for name in ["HEAD", "HEAD^{tree}", "HEAD:b.txt"] {
        for damage in [&b""[..], b"garbage", b"x\x9c\x03\0\0\0\0\x01"] {
            note(name);
            let pair = unpushed_commits(4203);
            let line = pair.new_ref("refs/heads/main");
            let id = remove_object(&pair.repo, name);
            pair.repo.write(format!(".git/objects/{}/{}", &id[..2], &id[2..]), damage);
            let run = pair.direct(&line).expect_code(2);
            if !run.err().contains("b.txt") && !run.err().contains(&id[..7]) {
                run.fail("the error does not name the object");
            }
        }
    }
}

#[test]
fn readable_findings_are_reported_with_the_error() {
    let mut pair = unpushed_commits(4204);
    let token = pair.token();
    let bad = pair.add("c.txt", client(&token));
    let line = pair.new_ref("refs/heads/main");
    remove_object(&pair.repo, "HEAD~1:b.txt");
    let run = pair.direct(line).expect_code(2);
    let finding = run.only_finding();
    assert_eq!(finding["commit"], bad);
    assert_eq!(run.summary()["unread"], 1);
    expect_no_leak(&run, [&token]);
}

#[test]
fn a_missing_old_object_makes_no_token_old() {
    let mut pair = Pair::new(4205);
    let token = pair.token();
    let old = pair.oid("HEAD:old.txt");
    let text = format!("first\n{}last\n{}", client(&pair.old), client(&token));
    pair.add("old.txt", text);
    let line = pair.new_ref("refs/heads/main");
    remove_object(&pair.repo, &old);
    let run = pair.direct(line);
    if !matches!(run.code, Some(1 | 2)) {
        run.fail("a token passed because the old file was unreadable");
    }
    expect_no_leak(&run, [&token, &pair.old]);
}

#[test]
fn an_unknown_hook_is_refused_with_a_suggestion() {
    let repo = Repo::new();
    for (name, nearest) in [
        ("pre-comit", "pre-commit"),
        ("prepush", "pre-push"),
        ("pre_push", "pre-push"),
        ("commit-message", "commit-msg"),
        ("prereceive", "pre-receive"),
        ("pre-merge-comit", "pre-merge-commit"),
        ("updat", "update"),
    ] {
        note(name);
        expect_usage_error(&repo.keysweep(&["hook", name]), &[name, nearest]);
    }
    for name in ["post-commit", "prepare-commit-msg", "", "--", "applypatch-msg"] {
        note(name);
        expect_usage_error(&repo.keysweep(&["hook", name]), &[]);
    }
    expect_usage_error(&repo.keysweep(&["hook"]), &[]);
    let token = Maker::new(4206).sk_live(24);
    expect_no_leak(&repo.keysweep(&["hook", token.text()]).expect_code(2), [&token]);
}

#[test]
fn missing_arguments_are_reported() {
    let repo = Repo::new();
    repo.stage("a.txt", "x\n");
    repo.commit("x");
    let oid = repo.git(&["rev-parse", "HEAD"]).line();
    for args in [
        &["commit-msg"][..],
        &["update"],
        &["update", "refs/heads/x"],
        &["update", "refs/heads/x", ZERO],
        &["update", "refs/heads/x", ZERO, &oid[..20]],
        &["update", "refs/heads/x", "", &oid],
    ] {
        note(format!("{args:?}"));
        let run = repo.keysweep_call(&["hook", "--format", "jsonl"]).args(args).run();
        expect_refused(run, &[]);
    }
}

#[test]
fn a_hook_outside_of_a_repository_is_refused() {
    let repo = Repo::none();
    repo.write("message", "innocent\n");
    let oid = "1".repeat(40);
    for hook in HOOKS {
        for framework in [false, true] {
            note(format!("{hook}, framework: {framework}"));
            let (args, stdin) = match *hook {
                "commit-msg" => (vec!["message"], String::new()),
                "pre-push" => (vec!["origin", "x"], format!("refs/heads/x {oid} refs/heads/x {ZERO}\n")),
                "pre-receive" => (vec![], format!("{ZERO} {oid} refs/heads/x\n")),
                "update" => (vec!["refs/heads/x", ZERO, oid.as_str()], String::new()),
                _ => (vec![], String::new()),
            };
            let mut call = repo.keysweep_call(&["hook", "--format", "jsonl", hook]).args(&args).stdin(stdin);
            if framework {
                call = call.env("PRE_COMMIT", "1");
            }
            expect_refused(call.run(), &["repository"]);
        }
    }
}

#[test]
fn unreadable_refs_and_shallow_boundaries_exclude_nothing() {
    for (path, content) in [
        (".git/shallow", "garbage\n"),
        (".git/packed-refs", "garbage\n"),
        (".git/refs/remotes/origin/main", "garbage\n"),
        (".git/refs/remotes/origin/main", ""),
        (".git/refs/remotes/origin/HEAD", "ref: refs/remotes/origin/nowhere\n"),
        (".git/refs/remotes/origin/HEAD", "ref: refs/remotes/origin/HEAD\n"),
    ] {
        note(format!("{path}: {content}"));
        let mut pair = Pair::new(4207);
        let token = pair.token();
        pair.add("a.txt", client(&token));
        let line = pair.new_ref("refs/heads/main");
        pair.repo.write(path, content);
        let run = pair.direct(line);
        if !matches!(run.code, Some(1 | 2)) || run.stderr.is_empty() && run.code == Some(2) {
            run.fail("expected a finding or an error");
        }
        expect_no_leak(&run, [&token]);
    }
}

#[test]
fn a_token_in_malformed_input_is_not_printed() {
    let mut pair = unpushed_commits(4208);
    let token = pair.token();
    let oid = pair.oid("HEAD");
    for line in [
        format!("{token}\n"),
        format!("refs/heads/{token} {oid}\n"),
        format!("refs/heads/{token} {} refs/heads/{token} {ZERO}\n", "1".repeat(40)),
        format!("refs/heads/x {token} refs/heads/x {ZERO}\n"),
        format!("refs/heads/x {oid} refs/heads/x {token}\n"),
    ] {
        for format in crate::support::leak::FORMATS {
            let call = pair.repo.keysweep_call(&["hook"]).args(format).args(&["pre-push", "origin", token.text()]);
            expect_no_leak(&call.stdin(&line).run().expect_code(2), [&token]);
        }
    }
    for name in ["PRE_COMMIT_FROM_REF", "PRE_COMMIT_TO_REF", "PRE_COMMIT_LOCAL_BRANCH"] {
        let call = pair.repo.keysweep_call(&["hook", "pre-push"]).env("PRE_COMMIT", "1");
        let call = call.env("PRE_COMMIT_TO_REF", "HEAD").env("PRE_COMMIT_LOCAL_BRANCH", "main");
        let call = if name.ends_with("BRANCH") { call.env("PRE_COMMIT_TO_REF", "") } else { call };
        let run = call.env("PRE_COMMIT_REMOTE_NAME", "origin").env(name, token.text()).run().expect_code(2);
        expect_no_leak(&run, [&token]);
    }
    // Tokens in the name or the URL of the remote are not printed either.
    let line = pair.new_ref("refs/heads/main");
    let url = format!("https://{token}@example.org/");
    let args = ["hook", "pre-push", token.text(), &url];
    let run = pair.repo.keysweep_call(&args).stdin(line).run();
    expect_no_leak(&run, [&token, &pair.old]);
}

#[test]
fn closed_streams_and_a_closed_pipe_hide_no_token() {
    let mut pair = Pair::new(4209);
    let token = pair.token();
    pair.add("a.txt", client(&token));
    let line = pair.new_ref("refs/heads/main");
    for closing in [">&-", "2>&-", ">&- 2>&-", "| true"] {
        note(closing);
        let script = format!("set -o pipefail; '{BINARY}' hook pre-push origin x {closing}");
        pair.repo.call("bash", &["-c", &script]).stdin(&line).run().expect_code(1);
    }
    let script = format!("exec '{BINARY}' hook pre-push origin x <&-");
    pair.repo.call("sh", &["-c", &script]).run().expect_code(2);
}
