//! A server that refuses what brings a token: real pushes into a real bare repository, which must be left as it was.

use std::fmt::Write as _;
use std::fs;
use std::time::{Duration, Instant};

use crate::support::leak::expect_no_leak;
use crate::support::push::{BINARY, ZERO, expect_refused, expect_report, guard, refs};
use crate::support::server::Scene;
use crate::support::{client, note};

#[test]
fn a_pushed_token_is_refused_and_a_clean_push_passes() {
    for hook in ["pre-receive", "update"] {
        note(hook);
        let mut scene = Scene::new(3800, hook);
        let token = scene.token();
        scene.add("clean.txt", "innocent\n");
        scene.takes(&["main"]);
        let bad = scene.add("a.txt", format!("x\n{}", client(&token)));
        scene.add("a.txt", "innocent\n");
        scene.refuses(&["main"], &[(&bad, "a.txt:2", &token)]);
        scene.client.git(&["reset", "-q", "--hard", "HEAD~2"]);
        scene.add("old.txt", format!("first\n{}last\nmore\n", client(&scene.old)));
        scene.takes(&["main"]);
    }
}

#[test]
fn the_person_who_pushes_reads_why_and_never_the_token() {
    for hook in ["pre-receive", "update"] {
        let mut scene = Scene::new(3801, hook);
        let token = scene.token();
        guard(&scene.client, &scene.server, hook, "");
        let bad = scene.add("a.txt", client(&token));
        let run = scene.client.git_call(&["push", "origin", "main"]).run().expect_code(1);
        expect_no_leak(&run, [&token]);
        for word in [token.redacted().as_str(), "a.txt", &bad[..7], "hook declined"] {
            if !run.err().contains(word) {
                run.fail(&format!("expected {word:?}"));
            }
        }
        if run.err().contains("commit is stopped") || run.err().contains("git restore --staged") {
            run.fail("it is no commit that is stopped");
        }
    }
}

#[test]
fn a_finding_names_its_source() {
    let mut scene = Scene::new(3802, "pre-receive");
    let token = scene.token();
    let bad = scene.add("a.txt", client(&token));
    let run = scene.client.git_call(&["push", "-q", "origin", "main"]).run().expect_code(1);
    let finding = scene.report(run).only_finding();
    for (key, value) in [("source", "receive"), ("path", "a.txt"), ("part", "content"), ("commit", &bad)] {
        assert_eq!(finding[key], value);
    }
}

#[test]
fn pre_receive_refuses_all_for_one_and_update_the_one() {
    let mut scene = Scene::new(3803, "pre-receive");
    let token = scene.token();
    scene.client.git(&["checkout", "-q", "-b", "good"]);
    scene.add("good.txt", "innocent\n");
    scene.client.git(&["checkout", "-q", "-b", "bad", "main"]);
    let bad = scene.add("bad.txt", client(&token));
    scene.refuses(&["good", "bad"], &[(&bad, "bad.txt:1", &token)]);
    scene.refuses(&["bad", "good"], &[(&bad, "bad.txt:1", &token)]);

    fs::remove_file(scene.server.join("hooks/pre-receive")).expect("remove");
    guard(&scene.client, &scene.server, "update", "");
    for specs in [["good", "bad"], ["bad", "good:good2"]] {
        scene.client.git_call(&["push", "-q", "origin"]).args(&specs).run().expect_code(1);
    }
    let now = refs(&scene.client, &scene.server);
    assert!(now.contains("refs/heads/good\n") && now.contains("refs/heads/good2"), "{now}");
    assert!(!now.contains("refs/heads/bad"), "{now}");
    scene.client.git_call(&["push", "-q", "--atomic", "origin", "good:good3", "bad"]).run().expect_code(1);
    assert!(!refs(&scene.client, &scene.server).contains("good3"));
}

#[test]
fn a_ref_that_update_took_excuses_only_its_own_commits() {
    let mut scene = Scene::new(3804, "update");
    let token = scene.token();
    scene.client.git(&["checkout", "-q", "-b", "one"]);
    scene.add("one.txt", "innocent\n");
    scene.client.git(&["checkout", "-q", "-b", "two"]);
    let bad = scene.add("two.txt", client(&token));
    let run = scene.client.git_call(&["push", "-q", "origin", "one", "two"]).run().expect_code(1);
    // The last call was for `two`.
    expect_report(&scene.report(run), &[(&bad, "two.txt:1", &token)]);
    assert!(refs(&scene.client, &scene.server).contains("refs/heads/one"));
}

#[test]
fn a_deletion_passes_alone_and_beside_others() {
    for hook in ["pre-receive", "update"] {
        note(hook);
        let mut scene = Scene::new(3805, hook);
        let token = scene.token();
        scene.takes(&["main:gone", "main:gone-too"]);
        scene.takes(&[":gone"]);
        let bad = scene.add("a.txt", client(&token));
        if hook == "pre-receive" {
            scene.refuses(&[":gone-too", "main"], &[(&bad, "a.txt:1", &token)]);
        }
        scene.takes(&["--force", ":gone-too"]);
        assert_eq!(refs(&scene.client, &scene.server).lines().count(), 1);
    }
}

