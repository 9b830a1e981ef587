//! Tokens in files, logs and image layers.

use crate::expect;
use crate::support::token::Maker;
use crate::support::{Repo, client};

#[test]
fn the_index_and_untracked_files_are_scanned() {
    let mut make = Maker::new(20);
    let repo = Repo::new();
    repo.stage("README.md", "words\n");
    expect(&repo, "keys-in-code", "pass", &[]);
    repo.stage("src/billing.py", client(&make.sk_live(24)));
    repo.write("new.py", format!("\n{}", client(&make.sk_test(24))));
    repo.stage(".gitignore", "ignored.py\n");
    repo.write("ignored.py", client(&make.sk_live(24)));
    expect(&repo, "keys-in-code", "fail", &["new.py:2", "src/billing.py:1"]);
}

#[test]
fn the_index_counts_where_it_differs_from_the_disk() {
    let mut make = Maker::new(21);
    let repo = Repo::new();
    repo.stage("a.py", client(&make.sk_live(24)));
    repo.write("a.py", "mended\n");
    expect(&repo, "keys-in-code", "fail", &["a.py:1"]);
    repo.stage("a.py", "mended\n");
    repo.write("a.py", format!("# new\n{}", client(&make.sk_live(24))));
    expect(&repo, "keys-in-code", "fail", &["a.py:2"]);
    std::fs::remove_file(repo.path("a.py")).expect("remove");
    expect(&repo, "keys-in-code", "pass", &[]);
}

#[test]
fn what_the_configuration_allows_is_left_out() {
    let mut make = Maker::new(22);
    let repo = Repo::new();
    let token = make.sk_live(24);
    repo.stage("tests/a.py", client(&token));
    repo.stage("b.py", client(&token).replace('\n', "  # keysweep:allow\n"));
    expect(&repo, "keys-in-code", "fail", &["tests/a.py:1"]);
    repo.stage(".keysweep.toml", "[allow]\npaths = [\"tests/**\"]\n");
    expect(&repo, "keys-in-code", "pass", &[]);
}

#[test]
fn what_the_baseline_covers_is_left_out() {
    let mut make = Maker::new(25);
    let repo = Repo::new();
    repo.stage("a.py", client(&make.sk_live(24)));
    repo.commit("one");
    repo.keysweep(&["baseline"]);
    expect(&repo, "keys-in-code", "pass", &[]);
    repo.write("b.py", client(&make.sk_live(24)));
    expect(&repo, "keys-in-code", "fail", &["b.py:1"]);
}

#[test]
fn logs_are_scanned_although_they_are_ignored() {
    let mut make = Maker::new(23);
    let repo = Repo::new();
    repo.stage(".gitignore", "*.log\nlog/\n");
    repo.write("app.log", "started\n");
    expect(&repo, "token-logged", "pass", &[]);
    repo.write("app.log", format!("started\ncalling with {}\n", make.sk_live(24)));
    repo.write("log/development.txt", format!("{}\n", make.whsec_hex(64)));
    repo.stage("logs/access.txt", format!("GET /?key={}\n", make.sk_live(24)));
    expect(&repo, "token-logged", "fail", &["app.log:2", "log/development.txt:1", "logs/access.txt:1"]);
}

#[test]
fn a_layer_of_an_image_holds_no_secret() {
    let mut make = Maker::new(24);
    let repo = Repo::new();
    expect(&repo, "image-layer", "not-applicable", &[]);
    let good = "FROM node:22\nARG VERSION=1\nENV NODE_ENV=production\nRUN --mount=type=secret,id=attio npm run build\n";
    repo.stage("Dockerfile", good);
    expect(&repo, "image-layer", "pass", &[]);
    let bad = "FROM node:22\nARG ATTIO_API_KEY\nENV A=1 \\\n    ATTIO_API_KEY=$ATTIO_API_KEY\nENV STRIPE_SECRET_KEY=placeholder\n";
    repo.stage("docker/web.Dockerfile", bad);
    expect(&repo, "image-layer", "suspect", &["docker/web.Dockerfile:2", "docker/web.Dockerfile:3"]);
    repo.stage("Containerfile", format!("FROM a\nENV STRIPE_SECRET_KEY={}\n", make.sk_live(24)));
    let places = ["Containerfile:2", "docker/web.Dockerfile:2", "docker/web.Dockerfile:3"];
    expect(&repo, "image-layer", "fail", &places);
}
