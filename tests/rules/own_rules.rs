//! Custom rules: they get the same checks as built-in rules, and their examples are tested.

use crate::support::token::Maker;
use crate::support::{Repo, Run, note, text};

const CONFIG: &str = ".keysweep.toml";

/// A rule with an id, a prefix and these lines.
fn rule(lines: &str) -> String {
    format!("[[rule]]\nid = 'acme-token'\nprefix = 'acme_'\n{lines}\n")
}

fn with_config(config: &str) -> Repo {
    let repo = Repo::new();
    repo.write(CONFIG, config);
    repo
}

fn check(config: &str) -> Run {
    with_config(config).keysweep(&["rules", "--check"])
}

/// Expects that the rule finds the token in exactly those texts that are marked with `true`.
#[track_caller]
fn expect_found_in(config: &str, texts: &[(String, bool)]) {
    let repo = with_config(config);
    for (text, found) in texts {
        repo.write("a.txt", format!("{text}\n"));
        let run = repo.keysweep(&["files", "--format", "jsonl", "a.txt"]);
        let rules: Vec<_> = run.findings().iter().map(|f| f["rule"].clone()).collect();
        if rules != vec!["acme-token"; usize::from(*found)] {
            run.fail(&format!("{text:?} under\n{config}\nfound: {rules:?}"));
        }
    }
}

#[test]
fn the_alphabet_and_the_length_apply() {
    let mut make = Maker::new(5000);
    let (alnum, hex) = (make.alnum(32), make.hex(32));
    let long = make.alnum(64);
    for (lines, wanted) in [
        ("alphabet = 'hex'\nlength = 32", [false, true, false]),
        ("alphabet = 'alnum'\nlength = 32", [true, true, false]),
        ("alphabet = 'alnum'\nlength = [32, 64]", [true, true, true]),
        ("alphabet = 'base64url'\nlength = 64", [false, false, true]),
        ("alphabet = '[0-9a-f]'", [false, true, false]),
        ("", [true, true, true]),
    ] {
        let texts = [&alnum, &hex, &long].map(|body| format!("x = \"acme_{body}\""));
        expect_found_in(&rule(lines), &texts.into_iter().zip(wanted).collect::<Vec<_>>());
    }
}

#[test]
fn boundaries_and_randomness_apply_as_for_built_in_rules() {
    let body = Maker::new(5001).alnum(32);
    let plain = |text: String, found| (text, found);
    for lines in [
        "",
        "alphabet = 'alnum'\nlength = 32",
        "alphabet = 'base64url'\nlength = 32",
        "alphabet = 'word'\nlength = [30, 40]",
    ] {
        expect_found_in(
            &rule(lines),
            &[
                plain(format!("acme_{body}"), true),
                plain(format!("f(acme_{body})"), true),
                plain(format!("\\nacme_{body}\\n"), true),
                plain(format!("acme_{body}-staging"), true),
                plain(format!("tacme_{body}"), false),
                plain(format!("x_acme_{body}"), false),
                plain(format!("acme_{}", "x".repeat(32)), false),
                plain("acme_get_the_list_of_users_by_name".to_owned(), false),
                plain("acme_your_token_goes_here_1234567".to_owned(), false),
                plain("acme_0123456789abcdef0123456789abcdef".to_owned(), false),
            ],
        );
    }
}

#[test]
fn the_length_ends_a_token() {
    let body = Maker::new(5002).alnum(40);
    let repo = with_config(&rule("alphabet = 'dashed'\nlength = 40"));
    repo.write("a.txt", format!("acme_{body}-staging"));
    let finding = repo.keysweep(&["files", "--format", "jsonl", "a.txt"]).expect_code(1).only_finding();
    assert_eq!(finding["end_column"], 46, "{finding}");
}

#[test]
fn base64_includes_its_padding() {
    let token = Maker::new(5003).whsec_base64(32);
    for lines in ["alphabet = 'base64'", "alphabet = 'base64'\nlength = 43"] {
        let repo = with_config(&rule(lines));
        repo.write("a.txt", format!("x: acme_{}\n", token.body()));
        let finding = repo.keysweep(&["files", "--format", "jsonl", "a.txt"]).expect_code(1).only_finding();
        assert_eq!(finding["end_column"], 4 + 5 + 44, "{finding}");
    }
}

