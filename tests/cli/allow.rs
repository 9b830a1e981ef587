//! Settings and markers that allow a finding, and texts that must not allow any.

use crate::support::token::{Maker, Token};
use crate::support::{Repo, Run, client};

const CONFIG: &str = ".keysweep.toml";

/// A repository with a staged token in `path` and with this configuration in an old commit.
fn repo_with_token(seed: u64, path: &str, config: &str) -> (Repo, Token) {
    let token = Maker::new(seed).sk_live(24);
    let repo = Repo::new();
    repo.stage("base.txt", "base\n");
    if !config.is_empty() {
        repo.stage_blob(CONFIG, config);
    }
    repo.commit("base");
    repo.stage_blob(path, client(&token));
    (repo, token)
}

#[track_caller]
fn expect_allowed(run: Run, count: u64) -> Run {
    let run = run.expect_code(0);
    let summary = run.summary();
    if summary["allowed"] != count || summary["findings"] != 0 {
        run.fail(&format!("expected {count} allowed findings"));
    }
    run
}

fn paths(globs: &[&str]) -> String {
    let quoted: Vec<String> = globs.iter().map(|g| format!("'{g}'")).collect();
    format!("[allow]\npaths = [{}]\n", quoted.join(", "))
}

fn fingerprint(token: &Token) -> String {
    format!("[allow]\nfingerprints = [{{ id = \"{}\", reason = \"a dummy\" }}]\n", token.fingerprint())
}

#[test]
fn a_glob_of_the_configuration_allows_only_matching_paths() {
    for (glob, path, allowed) in [
        ("tests/**", "tests/a.py", true),
        ("tests/**", "tests/deep/er/a.py", true),
        ("tests/**", "src/tests.py", false),
        ("tests/**", "src/tests/a.py", false),
        ("**/tests/**", "src/tests/a.py", true),
        ("**/*.py", "src/a.py", true),
        ("**/*.py", "src/a.pyc", false),
        ("src/a.py", "src/a.py", true),
        ("src/a.py", "other/src/a.py", false),
        ("src/?.py", "src/a.py", true),
        ("src/[ab].py", "src/c.py", false),
        ("docs/{one,two}.md", "docs/two.md", true),
        ("src/*", "src/a.py", true),
        ("src/*.py", "src/deep/a.py", false),
        ("with space/*", "with space/a.py", true),
        ("ünï/*", "ünï/a.py", true),
        ("SRC/a.py", "src/a.py", false),
    ] {
        eprintln!("{glob} on {path}");
        let (repo, token) = repo_with_token(700, path, &paths(&[glob]));
        if allowed {
            expect_allowed(repo.staged(), 1);
        } else {
            repo.staged().expect_found(&[(path, 1, &token)]);
        }
    }
}

#[test]
fn allow_can_be_given_several_times() {
    let (repo, token) = repo_with_token(701, "src/a.py", "");
    let with = |globs: &[&str]| {
        let options: Vec<&str> = globs.iter().flat_map(|g| ["--allow", g]).collect();
        repo.staged_call().args(&options).run()
    };
    expect_allowed(with(&["src/**"]), 1);
    expect_allowed(with(&["docs/**", "src/a.py"]), 1);
    with(&["docs/**"]).expect_found(&[("src/a.py", 1, &token)]);
    with(&[]).expect_found(&[("src/a.py", 1, &token)]);
}

#[test]
fn globs_are_relative_to_the_top() {
    let (repo, token) = repo_with_token(702, "src/a.py", "");
    repo.write("src/x", "");
    let from_src = |glob| repo.staged_call().args(&["--allow", glob]).cwd(repo.path("src")).run();
    expect_allowed(from_src("src/a.py"), 1);
    from_src("other/a.py").expect_found(&[("src/a.py", 1, &token)]);
}

