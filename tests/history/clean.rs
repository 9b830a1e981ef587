//! The cleaning: what `history --replacements` writes and plans, done by the real git filter-repo, and swept again.

use std::fs;

use data_encoding::BASE64;

use crate::support::clean::{equip, expect_clean, file, follow, names, shell, step, sweep};
use crate::support::encode::{WAYS, WIDE, wrapped};
use crate::support::history::{expect_tokens, fingerprint};
use crate::support::leak::expect_no_leak;
use crate::support::token::{Maker, Token};
use crate::support::{Repo, client, runner, text};

/// Tokens of every family, and one in every kind of place, in commits that two branches and two tags lead to.
fn fill(repo: &Repo, make: &mut Maker) -> Vec<Token> {
    let mut tokens = make.every_family();
    for (n, token) in tokens.iter().enumerate() {
        repo.stage(format!("families/{n}.py"), client(token));
    }
    repo.commit("families");
    let mut token = |make: &mut Maker| {
        let token = make.sk_live(24);
        tokens.push(token.clone());
        token
    };
    for (n, way) in WAYS.iter().chain(WIDE).enumerate() {
        let held = [b"key: ", token(make).text().as_bytes(), b" end\n"].concat();
        repo.stage(format!("encoded/{n}"), [(way.write)(&held), b"\n".to_vec()].concat());
    }
    let long = format!("{}{}{}", "some text in front of it; ".repeat(4), token(make), " and some behind".repeat(4));
    for (width, line_break) in [(64, "\n"), (76, "\r\n")] {
        repo.stage(
            format!("wrapped{width}.pem"),
            wrapped(BASE64.encode(long.as_bytes()).as_bytes(), width, line_break),
        );
    }
    repo.stage("meta.txt", format!("^(${{{}}})*[.+]$ \\1 ==>{}==> literal:x\n", token(make), token(make)));
    repo.stage("binary.bin", [b"\0\x01\xff".as_slice(), token(make).text().as_bytes(), b"\0\n\xfe"].concat());
    repo.commit(&format!("Use {}\n\nand not {}", token(make), token(make)));
    repo.git(&["rm", "-q", "-r", "encoded", "meta.txt"]);
    repo.commit("gone");
    repo.git(&["checkout", "-q", "-b", "side", "HEAD~2"]);
    repo.stage(format!("{}/{}.txt", token(make), token(make)), "innocent\n");
    repo.stage_entry("120000", "link", format!("../{}", token(make)));
    repo.commit("names");
    repo.git(&["tag", "-a", "-m", &format!("made with {}", token(make)), "v1"]);
    repo.git(&["checkout", "-q", "--detach"]);
    repo.stage("tagged.txt", client(&token(make)));
    let (name, email) = (format!("Ada {}", token(make)), format!("{}@example.org", token(make)));
    let commit = repo.git_call(&["commit", "-q", "-m", "tagged"]);
    commit.env("GIT_AUTHOR_NAME", name).env("GIT_COMMITTER_EMAIL", email).run().expect_code(0);
    repo.git(&["tag", "light"]);
    repo.git(&["checkout", "-q", "main"]);
    tokens
}

/// What [`fill`] makes, at a remote.
fn scene(seed: u64) -> (Repo, Vec<Token>) {
    let repo = Repo::new();
    let mut make = Maker::new(seed);
    let mut tokens = fill(&repo, &mut make);
    let named = make.sk_live(24);
    repo.git(&["branch", &format!("fix-{named}")]);
    tokens.push(named);
    repo.git(&["init", "-q", "--bare", "-b", "main", "../origin.git"]);
    repo.git(&["remote", "add", "origin", "../origin.git"]);
    repo.git(&["push", "-q", "origin", "--all"]);
    repo.git(&["push", "-q", "origin", "--tags"]);
    repo.git(&["fetch", "-q"]);
    (repo, tokens)
}

