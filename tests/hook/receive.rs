//! A server that rejects pushes with a token. Real pushes to a real bare repository must leave it unchanged.

use std::fmt::Write as _;
use std::fs;
use std::time::{Duration, Instant};

use crate::support::leak::expect_no_leak;
use crate::support::push::{BINARY, ZERO, expect_refused, expect_report, refs, write_hook};
use crate::support::server::ServerFixture;
use crate::support::{client, note};

#[test]
fn a_pushed_token_is_refused_and_a_clean_push_passes() {
    for hook in ["pre-receive", "update"] {
        note(hook);
        let mut fixture = ServerFixture::new(3800, hook);
        let token = fixture.token();
        fixture.add("clean.txt", "innocent\n");
        fixture.expect_accepted(&["main"]);
        let bad = fixture.add("a.txt", format!("x\n{}", client(&token)));
        fixture.add("a.txt", "innocent\n");
        fixture.expect_rejected(&["main"], &[(&bad, "a.txt:2", &token)]);
        fixture.client.git(&["reset", "-q", "--hard", "HEAD~2"]);
        fixture.add("old.txt", format!("first\n{}last\nmore\n", client(&fixture.old)));
        fixture.expect_accepted(&["main"]);
    }
}

#[test]
fn the_client_sees_the_reason_and_never_the_token() {
    for hook in ["pre-receive", "update"] {
        let mut fixture = ServerFixture::new(3801, hook);
        let token = fixture.token();
        write_hook(&fixture.client, &fixture.server, hook, "");
        let bad = fixture.add("a.txt", client(&token));
        let run = fixture.client.git_call(&["push", "origin", "main"]).run().expect_code(1);
        expect_no_leak(&run, [&token]);
        for word in [token.redacted().as_str(), "a.txt", &bad[..7], "hook declined"] {
            if !run.err().contains(word) {
                run.fail(&format!("expected {word:?}"));
            }
        }
        if run.err().contains("commit blocked") || run.err().contains("git restore --staged") {
            run.fail("the report of a push must not mention a commit");
        }
    }
}

#[test]
fn a_finding_names_its_source() {
    let mut fixture = ServerFixture::new(3802, "pre-receive");
    let token = fixture.token();
    let bad = fixture.add("a.txt", client(&token));
    let run = fixture.client.git_call(&["push", "-q", "origin", "main"]).run().expect_code(1);
    let finding = fixture.report(run).only_finding();
    for (key, value) in [("source", "receive"), ("path", "a.txt"), ("part", "content"), ("commit", &bad)] {
        assert_eq!(finding[key], value);
    }
}

#[test]
fn pre_receive_rejects_all_refs_and_update_only_one() {
    let mut fixture = ServerFixture::new(3803, "pre-receive");
    let token = fixture.token();
    fixture.client.git(&["checkout", "-q", "-b", "good"]);
    fixture.add("good.txt", "innocent\n");
    fixture.client.git(&["checkout", "-q", "-b", "bad", "main"]);
    let bad = fixture.add("bad.txt", client(&token));
    fixture.expect_rejected(&["good", "bad"], &[(&bad, "bad.txt:1", &token)]);
    fixture.expect_rejected(&["bad", "good"], &[(&bad, "bad.txt:1", &token)]);

    fs::remove_file(fixture.server.join("hooks/pre-receive")).expect("remove");
    write_hook(&fixture.client, &fixture.server, "update", "");
    for specs in [["good", "bad"], ["bad", "good:good2"]] {
        fixture.client.git_call(&["push", "-q", "origin"]).args(&specs).run().expect_code(1);
    }
    let now = refs(&fixture.client, &fixture.server);
    assert!(now.contains("refs/heads/good\n") && now.contains("refs/heads/good2"), "{now}");
    assert!(!now.contains("refs/heads/bad"), "{now}");
    fixture.client.git_call(&["push", "-q", "--atomic", "origin", "good:good3", "bad"]).run().expect_code(1);
    assert!(!refs(&fixture.client, &fixture.server).contains("good3"));
}

#[test]
fn a_ref_accepted_by_update_excludes_only_its_commits() {
    let mut fixture = ServerFixture::new(3804, "update");
    let token = fixture.token();
    fixture.client.git(&["checkout", "-q", "-b", "one"]);
    fixture.add("one.txt", "innocent\n");
    fixture.client.git(&["checkout", "-q", "-b", "two"]);
    let bad = fixture.add("two.txt", client(&token));
    let run = fixture.client.git_call(&["push", "-q", "origin", "one", "two"]).run().expect_code(1);
    // The report is of the last call, for `two`.
    expect_report(&fixture.report(run), &[(&bad, "two.txt:1", &token)]);
    assert!(refs(&fixture.client, &fixture.server).contains("refs/heads/one"));
}

