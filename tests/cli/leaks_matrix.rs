//! Every input that an output can repeat, for tokens of a built-in rule, of a custom rule and of `find`. Tests them
//! plain and in every encoding, in every format, on stdout and in the file of `--output`.

use std::path::PathBuf;

use crate::support::encode::{ENCODINGS, Encoding};
use crate::support::leak::GuardedToken;
use crate::support::token::{CUSTOM_RULE, Maker, Token};
use crate::support::{Call, Repo, Run, executable};

/// An input that contains a text: an argument, a variable or stdin. `{}` is the text.
struct Input {
    words: &'static [&'static str],
    variables: &'static [(&'static str, &'static str)],
    stdin: &'static str,
}

const fn words(words: &'static [&'static str]) -> Input {
    Input { words, variables: &[], stdin: "" }
}

const ZERO: &str = "0000000000000000000000000000000000000000";

/// Inputs that cause an error with exit code 2.
const ERRORS: &[Input] = &[
    words(&["{}"]),
    words(&["--{}"]),
    words(&["staged", "--{}"]),
    words(&["staged", "{}"]),
    words(&["staged", "--format", "{}"]),
    words(&["staged", "--color={}"]),
    words(&["staged", "--threads", "{}"]),
    words(&["staged", "--config", "{}"]),
    words(&["history", "--config=/no/{}"]),
    words(&["message", "--config", "/no/{}/x", "a.txt"]),
    words(&["staged", "--allow", "{}["]),
    words(&["files", "--allow", "a/{}[", "a.txt"]),
    words(&["staged", "--output", "/no/{}"]),
    words(&["history", "--output", "/no/{}/x"]),
    words(&["rules", "--output", "/no/{}/x"]),
    words(&["files", "{}"]),
    words(&["files", "a/{}/x"]),
    words(&["files", "--{}"]),
    words(&["message", "{}-x"]),
    words(&["message", "/no/{}"]),
    words(&["history", "{}"]),
    words(&["history", "HEAD..{}"]),
    words(&["history", "--branch", "{}"]),
    words(&["history", "--config-from", "{}"]),
    words(&["baseline", "--until", "{}"]),
    words(&["baseline", "--config", "/no/{}"]),
    words(&["completions", "{}"]),
    words(&["man", "--dir", "/no/{}"]),
    words(&["history", "--replacements", "/no/{}"]),
    words(&["history", "--replacements", "{}/x", "HEAD"]),
    words(&["find", "--tokens-from", "/no/{}"]),
    words(&["rules", "{}"]),
    words(&["rules", "--check", "{}"]),
    words(&["help", "{}"]),
    words(&["hook", "{}"]),
    words(&["hook", "commit-msg", "/no/{}"]),
    words(&["hook", "update", "refs/heads/{}", "1", "2"]),
    words(&["install", "{}"]),
    words(&["uninstall", "{}"]),
    words(&["doctor", "{}"]),
    Input { words: &["hook", "pre-push", "origin", "x"], variables: &[], stdin: "{} 1 2 3\n" },
    Input { words: &["hook", "pre-receive"], variables: &[], stdin: "1 {} 2\n" },
    Input { words: &["staged"], variables: &[("GIT_DIR", "/no/{}")], stdin: "" },
    Input { words: &["staged"], variables: &[("KEYSWEEP_CONFIG", "/no/{}")], stdin: "" },
    Input { words: &["history"], variables: &[("GIT_DIR", "/no/{}/.git")], stdin: "" },
    Input { words: &["doctor"], variables: &[("GIT_DIR", "/no/{}")], stdin: "" },
    Input { words: &["install"], variables: &[("GIT_DIR", "/no/{}")], stdin: "" },
    Input { words: &["staged"], variables: &[("GIT_INDEX_FILE", "a.txt/{}")], stdin: "" },
    Input {
        words: &["hook", "pre-push"],
        variables: &[("PRE_COMMIT", "1"), ("PRE_COMMIT_TO_REF", "{}"), ("PRE_COMMIT_REMOTE_NAME", "{}")],
        stdin: "",
    },
];

/// Inputs that cause an error of `find` while its stdin contains the token.
const ERRORS_OF_FIND: &[Input] = &[
    words(&["find", "{}"]),
    words(&["find", "--{}"]),
    words(&["find", "--allow-{}"]),
    words(&["find", "--threads", "{}"]),
    words(&["find", "--format", "{}"]),
    words(&["find", "--config", "{}"]),
    words(&["find", "--output", "/no/{}"]),
    words(&["find", "--output", "/no/{}/x"]),
    Input { words: &["find"], variables: &[("GIT_DIR", "/no/{}")], stdin: "" },
];