#[test]
fn a_clone_is_cleaned_by_its_plan() {
    let (repo, tokens) = scene(7900);
    let run = sweep(&repo, repo.top()).expect_code(1);
    expect_tokens(&run, &tokens);
    expect_no_leak(&run, &tokens);
    assert_eq!(names(&run), ["rotate", "rewrite", "push", "forget", "forge", "sweep", "delete"]);
    let done = follow(&repo, repo.top(), &run, &["rewrite", "push", "sweep", "delete"]);
    // git itself prints the names of branches, of which the last token is one.
    expect_no_leak(&done, &tokens[..tokens.len() - 1]);
    assert!(!file(&repo).exists());
    // What was there besides stays.
    let origin = repo.base().join("origin.git");
    let main = repo.git_call(&["show", "main:families/0.py"]).cwd(&origin).run().expect_code(0);
    assert_eq!(main.out(), format!("client = Client(\"REMOVED-stripe-secret-key-{}\")\n", fingerprint(&tokens[0])));
    // The clone that is kept.
    repo.git(&["checkout", "-q", "--detach"]);
    for name in repo.git(&["for-each-ref", "--format=%(refname)", "refs/heads", "refs/tags"]).out().lines() {
        repo.git(&["update-ref", "-d", name]);
    }
    repo.git(&["fetch", "-q", "--prune", "--tags"]);
    repo.git(&["reset", "-q", "--hard", "origin/main"]);
    follow(&repo, repo.top(), &run, &["forget"]);
    expect_clean(&repo, repo.top());
}

#[test]
fn a_repository_that_knows_no_remote_goes_on_as_a_copy() {
    let repo = Repo::new();
    let mut make = Maker::new(7901);
    let mut tokens = fill(&repo, &mut make);
    let stashed = make.sk_live(24);
    repo.write("families/0.py", client(&stashed));
    repo.git(&["stash", "-q"]);
    let run = sweep(&repo, repo.top()).expect_code(1);
    tokens.push(stashed);
    expect_tokens(&run, &tokens);
    assert_eq!(names(&run), ["rotate", "rewrite", "replace", "delete"]);
    follow(&repo, repo.top(), &run, &["rewrite", "delete"]).expect_has("no token in");
}

#[test]
fn a_server_s_repository_is_cleaned_from_a_copy() {
    let (repo, tokens) = scene(7902);
    let origin = repo.base().join("origin.git");
    let run = sweep(&repo, &origin).expect_code(1);
    expect_tokens(&run, &tokens);
    assert_eq!(names(&run), ["rotate", "rewrite", "push", "forget", "sweep", "delete"]);
    follow(&repo, &origin, &run, &["rewrite", "push", "delete"]);
    follow(&repo, &origin, &run, &["forget", "sweep"]);
}

#[test]
fn what_was_not_pushed_is_rewritten_where_it_is() {
    let repo = Repo::new();
    let mut make = Maker::new(7903);
    repo.stage("a.txt", "innocent\n");
    repo.commit("base");
    repo.git(&["init", "-q", "--bare", "../origin.git"]);
    repo.git(&["remote", "add", "origin", "../origin.git"]);
    repo.git(&["push", "-q", "origin", "main"]);
    let (pushed, in_text, in_message, detached) =
        (repo.git(&["rev-parse", "main"]).line(), make.sk_live(24), make.sk(32), make.sk_live(24));
    repo.git(&["checkout", "-q", "-b", "it's-mine"]);
    repo.stage("a.txt", client(&in_text));
    repo.commit(&client(&in_message));
    let run = sweep(&repo, repo.top()).expect_code(1);
    expect_tokens(&run, [&in_text, &in_message]);
    assert_eq!(names(&run), ["rotate", "rewrite-here", "forget", "sweep", "delete"]);
    follow(&repo, repo.top(), &run, &["rewrite-here", "forget", "sweep", "delete"]);
    assert_eq!(repo.git(&["rev-parse", "main", "it's-mine^", "origin/main"]).out(), format!("{pushed}\n").repeat(3));
    assert_eq!(repo.git(&["remote"]).line(), "origin");
    repo.git(&["checkout", "-q", "--detach"]);
    repo.stage("b.txt", client(&detached));
    repo.commit("detached");
    let run = sweep(&repo, repo.top()).expect_code(1);
    follow(&repo, repo.top(), &run, &["rewrite-here", "forget", "sweep"]);
}