#[test]
fn a_fingerprint_allows_only_its_token() {
    let mut make = Maker::new(703);
    let (known, other) = (make.sk_live(24), make.sk_live(24));
    let repo = Repo::new();
    repo.stage_blob(CONFIG, fingerprint(&known));
    repo.commit("base");
    repo.stage("a.txt", client(&known));
    repo.stage("b.txt", format!("top\n{}", client(&known)));
    expect_allowed(repo.staged(), 2);

    repo.stage("a.txt", format!("f(\"{known}\", \"{other}\")\n"));
    let run = repo.staged().expect_found(&[("a.txt", 1, &other)]);
    assert_eq!(run.summary()["allowed"], 2, "{}", run.all());
}

#[test]
fn a_marker_in_a_comment_allows_only_its_line() {
    for (name, comment) in [
        ("hash", "# keysweep:allow"),
        ("slashes", "// keysweep:allow"),
        ("block", "/* keysweep:allow */"),
        ("markup", "<!-- keysweep:allow -->"),
        ("dashes", "-- keysweep:allow"),
        ("semicolon", "; keysweep:allow"),
        ("with a word", "# keysweep:allow a dummy of the vendor"),
        ("of gitleaks", "# gitleaks:allow"),
        ("of gitleaks, slashes", "// gitleaks:allow"),
    ] {
        eprintln!("{name}");
        let mut make = Maker::new(704);
        let (marked, before, after) = (make.sk_live(24), make.sk_live(24), make.sk_live(24));
        let repo = Repo::new();
        let line = |token: &Token| client(token).trim_end().to_owned();
        repo.stage("a.py", format!("{} {comment}\n", line(&marked)));
        expect_allowed(repo.staged(), 1);

        repo.stage("a.py", format!("{}\n{} {comment}\r\n{}", line(&before), line(&marked), line(&after)));
        let run = repo.staged().expect_found(&[("a.py", 1, &before), ("a.py", 3, &after)]);
        assert_eq!(run.summary()["allowed"], 1, "{name}: {}", run.all());
    }
}

#[test]
fn words_similar_to_the_marker_allow_nothing() {
    for comment in [
        "# keysweep",
        "# keysweep: allow",
        "# keysweep:allowed-by-nobody",
        "# allow",
        "# nosec",
        "# noqa",
        "# pragma: allowlist secret",
        "# xkeysweep:allow",
        "# keysweep:deny",
        "# ggignore",
    ] {
        let token = Maker::new(705).sk_live(24);
        let repo = Repo::new();
        repo.stage("a.py", format!("{} {comment}\n", client(&token).trim_end()));
        eprintln!("{comment}");
        repo.staged().expect_found(&[("a.py", 1, &token)]);
    }
}

#[test]
fn configurations_of_other_scanners_allow_nothing() {
    let token = Maker::new(706).sk_live(24);
    for (path, content) in [
        (".gitleaksignore", "a.py\na.py:generic-api-key:1\n"),
        (".gitleaks.toml", "[allowlist]\npaths = ['''.*''']\n"),
        (".secretsignore", "*\n"),
        (".gitallowed", ".*\n"),
        (".gitguardian.yaml", "secret:\n  ignored-paths:\n    - '**/*'\n"),
        (".gitignore", "*\n"),
        (".ignore", "*\n"),
        (".keysweepignore", "*\n"),
    ] {
        eprintln!("{path}");
        let (repo, _) = repo_with_token(707, "later.txt", "");
        repo.git(&["reset", "-q", "--hard"]);
        repo.stage(path, content);
        repo.commit("settings");
        repo.stage("a.py", client(&token));
        repo.staged().expect_found(&[("a.py", 1, &token)]);
    }
}

#[test]
fn a_configuration_outside_the_index_is_reported_and_not_used() {
    let (repo, token) = repo_with_token(708, "src/a.py", "");
    repo.write(CONFIG, paths(&["src/**"]));
    repo.staged().expect_found(&[("src/a.py", 1, &token)]).expect_has(CONFIG);
    repo.keysweep(&["staged"]).expect_code(1).expect_has(CONFIG);

    repo.git(&["add", CONFIG]);
    expect_allowed(repo.staged(), 1);
}

