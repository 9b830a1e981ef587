//! Hostile lists and hostile repositories.

use std::fs;

use crate::harness::{Fleet, expect_error, expect_found, files, summary};
use crate::support::{client, executable, os};

#[test]
fn lines_that_are_no_address_are_errors() {
    let mut fleet = Fleet::new(2501);
    let token = fleet.token();
    fleet.add("one", Some(&token));
    let (victim, one) = (fleet.folder("victim"), fleet.folder("one"));
    let lines = [
        format!("--upload-pack=touch {victim}"),
        "-v".to_owned(),
        format!("ext::sh -c touch% {victim}"),
        format!("ext::{}", fleet.folder("one")),
        "http://127.0.0.1:1/x".to_owned(),
        "git://127.0.0.1:1/x".to_owned(),
        format!("ssh://-oProxyCommand=touch%20{victim}/x"),
        format!("-oProxyCommand=touch {victim}:x"),
        "\u{1b}]0;x\u{7}".to_owned(),
        "x".repeat(5000),
        one.clone(),
    ];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let run = fleet.run(&[], &lines).expect_code(2);
    assert_eq!(run.objects().iter().filter(|line| line["type"] == "error").count(), 10, "{}", run.out());
    expect_found(&run, &one, &[&token]);
    assert!(!fs::exists(&victim).expect("check"));
    assert!(!run.all().contains('\u{1b}'));
    // The bytes of a path need not be text.
    let odd = fleet.repo.base().join(os(b"odd\xff"));
    fs::rename(fleet.folder("one"), &odd).expect("rename");
    let line = [odd.as_os_str().as_encoded_bytes(), b"\n"].concat();
    let run = fleet.call(&[] as &[&str], &[]).stdin(line).run().expect_code(1);
    assert!(run.objects()[0]["repository"].as_str().is_some_and(|name| name.ends_with("odd\\xff")), "{}", run.out());
}

#[test]
fn a_token_in_a_line_is_not_printed() {
    let mut fleet = Fleet::new(2502);
    let token = fleet.token();
    let (path, url) = (fleet.folder(token.text()), fleet.url(token.text()));
    let remote = format!("ssh://git@[::1]:1/{}", token.text());
    let run = fleet.run(&["--timeout", "20"], &[&path, &url, &remote]).expect_code(2);
    assert_eq!(run.objects().len(), 3, "{}", run.out());
    assert!(!run.all().contains(token.text()), "{}", run.all());
    // It is not in the name of a file either.
    assert!(files(&fleet.cache()).iter().all(|file| !file.to_string_lossy().contains(token.text())));
}

#[test]
fn a_repository_allows_nothing_for_itself() {
    let mut fleet = Fleet::new(2503);
    let (token, marked, known) = (fleet.token(), fleet.token(), fleet.token());
    let view = fleet.add("one", Some(&token));
    view.stage(".keysweep.toml", "[allow]\npaths = ['a.txt']\n");
    let id = known.fingerprint();
    view.stage(
        ".keysweep-baseline",
        format!(
            "{{\"fingerprint\":\"{id}\",\"path\":\"c.txt\",\"rule\":\"x\",\"reason\":\"x\",\"added\":\"2026-01-01\"}}\n"
        ),
    );
    view.stage("b.txt", format!("{}  # keysweep:allow\n", client(&marked).trim()));
    view.stage("c.txt", client(&known));
    view.git(&["commit", "-q", "-m", "allow"]);
    for repository in [fleet.folder("one"), fleet.url("one")] {
        let run = fleet.run(&[], &[&repository]).expect_code(1);
        expect_found(&run, &repository, &[&token, &marked, &known]);
        let run = fleet.run(&["--trust-config"], &[&repository]).expect_code(0);
        let summary = summary(&run, &repository);
        assert_eq!((&summary["allowed"], &summary["baselined"]), (&2.into(), &1.into()), "{}", run.out());
    }
    view.stage(".keysweep.toml", "[alow]\n");
    view.git(&["commit", "-q", "-m", "wrong"]);
    let one = fleet.folder("one");
    expect_found(&fleet.run(&[], &[&one]).expect_code(1), &one, &[&token, &marked, &known]);
    expect_error(&fleet.run(&["--trust-config"], &[&one]).expect_code(2), &one, "alow");
}