#[test]
fn a_deletion_passes_alone_and_with_others() {
    for hook in ["pre-receive", "update"] {
        note(hook);
        let mut fixture = ServerFixture::new(3805, hook);
        let token = fixture.token();
        fixture.expect_accepted(&["main:gone", "main:gone-too"]);
        fixture.expect_accepted(&[":gone"]);
        let bad = fixture.add("a.txt", client(&token));
        if hook == "pre-receive" {
            fixture.expect_rejected(&[":gone-too", "main"], &[(&bad, "a.txt:1", &token)]);
        }
        fixture.expect_accepted(&["--force", ":gone-too"]);
        assert_eq!(refs(&fixture.client, &fixture.server).lines().count(), 1);
    }
}

#[test]
fn commits_of_any_server_ref_are_not_new() {
    for hook in ["pre-receive", "update"] {
        let fixture = ServerFixture::new(3806, hook);
        fixture.expect_accepted(&["main:new", "main:refs/tags/light", "main:refs/changes/1"]);
        fixture.client.git(&["checkout", "-q", "--orphan", "other"]);
        let bad = fixture.add("again.txt", client(&fixture.old));
        fixture.client.git(&["rm", "-q", "--cached", "again.txt"]);
        fixture.client.git(&["commit", "-q", "--amend", "-m", "x"]);
        // The same content in a commit of another history.
        let again = fixture.client.git(&["rev-parse", "HEAD"]).line();
        assert_ne!(bad, again);
        let wanted = [(again.as_str(), "old.txt:2", &fixture.old)];
        if hook == "pre-receive" {
            fixture.expect_rejected(&["other"], &wanted);
        }
        // The commit is reachable only from a hidden ref.
        let hidden = format!("{bad}:refs/hidden/x");
        fs::rename(fixture.server.join("hooks"), fixture.server.join("off")).expect("rename");
        fixture.client.git(&["push", "-q", "origin", &hidden]);
        fs::rename(fixture.server.join("off"), fixture.server.join("hooks")).expect("rename");
        fixture.expect_accepted(&[&format!("{bad}:refs/heads/visible")]);
    }
}

#[test]
fn tags_names_and_identities_are_scanned_on_the_server() {
    for hook in ["pre-receive", "update"] {
        note(hook);
        let mut fixture = ServerFixture::new(3807, hook);
        let token = fixture.token();
        let repo = &fixture.client;
        repo.git(&["tag", "-a", "-m", "innocent", "clean"]);
        fixture.expect_accepted(&["clean"]);
        repo.git(&["tag", "-a", "-m", &format!("x\n\n{token}"), "bad"]);
        fixture.expect_rejected(&["bad"], &[("*", "message", &token)]);
        let bad = repo.blob(client(&token));
        repo.git(&["tag", "blob", &bad]);
        let before = refs(repo, &fixture.server);
        let run = repo.git_call(&["push", "-q", "origin", "blob"]).run().expect_code(1);
        assert_eq!(fixture.report(run).only_finding()["fingerprint"], token.fingerprint());
        assert_eq!(refs(repo, &fixture.server), before);
        let name = format!("main:refs/heads/{token}");
        repo.git_call(&["push", "-q", "origin", &name]).run().expect_code(1);
        assert_eq!(refs(repo, &fixture.server), before);
        let args = ["commit", "-q", "--allow-empty", "-m", "x"];
        repo.git_call(&args).env("GIT_AUTHOR_NAME", token.text()).run().expect_code(0);
        let bad = repo.git(&["rev-parse", "HEAD"]).line();
        fixture.expect_rejected(&["main"], &[(&bad, "person", &token)]);
    }
}