const PLAIN: Encoding = Encoding { name: "plain", label: "", write: <[u8]>::to_vec };

/// An encoding that the other tests do not have.
const MORE: &[Encoding] = &[Encoding {
    name: "unicode escapes without the first backslash",
    label: "",
    write: |text| text.iter().flat_map(|b| format!("\\u{b:04x}").into_bytes()).skip(1).collect(),
}];

fn encodings() -> Vec<&'static Encoding> {
    [&PLAIN].into_iter().chain(ENCODINGS).collect()
}

/// The formats, and whether the report is written to a file.
const OUTPUTS: &[(&str, bool)] = &[
    ("human", false),
    ("json", false),
    ("jsonl", true),
    ("human", true),
    ("sarif", false),
    ("github", false),
    ("gitlab", true),
    ("json", true),
];

struct Matrix {
    repo: Repo,
    file: PathBuf,
    runs: usize,
}

impl Matrix {
    fn new() -> Self {
        let repo = Repo::new();
        repo.stage(".keysweep.toml", CUSTOM_RULE);
        repo.stage("a.txt", "innocent\n");
        repo.commit("one");
        let file = repo.base().join("report");
        Self { repo, file, runs: 0 }
    }

    /// Runs the call with the next format and searches its output and file for the token.
    #[track_caller]
    fn expect_hidden(&mut self, guarded: &GuardedToken, call: impl FnOnce(&[&str]) -> Call) -> Run {
        let (format, to_file) = OUTPUTS[self.runs % OUTPUTS.len()];
        self.runs += 1;
        let _ = std::fs::remove_file(&self.file);
        let file = self.file.to_str().expect("UTF-8");
        let options = ["--format", format, "--output", file];
        let run = call(if to_file { &options } else { &options[..2] }).run();
        guarded.expect_hidden(&run);
        let written = std::fs::read(&self.file).unwrap_or_default();
        if let Some(leaked) = guarded.leaked_in(&written) {
            run.fail(&format!("{leaked:?} of {} was written to the file", guarded.token));
        }
        run
    }

    #[track_caller]
    fn errors(&mut self, inputs: &[Input], make: &mut dyn FnMut() -> Token, is_searched: bool) {
        for (row, encoding) in encodings().into_iter().enumerate() {
            for (column, input) in inputs.iter().enumerate() {
                // Test the plain token in every place, and each encoding in a quarter of the places.
                if row > 0 && (row + column) % 4 != 0 {
                    continue;
                }
                let mut guarded = GuardedToken::new(make());
                let text = String::from_utf8(guarded.written(&[encoding])).expect("text");
                let fill = |template: &str| template.replace("{}", &text);
                let token = guarded.token.text().to_owned();
                let words: Vec<String> = input.words.iter().map(|word| fill(word)).collect();
                let stdin = if is_searched { token } else { fill(input.stdin) };
                let call = self.repo.keysweep_call::<&str>(&[]).stdin(stdin);
                let call = input.variables.iter().fold(call, |call, (name, value)| call.env(name, fill(value)));
                // If an option is given twice, the last one counts.
                let run = self.expect_hidden(&guarded, |options| call.args(options).args(&words));
                if run.code != Some(2) || run.stderr.is_empty() {
                    run.fail(&format!("expected an error and a sentence: {}", encoding.name));
                }
            }
        }
    }
}

#[test]
fn no_error_prints_a_token_of_a_built_in_rule() {
    let mut maker = Maker::new(1200);
    Matrix::new().errors(ERRORS, &mut || maker.sk_live(24), false);
}

#[test]
fn no_error_prints_a_token_of_a_custom_rule() {
    let mut maker = Maker::new(1201);
    Matrix::new().errors(ERRORS, &mut || maker.custom(24), false);
}

/// An invalid configuration has no known rules, but errors must still hide their tokens.
#[test]
fn no_error_prints_a_token_whose_rule_could_not_be_read() {
    let mut maker = Maker::new(1202);
    let mut matrix = Matrix::new();
    matrix.repo.stage(".keysweep.toml", format!("{CUSTOM_RULE}unknown = 1\n"));
    matrix.errors(&ERRORS[..23], &mut || maker.custom(16), false);
}

#[test]
fn no_error_of_find_prints_its_token() {
    let mut maker = Maker::new(1203);
    Matrix::new().errors(ERRORS_OF_FIND, &mut || maker.unknown(24), true);
    Matrix::new().errors(ERRORS_OF_FIND, &mut || maker.words(), true);
}