/// What the owner of a repository writes into it must not hide a token.
#[test]
fn a_forged_cache_in_a_repository_has_no_effect() {
    let mut fleet = Fleet::new(2504);
    let token = fleet.token();
    let view = fleet.add("one", None);
    view.git(&["-C", &fleet.folder("one"), "status"]);
    fleet.repo.keysweep_call(&["history", "--since-last"]).cwd(&view.top).run().expect_code(0);
    fleet.commit("one", "b.txt", &client(&token));
    // A forged list would name the new objects as clean. The list of an allowed token does.
    let allow = ["history", "--since-last", "--allow", "b.txt"];
    fleet.repo.keysweep_call(&allow).cwd(&view.top).run().expect_code(0);
    let one = fleet.folder("one");
    expect_found(&fleet.run(&["--since-last"], &[&one]).expect_code(1), &one, &[&token]);
    let made: Vec<_> =
        files(&fleet.cache()).into_iter().filter(|file| file.ends_with("keysweep/clean-objects")).collect();
    assert_eq!(made.len(), 1, "{made:?}");
}

#[test]
fn nothing_of_a_repository_runs() {
    let mut fleet = Fleet::new(2505);
    let token = fleet.token();
    let view = fleet.add("one", Some(&token));
    let (ran, script) = (fleet.repo.base().join("ran"), fleet.repo.base().join("script"));
    executable(&script, &format!("#!/bin/sh\necho \"$0 $*\" >> '{}'\n", ran.display()));
    let script = script.to_str().expect("UTF-8");
    for name in [
        "core.fsmonitor",
        "core.sshCommand",
        "core.gitProxy",
        "core.askPass",
        "core.alternateRefsCommand",
        "credential.helper",
        "uploadpack.packObjectsHook",
        "remote.origin.uploadpack",
        "filter.x.smudge",
    ] {
        view.git(&["config", name, script]);
    }
    view.git(&["config", "remote.origin.url", &format!("ext::{script}")]);
    view.git(&["config", "remote.origin.promisor", "true"]);
    for hook in ["post-checkout", "reference-transaction", "pre-auto-gc", "post-index-change", "pre-receive"] {
        executable(&view.top.join(".git/hooks").join(hook), &format!("#!/bin/sh\nexec {script} {hook}\n"));
    }
    let template = fleet.repo.base().join("template/hooks");
    fs::create_dir_all(&template).expect("create");
    executable(&template.join("reference-transaction"), &format!("#!/bin/sh\nexec {script} template\n"));
    for repository in [fleet.folder("one"), fleet.url("one")] {
        let call = fleet.call(&["--since-last"], &[&repository]);
        let call = call.env("GIT_TEMPLATE_DIR", template.parent().expect("a folder")).env("GIT_ASKPASS", script);
        let call = call.env("GIT_SSH_COMMAND", script).env("GIT_PROXY_COMMAND", script).env("SSH_ASKPASS", script);
        expect_found(&call.run().expect_code(1), &repository, &[&token]);
    }
    assert!(!ran.exists(), "{}", fs::read_to_string(&ran).unwrap_or_default());
}

/// A repository that the environment names is not the one of the line.
#[test]
fn variables_of_git_name_no_other_repository() {
    let mut fleet = Fleet::new(2506);
    let (token, other) = (fleet.token(), fleet.token());
    fleet.add("one", Some(&token));
    fleet.add("other", Some(&other));
    for repository in [fleet.folder("one"), fleet.url("one")] {
        let folder = fleet.folder("other");
        let call = fleet.call(&[] as &[&str], &[&repository]).env("GIT_DIR", format!("{folder}/.git"));
        let call = call.env("GIT_WORK_TREE", &folder).env("GIT_INDEX_FILE", format!("{folder}/.git/index"));
        let call = call.env("GIT_ALTERNATE_OBJECT_DIRECTORIES", format!("{folder}/.git/objects"));
        expect_found(&call.run().expect_code(1), &repository, &[&token]);
    }
}

#[test]
fn submodules_are_named_and_not_fetched() {
    let mut fleet = Fleet::new(2507);
    let token = fleet.token();
    fleet.add("inner", Some(&token));
    let view = fleet.add("one", None);
    view.git(&["-c", "protocol.file.allow=always", "submodule", "add", "-q", &fleet.url("inner"), "sub"]);
    view.git(&["commit", "-q", "-m", "a submodule"]);
    let url = fleet.url("one");
    let call = fleet.call(&[] as &[&str], &[&url]).env("GIT_CONFIG_COUNT", "1");
    let run =
        call.env("GIT_CONFIG_KEY_0", "fetch.recurseSubmodules").env("GIT_CONFIG_VALUE_0", "true").run().expect_code(0);
    assert!(summary(&run, &url)["skipped"].to_string().contains("sub"), "{}", run.out());
    assert_eq!(fleet.mirrors().len(), 1);
}
