//! Each option that a help lists changes something, or is refused.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::support::token::Maker;
use crate::support::{Repo, client};

/// How an option shows its effect.
enum Effect {
    /// These words, added to a plain call, change what is printed or written.
    Adds(&'static [&'static str]),
    /// The same in a repository without a token.
    AddsToClean(&'static [&'static str]),
    /// The second call prints or writes something else than the first.
    Between(&'static [&'static str], &'static [&'static str]),
    /// This test of this file uses the option, and shows what it does.
    Tested(&'static str, &'static str),
    /// The report must not depend on it, only the time and the memory.
    ChangesSpeed,
}

use Effect::{Adds, AddsToClean, Between, ChangesSpeed, Tested};

/// The command, or `*` for all that have no row of their own; the option; its effect.
const ROWS: &[(&str, &str, Effect)] = &[
    ("*", "--format", Adds(&["--format", "json"])),
    ("*", "--output", Adds(&["--output", "report"])),
    ("*", "--color", Adds(&["--color", "always"])),
    ("*", "--quiet", AddsToClean(&["--quiet"])),
    ("*", "--config", Adds(&["--config", "other.toml"])),
    ("*", "--allow", Adds(&["--allow", "[a-m]*.txt"])),
    ("*", "--threads", ChangesSpeed),
    ("*", "--no-progress", Tested("tests/history/progress.rs", "progress_is_printed_on_a_terminal")),
    ("*", "--allow-incomplete", Tested("tests/history/completeness.rs", "lost_objects_can_be_accepted")),
    ("*", "--archives", Tested("tests/archives/files.rs", "a_path_inside_can_be_allowed")),
    ("files", "--stdin-path", Between(&["-"], &["-", "--stdin-path", "x.txt"])),
    ("files", "--respect-gitignore", Adds(&["--respect-gitignore"])),
    ("worktree", "--all", Adds(&["--all"])),
    ("history", "--since", Adds(&["--since", "2030-01-01"])),
    ("history", "--until", Adds(&["--until", "2000-01-01"])),
    ("history", "--branch", Adds(&["--branch", "none*"])),
    ("history", "--author", Adds(&["--author", "Nobody"])),
    ("history", "--since-last", Tested("tests/history/since_last.rs", "allowed_tokens_are_checked_each_time")),
    ("history", "--no-baseline", Tested("tests/baseline/history.rs", "these_scans_ignore_it")),
    ("history", "--untrusted", Adds(&["--untrusted"])),
    ("history", "--config-from", Adds(&["--config-from", "HEAD~1"])),
    ("history", "--replacements", Adds(&["--replacements", "../found.txt"])),
    (
        "history",
        "--plan",
        Between(&["--replacements", "../found.txt"], &["--replacements", "../found.txt", "--plan", "../plan.sh"]),
    ),
    ("history", "--no-people", Between(&["--format", "html"], &["--format", "html", "--no-people"])),
    ("history", "--verify", Tested("tests/online/history.rs", "only_a_vendor_that_the_shape_names_is_asked")),
    (
        "history",
        "--vendor",
        Tested("tests/online/history.rs", "a_named_vendor_is_asked_about_the_shapes_that_it_issues"),
    ),
    ("find", "--tokens-from", Adds(&["--tokens-from", "../tokens.txt"])),
    ("find", "--fingerprint", Adds(&["--fingerprint", "0123456789abcdef"])),
    ("fleet", "--since-last", Tested("tests/fleet/mirror.rs", "a_second_run_reads_what_is_new")),
    ("fleet", "--timeout", Tested("tests/fleet/limits.rs", "a_scan_that_takes_too_long_is_stopped")),
    ("fleet", "--cache", Tested("tests/fleet/cache.rs", "a_folder_without_the_tag_is_no_cache")),
    ("fleet", "--cache-size", Tested("tests/fleet/cache.rs", "the_least_recently_used_mirrors_make_room")),
    ("fleet", "--trust-config", Adds(&["--trust-config"])),
    ("install", "--global", Adds(&["--global"])),
    ("install", "--agent", Adds(&["--agent", "claude-code"])),
    ("uninstall", "--global", Adds(&["--global"])),
    ("uninstall", "--agent", Adds(&["--agent", "claude-code"])),
    ("audit", "--strict", Tested("tests/audit/formats.rs", "the_exit_code_follows_the_worst_status")),
    ("audit", "--run-hooks", Adds(&["--run-hooks"])),
    ("audit", "--explain", Adds(&["--explain", "env-shared"])),
    ("ledger", "--owner", Adds(&["--owner", "billing"])),
    ("ledger", "--environment", Adds(&["--environment", "production"])),
    ("ledger", "--created", Adds(&["--created", "2024-01-02"])),
    ("ledger", "--rotate-by", Adds(&["--rotate-by", "2999-01-02"])),
    ("ledger", "--scopes", Adds(&["--scopes", "note:read"])),
    ("rotate", "--config", Adds(&["--config", "missing.toml"])),
    ("scopes", "--config", Adds(&["--config", "missing.toml"])),
    ("rules", "--config", Adds(&["--config", "missing.toml"])),
    ("rules", "--check", Adds(&["--check"])),
    ("baseline", "--reason", Adds(&["--reason", "OPS-12"])),
    ("baseline", "--until", Adds(&["--until", "2999-01-02"])),
    ("baseline", "--prune", Adds(&["--prune"])),
    ("man", "--dir", Adds(&["--dir", "../man"])),
    ("verify", "--vendor", Tested("tests/online/verify.rs", "a_shape_that_does_not_name_one_vendor_is_sent_to_none")),
    ("verify", "--base-url", Tested("tests/online/verify.rs", "each_vendor_is_asked_as_it_documents")),
    ("verify", "--expect", Tested("tests/online/verify.rs", "quiet_prints_only_what_was_not_expected")),
    ("verify", "--expect-scopes", Tested("tests/online/verify.rs", "scopes_are_compared_with_the_expected_ones")),
    ("verify", "--quiet", Tested("tests/online/verify.rs", "quiet_prints_only_what_was_not_expected")),
    ("verify", "--timeout", Tested("tests/online/verify.rs", "an_answer_that_does_not_tell_is_reported_as_such")),
    ("probe", "--vendor", Tested("tests/online/probe.rs", "right_and_wrong_handlers_are_told_apart")),
    ("probe", "--allow-remote", Tested("tests/online/probe.rs", "deliveries_stay_on_this_machine")),
    ("probe", "--timeout", Tested("tests/online/probe.rs", "deliveries_stay_on_this_machine")),
    ("probe", "--color", Tested("tests/online/probe.rs", "results_have_colors_if_asked")),
    ("probe", "--quiet", Tested("tests/online/probe.rs", "quiet_prints_only_what_is_wrong")),
];

