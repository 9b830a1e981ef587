//! The text of the plan for each state of a repository. The snapshots are in `tests/expected/plan.txt`, and
//! `BLESS=1 cargo test --test history plan::` updates them.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::support::token::Maker;
use crate::support::{Repo, client, runner};

/// A repository with a remote that has its main branch, without a token.
fn with_remote() -> Repo {
    let repo = Repo::new();
    repo.stage("a.txt", "innocent\n");
    repo.commit("good");
    repo.git(&["init", "-q", "--bare", "-b", "main", "../origin.git"]);
    repo.git(&["remote", "add", "origin", "../origin.git"]);
    repo.git(&["push", "-q", "origin", "main"]);
    repo
}

fn commit_token(repo: &Repo, make: &mut Maker) {
    repo.stage("a.py", client(&make.sk_live(24)));
    repo.commit("bad");
}

fn push(repo: &Repo) {
    repo.git(&["push", "-q", "origin", "--all"]);
    repo.git(&["push", "-q", "origin", "--tags"]);
    repo.git(&["fetch", "-q"]);
}

/// The plan at the end of the human-readable report.
fn plan(repo: &Repo, folder: impl AsRef<Path>, args: &[&str]) -> String {
    let folder = repo.base().join(folder);
    let run = repo.keysweep_call(&["history"]).args(args).cwd(folder).run().expect_code(1);
    let out = run.out().replace(&*repo.base().to_string_lossy(), "/home/ada");
    let (_, plan) = out.split_once("\nWhat to do").unwrap_or_else(|| run.fail("no plan"));
    format!("What to do{plan}")
}

const FILE: &[&str] = &["--replacements", "../replacements.txt"];

fn pushed() -> String {
    let (repo, mut make) = (with_remote(), Maker::new(8000));
    commit_token(&repo, &mut make);
    push(&repo);
    plan(&repo, "repo", FILE)
}

fn everywhere() -> String {
    let (repo, mut make) = (with_remote(), Maker::new(8001));
    commit_token(&repo, &mut make);
    repo.stage("b.bin", [b"\0", make.whsec_base64(32).text().as_bytes()].concat());
    repo.stage(format!("{}.txt", make.sk_live(24)), "innocent\n");
    repo.stage("attio.env", format!("ATTIO_API_KEY={}\n", make.hex(64)));
    let commit = repo.git_call(&["commit", "-q", "-m", &client(&make.sk_live(24))]);
    commit.env("GIT_AUTHOR_NAME", make.sk_live(24).text()).run().expect_code(0);
    repo.git(&["branch", &format!("fix-{}", make.sk_live(24))]);
    repo.git(&["tag", "v1"]);
    push(&repo);
    repo.git(&["remote", "add", "upstream", "../upstream.git"]);
    repo.git(&["update-ref", "refs/remotes/upstream/main", "main"]);
    plan(&repo, "repo", FILE)
}

fn in_a_mirror() -> String {
    let (repo, mut make) = (with_remote(), Maker::new(8002));
    commit_token(&repo, &mut make);
    push(&repo);
    repo.git(&["clone", "-q", "--mirror", "--no-local", "../origin.git", "../mirror.git"]);
    plan(&repo, "mirror.git", FILE)
}

fn without_a_file() -> String {
    let (repo, mut make) = (with_remote(), Maker::new(8003));
    commit_token(&repo, &mut make);
    push(&repo);
    plan(&repo, "repo", &[])
}

fn not_pushed() -> String {
    let (repo, mut make) = (with_remote(), Maker::new(8004));
    repo.git(&["checkout", "-q", "-b", "side"]);
    commit_token(&repo, &mut make);
    plan(&repo, "repo", FILE)
}

fn alone() -> String {
    let (repo, mut make) = (Repo::new(), Maker::new(8005));
    commit_token(&repo, &mut make);
    plan(&repo, "repo", FILE)
}

fn on_a_server() -> String {
    let (repo, mut make) = (with_remote(), Maker::new(8006));
    commit_token(&repo, &mut make);
    push(&repo);
    plan(&repo, "origin.git", FILE)
}

fn not_committed() -> String {
    let (repo, mut make) = (with_remote(), Maker::new(8007));
    repo.write("a.txt", client(&make.sk_live(24)));
    repo.git(&["stash", "-q"]);
    repo.blob(client(&make.sk_live(24)));
    repo.stage("b.txt", client(&make.sk_live(24)));
    plan(&repo, "repo", FILE)
}

#[test]
fn the_plan_fits_each_state() {
    let cases = [
        ("a clone whose remote has it", pushed as fn() -> String),
        ("a clone with tokens in every kind of place", everywhere),
        ("a mirror", in_a_mirror),
        ("without --replacements", without_a_file),
        ("a branch that was not pushed", not_pushed),
        ("a repository that knows no remote", alone),
        ("a server's repository", on_a_server),
        ("a stash, the index, an object that nothing leads to", not_committed),
    ];
    let mut plans = String::new();
    for (title, case) in cases {
        write!(plans, "=== {title}\n{}\n", case()).expect("writing to memory");
    }
    let path = runner::ours("tests/expected/plan.txt");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &plans).expect("write");
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    let differs = plans.lines().zip(expected.lines()).position(|(is, should)| is != should);
    assert!(
        plans == expected,
        "line {:?} of {} differs; the plans are\n{plans}",
        differs.map(|at| at + 1),
        path.display()
    );
}