#[test]
fn what_any_ref_of_the_server_has_is_not_new() {
    for hook in ["pre-receive", "update"] {
        let scene = Scene::new(3806, hook);
        scene.takes(&["main:new", "main:refs/tags/light", "main:refs/changes/1"]);
        scene.client.git(&["checkout", "-q", "--orphan", "other"]);
        let bad = scene.add("again.txt", client(&scene.old));
        scene.client.git(&["rm", "-q", "--cached", "again.txt"]);
        scene.client.git(&["commit", "-q", "--amend", "-m", "x"]);
        // The same bytes in a commit of another history.
        let again = scene.client.git(&["rev-parse", "HEAD"]).line();
        assert_ne!(bad, again);
        let wanted = [(again.as_str(), "old.txt:2", &scene.old)];
        if hook == "pre-receive" {
            scene.refuses(&["other"], &wanted);
        }
        // Reachable only from a ref that is no branch.
        let hidden = format!("{bad}:refs/hidden/x");
        fs::rename(scene.server.join("hooks"), scene.server.join("off")).expect("rename");
        scene.client.git(&["push", "-q", "origin", &hidden]);
        fs::rename(scene.server.join("off"), scene.server.join("hooks")).expect("rename");
        scene.takes(&[&format!("{bad}:refs/heads/visible")]);
    }
}

#[test]
fn tags_and_names_and_persons_are_read_at_the_server() {
    for hook in ["pre-receive", "update"] {
        note(hook);
        let mut scene = Scene::new(3807, hook);
        let token = scene.token();
        let repo = &scene.client;
        repo.git(&["tag", "-a", "-m", "innocent", "clean"]);
        scene.takes(&["clean"]);
        repo.git(&["tag", "-a", "-m", &format!("x\n\n{token}"), "bad"]);
        scene.refuses(&["bad"], &[("*", "message", &token)]);
        let bad = repo.blob(client(&token));
        repo.git(&["tag", "blob", &bad]);
        let before = refs(repo, &scene.server);
        let run = repo.git_call(&["push", "-q", "origin", "blob"]).run().expect_code(1);
        assert_eq!(scene.report(run).only_finding()["fingerprint"], token.fingerprint());
        assert_eq!(refs(repo, &scene.server), before);
        let name = format!("main:refs/heads/{token}");
        repo.git_call(&["push", "-q", "origin", &name]).run().expect_code(1);
        assert_eq!(refs(repo, &scene.server), before);
        let args = ["commit", "-q", "--allow-empty", "-m", "x"];
        repo.git_call(&args).env("GIT_AUTHOR_NAME", token.text()).run().expect_code(0);
        let bad = repo.git(&["rev-parse", "HEAD"]).line();
        scene.refuses(&["main"], &[(&bad, "person", &token)]);
    }
}

#[test]
fn what_a_server_gets_without_a_ref_or_a_word_is_refused() {
    let scene = Scene::new(3814, "pre-receive");
    let head = scene.client.git(&["rev-parse", "HEAD"]).line();
    expect_refused(scene.direct(&["pre-receive"], ""), &["stdin"]);
    let script = format!("exec '{BINARY}' hook pre-receive </dev/null");
    expect_refused(scene.client.call("sh", &["-c", &script]).cwd(&scene.server).run(), &[]);
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
        expect_refused(scene.direct(&["pre-receive"], &lines), &[]);
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
        expect_refused(scene.direct(args, ""), &[]);
    }
    expect_report(&scene.direct(&["update", "refs/heads/x", ZERO, &head], "").expect_code(0), &[]);
}

#[test]
fn a_refused_push_leaves_nothing_where_objects_are() {
    let mut scene = Scene::new(3815, "pre-receive");
    let token = scene.token();
    let count = || scene.at_server(&["count-objects", "-v"]).expect_code(0).out();
    let before = count();
    let bad = scene.add("a.txt", client(&token));
    scene.refuses(&["main"], &[(&bad, "a.txt:1", &token)]);
    assert_eq!(count(), before);
    scene.at_server(&["cat-file", "-e", &bad]).expect_code(1);
    let left = scene.server.join("objects").read_dir().expect("list").flatten();
    assert!(left.into_iter().all(|e| !e.file_name().to_string_lossy().contains("incoming")));
}

#[test]
fn what_a_refused_update_left_behind_is_refused_again() {
    // By then git has taken the objects over; no ref names them.
    let mut scene = Scene::new(3817, "update");
    let token = scene.token();
    let bad = scene.add("a.txt", client(&token));
    for _ in 0..2 {
        scene.refuses(&["main"], &[(&bad, "a.txt:1", &token)]);
    }
    scene.at_server(&["cat-file", "-e", &bad]).expect_code(0);
    scene.refuses(&[&format!("{bad}:refs/heads/other")], &[(&bad, "a.txt:1", &token)]);
}

#[test]
fn many_refs_with_a_configuration_each_are_read_in_one_pass() {
    // Each pushed ref once had all refs of the server read anew: minutes.
    let scene = Scene::new(3818, "pre-receive");
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
    let at_server = |args: &[&str]| scene.client.git_call(args).cwd(&scene.server);
    at_server(&["fast-import", "--quiet"]).stdin(stream).run().expect_code(0);
    let ids = at_server(&["for-each-ref", "--format=%(objectname)", "refs/pushed"]).run().expect_code(0).out();
    let unref = at_server(&["for-each-ref", "--format=delete %(refname)", "refs/pushed"]).run().expect_code(0).out();
    at_server(&["update-ref", "--stdin"]).stdin(unref).run().expect_code(0);
    let lines: Vec<String> =
        ids.lines().enumerate().map(|(at, id)| format!("{ZERO} {id} refs/heads/n{at}\n")).collect();
    let started = Instant::now();
    let run = scene.direct(&["pre-receive"], &lines.concat()).expect_code(0);
    expect_report(&run, &[]);
    assert_eq!(run.summary()["scanned"]["commits"], 500);
    assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
}