/// The words behind the options of a plain call.
fn rest(command: &str) -> &'static [&'static str] {
    match command {
        // With a path, there is no note about standard input, which depends on time.
        "files" => &["."],
        "message" => &["message.txt"],
        "hook" => &["pre-commit"],
        "ledger" => &["add"],
        "rotate" => &["attio"],
        "probe" => &["--vendor", "svix", "http://127.0.0.1:1/"],
        "verify" => &["--vendor", "attio", "--base-url", "http://127.0.0.1:1/"],
        _ => &[],
    }
}

/// A call of Attio's API, and one whose scopes are not known.
const CALLS_OF_ATTIO: &str = "await fetch('https://api.attio.com/v2/notes', { method: 'POST', headers });\n\
                              await fetch(`https://api.attio.com/v2/${path}`, { method, headers });\n";

/// A repository with an allowed and another token in each place, and with hooks for `uninstall`.
fn world(command: &str, has_tokens: bool) -> Repo {
    let mut make = Maker::new(1401);
    let repo = Repo::new();
    let mut text = || if has_tokens { client(&make.sk_live(24)) } else { "innocent\n".to_owned() };
    repo.write("a.txt", text());
    repo.write("old.txt", text());
    repo.write("app.js", CALLS_OF_ATTIO);
    repo.write(".gitignore", "ignored.txt\n");
    repo.git(&["add", "."]);
    repo.commit("one");
    repo.stage(".keysweep.toml", "[allow]\npaths = ['old.txt']\n");
    repo.commit("two");
    repo.write("b.txt", text());
    repo.write("public/bundle.txt", text());
    repo.git(&["add", "."]);
    repo.write("c.txt", text());
    repo.write("ignored.txt", text());
    repo.write("message.txt", text());
    let paths = "['a.txt', 'b.txt', 'c.txt', 'old.txt', 'message.txt', 'ignored.txt']";
    repo.write("other.toml", format!("[allow]\npaths = {paths}\n"));
    repo.write("../tokens.txt", format!("{}==>x\n", make.sk_live(24)));
    if command == "uninstall" {
        for words in [&["install"][..], &["install", "--global"], &["install", "--agent", "claude-code"]] {
            call(&repo, words).run().expect_code(0);
        }
    }
    repo
}

