//! What a hostile or a broken repository may have.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use crate::support::token::Maker;
use crate::support::{Repo, client, os};
use crate::{audit, package};

fn fifo(repo: &Repo, path: &str) {
    let path = repo.path(path);
    fs::create_dir_all(path.parent().expect("a folder")).expect("mkdir");
    repo.call("mkfifo", &[path]).run().expect_code(0);
}

#[test]
fn a_pipe_is_named_and_does_not_block() {
    for name in ["package.json", ".env", "Dockerfile", "docker-compose.yml", "vite.config.ts"] {
        let repo = Repo::new();
        repo.stage("package.json", package(&["vite"]));
        repo.stage(name, package(&["vite"]));
        fs::remove_file(repo.path(name)).expect("remove");
        fifo(&repo, name);
        audit(&repo, &[]).expect_code(2).expect_has(name);
    }
}

#[test]
fn an_unreadable_file_is_named() {
    let repo = Repo::new();
    repo.stage(".gitignore", ".env\n");
    repo.write(".env", "A=b\n");
    fs::set_permissions(repo.path(".env"), fs::Permissions::from_mode(0o000)).expect("chmod");
    if fs::read(repo.path(".env")).is_ok() {
        // The superuser reads everything.
        return;
    }
    audit(&repo, &["env-ignored"]).expect_code(2).expect_has(".env").expect_has("INCOMPLETE");
}

#[test]
fn links_neither_loop_nor_lead_out() {
    let mut make = Maker::new(70);
    let repo = Repo::new();
    let outside = repo.base().join("outside");
    fs::create_dir_all(outside.join("dist")).expect("mkdir");
    let token = make.sk_live(24);
    fs::write(outside.join(".env"), format!("STRIPE_SECRET_KEY={token}\n")).expect("write");
    fs::write(outside.join("dist/a.js"), format!("f(\"{token}\")\n")).expect("write");
    repo.stage("package.json", package(&["vite"]));
    repo.stage(".gitignore", ".env*\ndist\n");
    symlink(outside.join(".env"), repo.path(".env")).expect("link");
    symlink(outside.join("dist"), repo.path("dist")).expect("link");
    symlink("b", repo.path("a")).expect("link");
    symlink("a", repo.path("b")).expect("link");
    symlink(".", repo.path("self")).expect("link");
    symlink(".env.loop", repo.path(".env.loop")).expect("link");
    let run = audit(&repo, &["--format", "json"]);
    let document: serde_json::Value = serde_json::from_slice(&run.stdout).expect("JSON");
    for name in ["keys-in-code", "client-bundle", "env-shared"] {
        let check = document["checks"].as_array().into_iter().flatten().find(|one| one["check"] == name);
        assert!(check.is_some_and(|check| check["status"] != "fail"), "{name}: {document:#}");
    }
}

#[test]
fn a_folder_that_became_a_link_is_not_followed() {
    let mut make = Maker::new(71);
    let repo = Repo::new();
    repo.stage("apps/web/package.json", package(&["next"]));
    repo.stage("apps/web/a.py", "x\n");
    repo.commit("one");
    let outside = repo.base().join("outside");
    fs::create_dir_all(&outside).expect("mkdir");
    fs::write(outside.join("a.py"), client(&make.sk_live(24))).expect("write");
    fs::write(outside.join("package.json"), package(&["next"])).expect("write");
    fs::remove_dir_all(repo.path("apps/web")).expect("remove");
    symlink(&outside, repo.path("apps/web")).expect("link");
    audit(&repo, &["keys-in-code"]).expect_code(0);
    let run = audit(&repo, &["env-ignored"]);
    assert_ne!(run.code, None);
}

#[test]
fn a_thousand_package_roots_take_linear_time() {
    let repo = Repo::new();
    for at in 0..1_000 {
        repo.write(format!("packages/p{at}/package.json"), package(&["next"]));
    }
    repo.stage(".gitignore", ".env*\n");
    let run = audit(&repo, &["env-ignored", "client-variable", "client-bundle", "image-layer"]);
    run.expect_code(0);
}

#[test]
fn names_and_values_cannot_forge_or_leak() {
    let mut make = Maker::new(72);
    let (token, in_name) = (make.sk_live(24), make.sk_live(24));
    let repo = Repo::new();
    let name = format!("a\nkeysweep: fine\u{1b}[2K{in_name}.env");
    repo.write(os(name.as_bytes()), format!("X_{in_name}={token}\nNEXT_PUBLIC_SECRET_{in_name}={token}\n"));
    repo.write(os(b"bytes\xff.env"), format!("A={token}\n"));
    repo.write("Dockerfile", format!("ARG SECRET_{in_name}\nENV SECRET={token}\n"));
    for format in ["human", "json", "jsonl", "sarif"] {
        let run = audit(&repo, &["--format", format]).expect_code(1);
        let all = run.all();
        assert!(!all.contains(token.body()) && !all.contains(in_name.body()), "{format}: {all}");
        assert!(!all.contains('\u{1b}') && !all.contains("\nkeysweep: fine"), "{format}: {all}");
    }
}

#[test]
fn a_huge_env_file_is_named() {
    let repo = Repo::new();
    repo.stage(".gitignore", ".env\n");
    let file = fs::File::create(repo.path(".env")).expect("create");
    file.set_len(20_000_000_000).expect("a sparse file");
    audit(&repo, &["env-ignored"]).expect_code(2).expect_has("more than 16 MB");
}

#[test]
fn no_program_of_the_repository_runs() {
    let repo = Repo::new();
    let mark = repo.base().join("it-ran");
    let program = repo.base().join("program");
    crate::support::executable(&program, &format!("#!/bin/sh\ntouch '{}'\ncat\n", mark.display()));
    repo.stage("a.txt", "x\n");
    repo.stage(".gitattributes", "* filter=f diff=f\n");
    repo.write("b.txt", "y\n");
    repo.write("a.txt", "z\n");
    let program = program.to_string_lossy().into_owned();
    for key in
        ["filter.f.clean", "filter.f.smudge", "filter.f.process", "diff.f.textconv", "core.fsmonitor", "core.pager"]
    {
        repo.git(&["config", key, &program]);
    }
    crate::support::executable(
        &repo.path(".git/hooks/post-index-change"),
        &format!("#!/bin/sh\ntouch '{}'\n", mark.display()),
    );
    assert!(audit(&repo, &[]).code.is_some());
    assert!(!mark.exists());
}

#[test]
fn hostile_source_files_take_bounded_time() {
    for unit in [
        "a = createHmac(b); a == c; ",
        "a = createHmac(b)\n",
        "{((((createHmac(",
        "`${",
        "function f() { return createHmac(a) } ",
        "webhook('stripe-signature'); export default function ",
        "console.log(apiKey, process.env.ATTIO_API_KEY); ",
        "x = process.env.API_KEY; console.log(x) ",
    ] {
        let repo = Repo::new();
        for name in ["webhook.ts", "webhook.py", "webhook.rb", "webhook.php"] {
            repo.stage(name, unit.repeat(100_000 / unit.len()));
        }
        let started = std::time::Instant::now();
        assert!(audit(&repo, &["webhook-compare", "token-logged"]).code.is_some());
        assert!(started.elapsed().as_secs() < 60, "{unit}: {:?}", started.elapsed());
    }
}