#[test]
fn a_configuration_changed_only_in_the_worktree_is_used_as_staged() {
    let (repo, token) = repo_with_token(709, "src/a.py", &paths(&["docs/**"]));
    repo.write(CONFIG, paths(&["src/**"]));
    repo.staged().expect_found(&[("src/a.py", 1, &token)]);
    repo.write(CONFIG, "no toml at all [");
    repo.staged().expect_found(&[("src/a.py", 1, &token)]);
}

#[test]
fn a_staged_configuration_is_used_without_a_worktree_file() {
    let (repo, _) = repo_with_token(710, "src/a.py", &paths(&["src/**"]));
    let _ = std::fs::remove_file(repo.path(CONFIG));
    expect_allowed(repo.staged(), 1);
}

#[test]
fn a_configuration_in_a_subfolder_is_not_the_configuration() {
    let (repo, token) = repo_with_token(711, "src/a.py", "");
    repo.stage(format!("src/{CONFIG}"), paths(&["src/**"]));
    repo.staged_call().cwd(repo.path("src")).run().expect_found(&[("src/a.py", 1, &token)]);
}

#[test]
fn an_intent_to_add_configuration_is_reported_and_not_used() {
    let (repo, token) = repo_with_token(717, "src/a.py", "");
    repo.write(CONFIG, paths(&["src/**"]));
    repo.git(&["add", "-N", CONFIG]);
    repo.staged().expect_found(&[("src/a.py", 1, &token)]).expect_has(CONFIG);
}

#[test]
fn a_configuration_that_this_commit_removes_is_not_used() {
    let (repo, token) = repo_with_token(718, "src/a.py", &paths(&["src/**"]));
    expect_allowed(repo.staged(), 1);
    repo.git(&["rm", "-q", "--cached", CONFIG]);
    repo.staged().expect_found(&[("src/a.py", 1, &token)]);
}

#[test]
fn newly_allowed_findings_are_reported() {
    let token = Maker::new(712).sk_live(24);
    let marked = format!("{} # keysweep:allow\n", client(&token).trim_end());
    for (config, content) in [
        (paths(&["src/**"]), client(&token)),
        (paths(&["docs/**", "src/**"]), client(&token)),
        (fingerprint(&token), client(&token)),
        (paths(&["docs/**"]), marked),
    ] {
        let (repo, _) = repo_with_token(712, "docs/b.md", &paths(&["docs/**"]));
        repo.stage("src/a.py", content);
        repo.stage(CONFIG, &config);
        // Tokens that were allowed before, or that an option allows, are not reported as newly allowed.
        let run = repo.keysweep(&["staged", "--allow", "docs/**"]).expect_code(0);
        run.expect_has("src/a.py").expect_lacks("docs/b.md").expect_lacks(token.body());
    }
}

#[test]
fn allowed_findings_are_counted_in_the_human_report() {
    let (repo, _) = repo_with_token(713, "src/a.py", &paths(&["src/**"]));
    repo.keysweep(&["staged"]).expect_code(0).expect_has("1 allowed");
}

#[test]
fn a_configuration_of_the_command_line_is_used() {
    let (repo, token) = repo_with_token(714, "src/a.py", "");
    repo.write("my.toml", paths(&["src/**"]));
    expect_allowed(repo.staged_call().args(&["--config", "my.toml"]).run(), 1);
    repo.write("my.toml", paths(&["docs/**"]));
    repo.staged_call().args(&["--config", "my.toml"]).run().expect_found(&[("src/a.py", 1, &token)]);
}

#[test]
fn a_custom_rule_finds_tokens_with_its_prefix() {
    let mut make = Maker::new(715);
    let (plain, severe) = (make.alnum(32), make.hex(40));
    let repo = Repo::new();
    let rules = "[[rule]]\nid = \"acme\"\nprefix = \"acme_\"\n\n[[rule]]\nid = \"umbrella\"\nprefix = \"umb-\"\n";
    repo.stage(CONFIG, rules);
    repo.commit("base");
    repo.stage("a.txt", format!("x = \"acme_{plain}\"\ny = \"umb-{severe}\"\nacme_in_prose is not one\n"));
    let run = repo.staged().expect_code(1).expect_lacks(&plain).expect_lacks(&severe);
    let found: Vec<_> = run.findings().iter().map(|f| (f["rule"].to_string(), f["line"].to_string())).collect();
    let wanted = [("\"acme\"", "1"), ("\"umbrella\"", "2")].map(|(r, l)| (r.to_owned(), l.to_owned()));
    assert_eq!(found, wanted, "{}", run.all());

    repo.git(&["rm", "-q", "--cached", CONFIG]);
    repo.staged().expect_code(0);
}

