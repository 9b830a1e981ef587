//! No error message contains a token, wherever the input contains it.

use crate::support::Repo;
use crate::support::leak::{FORMATS, expect_no_leak};
use crate::support::token::Maker;

#[test]
fn a_token_in_an_argument_is_not_printed_by_the_error() {
    let token = Maker::new(1111).sk_live(24);
    let (inside, key) = (format!("src/{token}/a"), format!("--config={token}"));
    let (option, glob, broken) = (format!("--{token}"), format!("--allow={token}"), format!("src/[{token}"));
    let repo = Repo::new();
    repo.stage("a.txt", "innocent\n");
    for args in [
        &[token.text()][..],
        &[&option],
        &["staged", &option],
        &["staged", token.text()],
        &["staged", "--format", token.text()],
        &["staged", "--color", token.text()],
        &["staged", "--threads", token.text()],
        &["staged", "--config", token.text()],
        &["staged", &key],
        &["staged", "--allow", &broken],
        &["staged", &glob, &option],
        &["files", token.text()],
        &["files", &inside],
        &["files", &option],
        &["history", "--replacements", token.text()],
        &["history", "--replacements", &inside],
        &["rules", token.text()],
        &["help", token.text()],
    ] {
        let run = repo.keysweep(args);
        if !matches!(run.code, Some(2)) {
            run.fail("expected an error");
        }
        if run.stderr.is_empty() {
            run.fail("expected a sentence");
        }
        expect_no_leak(&run, [&token]);
    }
}

#[test]
fn a_token_in_an_invalid_configuration_is_not_printed_by_the_error() {
    let token = Maker::new(1112).sk_live(24);
    for config in [
        format!("{token} = 1\n"),
        format!("[{token}]\n"),
        format!("[allow]\n{token} = ['x']\n"),
        format!("[allow]\npaths = '{token}'\n"),
        format!("[allow]\npaths = ['[{token}']\n"),
        format!("[allow]\npaths = [{token}]\n"),
        format!("[allow]\npaths = ['{token}\n"),
        format!("[allow]\nfingerprints = ['{token}']\n"),
        format!("[allow]\nfingerprints = [{{ id = '{token}', reason = 'x' }}]\n"),
        format!("[allow]\nfingerprints = [{{ id = '0123456789abcdef', {token} = 'x' }}]\n"),
        format!("[[rule]]\nid = 'x'\nprefix = 1 # {token}\n"),
        format!("[[rule]]\nid = 'x'\n{token} = 'x'\n"),
        format!("[[rule]]\nid = '{token}'\nprefix = ''\n"),
        format!("x = # {token}\n"),
        format!("{token}\n"),
        format!("\"{token}\n"),
    ] {
        let repo = Repo::new();
        repo.stage(".keysweep.toml", &config);
        for format in FORMATS {
            let run = repo.keysweep_call(&["staged"]).args(format).run().expect_code(2);
            expect_no_leak(&run, [&token]);
        }
    }
}

#[test]
fn a_folder_whose_name_is_a_token_is_not_printed_by_an_error() {
    let token = Maker::new(1113).sk_live(24);
    let repo = Repo::none();
    let folder = repo.path(token.text());
    std::fs::create_dir(&folder).expect("create");
    let outside = repo.staged_call().cwd(&folder).run().expect_code(2);
    expect_no_leak(&outside, [&token]);
    let index = repo.staged_call().env("GIT_DIR", &folder).run().expect_code(2);
    expect_no_leak(&index, [&token]);

    let repo = Repo::new();
    repo.stage("a.txt", "innocent\n");
    let missing = repo.base().join(token.text()).join("index");
    std::fs::create_dir_all(&missing).expect("a folder where an index should be");
    let index = repo.staged_call().env("GIT_INDEX_FILE", &missing).run().expect_code(2);
    expect_no_leak(&index, [&token]);
}

#[test]
fn a_missing_object_named_after_a_token_is_reported_without_it() {
    let token = Maker::new(1115).sk_live(24);
    let repo = Repo::new();
    let id = repo.stage_blob(format!("{token}.txt"), "innocent\n");
    std::fs::remove_file(repo.path(format!(".git/objects/{}/{}", &id[..2], &id[2..]))).expect("remove");
    for format in FORMATS {
        let run = repo.keysweep_call(&["staged"]).args(format).run().expect_code(2);
        expect_no_leak(&run, [&token]);
    }
}

#[test]
fn hex_of_the_length_of_an_attio_token_is_never_printed() {
    let hex = Maker::new(1116).hex(64);
    let repo = Repo::new();
    repo.stage("a.txt", "innocent\n");
    let inside = format!("{hex}/x");
    for args in [&[&format!("--{hex}")[..]][..], &["files", "--output", &inside, "."], &["files", &inside]] {
        repo.keysweep(args).expect_code(2).expect_lacks(&hex);
    }
    let folder = format!("/nonexistent/{hex}");
    repo.staged_call().env("GIT_DIR", &folder).run().expect_code(2).expect_lacks(&hex);
    repo.keysweep_call(&["hook", "pre-push", "origin"]).stdin(format!("{hex} 1 2 3\n")).run().expect_lacks(&hex);
}

#[test]
fn a_note_that_quotes_a_glob_prints_neither_its_token_nor_its_control_characters() {
    let token = Maker::new(1117).sk_live(24);
    let repo = Repo::new();
    repo.write(
        ".keysweep.toml",
        format!("[allow]\npaths = ['.keysweep.toml', 'keys/{token}.txt', \"a\\u001b]0;x\\nb\"]\n"),
    );
    for format in FORMATS {
        let run = repo.keysweep_call(&["files", "."]).args(format).run().expect_code(0);
        expect_no_leak(&run, [&token]);
        if !format.contains(&"always") {
            run.expect_lacks("\u{1b}").expect_lacks("\nb allows");
        }
    }
    repo.keysweep(&["files", "."]).expect_has("keys/sk_live_").expect_has("allows nothing");
}

#[test]
fn an_accepted_broken_ref_is_reported_without_its_token() {
    let token = Maker::new(1118).sk_live(24);
    let repo = Repo::new();
    repo.stage("a.txt", "innocent\n");
    repo.commit("one");
    repo.write(format!(".git/refs/tags/{token}"), format!("{}\n", "1".repeat(40)));
    for accepted in [&["history"][..], &["history", "--allow-incomplete"]] {
        for format in FORMATS {
            expect_no_leak(&repo.keysweep_call(accepted).args(format).run(), [&token]);
        }
    }
}
