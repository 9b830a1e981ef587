//! The URL of a push decides which commits the remote has, and not the name of the remote.

use std::fs;
use std::path::Path;

use crate::support::push::{
    ExpectedFinding, JSONL, Pair, ZERO, expect_report, from_dev_null, look_like_a_clone, refs, write_hook,
};
use crate::support::{Run, client, note};

/// Expects that the hook blocks a push of the old commit to `to`, which never had that commit.
#[track_caller]
fn expect_stopped(pair: &Pair, to: &Path, args: &[&str]) -> Run {
    let root = pair.oid("main~0");
    let before = refs(&pair.repo, to);
    let run = pair.repo.git_call(args).run();
    if run.code == Some(0) || refs(&pair.repo, to) != before {
        run.fail("the hook did not block the push");
    }
    expect_report(&run, &[(&root, "old.txt:2", &pair.old)]);
    run
}

/// A repository with an unrelated history. It is not configured as a remote.
fn unrelated_repository(pair: &Pair) -> std::path::PathBuf {
    let folder = pair.bare("public", &[]);
    pair.repo.git(&["remote", "remove", "public"]);
    let other = pair.repo.base().join("other");
    pair.repo.git_call(&["init", "-q", "-b", "main"]).args(&[&other]).run().expect_code(0);
    let at = |args: &[&str]| pair.repo.git_call(args).cwd(&other).run().expect_code(0);
    at(&["commit", "-q", "--allow-empty", "-m", "x"]);
    at(&["push", "-q", folder.to_str().expect("UTF-8"), "main"]);
    folder
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

#[test]
fn a_remote_with_a_new_url_has_no_known_commits() {
    for spec in ["main:new", "+main:main"] {
        note(spec);
        let pair = Pair::new(4700);
        let public = unrelated_repository(&pair);
        pair.repo.git(&["remote", "set-url", "origin", text(&public)]);
        expect_stopped(&pair, &public, &["push", "-q", "origin", spec]);
        // A second push is blocked too.
        expect_stopped(&pair, &public, &["push", "-q", "origin", spec]);
    }
}

#[test]
fn a_clone_whose_remote_gets_a_new_url_has_no_known_commits() {
    for options in [&[][..], &["--ref-format=reftable"]] {
        let pair = Pair::new(4701);
        let public = unrelated_repository(&pair);
        let clone = pair.repo.base().join("clone");
        let call = pair.repo.git_call(&["clone", "-q"]).args(options);
        call.args(&[&pair.origin(), &clone]).run().expect_code(0);
        write_hook(&pair.repo, &clone, "pre-push", JSONL);
        let at = |args: &[&str]| pair.repo.git_call(args).cwd(&clone).run();
        expect_report(&at(&["push", "-q", "origin", "main:one"]).expect_code(0), &[]);
        at(&["remote", "set-url", "origin", text(&public)]).expect_code(0);
        let wanted: &[ExpectedFinding] = &[(&pair.oid("main"), "old.txt:2", &pair.old)];
        expect_report(&at(&["push", "-q", "origin", "main:two"]).expect_code(1), wanted);
        // A fetch must not turn the old tracking refs into refs of the new repository.
        at(&["fetch", "-q", "origin"]).expect_code(0);
        expect_report(&at(&["push", "-q", "origin", "main:two"]).expect_code(1), wanted);
        at(&["fetch", "-q", "../origin.git", "main"]).expect_code(0);
        expect_report(&at(&["push", "-q", "origin", "main:two"]).expect_code(1), wanted);
        // After the URL is restored, the tracking refs may be out of date.
        at(&["remote", "set-url", "origin", text(&pair.origin())]).expect_code(0);
        at(&["fetch", "-q", "origin"]).expect_code(0);
        expect_report(&at(&["push", "-q", "origin", "main:two"]).expect_code(0), &[]);
    }
}

/// A tracking ref that came from another repository does not prove that the remote has the commit.
#[test]
fn commits_fetched_from_elsewhere_are_not_on_the_remote() {
    for (options, method) in [
        (&[][..], "set-url"),
        (&[], "set-url after a push"),
        (&[], "set-url and another fetch"),
        (&[], "fetch by URL"),
        (&[], "fetch by option"),
        (&["--ref-format=reftable"], "set-url"),
        (&["--ref-format=reftable"], "fetch by URL"),
    ] {
        note(method);
        let pair = Pair::new(4720);
        let public = unrelated_repository(&pair);
        let clone = pair.repo.base().join("clone");
        let call = pair.repo.git_call(&["clone", "-q"]).args(options);
        call.args(&[&public, &clone]).run().expect_code(0);
        write_hook(&pair.repo, &clone, "pre-push", JSONL);
        let private = pair.origin();
        let at = |args: &[&str]| pair.repo.git_call(args).cwd(&clone).run();
        if method.contains("after a push") {
            expect_report(&at(&["push", "-q", "origin", "HEAD:refs/heads/one"]).expect_code(0), &[]);
        }
        let branch = "+refs/heads/main:refs/remotes/origin/x";
        if method.contains("set-url") {
            at(&["remote", "set-url", "origin", text(&private)]).expect_code(0);
            at(&["fetch", "-q", "origin", branch]).expect_code(0);
            at(&["remote", "set-url", "origin", text(&public)]).expect_code(0);
        } else if method.contains("option") {
            let instead = format!("url.{}.insteadOf={}", text(&private), text(&public));
            at(&["-c", &instead, "fetch", "-q", "origin", branch]).expect_code(0);
        } else {
            at(&["fetch", "-q", text(&private), branch]).expect_code(0);
        }
        if method.contains("another fetch") {
            at(&["fetch", "-q", "origin"]).expect_code(0);
        }
        let wanted: &[ExpectedFinding] = &[(&pair.oid("main"), "old.txt:2", &pair.old)];
        for _ in 0..2 {
            expect_report(&at(&["push", "-q", "origin", "origin/x:refs/heads/x"]).expect_code(1), wanted);
        }
    }
}

/// A change of git's settings must not discard the record of what the remote has.
#[test]
fn a_changed_setting_causes_no_full_scan() {
    let pair = Pair::new(4721);
    let clone = pair.repo.base().join("clone");
    pair.repo.git_call(&["clone", "-q"]).args(&[&pair.origin(), &clone]).run().expect_code(0);
    write_hook(&pair.repo, &clone, "pre-push", JSONL);
    let at = |args: &[&str]| pair.repo.git_call(args).cwd(&clone).run().expect_code(0);
    for branch in ["one", "two", "three"] {
        at(&["config", "user.nickname", branch]);
        expect_report(&at(&["push", "-q", "-u", "origin", &format!("main:refs/heads/{branch}")]), &[]);
        at(&["commit", "-q", "--allow-empty", "-m", branch]);
    }
    at(&["pack-refs", "--all"]);
    at(&["config", "user.nickname", "x"]);
    expect_report(&at(&["push", "-q", "origin", "main:refs/heads/four"]), &[]);
}

#[test]
fn settings_that_redirect_a_push_are_respected() {
    let pair = Pair::new(4702);
    let public = unrelated_repository(&pair);
    let (to, origin) = (text(&public), text(&pair.origin()).to_owned());
    let one_off = |setting: String, name: &str| {
        note(&setting);
        expect_stopped(&pair, &public, &["-c", &setting, "push", "-q", name, "main:new"]);
    };
    one_off(format!("remote.origin.pushurl={to}"), "origin");
    one_off(format!("url.{to}.pushInsteadOf={origin}"), "origin");
    one_off(format!("url.{to}.insteadOf={origin}"), "origin");
    one_off(format!("url.{to}.insteadOf=."), ".");
    let repo = &pair.repo;
    for (key, value) in
        [("remote.origin.pushurl".to_owned(), to.to_owned()), (format!("url.{to}.pushInsteadOf"), origin.clone())]
    {
        note(&key);
        repo.git(&["config", &key, &value]);
        expect_stopped(&pair, &public, &["push", "-q", "origin", "main:new"]);
        repo.git(&["config", "--unset", &key]);
    }
    // Only `git config` reads this variable.
    let file = repo.base().join("gitconfig");
    fs::write(&file, format!("[remote \"origin\"]\n\turl = {to}\n")).expect("write");
    let elsewhere = format!("remote.origin.pushurl={to}");
    let call = repo.git_call(&["-c", &elsewhere, "push", "-q", "origin", "main:new"]).env("GIT_CONFIG", &file);
    expect_report(&call.run().expect_code(1), &[(&pair.oid("main"), "old.txt:2", &pair.old)]);
    let call = repo.git_call(&["push", "-q", "origin", "main:newest"]).env("GIT_CONFIG", &file);
    expect_report(&call.run().expect_code(0), &[]);
    // A push to two URLs runs the hook for each of them.
    repo.git(&["remote", "set-url", "--add", "--push", "origin", &origin]);
    repo.git(&["remote", "set-url", "--add", "--push", "origin", to]);
    let before = refs(repo, &public);
    repo.git_call(&["push", "-q", "origin", "main:new"]).run().expect_code(1);
    assert_eq!(refs(repo, &public), before);
    assert!(refs(repo, &pair.origin()).contains("refs/heads/new"));
}

#[test]
fn a_redirected_push_does_not_count_for_the_remote() {
    let mut pair = Pair::new(4703);
    let token = pair.token();
    let public = unrelated_repository(&pair);
    let bad = pair.add("a.txt", client(&token));
    let repo = &pair.repo;
    let id = token.fingerprint();
    pair.add(
        ".keysweep.toml",
        format!(
            "[allow]\nfingerprints = [{{ id = '{id}', reason = 'x' }}, {{ id = '{}', reason = 'x' }}]\n",
            pair.old.fingerprint()
        ),
    );
    let elsewhere = format!("remote.origin.pushurl={}", text(&public));
    repo.git(&["-c", &elsewhere, "push", "-q", "--force", "origin", "main"]);
    pair.add(".keysweep.toml", "");
    // refs/remotes/origin/main names the commit that the other repository got.
    assert_eq!(pair.oid("origin/main"), pair.oid("main~1"));
    let run = pair.push(&["origin", "main:new"]).expect_code(1);
    expect_report(&run, &[(&bad, "a.txt:1", &token)]);
}

#[test]
fn remotes_with_nested_names_are_kept_apart() {
    let mut pair = Pair::new(4704);
    let token = pair.token();
    let repo = &pair.repo;
    repo.git(&["fetch", "-q", "origin"]);
    pair.bare("origin/priv", &[]);
    let bad = pair.add("a.txt", client(&token));
    repo.git(&["push", "-q", "--no-verify", "origin/priv", "main"]);
    repo.git(&["fetch", "-q", "origin/priv"]);
    repo.git(&["fetch", "-q", "origin"]);
    pair.push_finds(&["origin", "main:new"], &[(&bad, "a.txt:1", &token)]);
    pair.push_finds(&["origin", "main"], &[(&bad, "a.txt:1", &token)]);
    // After a fetch, the commits of the other remote are known too.
    repo.git(&["fetch", "-q", "origin/priv"]);
    expect_report(&pair.push(&["origin/priv", "main:new"]).expect_code(0), &[]);
}

#[test]
fn refs_that_no_refspec_covers_are_not_trusted() {
    let mut pair = Pair::new(4705);
    let token = pair.token();
    let bad = pair.add("a.txt", client(&token));
    let repo = &pair.repo;
    repo.git(&["update-ref", "refs/remotes/origin/mine", "main"]);
    repo.git(&["config", "--replace-all", "remote.origin.fetch", "+refs/heads/main:refs/remotes/origin/main"]);
    repo.git(&["fetch", "-q", "origin"]);
    let wanted = [(bad.as_str(), "a.txt:1", &token)];
    pair.push_finds(&["origin", "main:new"], &wanted);
    // A mirror fetches into local branches, so a new local commit looks fetched but is on no remote.
    repo.git(&["config", "--replace-all", "remote.origin.fetch", "+refs/*:refs/*"]);
    repo.git(&["update-ref", "-d", "refs/remotes/origin/mine"]);
    pair.push_finds(&["origin", "main"], &wanted);
}

#[test]
fn a_push_by_url_uses_the_refs_of_the_remote() {
    let mut pair = Pair::new(4706);
    let token = pair.token();
    let repo = &pair.repo;
    repo.git(&["fetch", "-q", "origin"]);
    let path = pair.origin().display().to_string();
    let mut urls = vec![
        path.clone(),
        format!("{path}/"),
        format!("file://{path}"),
        "../origin.git".to_owned(),
        "../origin".to_owned(),
    ];
    urls.push(path.trim_end_matches(".git").to_owned());
    for (number, url) in urls.iter().enumerate() {
        note(url);
        pair.push_passes(&[url, &format!("main:new{number}")]);
    }
    let bad = pair.add("a.txt", client(&token));
    for url in &urls {
        note(url);
        pair.push_finds(&[url, "main:newer"], &[(&bad, "a.txt:1", &token)]);
    }
}

#[test]
fn a_fork_is_known_once_it_was_fetched() {
    let pair = Pair::new(4707);
    let repo = &pair.repo;
    let fork = pair.repo.base().join("fork.git");
    repo.git_call(&["clone", "-q", "--bare"]).args(&[&pair.origin(), &fork]).run().expect_code(0);
    // The fork is recognized by name and by URL.
    repo.git(&["remote", "add", "fork", text(&fork)]);
    expect_stopped(&pair, &fork, &["push", "-q", "fork", "main:new"]).expect_has("git fetch fork");
    repo.git(&["fetch", "-q", "fork"]);
    expect_report(&pair.push(&["fork", "main:new"]).expect_code(0), &[]);
    // Fetching another remote does not change that.
    repo.git(&["fetch", "-q", "origin"]);
    expect_report(&pair.push(&["fork", "main:newer"]).expect_code(0), &[]);
    repo.git(&["remote", "remove", "fork"]);
    expect_stopped(&pair, &fork, &["push", "-q", text(&fork), "main:newest"])
        .expect_has(&format!("git fetch {}", fork.display()));
    repo.git(&["fetch", "-q", text(&fork)]);
    expect_report(&pair.push(&[text(&fork), "main:newest"]).expect_code(0), &[]);
}

#[test]
fn a_published_commit_need_not_be_rewritten() {
    let pair = Pair::new(4708);
    let repo = &pair.repo;
    write_hook(repo, repo.top(), "pre-push", "");
    let fork = repo.base().join("fork.git");
    repo.git_call(&["clone", "-q", "--bare"]).args(&[&pair.origin(), &fork]).run().expect_code(0);
    repo.git(&["remote", "add", "fork", text(&fork)]);
    for to in ["fork", text(&fork)] {
        let run = pair.push(&[to, "main:new"]).expect_code(1).expect_lacks("rebase");
        let id = pair.old.fingerprint();
        for word in
            ["run `git fetch fork`", "a remote has this commit already", "rotate it first", &id, ".keysweep.toml"]
        {
            if !run.err().contains(word) && !run.out().contains(word) {
                run.fail(&format!("expected {word:?}"));
            }
        }
    }
    // Allowing the token also leaves the history alone.
    pair.add(
        ".keysweep.toml",
        format!("[allow]\nfingerprints = [{{ id = '{}', reason = 'revoked' }}]\n", pair.old.fingerprint()),
    );
    pair.push(&["fork", "main:new"]).expect_code(0);
}

#[test]
fn an_unpublished_commit_must_be_rewritten() {
    let mut pair = Pair::new(4709);
    let token = pair.token();
    let repo = &pair.repo;
    write_hook(repo, repo.top(), "pre-push", "");
    repo.git(&["fetch", "-q", "origin"]);
    pair.add("a.txt", client(&token));
    let run = pair.push(&["origin", "main"]).expect_code(1).expect_has("git rebase -i");
    run.expect_lacks("published").expect_lacks("git fetch");
}

#[test]
fn the_user_can_declare_urls_of_the_same_repository() {
    let pair = Pair::new(4710);
    let repo = &pair.repo;
    let origin = pair.origin().display().to_string();
    repo.git(&["fetch", "-q", "origin"]);
    let line = |name: &str| format!("refs/heads/main {} refs/heads/{name} {ZERO}\n", pair.oid("main"));
    let hook = |url: &str| {
        let args = ["hook", "--format", "jsonl", "pre-push", "origin", url];
        repo.keysweep_call(&args).stdin(line("new")).run()
    };
    let alias = "work:team/app.git";
    let root = pair.oid("main");
    let run = hook(alias).expect_code(1);
    expect_report(&run, &[(&root, "old.txt:2", &pair.old)]);
    let command = format!("git config --add keysweep.sameRepository '{origin} {alias}'");
    assert!(run.summary()["notes"].to_string().contains(&command), "{}", run.all());

    // A file of the repository must not be able to set `sameRepository`.
    repo.write(".gitconfig", format!("[keysweep]\n\tsameRepository = {origin} {alias}\n"));
    repo.git(&["config", "include.path", "../.gitconfig"]);
    repo.git(&["fetch", "-q", "origin"]);
    hook(alias).expect_code(1);
    repo.git(&["config", "--unset", "include.path"]);
    // The same holds for the configuration file of the worktree.
    fs::remove_file(repo.path(".gitconfig")).expect("remove");

    let call = repo.call("sh", &["-c", &command]).run();
    drop(call.expect_code(0));
    expect_report(&hook(alias).expect_code(0), &[]);
    expect_report(&hook("git@work:/team/app").expect_code(0), &[]);
    hook("work:team/other").expect_code(1);
    hook("other:team/app").expect_code(1);
    repo.git(&["config", "--unset", "keysweep.sameRepository"]);
    hook(alias).expect_code(1);
    let global = repo.base().join("gitconfig");
    fs::write(&global, format!("[keysweep]\n\tsameRepository = {alias} {origin}\n")).expect("write");
    let args = ["hook", "--format", "jsonl", "pre-push", "origin", alias];
    let call = repo.keysweep_call(&args).stdin(line("new")).env("GIT_CONFIG_GLOBAL", &global);
    expect_report(&call.run().expect_code(0), &[]);
}

#[test]
fn https_and_ssh_urls_of_a_forge_are_one_repository() {
    let pair = Pair::new(4711);
    let repo = &pair.repo;
    let id = pair.oid("main");
    look_like_a_clone(repo, "https://example.org/team/app.git");
    let hook = |name: &str, url: &str| {
        note(url);
        let args = ["hook", "--format", "jsonl", "pre-push", name, url];
        repo.keysweep_call(&args).stdin(format!("refs/heads/main {id} refs/heads/new {ZERO}\n")).run()
    };
    for url in [
        "https://example.org/team/app.git",
        "https://ada:pass@example.org:443/team/app",
        "git@example.org:team/app.git",
        "ssh://git@EXAMPLE.org:22/team/app/",
    ] {
        for name in ["origin", url] {
            expect_report(&hook(name, url).expect_code(0), &[]);
        }
    }
    for url in ["https://example.org/team/app2", "git@example.org:other/app.git", "https://example.com/team/app.git"] {
        for name in ["origin", url] {
            expect_report(&hook(name, url).expect_code(1), &[(&id, "old.txt:2", &pair.old)]);
        }
    }
    repo.git(&["config", "url.git@example.org:.pushInsteadOf", "https://example.org/"]);
    expect_report(&hook("origin", "git@example.org:team/app.git").expect_code(0), &[]);
    // A password in a URL is neither printed nor stored.
    let secret = "https://ada:hunter2hunter2@example.com/team/app";
    hook(secret, secret).expect_code(1).expect_lacks("hunter2");
    let record = fs::read_to_string(repo.path(".git/keysweep/remotes")).expect("a record");
    assert!(!record.contains("hunter2") && !record.contains("example"), "{record}");
}

#[test]
fn the_old_id_counts_for_every_url() {
    let mut pair = Pair::new(4712);
    let token = pair.token();
    let old = pair.oid("main");
    let bad = pair.add("a.txt", client(&token));
    let tip = pair.oid("main");
    let hook = |lines: String| {
        let args = ["hook", "--format", "jsonl", "pre-push", "https://example.org/x", "https://example.org/x"];
        pair.repo.keysweep_call(&args).stdin(lines).run().expect_code(1)
    };
    // The old id of another ref counts too, even if that ref allows other tokens.
    let lines = format!("refs/heads/main {tip} refs/heads/new {ZERO}\nrefs/heads/x {old} refs/heads/x {old}\n");
    expect_report(&hook(lines), &[(&bad, "a.txt:1", &token)]);
    let unknown = "1".repeat(40);
    let lines = format!("refs/heads/main {tip} refs/heads/main {unknown}\n");
    expect_report(&hook(lines), &[(&bad, "a.txt:1", &token), (&old, "old.txt:2", &pair.old)]);
}

#[test]
fn a_framework_gets_the_same_result() {
    let pair = Pair::new(4713);
    let public = unrelated_repository(&pair);
    let repo = &pair.repo;
    repo.git(&["fetch", "-q", "origin"]);
    let (origin, main) = (pair.origin().display().to_string(), pair.oid("main"));
    let tip = pair.add("a.txt", "innocent\n");
    let hook = |url: &str| {
        note(url);
        // pre-commit looks up the old id in the tracking refs of the remote's name.
        let call = from_dev_null(repo, &["pre-push"]).env("PRE_COMMIT", "1").env("PRE_COMMIT_FROM_REF", &main);
        let call = call.env("PRE_COMMIT_TO_REF", &tip).env("PRE_COMMIT_REMOTE_NAME", "origin");
        let call =
            call.env("PRE_COMMIT_REMOTE_BRANCH", "refs/heads/new").env("PRE_COMMIT_LOCAL_BRANCH", "refs/heads/main");
        call.env("PRE_COMMIT_REMOTE_URL", url).run()
    };
    expect_report(&hook(&origin).expect_code(0), &[]);
    expect_report(&hook(&format!("file://{origin}")).expect_code(0), &[]);
    expect_report(&hook(text(&public)).expect_code(1), &[(&main, "old.txt:2", &pair.old)]);
}

#[test]
fn without_a_url_the_settings_of_the_remote_apply() {
    let pair = Pair::new(4714);
    let public = unrelated_repository(&pair);
    let repo = &pair.repo;
    repo.git(&["fetch", "-q", "origin"]);
    let line = format!("refs/heads/main {} refs/heads/new {ZERO}\n", pair.oid("main"));
    let hook =
        |args: &[&str]| repo.keysweep_call(&["hook", "--format", "jsonl", "pre-push"]).args(args).stdin(&line).run();
    expect_report(&hook(&["origin"]).expect_code(0), &[]);
    let wanted: &[ExpectedFinding] = &[(&pair.oid("main"), "old.txt:2", &pair.old)];
    expect_report(&hook(&[]).expect_code(1), wanted);
    expect_report(&hook(&["nowhere"]).expect_code(1), wanted);
    repo.git(&["remote", "set-url", "--push", "origin", text(&public)]);
    expect_report(&hook(&["origin"]).expect_code(1), wanted);
    // Remotes in the legacy formats are not trusted.
    repo.git(&["remote", "rename", "origin", "gone"]);
    repo.write(
        ".git/remotes/origin",
        format!("URL: {}\nPull: refs/heads/main:refs/remotes/origin/main\n", text(&public)),
    );
    repo.git(&["update-ref", "refs/remotes/origin/main", "main"]);
    expect_report(&pair.push(&["origin", "main:new"]).expect_code(1), wanted);
}

#[test]
fn a_push_to_the_same_repository_has_no_new_commits() {
    let pair = Pair::new(4715);
    let top = pair.repo.top().display().to_string();
    for (number, to) in [".", &top, &format!("file://{top}/.git")].into_iter().enumerate() {
        note(to);
        expect_report(&pair.push(&[to, &format!("main:new{number}")]).expect_code(0), &[]);
    }
}

#[test]
fn the_record_of_a_push_is_not_written_through_a_symlink_or_by_doctor() {
    let pair = Pair::new(4716);
    let repo = &pair.repo;
    repo.git(&["fetch", "-q", "origin"]);
    let record = repo.path(".git/keysweep/remotes");
    let line = format!("refs/heads/main {} refs/heads/new {ZERO}\n", pair.oid("main"));
    let call = pair.direct_call().stdin(&line).env("GIT_QUARANTINE_PATH", repo.path(".git/objects"));
    expect_report(&call.run().expect_code(0), &[]);
    assert!(!record.exists());
    let target = repo.base().join("target");
    fs::write(&target, "mine").expect("write");
    fs::create_dir_all(record.parent().expect("a folder")).expect("create");
    std::os::unix::fs::symlink(&target, &record).expect("link");
    expect_report(&pair.direct(&line).expect_code(0), &[]);
    assert_eq!(fs::read_to_string(&target).expect("read"), "mine");
    assert!(record.symlink_metadata().expect("a file").is_file());
    let names: Vec<_> = record.parent().expect("a folder").read_dir().expect("list").flatten().collect();
    assert_eq!(names.len(), 1);
    // If the record cannot be written, the push is still scanned.
    fs::remove_file(&record).expect("remove");
    fs::create_dir_all(record.join("x")).expect("create");
    expect_report(&pair.direct(&line).expect_code(0), &[]);
}

#[test]
fn a_pipe_instead_of_a_file_does_not_block() {
    let pair = Pair::new(4717);
    let repo = &pair.repo;
    let line = format!("refs/heads/main {} refs/heads/new {ZERO}\n", pair.oid("main"));
    let files = [".git/FETCH_HEAD", ".git/logs/refs/remotes/origin/HEAD", ".git/keysweep/remotes"];
    for file in files {
        let path = repo.path(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("create");
        let _ = fs::remove_file(&path);
        repo.call("mkfifo", &[&path]).run().expect_code(0);
    }
    repo.git(&["config", "x.y", "newer than the tracking ref"]);
    let wanted: &[ExpectedFinding] = &[(&pair.oid("main"), "old.txt:2", &pair.old)];
    expect_report(&pair.direct(&line).expect_code(1), wanted);
}

/// The remote of the URL was never fetched, but another remote was. The user may know that both are the same
/// repository.
#[test]
fn the_help_mentions_the_setting_if_the_remote_is_configured() {
    let pair = Pair::new(4730);
    let repo = &pair.repo;
    let origin = pair.origin().display().to_string();
    let mirror = repo.base().join("mirror.git");
    repo.git_call(&["clone", "-q", "--bare"]).args(&[&pair.origin(), &mirror]).run().expect_code(0);
    repo.git(&["remote", "add", "mirror", text(&mirror)]);
    let setting = format!("git config --add keysweep.sameRepository '{origin} {}'", text(&mirror));
    let notes = |run: &Run| run.summary()["notes"].to_string();
    for to in ["mirror", text(&mirror)] {
        let notes_text = notes(&pair.push(&[to, "main:new"]).expect_code(1));
        assert!(notes_text.contains("git fetch mirror") && notes_text.contains(&setting), "{notes_text}");
    }
    // A remote that was never fetched cannot be the same repository.
    repo.git(&["remote", "add", "empty", "https://example.org/never/fetched"]);
    let notes_text = notes(&pair.push(&["mirror", "main:new"]).expect_code(1));
    assert!(!notes_text.contains("never/fetched"), "{notes_text}");
    drop(repo.call("sh", &["-c", &setting]).run().expect_code(0));
    pair.push(&["mirror", "main:new"]).expect_code(0);
}

#[test]
fn a_long_first_scan_is_announced() {
    let pair = Pair::new(4731);
    let repo = &pair.repo;
    let commit = |at: usize| {
        let from = if at == 0 { "from refs/heads/main^0\n" } else { "" };
        format!("commit refs/heads/long\ncommitter A <a@b> {at} +0000\ndata 1\nx\n{from}\n")
    };
    let stream = format!("feature done\n{}done\n", (0..2_100).map(commit).collect::<String>());
    repo.git_call(&["fast-import", "--quiet"]).stdin(stream).run().expect_code(0);
    let id = pair.oid("long");
    let hook = |url: &str, options: &[&str]| {
        let args = [&["hook"][..], options, &["pre-push", url, url]].concat();
        repo.keysweep_call(&args).stdin(format!("refs/heads/long {id} refs/heads/long {ZERO}\n")).run()
    };
    let url = "https://example.org/x";
    let run = hook(url, &[]).expect_code(1);
    run.expect_has("keysweep: scanning 2,101 commits").expect_has("git fetch https://example.org/x");
    hook(url, &["--quiet"]).expect_lacks("scanning 2,101");
    hook(text(&pair.origin()), &[]).expect_code(0).expect_lacks("keysweep: scanning");
}