#[test]
fn a_context_word_must_precede_the_token_on_its_line() {
    let body = Maker::new(5004).alnum(32);
    expect_found_in(
        &rule("context = ['billing', 'Umbrella']"),
        &[
            (format!("BILLING_KEY = acme_{body}"), true),
            (format!("umbrella: acme_{body}"), true),
            (format!("key = acme_{body} # umbrella"), false),
            (format!("umbrella\nacme_{body}"), false),
        ],
    );
}

#[test]
fn severity_and_prefix_are_reported_as_given() {
    let body = Maker::new(5005).alnum(32);
    for severity in ["high", "medium", "low"] {
        let repo = with_config(&rule(&format!("severity = '{severity}'")));
        repo.write("a.txt", format!("acme_{body}\n"));
        let finding = repo.keysweep(&["files", "--format", "jsonl", "a.txt"]).expect_code(1).only_finding();
        assert_eq!(text(&finding["severity"]), severity);
        assert_eq!(text(&finding["redacted"]), format!("acme_…{}", &body[28..]));
    }
}

#[test]
fn custom_rules_are_listed_and_explained() {
    let lines = "title = 'Acme key'\nvendor = 'Acme Ltd'\nopens = 'opens the gate'\nalphabet = 'hex'\nlength = 40\n\
        remedy = ['shut the gate', 'paint it']\ndocs = 'https://acme.example/keys'\ncontext = ['gate', 'door']";
    let repo = with_config(&rule(lines));
    repo.write("sub/x", "");
    for folder in ["", "sub"] {
        let call = |args: &[&str]| repo.keysweep_call(args).cwd(repo.path(folder)).run().expect_code(0);
        call(&["rules"]).expect_has("acme-token").expect_has("Acme key").expect_has("stripe-secret-key");
        let explained = call(&["rules", "acme-token"]);
        let words =
            ["Acme key", "Acme Ltd", "opens the gate", "shut the gate", "paint it", "acme.example", "gate or door"];
        words.into_iter().fold(explained, Run::expect_has);
    }
    let other = Repo::new();
    other.keysweep(&["rules"]).expect_code(0).expect_lacks("acme-token");
    other.keysweep(&["rules", "acme-token"]).expect_code(2);
    let config = repo.path(CONFIG).display().to_string();
    other.keysweep(&["rules", "--config", &config]).expect_code(0).expect_has("acme-token");
}

#[test]
fn passing_examples_print_one_line_for_each_rule() {
    let examples = "alphabet = 'alnum'\nlength = 32\nexamples = { hits = ['acme_{alnum:32}', 'k(acme_{hex:32})'], \
        misses = ['acme_{alnum:31}', 'acme_your_token_here', 'tacme_{alnum:32}'] }\n[[rule]]\nid = 'bare'\nprefix = 'bare-'";
    let run = check(&rule(examples)).expect_code(0);
    assert_eq!(
        run.out(),
        "acme-token: 2 hits found, 3 misses left alone\nbare: no examples, so nothing was tried\n",
        "{}",
        run.err()
    );
    check("").expect_code(0).expect_has("nothing was tried");
}

#[test]
fn a_failing_example_is_reported_with_its_rule() {
    for (examples, words) in [
        ("hits = ['acme_{alnum:15}']", ["acme-token", "acme_{alnum:15}", "0 of 500"]),
        ("hits = ['acme_{alnum:32}', 'umb_{alnum:32}']", ["acme-token", "umb_{alnum:32}", "0 of 500"]),
        ("hits = ['acme_{hex:31}{sequence:0}']", ["acme-token", "acme_{hex:31}", "0 of 500"]),
        ("misses = ['id: acme_{alnum:32}']", ["acme-token", "id: acme_{alnum:32}", "acme-token takes"]),
        ("misses = ['x', 'sk_live_{alnum:32}']", ["acme-token", "sk_live_{alnum:32}", "stripe-secret-key"]),
    ] {
        note(examples);
        let length = if examples.contains("31") { "length = 32\nalphabet = 'hex'\n" } else { "" };
        let run = check(&rule(&format!("{length}examples = {{ {examples} }}"))).expect_code(1);
        words.into_iter().fold(run, Run::expect_has);
    }
}

#[test]
fn a_hit_that_another_rule_matches_is_reported_with_that_rule() {
    let first = "[[rule]]\nid = 'wide'\nprefix = 'acme'\n\n";
    check(&format!("{first}{}", rule("examples = { hits = ['acme_{alnum:32}'] }"))).expect_code(1).expect_has("wide");
}

