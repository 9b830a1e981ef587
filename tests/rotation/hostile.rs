//! Names and contents that a hostile repository may have.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use crate::support::token::Maker;
use crate::support::{Repo, os};
use crate::{commands, rotate, run};

#[test]
fn names_start_no_program() {
    let mut make = Maker::new(4610);
    let token = make.sk(32);
    let mark = |repo: &Repo| repo.top().join("mark").exists();
    for name in [
        "$(touch mark)",
        "`touch mark`",
        "a'; touch mark; '",
        "a\"; touch mark; \"",
        "-x",
        "--config=x",
        "a b & touch mark",
        "a\ntouch mark\n",
        "a\u{1b}[2K\u{202e}",
        "~root",
        "*",
    ] {
        let repo = Repo::new();
        repo.stage("a.ts", "process.env.ATTIO_API_KEY\n");
        for file in ["fly.toml", "vercel.json", "netlify.toml", "wrangler.toml"] {
            repo.write(os(format!("{name}/{file}").as_bytes()), "x");
        }
        repo.write(os(format!("{name}/compose.yaml").as_bytes()), "ATTIO_API_KEY");
        repo.write(os(format!("{name}/a.tf").as_bytes()), "variable \"attio_api_key\" {}");
        let plan = &rotate(&repo, "attio")["plan"];
        let all = commands(plan, "store");
        assert!(all.len() >= 8, "{all:#?}");
        assert!(all.iter().all(|command| !command.contains(['\n', '\u{1b}', '\u{202e}'])), "{all:#?}");
        // A folder whose name cannot be printed has a placeholder, into which no shell can change.
        let is_printed = !name.contains(['\n', '\u{1b}']);
        if is_printed {
            let calls = run(&repo, "sh", &all, &format!("{token}\n"));
            assert!(!calls.args.contains(token.body()), "{}", calls.args);
        }
        assert!(!mark(&repo), "{name}: {all:#?}");
        let human = repo.keysweep(&["rotate", "attio"]).expect_code(0);
        assert!(!human.out().contains(['\u{1b}', '\u{202e}']), "{}", human.out());
    }
}

#[test]
fn contents_start_no_program_and_leak_nothing() {
    let mut make = Maker::new(4611);
    let (token, in_path) = (make.sk_live(24), make.sk_live(24));
    let repo = Repo::new();
    let evil =
        format!("ATTIO_API_KEY=$(touch mark)\nsecrets.ATTIO_API_KEY'; touch mark\nATTIO_TOKEN_{token}: {token}\n");
    repo.stage(".github/workflows/a.yml", &evil);
    repo.stage(format!("{in_path}/fly.toml"), &evil);
    repo.stage(
        "a.tf",
        format!("variable \"attio_api_key$(touch mark)\" {{}}\nvariable \"attio_token_{token}\" {{}}\n"),
    );
    repo.stage(
        "k.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: attio$(touch mark)\nstringData:\n  ATTIO_API_KEY'$(touch mark): x\n",
    );
    for format in ["human", "json"] {
        let run = repo.keysweep(&["rotate", "attio", "--format", format]).expect_code(0);
        run.expect_lacks(token.body()).expect_lacks(in_path.body());
    }
    let all = commands(&rotate(&repo, "attio")["plan"], "store");
    run(&repo, "sh", &all, &format!("{token}\n"));
    assert!(!repo.path("mark").exists(), "{all:#?}");
}

#[test]
fn what_cannot_be_read_is_named() {
    let repo = Repo::new();
    repo.stage("a.ts", "process.env.ATTIO_API_KEY\n");
    repo.stage("vercel.json", "{}");
    fs::remove_file(repo.path("vercel.json")).expect("remove");
    repo.call("mkfifo", &["vercel.json"]).run().expect_code(0);
    let run = repo.keysweep(&["rotate", "attio"]).expect_code(2);
    run.expect_has("vercel.json").expect_has("INCOMPLETE").expect_has("ATTIO_API_KEY");
    let document = repo.keysweep(&["rotate", "attio", "--format", "json"]).expect_code(2).json();
    assert_eq!(document["errors"].as_array().map(Vec::len), Some(1), "{document:#}");
    fs::set_permissions(repo.path("a.ts"), fs::Permissions::from_mode(0o000)).expect("chmod");
    repo.keysweep(&["rotate", "attio"]).expect_code(2);
}

#[test]
fn links_and_large_or_binary_files_are_left_out() {
    let repo = Repo::new();
    fs::write(repo.base().join("outside.ts"), "process.env.ATTIO_OUTSIDE_KEY_TOKEN\n").expect("write");
    symlink(repo.base().join("outside.ts"), repo.path("link.ts")).expect("link");
    symlink(".", repo.path("loop")).expect("link");
    repo.stage("big.ts", format!("process.env.ATTIO_BIG_TOKEN{}", " ".repeat(2_000_000)));
    repo.stage("binary", "\0ATTIO_BINARY_TOKEN");
    repo.stage("node_modules/a/a.js", "process.env.ATTIO_VENDORED_TOKEN");
    let document = rotate(&repo, "attio").to_string();
    for name in ["OUTSIDE", "BIG", "BINARY", "VENDORED"] {
        assert!(!document.contains(name), "{name}");
    }
}

#[test]
fn hostile_contents_take_bounded_time() {
    let repo = Repo::new();
    for (at, unit) in [
        "ATTIO_API_KEY ",
        "secretKeyRef:\n name: attio\n key: token\n",
        "- name: a\n  valueFrom:\n  ",
        "kind: Secret\n---\n",
        "secrets/attio-token --secret=attio-token ",
        "apiVersion: secretKeyRef: aws_ssm_parameter /attio-token ",
    ]
    .iter()
    .enumerate()
    {
        for end in ["yaml", "ts", "tf"] {
            repo.stage(
                format!("{at}.{end}"),
                format!("apiVersion: x\nkind: Secret\n{}", unit.repeat(900_000 / unit.len())),
            );
        }
    }
    let started = std::time::Instant::now();
    rotate(&repo, "attio");
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}