/// A repository with the text in each name and message that a report may quote, and with a finding.
fn repo_with_text(text: &[u8], scan: &Token) -> Repo {
    let shown = String::from_utf8_lossy(text).into_owned();
    let name = shown.replace('/', "-");
    let repo = Repo::new();
    // Removing special characters changes an encoded text.
    let without = |special: &str| if name.contains(|c| special.contains(c)) { "x".to_owned() } else { name.clone() };
    let (glob, ref_name) = (without("\\[]{}*?!'"), without("\\~^:?*[ "));
    repo.stage(".keysweep.toml", format!("{CUSTOM_RULE}[allow]\npaths = ['{glob}/**']\n"));
    repo.stage_blob(format!("{name}/{name}.txt"), format!("key = {scan}\n{shown}\n"));
    let author = ("GIT_AUTHOR_NAME", format!("Ada {shown}"));
    let address = ("GIT_AUTHOR_EMAIL", format!("{shown}@example.org"));
    let message = format!("one\n\n{scan} {shown}\n");
    let commit = ["commit", "-q", "--no-verify", "-m", &message];
    repo.git_call(&commit).env(author.0, author.1).env(address.0, address.1).run().expect_code(0);
    repo.git(&["branch", &format!("b-{ref_name}")]);
    repo.git(&["tag", "-a", "-m", &message, &format!("t-{ref_name}")]);
    repo.git(&["update-ref", &format!("refs/remotes/{ref_name}/main"), "HEAD"]);
    repo.write(format!(".git/refs/tags/broken-{ref_name}"), format!("{}\n", "1".repeat(40)));
    repo.write(".git/description", text);
    repo.stage_entry("120000", "link", text);
    repo.stage("z.py", format!("key = '{scan}' # {shown}\n"));
    repo
}

fn expect_no_report_prints(make: &mut dyn FnMut() -> Token, is_searched: bool) {
    let mut other = Maker::new(1299);
    let line = format!("HEAD {ZERO} refs/heads/x {ZERO}\n");
    for encoding in encodings().into_iter().step_by(2).chain(MORE) {
        let mut guarded = GuardedToken::new(make());
        let text = guarded.written(&[encoding]);
        let mut matrix = Matrix::new();
        matrix.repo = repo_with_text(&text, &other.sk_live(24));
        let top = matrix.repo.top().to_owned();
        let token = guarded.token.text().to_owned();
        let scans: &[&[&str]] = &[
            &["staged"],
            &["files", "."],
            &["worktree"],
            &["history"],
            &["history", "HEAD"],
            &["history", "--allow-incomplete"],
            &["hook", "pre-push", "origin", "x"],
            &["message", ".git/COMMIT_EDITMSG"],
        ];
        let finds: &[&[&str]] = &[&["find"], &["find", "--allow-incomplete"]];
        for _ in 0..if is_searched { 3 } else { 2 } {
            for words in if is_searched { finds } else { scans } {
                let base = matrix.repo.keysweep_call::<&str>(&[]).cwd(&top);
                let stdin = if is_searched { token.clone() } else { line.clone() };
                let run = matrix.expect_hidden(&guarded, |options| base.args(options).args(words).stdin(stdin));
                if run.code == Some(0) && !matches!(words[0], "hook") {
                    run.fail(&format!("expected something to report: {}", encoding.name));
                }
            }
            // Use another format for the next text.
            matrix.runs += 1;
        }
    }
}

#[test]
fn no_report_prints_a_token_of_a_built_in_rule() {
    let mut maker = Maker::new(1204);
    expect_no_report_prints(&mut || maker.sk_live(24), false);
}

#[test]
fn no_report_prints_a_token_of_a_custom_rule() {
    let mut maker = Maker::new(1205);
    expect_no_report_prints(&mut || maker.custom(24), false);
}

#[test]
fn no_report_of_find_prints_its_token() {
    let mut maker = Maker::new(1206);
    expect_no_report_prints(&mut || maker.unknown(24), true);
}

/// A browser shows the characters behind `&lt;` and the like.
#[test]
fn no_incident_report_prints_a_token() {
    let mut maker = Maker::new(1209);
    let mut other = Maker::new(1210);
    for (row, encoding) in encodings().into_iter().chain(MORE).enumerate() {
        let mut guarded = GuardedToken::new(if row % 2 == 0 { maker.sk_live(24) } else { maker.custom(24) });
        let text = guarded.written(&[encoding]);
        let repo = repo_with_text(&text, &other.sk_live(24));
        // A ref is broken, so the page has errors too.
        let run = repo.keysweep(&["history", "--format", "html"]).expect_code(2).expect_has("id=\"token-");
        guarded.expect_hidden(&run);
        let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")];
        let shown = entities.iter().fold(run.out(), |page, (entity, letter)| page.replace(entity, letter));
        if let Some(leaked) = guarded.leaked_in(shown.as_bytes()) {
            run.fail(&format!("{leaked:?} of {} is on the page", guarded.token));
        }
    }
}

