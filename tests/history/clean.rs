//! The cleanup: runs the plan that `history --replacements` writes, exactly as printed, and scans again.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use data_encoding::BASE64;

use crate::support::clean::{
    expect_clean, expect_without, file, names, run_plan, shell, shell_call, sweep, with_filter_repo_in_path,
};
use crate::support::encode::{ENCODINGS, WIDE_ENCODINGS, wrapped};
use crate::support::history::{expect_tokens, fingerprint};
use crate::support::leak::expect_no_leak;
use crate::support::token::{Maker, Token};
use crate::support::{Repo, client, runner};

/// Commits tokens of every family, and a token in each kind of place, reachable from two branches and two tags.
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
    for (n, encoding) in ENCODINGS.iter().chain(WIDE_ENCODINGS).enumerate() {
        let held = [b"key: ", token(make).text().as_bytes(), b" end\n"].concat();
        repo.stage(format!("encoded/{n}"), [(encoding.write)(&held), b"\n".to_vec()].concat());
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

/// The repository that [`fill`] creates, with a remote.
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
    assert_eq!(names(&run), ["rotate", "store", "verify", "revoke", "prove", "record", "clean", "others"]);
    let script = fs::read_to_string(repo.base().join("replacements.txt.sh")).expect("the script");
    assert!(tokens.iter().all(|token| !script.contains(token.body())), "the script contains a token");
    let mode = fs::metadata(repo.base().join("replacements.txt.sh")).expect("the script").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    let done = run_plan(&repo, repo.top(), &run);
    expect_no_leak(&done, &tokens);
    assert!(!file(&repo).exists());
    for git_dir in [repo.path(".git"), repo.base().join("origin.git")] {
        expect_without(&repo, &git_dir, &tokens);
    }
    // The rest of the content stays.
    let origin = repo.base().join("origin.git");
    let main = repo.git_call(&["show", "main:families/0.py"]).cwd(&origin).run().expect_code(0);
    assert_eq!(main.out(), format!("client = Client(\"REMOVED-stripe-secret-key-{}\")\n", fingerprint(&tokens[0])));
    assert_eq!(repo.git(&["status", "--porcelain"]).out(), "");
    expect_clean(&repo, repo.top());
}

#[test]
fn a_repository_without_a_remote_is_cleaned_in_place() {
    let repo = Repo::new();
    let mut make = Maker::new(7901);
    let mut tokens = fill(&repo, &mut make);
    let stashed = make.sk_live(24);
    repo.write("families/0.py", client(&stashed));
    repo.git(&["stash", "-q"]);
    let run = sweep(&repo, repo.top()).expect_code(1);
    tokens.push(stashed);
    expect_tokens(&run, &tokens);
    assert_eq!(names(&run), ["rotate", "store", "verify", "revoke", "prove", "record", "clean"]);
    run_plan(&repo, repo.top(), &run);
    expect_without(&repo, &repo.path(".git"), &tokens);
    assert_eq!(repo.git(&["stash", "list"]).out().lines().count(), 1, "the stash must stay, without the token");
}

#[test]
fn a_server_repository_is_cleaned_in_place() {
    let (repo, tokens) = scene(7902);
    let origin = repo.base().join("origin.git");
    let run = sweep(&repo, &origin).expect_code(1);
    expect_tokens(&run, &tokens);
    assert_eq!(names(&run), ["rotate", "store", "verify", "revoke", "prove", "record", "clean"]);
    run_plan(&repo, &origin, &run);
    expect_without(&repo, &origin, &tokens);
}

#[test]
fn a_mirror_is_cleaned_with_its_remote() {
    let (repo, tokens) = scene(7909);
    let url = format!("file://{}/origin.git", repo.base().display());
    repo.git(&["clone", "-q", "--mirror", &url, "../mirror.git"]);
    let mirror = repo.base().join("mirror.git");
    // The mirror has two packs, and another developer has pushed since.
    repo.git_call(&["repack", "-q", "-d"]).cwd(&mirror).run().expect_code(0);
    repo.stage("more.txt", "innocent\n");
    repo.commit("meanwhile");
    repo.git(&["push", "-q", "origin", "main"]);
    let late = repo.git(&["log", "-1", "--format=%s%an%ad", "main"]).line();
    let run = sweep(&repo, &mirror).expect_code(1);
    expect_tokens(&run, &tokens);
    run_plan(&repo, &mirror, &run);
    for git_dir in [&mirror, &repo.base().join("origin.git")] {
        expect_without(&repo, git_dir, &tokens);
    }
    let at_origin = repo.git(&["--git-dir=../origin.git", "log", "-1", "--format=%s%an%ad", "main"]).line();
    assert_eq!(at_origin, late, "the later push must stay");
}