#[test]
fn what_no_ref_leads_to_is_forgotten() {
    let repo = Repo::new();
    let mut make = Maker::new(7904);
    repo.stage("a.txt", "innocent\n");
    repo.commit("base");
    let (reflog, dangling, stashed, staged) = (make.sk_live(24), make.sk_live(24), make.sk_live(24), make.sk_live(24));
    repo.stage("a.txt", client(&reflog));
    repo.commit("bad");
    repo.git(&["reset", "-q", "--hard", "HEAD^"]);
    repo.blob(client(&dangling));
    let run = sweep(&repo, repo.top()).expect_code(1);
    assert_eq!(names(&run), ["rotate", "forget", "sweep", "delete"]);
    follow(&repo, repo.top(), &run, &["forget", "sweep", "delete"]);
    for text in ["innocent too\n", &client(&stashed)] {
        repo.write("a.txt", text);
        repo.git(&["stash", "-q"]);
    }
    repo.stage("b.txt", client(&staged));
    let run = sweep(&repo, repo.top()).expect_code(1);
    assert_eq!(names(&run), ["rotate", "unstage", "stash", "forget", "sweep", "delete"]);
    assert_eq!(step(&run, "unstage")["list"], serde_json::json!(["b.txt"]));
    repo.git(&["stash", "drop", "-q"]);
    repo.stage("b.txt", "mended\n");
    follow(&repo, repo.top(), &run, &["forget", "sweep", "delete"]);
    assert_eq!(repo.git(&["stash", "list"]).out().lines().count(), 1, "the other stash stays");
}

#[test]
fn what_is_only_staged_never_leaked() {
    let repo = Repo::new();
    repo.stage("a.txt", client(&Maker::new(7905).sk_live(24)));
    let run = sweep(&repo, repo.top()).expect_code(1);
    assert_eq!(names(&run), ["unstage", "forget", "sweep", "delete"]);
}

#[test]
fn without_the_file_the_plan_tells_how_to_get_it() {
    let (repo, tokens) = scene(7906);
    let run = repo.keysweep(&["history", "--format", "jsonl"]).expect_code(1);
    assert_eq!(names(&run), ["rotate", "rewrite", "forget", "forge", "sweep"]);
    expect_no_leak(&run, &tokens);
    let command = text(&step(&run, "rewrite")["run"][0]).to_owned();
    let again = equip(repo.call("sh", &["-ec", &command])).run().expect_code(1).expect_has("git filter-repo");
    expect_no_leak(&again, &tokens);
    assert!(repo.base().join("replacements.txt").exists(), "the command names a place that the home has");
}

#[test]
fn a_token_that_begins_as_another_leaves_no_rest() {
    let repo = Repo::new();
    let mut make = Maker::new(7907);
    let short = make.sk_live(24);
    let long = format!("{short}{}", make.alnum(40));
    repo.stage("a.txt", client(&short));
    repo.stage("b.txt", format!("client = Client(\"{long}\")\n"));
    repo.commit("bad");
    let run = sweep(&repo, repo.top()).expect_code(1);
    assert_eq!(run.findings().len(), 2);
    let told = follow(&repo, repo.top(), &run, &["rewrite"]);
    drop(told);
    let clean = repo.base().join("tmp");
    let clean = fs::read_dir(clean).expect("list").next().expect("one").expect("an entry").path().join("clean.git");
    let left = repo.git_call(&["show", "main:b.txt"]).cwd(clean).run().expect_code(0).out();
    assert!(left.starts_with("client = Client(\"REMOVED-") && left.ends_with("\")\n") && left.len() < 70, "{left}");
}