fn call(repo: &Repo, words: &[&str]) -> crate::support::Call {
    let home = repo.base();
    repo.keysweep_call(words).env("GIT_CONFIG_GLOBAL", home.join("gitconfig")).env("XDG_CACHE_HOME", home.join("cache"))
}

/// What a call prints, its exit status and the files that it leaves, without times and the name of the temporary folder.
fn trace(command: &str, words: &[&str], has_tokens: bool) -> String {
    let repo = world(command, has_tokens);
    let stdin = match command {
        "fleet" => repo.top().display().to_string(),
        "files" | "find" | "ledger" | "verify" => Maker::new(1401).sk_live(24).text().to_owned(),
        _ => "innocent\n".to_owned(),
    };
    let words = [&[command][..], words, rest(command)].concat();
    let run = call(&repo, &words).stdin(stdin).run();
    let mut text = format!("{:?}\n{}\n{}\n", run.code, run.out(), run.err());
    for (name, content) in files(repo.base()) {
        writeln!(text, "{name}: {content}").expect("a string takes all text");
    }
    let folder = repo.base().display().to_string();
    // How many files `worktree` compares depends on whether they are as old as the index.
    let varies = |line: &str| ["seconds", "endTime", "scanned"].iter().any(|word| line.contains(word));
    let lines = text.lines().map(|line| if varies(line) { without_digits(line) } else { line.to_owned() });
    lines.collect::<Vec<_>>().join("\n").replace(&folder, "BASE")
}

fn without_digits(line: &str) -> String {
    line.chars().filter(|letter| !letter.is_ascii_digit()).collect()
}

/// All files below a folder but those of git's objects, index and logs.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            if path.is_dir() && !["objects", "logs"].contains(&&*name) {
                folders.push(path);
            } else if path.is_file() && name != "index" && !name.ends_with(".sample") {
                let content = fs::read(&path).expect("a file");
                found.insert(path.display().to_string(), String::from_utf8_lossy(&content).into_owned());
            }
        }
    }
    found
}

/// The names in a list of a help: commands, or long options.
fn listed(help: &str, title: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| *line != title).skip(1).take_while(|line| !line.is_empty());
    let name = |line: &str| line.split([' ', ',']).find(|word| word.len() > 2).map(str::to_owned);
    lines.filter_map(name).filter(|name| !["help", "--help", "--version"].contains(&&**name)).collect()
}

fn row(command: &str, option: &str) -> Option<&'static (&'static str, &'static str, Effect)> {
    let of = |name: &str| ROWS.iter().find(|row| row.0 == name && row.1 == option);
    of(command).or_else(|| of("*"))
}

#[test]
fn each_option_of_a_help_has_an_effect() {
    let repo = Repo::none();
    let commands = listed(&repo.keysweep(&["--help"]).out(), "Commands:");
    let mut used = BTreeSet::new();
    let mut wrong = Vec::new();
    for command in &commands {
        let mut plain = BTreeMap::new();
        for option in listed(&repo.keysweep(&[command, "--help"]).out(), "Options:") {
            let Some((name, _, effect)) = row(command, &option) else {
                wrong.push(format!("{command} {option} has no row"));
                continue;
            };
            used.insert((*name, option.clone()));
            let mut without = |words: &[&str], has_tokens| -> String {
                let key = (words.join(" "), has_tokens);
                plain.entry(key).or_insert_with(|| trace(command, words, has_tokens)).clone()
            };
            let (first, second) = match effect {
                Adds(words) => (without(&[], true), trace(command, words, true)),
                AddsToClean(words) => (without(&[], false), trace(command, words, false)),
                Between(one, other) => (without(one, true), trace(command, other, true)),
                Tested(file, test) => {
                    expect_test(file, test, &option);
                    continue;
                }
                ChangesSpeed => continue,
            };
            if first == second {
                wrong.push(format!("{command} {option} changes nothing"));
            }
        }
        for ((words, has_tokens), first) in plain {
            let words: Vec<&str> = words.split_whitespace().collect();
            let again = trace(command, &words, has_tokens);
            let differ = first.lines().zip(again.lines()).find(|(one, other)| one != other);
            assert_eq!(differ, None, "{command} {words:?} must print the same twice, or a row proves nothing");
        }
    }
    assert!(commands.len() >= 18, "{commands:?}");
    assert!(wrong.is_empty(), "{wrong:#?}");
    let is_built = |row: &&(&str, &str, Effect)| {
        let is_online = ["verify", "probe"].contains(&row.0) || ["--verify", "--vendor"].contains(&row.1);
        (cfg!(feature = "online") || !is_online) && (cfg!(feature = "archives") || row.1 != "--archives")
    };
    for (command, option, _) in ROWS.iter().filter(is_built) {
        assert!(used.contains(&(*command, (*option).to_owned())), "no help lists {command} {option}");
    }
}