#[test]
fn a_bare_clone_is_cleaned_with_its_remote() {
    let (repo, tokens) = scene(7910);
    repo.git(&["clone", "-q", "--bare", "--no-local", "../origin.git", "../bare.git"]);
    let bare = repo.base().join("bare.git");
    let run = sweep(&repo, &bare).expect_code(1);
    run_plan(&repo, &bare, &run);
    for git_dir in [&bare, &repo.base().join("origin.git")] {
        expect_without(&repo, git_dir, &tokens);
    }
}

#[test]
fn only_unreachable_objects_with_tokens_are_removed() {
    let repo = Repo::new();
    let mut make = Maker::new(7904);
    repo.stage("a.txt", "innocent\n");
    repo.commit("base");
    let tokens: Vec<Token> = (0..4).map(|_| make.sk_live(24)).collect();
    repo.stage("a.txt", client(&tokens[0]));
    repo.commit("bad");
    repo.git(&["reset", "-q", "--hard", "HEAD^"]);
    repo.blob(client(&tokens[1]));
    let innocent = repo.blob("nobody names this\n");
    for text in ["innocent too\n", &client(&tokens[2])] {
        repo.write("a.txt", text);
        repo.git(&["stash", "-q"]);
    }
    repo.stage("b.txt", client(&tokens[3]));
    let run = sweep(&repo, repo.top()).expect_code(1);
    assert_eq!(names(&run), ["rotate", "store", "verify", "revoke", "record", "unstage", "clean"]);
    run_plan(&repo, repo.top(), &run).expect_has("b.txt was not rewritten, because it is not committed in this form");
    expect_without(&repo, &repo.path(".git"), &tokens);
    repo.git(&["cat-file", "-e", &innocent]);
    assert_eq!(repo.git(&["stash", "list"]).out().lines().count(), 2, "the stashes must stay");
    assert_eq!(fs::read_to_string(repo.path("b.txt")).expect("the file"), client(&tokens[3]));
}

#[test]
fn a_token_that_is_only_staged_needs_no_rewrite() {
    let repo = Repo::new();
    repo.stage("a.txt", client(&Maker::new(7905).sk_live(24)));
    let run = sweep(&repo, repo.top()).expect_code(1);
    assert_eq!(names(&run), ["unstage", "clean"]);
}

#[test]
fn without_a_replacements_file_the_plan_prints_the_command_for_it() {
    let (repo, tokens) = scene(7906);
    let run = repo.keysweep(&["history", "--format", "jsonl"]).expect_code(1);
    assert_eq!(names(&run), ["rotate", "store", "verify", "revoke", "prove", "record", "rewrite", "others"]);
    expect_no_leak(&run, &tokens);
    let step = crate::support::clean::step(&run, "rewrite");
    let again = shell_call(&repo, repo.top(), crate::support::text(&step["run"][0])).run().expect_code(1);
    expect_no_leak(&again.expect_has("replacements.txt.sh --apply"), &tokens);
    assert!(
        repo.base().join("replacements.txt").exists(),
        "the command must name a folder that exists in the home folder"
    );
}

#[test]
fn the_plan_is_written_beside_the_replacements() {
    let (repo, _) = scene(7915);
    let args = ["history", "--replacements", "../r.txt", "--plan"];
    let call = |plan: &str| repo.keysweep_call(&args).args(&[plan]).run();
    call("../r.txt").expect_code(2).expect_has("the replacements go there");
    fs::write(repo.base().join("mine.sh"), "mine").expect("write");
    call("../mine.sh").expect_code(2).expect_has("cannot write the plan to ../mine.sh: it is there already");
    assert!(!repo.base().join("r.txt").exists(), "neither file may be written if one of them cannot be");
    call("../plan.sh").expect_code(1).expect_has("plan.sh --apply");
    assert!(repo.base().join("plan.sh").exists() && !repo.base().join("r.txt.sh").exists());
    repo.keysweep(&["history", "--plan", "../other.sh"]).expect_code(2).expect_has("--replacements");
}

#[test]
fn a_token_that_is_a_prefix_of_another_leaves_no_remainder() {
    let repo = Repo::new();
    let mut make = Maker::new(7907);
    let short = make.sk_live(24);
    let long = format!("{short}{}", make.alnum(40));
    repo.stage("a.txt", client(&short));
    repo.stage("b.txt", format!("client = Client(\"{long}\")\n"));
    repo.commit("bad");
    let run = sweep(&repo, repo.top()).expect_code(1);
    assert_eq!(run.findings().len(), 2);
    run_plan(&repo, repo.top(), &run);
    let left = repo.git(&["show", "main:b.txt"]).out();
    assert!(left.starts_with("client = Client(\"REMOVED-") && left.ends_with("\")\n") && left.len() < 70, "{left}");
}