#[test]
fn the_remote_that_has_it_is_cleaned_and_no_name_of_one_is_printed() {
    let (repo, tokens) = scene(7912);
    let named = Maker::new(7913).sk_live(24);
    for name in ["upstream", named.text()] {
        repo.git(&["remote", "add", name, &format!("../{name}.git")]);
    }
    repo.git(&["remote", "remove", "origin"]);
    repo.git(&["init", "-q", "--bare", "-b", "main", "../upstream.git"]);
    repo.git(&["push", "-q", "upstream", "--all"]);
    repo.git(&["init", "-q", "--bare", "-b", "main", "../other.git"]);
    repo.git(&["remote", "add", "origin", "../other.git"]);
    let run = sweep(&repo, repo.top()).expect_code(1);
    expect_no_leak(&run, tokens.iter().chain([&named]));
    let rewrite = step(&run, "rewrite")["run"].clone();
    assert!(rewrite.to_string().contains("$(git remote get-url upstream)"), "{rewrite}");
    let main = step(&run, "push")["list"].as_array().expect("a list").contains(&"refs/heads/main".into());
    assert!(main, "{:#}", step(&run, "push"));
    follow(&repo, repo.top(), &run, &["rewrite", "push", "sweep", "delete"]);
}

#[test]
fn a_branch_here_that_is_called_by_a_token_gets_another_name() {
    let repo = Repo::new();
    let mut make = Maker::new(7911);
    repo.stage("a.txt", "innocent\n");
    repo.commit("base");
    repo.git(&["init", "-q", "--bare", "../origin.git"]);
    repo.git(&["remote", "add", "origin", "../origin.git"]);
    repo.git(&["push", "-q", "origin", "main"]);
    let (named, held) = (format!("fix-{}", make.sk_live(24)), make.sk_live(24));
    repo.git(&["branch", &named]);
    let run = sweep(&repo, repo.top()).expect_code(1);
    assert_eq!(names(&run), ["rotate", "rename", "forget", "sweep", "delete"]);
    fs::remove_file(file(&repo)).expect("the file");
    repo.git(&["checkout", "-q", "-b", "side"]);
    repo.stage("a.txt", client(&held));
    repo.commit("bad");
    let run = sweep(&repo, repo.top()).expect_code(1);
    assert_eq!(names(&run), ["rotate", "rename", "rewrite-here", "forget", "sweep", "delete"]);
    repo.git(&["branch", "-m", &named, "fix"]);
    follow(&repo, repo.top(), &run, &["rewrite-here", "forget", "sweep"]);
}

/// The commands for somebody in a hurry, as the page has them.
fn three_commands(url: &str) -> Vec<String> {
    let page = fs::read_to_string(runner::ours("docs/sweep.md")).expect("the page");
    let block = page.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a block");
    block.lines().map(|line| line.replace("URL", url)).collect()
}

#[test]
fn the_three_commands_of_the_page() {
    let repo = Repo::new();
    let mut make = Maker::new(7908);
    let [first, second, third] = [make.sk_live(24), make.whsec_base64(32), make.sk(32)];
    repo.stage("a.py", client(&first));
    repo.commit(&client(&second));
    repo.git(&["tag", "-a", "-m", "v1", "v1"]);
    repo.stage("a.py", "mended\n");
    repo.stage("k8s.yaml", format!("data:\n  key: {}\n", BASE64.encode(format!("{third}\n").as_bytes())));
    repo.commit("more");
    repo.git(&["clone", "-q", "--bare", "--no-local", ".", "../origin.git"]);
    let url = format!("file://{}/origin.git", repo.base().display());
    let [clone, sweep, clean] = <[String; 3]>::try_from(three_commands(&url)).expect("three commands");
    let script = format!("{clone}\ncode=0; {sweep} --format jsonl > ../report || code=$?; test $code = 1\n{clean}\n");
    let run = shell(&repo, repo.base(), &script).expect_has("keysweep: no token in");
    let report = fs::read_to_string(repo.base().join("report")).expect("the report");
    for token in [&first, &second, &third] {
        assert!(report.contains(&fingerprint(token)), "{token} is found");
        assert!(!report.contains(token.body()), "{token} is printed");
    }
    expect_no_leak(&run, [&first, &second, &third]);
    repo.git(&["clone", "-q", "--mirror", &url, "../proof.git"]);
    expect_clean(&repo, &repo.base().join("proof.git"));
    assert_eq!(repo.git(&["--git-dir=../proof.git", "rev-list", "--count", "main"]).line(), "2");
}