#[test]
fn missing_or_malformed_input_on_a_server_is_refused() {
    let fixture = ServerFixture::new(3814, "pre-receive");
    let head = fixture.client.git(&["rev-parse", "HEAD"]).line();
    expect_refused(fixture.direct(&["pre-receive"], ""), &["stdin"]);
    let script = format!("exec '{BINARY}' hook pre-receive </dev/null");
    expect_refused(fixture.client.call("sh", &["-c", &script]).cwd(&fixture.server).run(), &[]);
    for lines in [
        format!("{head}\n"),
        format!("{ZERO} {head}\n"),
        format!("{ZERO} {} refs/heads/x\n", &head[..39]),
        format!("{ZERO} {head}0 refs/heads/x\n"),
        format!("{ZERO} {} refs/heads/x\n", "g".repeat(40)),
        format!("{ZERO} {head} refs/heads/x\nnonsense\n"),
        format!("{ZERO} {} refs/heads/x\n", "1".repeat(40)),
    ] {
        note(&lines);
        expect_refused(fixture.direct(&["pre-receive"], &lines), &[]);
    }
    for args in [
        &["update"][..],
        &["update", "refs/heads/x"],
        &["update", "refs/heads/x", ZERO],
        &["update", "refs/heads/x", ZERO, "1234"],
        &["update", "refs/heads/x", ZERO, &"1".repeat(40)],
        &["update", "refs/heads/x", "zero", &head],
    ] {
        note(format!("{args:?}"));
        expect_refused(fixture.direct(args, ""), &[]);
    }
    expect_report(&fixture.direct(&["update", "refs/heads/x", ZERO, &head], "").expect_code(0), &[]);
}

#[test]
fn a_rejected_push_leaves_no_objects() {
    let mut fixture = ServerFixture::new(3815, "pre-receive");
    let token = fixture.token();
    let count = || fixture.git_on_server(&["count-objects", "-v"]).expect_code(0).out();
    let before = count();
    let bad = fixture.add("a.txt", client(&token));
    fixture.expect_rejected(&["main"], &[(&bad, "a.txt:1", &token)]);
    assert_eq!(count(), before);
    fixture.git_on_server(&["cat-file", "-e", &bad]).expect_code(1);
    let left = fixture.server.join("objects").read_dir().expect("list").flatten();
    assert!(left.into_iter().all(|e| !e.file_name().to_string_lossy().contains("incoming")));
}

#[test]
fn objects_of_a_rejected_update_are_rejected_again() {
    // Git has already moved the objects out of quarantine, but no ref names them.
    let mut fixture = ServerFixture::new(3817, "update");
    let token = fixture.token();
    let bad = fixture.add("a.txt", client(&token));
    for _ in 0..2 {
        fixture.expect_rejected(&["main"], &[(&bad, "a.txt:1", &token)]);
    }
    fixture.git_on_server(&["cat-file", "-e", &bad]).expect_code(0);
    fixture.expect_rejected(&[&format!("{bad}:refs/heads/other")], &[(&bad, "a.txt:1", &token)]);
}

#[test]
fn many_refs_with_their_own_configurations_are_fast() {
    // Keysweep once read all refs of the server for each pushed ref, which took minutes.
    let fixture = ServerFixture::new(3818, "pre-receive");
    let mut stream = String::new();
    let mut commit = |name: String, file: &str, text: &str| {
        let head = "committer A <a@b> 1 +0000\ndata 1\nx\n";
        let _ = write!(stream, "commit refs/{name}\n{head}M 100644 inline {file}\ndata {}\n{text}\n", text.len());
    };
    for number in 0..2000 {
        commit(format!("heads/there/{number}"), "f", &number.to_string());
    }
    for number in 0..500 {
        commit(format!("pushed/{number}"), ".keysweep.toml", &format!("[allow]\npaths = ['d{number}/*']\n"));
    }
    let git_on_server = |args: &[&str]| fixture.client.git_call(args).cwd(&fixture.server);
    git_on_server(&["fast-import", "--quiet"]).stdin(stream).run().expect_code(0);
    let ids = git_on_server(&["for-each-ref", "--format=%(objectname)", "refs/pushed"]).run().expect_code(0).out();
    let unref =
        git_on_server(&["for-each-ref", "--format=delete %(refname)", "refs/pushed"]).run().expect_code(0).out();
    git_on_server(&["update-ref", "--stdin"]).stdin(unref).run().expect_code(0);
    let lines: Vec<String> =
        ids.lines().enumerate().map(|(at, id)| format!("{ZERO} {id} refs/heads/n{at}\n")).collect();
    let started = Instant::now();
    let run = fixture.direct(&["pre-receive"], &lines.concat()).expect_code(0);
    expect_report(&run, &[]);
    assert_eq!(run.summary()["scanned"]["commits"], 500);
    assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
}
