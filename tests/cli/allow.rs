//! What silences a finding, and what must not.

use crate::support::token::{Maker, Token};
use crate::support::{Repo, Run, client};

const CONFIG: &str = ".keysweep.toml";

/// A repository with one staged token and this configuration, committed long ago.
fn scene(seed: u64, path: &str, config: &str) -> (Repo, Token) {
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
        run.fail(&format!("expected {count} allowed"));
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
fn a_glob_of_the_configuration_allows_what_it_matches_and_no_more() {
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
        let (repo, token) = scene(700, path, &paths(&[glob]));
        if allowed {
            expect_allowed(repo.staged(), 1);
        } else {
            repo.staged().expect_found(&[(path, 1, &token)]);
        }
    }
}

#[test]
fn a_glob_of_the_command_line_allows_and_may_be_given_again() {
    let (repo, token) = scene(701, "src/a.py", "");
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
fn a_glob_means_the_path_from_the_top_wherever_it_is_given() {
    let (repo, token) = scene(702, "src/a.py", "");
    repo.write("src/x", "");
    let from_src = |glob| repo.staged_call().args(&["--allow", glob]).cwd(repo.path("src")).run();
    expect_allowed(from_src("src/a.py"), 1);
    from_src("other/a.py").expect_found(&[("src/a.py", 1, &token)]);
}

#[test]
fn a_fingerprint_allows_its_token_everywhere_and_no_other() {
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
fn a_marker_in_a_comment_allows_its_line_and_no_other() {
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
fn words_that_only_resemble_the_marker_allow_nothing() {
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
fn files_of_other_scanners_silence_nothing() {
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
        let (repo, _) = scene(707, "later.txt", "");
        repo.git(&["reset", "-q", "--hard"]);
        repo.stage(path, content);
        repo.commit("settings");
        repo.stage("a.py", client(&token));
        repo.staged().expect_found(&[("a.py", 1, &token)]);
    }
}

#[test]
fn a_configuration_that_is_not_in_the_index_is_named_and_not_used() {
    let (repo, token) = scene(708, "src/a.py", "");
    repo.write(CONFIG, paths(&["src/**"]));
    repo.staged().expect_found(&[("src/a.py", 1, &token)]).expect_has(CONFIG);
    repo.keysweep(&["staged"]).expect_code(1).expect_has(CONFIG);

    repo.git(&["add", CONFIG]);
    expect_allowed(repo.staged(), 1);
}

#[test]
fn a_configuration_changed_in_the_worktree_only_is_used_as_staged() {
    let (repo, token) = scene(709, "src/a.py", &paths(&["docs/**"]));
    repo.write(CONFIG, paths(&["src/**"]));
    repo.staged().expect_found(&[("src/a.py", 1, &token)]);
    repo.write(CONFIG, "no toml at all [");
    repo.staged().expect_found(&[("src/a.py", 1, &token)]);
}

#[test]
fn a_staged_configuration_is_used_though_the_worktree_has_none() {
    let (repo, _) = scene(710, "src/a.py", &paths(&["src/**"]));
    let _ = std::fs::remove_file(repo.path(CONFIG));
    expect_allowed(repo.staged(), 1);
}

#[test]
fn a_configuration_in_a_subfolder_is_not_the_configuration() {
    let (repo, token) = scene(711, "src/a.py", "");
    repo.stage(format!("src/{CONFIG}"), paths(&["src/**"]));
    repo.staged_call().cwd(repo.path("src")).run().expect_found(&[("src/a.py", 1, &token)]);
}

#[test]
fn an_intended_configuration_is_named_and_not_used() {
    let (repo, token) = scene(717, "src/a.py", "");
    repo.write(CONFIG, paths(&["src/**"]));
    repo.git(&["add", "-N", CONFIG]);
    repo.staged().expect_found(&[("src/a.py", 1, &token)]).expect_has(CONFIG);
}

#[test]
fn a_configuration_that_this_commit_removes_is_not_used() {
    let (repo, token) = scene(718, "src/a.py", &paths(&["src/**"]));
    expect_allowed(repo.staged(), 1);
    repo.git(&["rm", "-q", "--cached", CONFIG]);
    repo.staged().expect_found(&[("src/a.py", 1, &token)]);
}

#[test]
fn what_the_same_commit_newly_allows_is_named() {
    let token = Maker::new(712).sk_live(24);
    let marked = format!("{} # keysweep:allow\n", client(&token).trim_end());
    for (config, content) in [
        (paths(&["src/**"]), client(&token)),
        (paths(&["docs/**", "src/**"]), client(&token)),
        (fingerprint(&token), client(&token)),
        (paths(&["docs/**"]), marked),
    ] {
        let (repo, _) = scene(712, "docs/b.md", &paths(&["docs/**"]));
        repo.stage("src/a.py", content);
        repo.stage(CONFIG, &config);
        // What was allowed before, or is by an option now, is no news.
        let run = repo.keysweep(&["staged", "--allow", "docs/**"]).expect_code(0);
        run.expect_has("src/a.py").expect_lacks("docs/b.md").expect_lacks(token.body());
    }
}

#[test]
fn allowed_findings_are_counted_for_people_too() {
    let (repo, _) = scene(713, "src/a.py", &paths(&["src/**"]));
    repo.keysweep(&["staged"]).expect_code(0).expect_has("1 allowed");
}

#[test]
fn a_configuration_of_the_command_line_is_used() {
    let (repo, token) = scene(714, "src/a.py", "");
    repo.write("my.toml", paths(&["src/**"]));
    expect_allowed(repo.staged_call().args(&["--config", "my.toml"]).run(), 1);
    repo.write("my.toml", paths(&["docs/**"]));
    repo.staged_call().args(&["--config", "my.toml"]).run().expect_found(&[("src/a.py", 1, &token)]);
}

#[test]
fn a_rule_of_ones_own_finds_tokens_with_its_prefix() {
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
    // A path is allowed for its content; a token in the name itself is allowed by the same glob, and no other.
    let token = Maker::new(716).sk_live(24);
    let (repo, _) = scene(716, "docs/a.md", &paths(&["docs/**"]));
    repo.stage_blob(format!("src/{token}"), "x\n");
    let finding = repo.staged().expect_code(1).only_finding();
    assert!(finding["line"].is_null(), "{finding}");
}

#[test]
fn an_entry_that_allows_nothing_is_named_where_all_is_scanned() {
    let mut make = Maker::new(717);
    let (known, gone) = (make.sk_live(24), make.sk_live(24));
    let repo = Repo::new();
    repo.write("tests/a.py", client(&known));
    let entries = format!("{{ id = '{}', reason = 'revoked' }}", gone.fingerprint());
    repo.write(CONFIG, format!("[allow]\npaths = ['tests/**', 'old/**']\nfingerprints = [\n  {entries},\n]\n"));
    let stale_path = format!("{CONFIG}:2: old/** allows nothing");
    let run = repo.keysweep(&["files", "."]).expect_code(0).expect_has(&stale_path);
    // The history may have what the fingerprint is for.
    run.expect_lacks("tests/** allows nothing").expect_lacks(&gone.fingerprint());
    // A part of the repository says nothing of the rest.
    repo.keysweep(&["files", "tests"]).expect_code(0).expect_lacks("allows nothing");
}

#[test]
fn a_folder_whose_name_is_allowed_counts_once_whatever_is_in_it() {
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
fn an_edit_that_is_not_staged_is_named_where_it_would_matter() {
    const NOTE: &str = "note: .keysweep.toml was used as it is staged, not as it is on disk: git add .keysweep.toml";
    let (repo, token) = scene(718, "src/a.py", &paths(&["docs/**"]));
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
    // Line ends are as git likes them on a disk.
    repo.write(CONFIG, paths(&["docs/**"]).replace('\n', "\r\n"));
    for args in commands {
        repo.keysweep(args).expect_lacks(NOTE);
    }
    repo.write(CONFIG, fingerprint(&token));
    let said = |args: &[&str]| repo.keysweep(args).all().contains(NOTE);
    assert_eq!(commands.map(said), [true, true, true, true, true, false], "of HEAD no token is told");
    repo.keysweep(&[&["--config", CONFIG][..], &["staged"]].concat()).expect_code(0).expect_lacks(NOTE);
    // In force, and then deleted.
    repo.git(&["add", CONFIG]);
    for args in commands {
        repo.keysweep(args).expect_code(0).expect_lacks(NOTE);
    }
    // Nothing was found, so nobody wonders.
    repo.write(CONFIG, "");
    for args in commands {
        repo.keysweep(args).expect_code(0).expect_lacks(NOTE);
    }
}