#[test]
fn doctor_quotes_no_token_of_another_hook() {
    let mut maker = Maker::new(1207);
    let mut matrix = Matrix::new();
    let hook = matrix.repo.path(".git/hooks/pre-commit");
    std::fs::create_dir_all(hook.parent().expect("a folder")).expect("create");
    for (at, encoding) in encodings().into_iter().enumerate() {
        let mut guarded = GuardedToken::new(if at % 2 == 0 { maker.custom(24) } else { maker.sk_live(24) });
        let text = String::from_utf8(guarded.written(&[encoding])).expect("text");
        executable(&hook, &format!("#!/bin/sh\ncat >&2 <<'END'\ncannot use {text}\nEND\nexit 3\n"));
        let base = matrix.repo.keysweep_call::<&str>(&[]);
        // It takes no format.
        matrix.runs = if at % 2 == 0 { 0 } else { 3 };
        let run = matrix.expect_hidden(&guarded, |options| base.args(&["doctor"]).args(&options[2..])).expect_code(2);
        run.expect_has("failed without reporting it");
    }
}

/// Errors, notes and explanations quote parts of a configuration.
#[test]
fn an_invalid_configuration_prints_no_token_of_its_rules() {
    let mut maker = Maker::new(1208);
    for (row, encoding) in encodings().into_iter().enumerate() {
        for (column, template) in [
            "{} = 1\n",
            "[{}]\n",
            "[allow]\npaths = ['{}[']\n",
            "[allow]\nfingerprints = ['{}']\n",
            "[allow]\nfingerprints = [{ id = '{}', reason = 'x' }]\n",
            "[[rule]]\nid = '{}'\nprefix = 'x'\n",
            "[[rule]]\nid = 'x'\nprefix = 'beta_'\ntitle = '{}'\n",
            "[[rule]]\nid = 'x'\nprefix = 'beta_'\nremedy = ['{}']\n",
            "[[rule]]\nid = 'x'\nprefix = 'beta_'\nalphabet = '{}'\n",
            "[[rule]]\nid = 'x'\nprefix = 'beta_'\nexamples = { hits = ['{}'] }\n",
            "[[rule]]\nid = 'x'\nprefix = 'beta_'\nexamples = { misses = ['{}'] }\n",
        ]
        .into_iter()
        .enumerate()
        {
            if row > 0 && (row + column) % 5 != 0 {
                continue;
            }
            let mut guarded = GuardedToken::new(maker.custom(24));
            let text = String::from_utf8(guarded.written(&[encoding])).expect("text");
            let mut matrix = Matrix::new();
            matrix.repo.write(".keysweep.toml", format!("{}\n{CUSTOM_RULE}", template.replace("{}", &text)));
            for words in [&["rules", "--check"][..], &["files", "."]] {
                let base = matrix.repo.keysweep_call::<&str>(&[]);
                matrix.expect_hidden(&guarded, |options| base.args(options).args(words));
            }
        }
    }
}

/// An error must still show the text around a token.
#[test]
fn an_error_shows_the_text_around_a_token() {
    let repo = Repo::new();
    repo.stage("a.txt", "innocent\n");
    let id = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
    for path in [
        "/no/home/ada/projects/payments-service-2024/node_modules/lodash.camelcase/index.js",
        "/no/src/components/CustomerSubscriptionOverviewTable.test.tsx",
        "/no/var/lib/postgresql/15/main/pg_wal_archive_configuration",
        "/no/Library/Application Support/com.example.KeychainMigrationHelper",
        "/no/target/debug/build/internal-networking-5/out",
    ] {
        repo.keysweep(&["staged", "--config", path]).expect_code(2).expect_has(path);
        repo.keysweep_call(&["staged"]).env("GIT_DIR", path).run().expect_code(2);
        repo.keysweep(&["files", path]).expect_code(2).expect_has(path);
    }
    repo.keysweep(&["history", id]).expect_code(2).expect_has(id);
    repo.keysweep(&["staged", "--config", &format!("/no/{id}")]).expect_code(2).expect_has(id);
    repo.keysweep_call(&["hook", "pre-push", "a", "b"]).stdin(format!("x {id}\n")).run().expect_code(2).expect_has(id);
}