#[test]
fn an_allowed_old_config_does_not_allow_a_new_name() {
    // A path glob allows the content of a file. It also allows a token in the name, if the name matches.
    let token = Maker::new(716).sk_live(24);
    let (repo, _) = repo_with_token(716, "docs/a.md", &paths(&["docs/**"]));
    repo.stage_blob(format!("src/{token}"), "x\n");
    let finding = repo.staged().expect_code(1).only_finding();
    assert!(finding["line"].is_null(), "{finding}");
}

#[test]
fn an_unused_entry_is_reported_by_a_full_scan() {
    let mut make = Maker::new(717);
    let (known, gone) = (make.sk_live(24), make.sk_live(24));
    let repo = Repo::new();
    repo.write("tests/a.py", client(&known));
    let entries = format!("{{ id = '{}', reason = 'revoked' }}", gone.fingerprint());
    repo.write(CONFIG, format!("[allow]\npaths = ['tests/**', 'old/**']\nfingerprints = [\n  {entries},\n]\n"));
    let stale_path = format!("{CONFIG}:2: old/** allows nothing");
    let run = repo.keysweep(&["files", "."]).expect_code(0).expect_has(&stale_path);
    // The history may still contain the token of the fingerprint.
    run.expect_lacks("tests/** allows nothing").expect_lacks(&gone.fingerprint());
    // A scan of a part of the repository reports no unused entries.
    repo.keysweep(&["files", "tests"]).expect_code(0).expect_lacks("allows nothing");
}

#[test]
fn an_allowed_folder_name_counts_once() {
    let token = Maker::new(750).sk_live(24);
    let staged = |config: &str| {
        let repo = Repo::new();
        repo.stage_blob(CONFIG, config);
        repo.commit("base");
        for name in ["a", "b", "c"] {
            repo.stage_blob(format!("{token}/{name}.txt"), "innocent\n");
        }
        repo.staged()
    };
    assert_eq!(staged("").expect_code(1).summary()["findings"], 1);
    expect_allowed(staged(&fingerprint(&token)), 1);
}

#[test]
fn an_unstaged_configuration_is_reported_if_it_matters() {
    const NOTE: &str = "note: .keysweep.toml was used as it is staged, not as it is on disk: git add .keysweep.toml";
    let (repo, token) = repo_with_token(718, "src/a.py", &paths(&["docs/**"]));
    let message = repo.path("message");
    repo.write("message", format!("about {token}\n"));
    let message = message.to_str().expect("UTF-8");
    let commands: [&[&str]; 6] = [
        &["staged"],
        &["hook", "pre-commit"],
        &["message", message],
        &["hook", "commit-msg", message],
        &["history"],
        &["history", "HEAD"],
    ];
    // The worktree file has other line ends, as with core.autocrlf.
    repo.write(CONFIG, paths(&["docs/**"]).replace('\n', "\r\n"));
    for args in commands {
        repo.keysweep(args).expect_lacks(NOTE);
    }
    repo.write(CONFIG, fingerprint(&token));
    let has_note = |args: &[&str]| repo.keysweep(args).all().contains(NOTE);
    assert_eq!(commands.map(has_note), [true, true, true, true, true, false], "a scan of HEAD finds no token");
    repo.keysweep(&[&["--config", CONFIG][..], &["staged"]].concat()).expect_code(0).expect_lacks(NOTE);
    // Now the configuration applies, and the worktree file is deleted.
    repo.git(&["add", CONFIG]);
    for args in commands {
        repo.keysweep(args).expect_code(0).expect_lacks(NOTE);
    }
    // Without a finding, the note is not needed.
    repo.write(CONFIG, "");
    for args in commands {
        repo.keysweep(args).expect_code(0).expect_lacks(NOTE);
    }
}