/// The test exists, and its file uses the option.
fn expect_test(file: &str, test: &str, option: &str) {
    let source = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).expect(file);
    assert!(source.contains(&format!("fn {test}(")), "{file} has no test {test}");
    assert!(source.contains(option) || option == "--archives", "{file} does not use {option}");
}

#[test]
fn an_option_without_effect_is_refused() {
    let repo = world("", true);
    let none = "it has no effect in keysweep";
    let colors = "only the format human has colors";
    let lines = "only the format human has lines that it leaves out";
    let form = "the agent defines the form of the answer";
    for (words, cause) in [
        (&["scopes", "-q"][..], none),
        (&["rotate", "attio", "--quiet"], none),
        (&["baseline", "--color", "always"], none),
        (&["ledger", "add", "--color", "never"], none),
        (&["message", "message.txt", "--threads", "2"], none),
        (&["hook", "--threads", "2", "commit-msg", "message.txt"], "a message is scanned on one thread"),
        (&["audit", "--explain", "env-shared", "--quiet"], "cannot be used with"),
        (&["audit", "--explain", "env-shared", "--format", "json"], "cannot be used with"),
        (&["audit", "--explain", "env-shared", "--config", "other.toml"], "cannot be used with"),
        (&["audit", "--explain", "env-shared", "--color", "never"], "cannot be used with"),
        (&["audit", "--explain", "env-shared", "--allow", "a.txt"], "cannot be used with"),
        (&["audit", "--explain", "env-shared", "--threads", "1"], "cannot be used with"),
        (&["audit", "env-shared", "--run-hooks"], "only the check hook-live runs hooks"),
        (&["staged", "--format", "json", "--color", "always"], colors),
        (&["history", "--format", "html", "--color", "always"], colors),
        (&["scopes", "--format", "list", "--color", "always"], colors),
        (&["rotate", "attio", "--format", "json", "--color", "always"], colors),
        (&["staged", "--format", "jsonl", "--quiet"], lines),
        (&["audit", "--format", "sarif", "--quiet"], lines),
        (&["hook", "--format", "github", "-q", "pre-commit"], lines),
        (&["files", "--respect-gitignore", "-"], "standard input is none"),
        (&["history", "--no-people"], "it has an effect on the incident report only"),
        (&["hook", "--format", "json", "agent", "claude-code"], form),
        (&["hook", "--output", "report", "agent", "claude-code"], form),
        (&["hook", "--color", "never", "agent", "claude-code"], form),
        (&["hook", "--quiet", "agent", "claude-code"], form),
        (&["hook", "--threads", "2", "agent", "claude-code"], "an event is scanned on one thread"),
    ] {
        call(&repo, words).run().expect_code(2).expect_has(cause);
    }
}

#[test]
fn an_option_with_a_partial_effect_is_taken() {
    let repo = world("", true);
    for words in [
        &["history", "--format", "jsonl", "--quiet"][..],
        &["staged", "--format", "json", "--color", "never"],
        &["files", "--respect-gitignore", "-", "a.txt"],
        &["audit", "hook-live", "env-shared", "--run-hooks"],
    ] {
        call(&repo, words).stdin("").run().expect_code(1);
    }
    call(&repo, &["audit", "--explain", "env-shared", "--output", "report"]).run().expect_code(0);
}