/// The commands of the quick path in `docs/sweep.md`.
fn three_commands(url: &str) -> Vec<String> {
    let page = fs::read_to_string(runner::ours("docs/sweep.md")).expect("the page");
    let block = page.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a block");
    block.lines().map(|line| line.replace("URL", url)).collect()
}

#[test]
fn the_commands_of_the_docs_clean_a_repository() {
    let repo = Repo::new();
    let mut make = Maker::new(7908);
    let tokens = [make.sk_live(24), make.whsec_base64(32), make.sk(32)];
    repo.stage("a.py", client(&tokens[0]));
    repo.commit(&client(&tokens[1]));
    repo.git(&["tag", "-a", "-m", "v1", "v1"]);
    repo.stage("a.py", "mended\n");
    repo.stage("k8s.yaml", format!("data:\n  key: {}\n", BASE64.encode(format!("{}\n", tokens[2]).as_bytes())));
    repo.commit("more");
    repo.git(&["clone", "-q", "--bare", "--no-local", ".", "../origin.git"]);
    let url = format!("file://{}/origin.git", repo.base().display());
    let [clone, sweep, clean] = <[String; 3]>::try_from(three_commands(&url)).expect("three commands");
    let script =
        format!("set -e\n{clone}\ncode=0; {sweep} --format jsonl > ../report || code=$?; test $code = 1\n{clean}\n");
    let run = shell(&repo, repo.base(), &script).expect_code(0).expect_has("Proved: a fresh mirror of each remote (1)");
    let report = fs::read_to_string(repo.base().join("report")).expect("the report");
    for token in &tokens {
        assert!(report.contains(&fingerprint(token)), "{token} is found");
        assert!(!report.contains(token.body()), "{token} is printed");
    }
    expect_no_leak(&run, &tokens);
    repo.git(&["clone", "-q", "--mirror", &url, "../proof.git"]);
    expect_without(&repo, &repo.base().join("proof.git"), &tokens);
    assert_eq!(repo.git(&["--git-dir=../proof.git", "rev-list", "--count", "main"]).line(), "2");
}

/// A user can also rewrite a mirror with git filter-repo and the same file.
#[test]
fn git_filter_repo_accepts_the_replacements_file() {
    let (repo, tokens) = scene(7916);
    repo.git(&["clone", "-q", "--mirror", "--no-local", "../origin.git", "../mirror.git"]);
    let mirror = repo.base().join("mirror.git");
    sweep(&repo, &mirror).expect_code(1);
    let replace = "x = FilteringOptions.get_replace_text(b\"../replacements.txt\")";
    let command = format!(
        "git filter-repo --replace-text ../replacements.txt --replace-message ../replacements.txt --blob-callback '{replace}; \
         d = blob.data; [d := d.replace(a, b) for a, b in x[\"literals\"] if a]; [d := a.sub(b, d) for a, b in \
         x[\"regexes\"]]; blob.data = d'"
    );
    with_filter_repo_in_path(repo.call("sh", &["-ec", &command])).cwd(&mirror).run().expect_code(0);
    let text = repo.git(&["--git-dir=../mirror.git", "show", "main:families/0.py"]).out();
    assert!(!text.contains(tokens[0].body()) && text.contains("REMOVED-"), "{text}");
}

#[test]
fn one_run_of_the_plan_removes_every_finding() {
    // Seed 7964: a token that directly followed the end of another token was once missed.
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
                let encoding = &ENCODINGS[make.below(ENCODINGS.len())];
                text = [b"key: ".as_slice(), &(encoding.write)(&text), b" x\n"].concat();
            }
            match make.below(5) {
                0 => text = wrapped(BASE64.encode(&[b"padding ".repeat(9), text].concat()).as_bytes(), 64, "\n"),
                1 => text = (WIDE_ENCODINGS[make.below(WIDE_ENCODINGS.len())].write)(&text),
                _ => {}
            }
            repo.stage(format!("{n}.txt"), text);
        }
        repo.commit("all");
        let run = sweep(&repo, repo.top()).expect_code(1);
        crate::support::note(format!("seed {seed}: {} tokens", run.findings().len()));
        run_plan(&repo, repo.top(), &run);
    }
}