#[test]
fn what_a_forge_keeps_is_told_by_the_last_sweep() {
    let repo = Repo::new();
    let token = Maker::new(7914).sk_live(24);
    repo.stage("a.py", client(&token));
    repo.commit("bad");
    let origin = repo.base().join("origin.git");
    let at_origin = |args: &[&str]| repo.git_call(args).cwd(&origin).run().expect_code(0);
    repo.git(&["clone", "-q", "--bare", "--no-local", ".", "../origin.git"]);
    at_origin(&["update-ref", "refs/pull/1/head", "main"]);
    at_origin(&["config", "receive.hideRefs", "refs/pull"]);
    let url = format!("file://{}", origin.display());
    let [clone, sweep, clean] = <[String; 3]>::try_from(three_commands(&url)).expect("three commands");
    // As somebody types them: what fails does not end the shell.
    let script = format!("set +e\n{clone}\n{sweep}\n{clean}\n");
    shell(&repo, repo.base(), &script).expect_has("deny updating a hidden ref").expect_has("keysweep: no token in");
    let proof = |name: &str| {
        repo.git(&["clone", "-q", "--mirror", &url, &format!("../{name}")]);
        repo.keysweep_call(&["history", "--format", "jsonl"]).cwd(repo.base().join(name)).run()
    };
    let left = proof("left.git").expect_code(1).only_finding();
    assert_eq!(left["refs"], serde_json::json!(["refs/pull/1/head"]));
    // What support does.
    at_origin(&["update-ref", "-d", "refs/pull/1/head"]);
    proof("proof.git").expect_code(0);
}

#[test]
fn a_mirror_is_cleaned_where_it_is() {
    let (repo, tokens) = scene(7909);
    let url = format!("file://{}/origin.git", repo.base().display());
    repo.git(&["clone", "-q", "--mirror", &url, "../mirror.git"]);
    let mirror = repo.base().join("mirror.git");
    let run = sweep(&repo, &mirror).expect_code(1);
    expect_tokens(&run, &tokens);
    assert_eq!(names(&run), ["rotate", "rewrite", "push", "forget", "forge", "sweep", "delete"]);
    follow(&repo, &mirror, &run, &["rewrite", "push", "sweep", "delete"]);
    expect_clean(&repo, &mirror);
}

#[test]
fn whatever_is_found_is_gone_after_one_run() {
    // In the last one a token glued to the rest of another was missed once.
    for seed in [7920, 7921, 7964] {
        let repo = Repo::new();
        let mut make = Maker::new(seed);
        for n in 0..40 {
            let family = make.every_family();
            let mut text: Vec<u8> = Vec::new();
            for _ in 0..=make.below(3) {
                let token = &family[make.below(family.len())];
                let glue = ["", " ", "\n", ", ", "\": \"", "=="][make.below(6)];
                text.extend([token.text().as_bytes(), glue.as_bytes()].concat());
            }
            for _ in 0..make.below(3) {
                let way = &WAYS[make.below(WAYS.len())];
                text = [b"key: ".as_slice(), &(way.write)(&text), b" x\n"].concat();
            }
            match make.below(5) {
                0 => text = wrapped(BASE64.encode(&[b"padding ".repeat(9), text].concat()).as_bytes(), 64, "\n"),
                1 => text = (WIDE[make.below(WIDE.len())].write)(&text),
                _ => {}
            }
            repo.stage(format!("{n}.txt"), text);
        }
        repo.commit("all");
        let run = sweep(&repo, repo.top()).expect_code(1);
        crate::support::note(format!("seed {seed}: {} tokens", run.findings().len()));
        follow(&repo, repo.top(), &run, &["rewrite", "delete"]);
    }
}

#[test]
fn the_branches_of_a_bare_clone_are_those_of_its_remote() {
    let (repo, _) = scene(7910);
    repo.git(&["clone", "-q", "--bare", "--no-local", "../origin.git", "../bare.git"]);
    let bare = repo.base().join("bare.git");
    let run = sweep(&repo, &bare).expect_code(1);
    assert_eq!(names(&run), ["rotate", "rewrite", "push", "forget", "forge", "sweep", "delete"]);
    let pushed = step(&run, "push")["list"].clone();
    assert!(pushed.as_array().expect("a list").contains(&"refs/heads/main".into()), "{pushed}");
    follow(&repo, &bare, &run, &["rewrite", "push", "sweep", "delete"]);
}
