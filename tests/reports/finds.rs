//! The reports of scans that find something.

use crate::support::history_fixture::HistoryFixture;
use crate::support::snapshot::Snapshot;
use crate::support::token::Maker;
use crate::support::{Repo, client};

/// The scans of `repo` on the wide pipe of a script, and on a narrow terminal.
fn scan(shots: &mut Snapshot, title: &str, repo: &Repo, args: &[&str]) {
    let command = format!("keysweep {}", args.join(" "));
    shots.add(title, &command, repo, &repo.keysweep(args));
    let run = repo.keysweep_call(args).env("COLUMNS", "80").run();
    shots.add(&format!("{title}, 80 columns"), &command, repo, &run);
}

#[test]
fn staged() {
    let mut shots = Snapshot::default();
    let mut make = Maker::new(9000);
    let repo = Repo::new();
    repo.stage("base.txt", "base\n");
    repo.commit("base");
    repo.stage("src/billing.py", format!("import os\n\n{}", client(&make.sk_live(24))));
    scan(&mut shots, "one token", &repo, &["staged"]);
    shots.add("with color", "keysweep staged --color always", &repo, &repo.keysweep(&["staged", "--color", "always"]));

    repo.stage(".env", format!("STRIPE_SECRET_KEY={}\nSTRIPE_TEST_KEY={}\n", make.sk_live(24), make.sk_test(24)));
    repo.stage("deploy/values.yaml", format!("attio:\n  ATTIO_API_KEY={}\n", make.hex(64)));
    let minified = format!("{}var k=\"{}\";{}", "a(b,c);".repeat(400), make.sk_live(24), "d(e,f);".repeat(400));
    repo.stage("dist/app.min.js", minified);
    repo.stage(
        "odd\u{1b}.bin",
        format!("\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7} {} \u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}\n", make.sk_live(24)),
    );
    repo.stage(format!("{}.txt", make.sk_live(24)), "innocent\n");
    scan(&mut shots, "one of each kind", &repo, &["staged"]);

    let repo = Repo::new();
    repo.stage("a.py", client(&make.sk_live(24)));
    scan(&mut shots, "the first commit", &repo, &["staged"]);
    repo.stage(".keysweep.toml", "[allow]\npaths = ['a.py']\n");
    scan(&mut shots, "newly allowed", &repo, &["staged"]);
    shots.check("staged");
}

#[test]
fn many() {
    let mut shots = Snapshot::default();
    let mut make = Maker::new(9001);
    let repo = Repo::new();
    for file in 0..12 {
        let lines: String = (0..=file).map(|_| client(&make.sk_live(24))).collect();
        repo.stage(format!("src/module{file}/settings.py"), lines);
    }
    let token = make.sk_live(24);
    for file in 0..9 {
        repo.stage(format!("same/{file}.py"), client(&token));
    }
    scan(&mut shots, "many tokens in many files", &repo, &["staged"]);
    repo.commit("all of it");
    scan(&mut shots, "the same in a history", &repo, &["history"]);
    shots.check("many");
}

#[test]
fn history() {
    let mut shots = Snapshot::default();
    let mut story = HistoryFixture::new(9002);
    let (old, new, test) = (story.token(), story.token(), Maker::new(9003).sk_test(24));
    story.add("src/crm.py", client(&old));
    story.add("src/crm.py", "mended\n");
    story.add("src/billing.py", client(&new));
    story.add("tests/fixture.py", client(&test));
    story.git(&["branch", "side"]);
    scan(&mut shots, "three tokens", &story.repo, &["history"]);
    scan(&mut shots, "some commits", &story.repo, &["history", "main", "--since", "2024-03-03T00:00:00Z"]);
    let call = || story.repo.keysweep_call(&["find"]).stdin(new.text());
    shots.add("a token by its value", "keysweep find", &story.repo, &call().run());
    let absent = Maker::new(9004).sk_live(24);
    let run = story.repo.keysweep_call(&["find"]).stdin(absent.text()).run();
    shots.add("a token that is nowhere", "keysweep find", &story.repo, &run);
    shots.check("history");
}

#[test]
fn incomplete() {
    let mut shots = Snapshot::default();
    let mut story = HistoryFixture::new(9005);
    let token = story.token();
    for n in 0..4 {
        story.add(&format!("{n}.txt"), format!("innocent {n}\n"));
    }
    let blob = story.git(&["rev-parse", "HEAD:2.txt"]).line();
    std::fs::remove_file(story.repo.path(format!(".git/objects/{}/{}", &blob[..2], &blob[2..]))).expect("it is loose");
    scan(&mut shots, "an object is missing", &story.repo, &["history"]);
    let other = story.git(&["rev-parse", "HEAD:3.txt"]).line();
    let path = story.repo.path(format!(".git/objects/{}/{}", &other[..2], &other[2..]));
    std::fs::remove_file(&path).expect("it is loose");
    std::fs::write(&path, "damaged").expect("write");
    scan(&mut shots, "another is damaged", &story.repo, &["history"]);
    story.repo.blob(client(&token));
    scan(&mut shots, "and there is a token", &story.repo, &["history"]);
    story.repo.write("a.py", client(&token));
    shots.add("files", "keysweep files a.py gone.py", &story.repo, &story.repo.keysweep(&["files", "a.py", "gone.py"]));
    shots.check("incomplete");
}

#[test]
fn the_likely_vendor_is_named_and_called_a_guess() {
    let mut make = Maker::new(9100);
    let repo = Repo::new();
    repo.stage(".env", format!("CULQI_PRIVATE_KEY={}\n", make.sk_live(16)));
    repo.keysweep(&["staged"])
        .expect_code(1)
        .expect_has("a live secret key, probably of Culqi, is about to be committed")
        .expect_has("Culqi is a guess: the name near the token suggests it")
        .expect_has("CulqiPanel > Desarrollo > API Keys")
        .expect_lacks("Stripe");
    repo.keysweep(&["staged", "--format", "jsonl"]).expect_has("\"likely_vendors\":[\"Culqi\"]");
}

#[test]
fn a_test_key_is_not_said_to_charge_anybody() {
    let mut make = Maker::new(9101);
    let repo = Repo::new();
    repo.stage("a.py", client(&make.sk_test(24)));
    repo.keysweep(&["staged"]).expect_has("a test key opens the test environment only").expect_lacks("charges");
    repo.commit("a test key");
    repo.keysweep(&["history"])
        .expect_code(1)
        .expect_has("it is a test key: it opens the test environment and its test data, no live data and no money")
        .expect_lacks("charges");
}