#[test]
fn a_single_rule_can_be_checked() {
    let config = rule("examples = { hits = ['umb_{alnum:32}'] }") + "[[rule]]\nid = 'fine'\nprefix = 'fine-'";
    let repo = with_config(&config);
    repo.keysweep(&["rules", "--check"]).expect_code(1);
    repo.keysweep(&["rules", "--check", "fine"]).expect_code(0).expect_lacks("acme-token");
    repo.keysweep(&["rules", "--check", "stripe-secret-key"]).expect_code(0).expect_has("stripe-secret-key");
    repo.keysweep(&["rules", "--check", "fin"]).expect_code(2).expect_has("fine");
}

#[test]
fn a_miss_with_a_token_is_not_printed() {
    let body = Maker::new(5006).alnum(32);
    let token = Maker::new(5007).sk_live(24);
    check(&rule(&format!("examples = {{ misses = ['acme_{body}', '{token}'] }}")))
        .expect_code(1)
        .expect_lacks(&body)
        .expect_lacks(token.body());
}

#[test]
fn a_hit_with_a_literal_token_is_refused() {
    let body = Maker::new(5008).alnum(32);
    for hit in [format!("acme_{body}"), "acme_{alnun:32}".to_owned(), "acme_{alnum:99999999}".to_owned()] {
        let run = check(&rule(&format!("examples = {{ hits = ['{hit}'] }}"))).expect_code(2);
        run.expect_has("template").expect_has("alnum").expect_lacks(&body);
    }
}

#[test]
fn an_invalid_prefix_is_refused() {
    let token = Maker::new(5009).sk_live(24);
    let long = "abc_".repeat(9);
    for prefix in [
        "",
        " ",
        "a",
        "ab",
        "x_",
        "---",
        "12_",
        "ünï",
        "a b c",
        "abc",
        "dead",
        "sha256-",
        "SHA512:",
        "base64,",
        &long,
        token.text(),
    ] {
        note(prefix);
        let run = check(&format!("[[rule]]\nid = 'x'\nprefix = '{prefix}'\n")).expect_code(2).expect_has("prefix");
        run.expect_has(&format!("{CONFIG}:3")).expect_lacks(token.body());
    }
    for prefix in ["ab_", "acme", "SG.", "eyJ", "A-1", "sk_acme_", "deadbeef_"] {
        check(&format!("[[rule]]\nid = 'x'\nprefix = '{prefix}'\n")).expect_code(0);
    }
}

#[test]
fn errors_in_a_rule_have_a_suggestion() {
    for (lines, right) in [
        ("alphbet = 'hex'", "alphabet"),
        ("lenght = 32", "length"),
        ("contxt = ['a']", "context"),
        ("example = {}", "examples"),
        ("examples = { hit = [] }", "hits"),
        ("examples = { mises = [] }", "misses"),
        ("alphabet = 'alphanum'", "alnum"),
        ("alphabet = '[a-'", "[A-Z2-7"),
        ("alphabet = '[0-9]'", "letters"),
        ("length = 8", "16"),
        ("length = 3000", "250"),
        ("length = [40, 20]", "[24, 40]"),
        ("length = [20]", "[24, 40]"),
        ("length = ['20', 40]", "[24, 40]"),
        ("length = '20'", "[24, 40]"),
        ("length = -5", "[24, 40]"),
        ("context = 'a'", "array"),
        ("context = ['']", "empty"),
        ("title = \"a\\u001b[2J\"", "printable"),
        ("remedy = ['one', 2]", "string"),
        ("examples = []", "table"),
        ("severity = 'hihg'", "high, medium or low"),
    ] {
        note(lines);
        check(&rule(lines)).expect_code(2).expect_has(CONFIG).expect_has(right);
    }
    let twice = rule("") + &rule("");
    check(&twice).expect_code(2).expect_has("twice");
}

#[test]
fn a_title_with_a_token_is_refused_and_not_printed() {
    let token = Maker::new(5010).sk_live(24);
    for key in ["title", "vendor", "opens", "docs"] {
        let run = check(&rule(&format!("{key} = 'see {token}'"))).expect_code(2);
        run.expect_has(key).expect_lacks(token.body());
    }
}

#[test]
fn a_configuration_with_templates_is_clean_under_its_own_rules() {
    let repo = Repo::new();
    repo.stage(CONFIG, rule("examples = { hits = ['acme_{alnum:32}', 'sk_{hex:64}'], misses = ['acme_{alnum:8}'] }"));
    repo.staged().expect_silent();
}
