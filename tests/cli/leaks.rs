//! No output contains more of a token's body than its last four bytes, for every command and option.

use std::collections::HashSet;

use crate::support::leak::{FORMATS, expect_no_leak, expect_no_leak_in_any_format};
use crate::support::token::{Maker, Token};
use crate::support::{Repo, Run, client, os, text};

fn tokens(seed: u64, rounds: usize) -> Vec<Token> {
    let mut make = Maker::new(seed);
    (0..rounds).flat_map(|_| make.every_family()).collect()
}

/// Fails with the families of the missed tokens, not only with their number.
#[track_caller]
fn expect_all_found(run: &Run, tokens: &[Token]) {
    let found: HashSet<String> = run.findings().iter().map(|f| text(&f["fingerprint"]).to_owned()).collect();
    let missed: Vec<String> = tokens
        .iter()
        .filter(|token| !found.contains(&token.fingerprint()))
        .map(|token| format!("{}: {token}", token.family))
        .collect();
    assert!(missed.is_empty(), "{} of {} not found: {missed:#?}", missed.len(), tokens.len());
}

#[test]
fn hundreds_of_tokens_of_every_family_are_found_and_none_is_printed() {
    let tokens = tokens(1100, 10);
    let repo = Repo::new();
    for (n, token) in tokens.iter().enumerate() {
        repo.write(format!("src/{n}.py"), client(token));
    }
    repo.git(&["add", "."]);
    expect_all_found(&repo.staged(), &tokens);
    expect_no_leak_in_any_format(&repo, &tokens);
}

/// A sentence that begins with a token has its capital. The same prefix in front of few letters is masked as well.
#[test]
fn a_prefix_with_a_capital_is_found_and_masked() {
    let mut make = Maker::new(1104);
    let token = make.sk_test(24);
    let written = format!("S{}", &token.text()[1..]);
    for text in [format!("{written} is the key.\n"), format!("Whsec_{} {written}\n", make.alnum(9))] {
        let repo = Repo::new();
        repo.stage("a.md", text);
        let run = repo.staged().expect_code(1);
        assert_eq!(run.only_finding()["fingerprint"], token.fingerprint());
        expect_no_leak_in_any_format(&repo, std::slice::from_ref(&token));
    }
}

#[test]
fn several_tokens_on_a_line_do_not_print_each_other() {
    let tokens = tokens(1101, 6);
    let repo = Repo::new();
    for (n, group) in tokens.chunks(7).enumerate() {
        for (glue, folder) in [("\", \"", "quoted"), (" ", "spaced"), (",", "listed")] {
            let line: Vec<&str> = group.iter().map(Token::text).collect();
            repo.write(format!("{folder}/{n}.js"), format!("f(\"{}\")\n", line.join(glue)));
        }
    }
    repo.git(&["add", "."]);
    expect_all_found(&repo.staged(), &tokens);
    expect_no_leak_in_any_format(&repo, &tokens);
}

#[test]
fn tokens_on_adjacent_lines_are_not_printed_as_context() {
    let tokens = tokens(1102, 2);
    let repo = Repo::new();
    let all: String = tokens.iter().map(client).collect();
    repo.stage("a.py", all);
    expect_no_leak_in_any_format(&repo, &tokens);
}

#[test]
fn names_with_tokens_are_printed_without_them() {
    let tokens = tokens(1103, 3);
    let repo = Repo::new();
    // A `/` inside a token would split the name.
    let plain: Vec<Token> = tokens.into_iter().filter(|t| !t.text().contains('/')).collect();
    for (n, token) in plain.iter().enumerate() {
        let name = match n % 3 {
            0 => format!("keys/{token}.pem"),
            1 => format!("{token}/a.txt"),
            _ => format!("a b/{token}"),
        };
        repo.write(name, "innocent\n");
    }
    repo.git(&["add", "."]);
    expect_no_leak_in_any_format(&repo, &plain);
    assert!(repo.staged().findings().len() >= plain.len() * 9 / 10, "names must be scanned");
}

#[test]
fn a_name_and_a_content_do_not_print_each_other() {
    let mut make = Maker::new(1104);
    let (named, inner) = (make.sk_live(24), make.sk_hex(48));
    let repo = Repo::new();
    repo.stage(format!("{named}/{named}.py"), client(&inner));
    expect_all_found(&repo.staged(), &[named.clone(), inner.clone()]);
    expect_no_leak_in_any_format(&repo, &[named, inner]);
}

#[test]
fn a_non_utf8_name_is_printed_without_its_token() {
    let mut make = Maker::new(1105);
    let (named, inner) = (make.sk_live(24), make.sk_live(24));
    let repo = Repo::new();
    let name = [b"\xff\xfe ".as_slice(), named.text().as_bytes(), b"\xff"].concat();
    repo.stage_blob(os(&name), client(&inner));
    expect_no_leak_in_any_format(&repo, &[named, inner]);
}

#[test]
fn symlink_targets_with_tokens_are_printed_without_them() {
    let tokens = tokens(1106, 3);
    let repo = Repo::new();
    for (n, token) in tokens.iter().enumerate() {
        repo.stage_entry("120000", format!("link{n}"), format!("../{token}/x"));
    }
    expect_no_leak_in_any_format(&repo, &tokens);
}

#[test]
fn an_allowed_token_next_to_another_is_not_printed() {
    let mut make = Maker::new(1107);
    let (allowed, other) = (make.sk_live(24), make.sk_live(24));
    let repo = Repo::new();
    let id = allowed.fingerprint();
    repo.stage(".keysweep.toml", format!("[allow]\nfingerprints = [{{ id = \"{id}\", reason = \"x\" }}]\n"));
    repo.stage("a.py", format!("f(\"{allowed}\", \"{other}\")\n"));
    expect_no_leak_in_any_format(&repo, &[allowed, other]);
}

#[test]
fn a_newly_allowed_token_is_reported_without_its_text() {
    let token = Maker::new(1108).sk_live(24);
    let repo = Repo::new();
    repo.stage(".keysweep.toml", "[allow]\npaths = ['secret place/**']\n");
    repo.stage(format!("secret place/{token}.py"), client(&token));
    for format in FORMATS {
        let run = repo.keysweep_call(&["staged"]).args(format).run().expect_code(0);
        expect_no_leak(&run, [&token]);
    }
}

#[test]
fn an_excerpt_of_a_long_line_shows_no_part_of_a_token() {
    let mut make = Maker::new(1109);
    for gap in [0, 1, 5, 17, 30, 40, 50, 60, 70, 80, 90, 100, 120, 150, 200] {
        let found = make.sk_live(24);
        let neighbours = [make.sk_live(99), make.sk_live(99)];
        let filler = "-".repeat(2000);
        let space = " ".repeat(gap);
        let [left, right] = &neighbours;
        let repo = Repo::new();
        repo.stage("a.min.js", format!("{filler} {left}{space} {found} {space}{right} {filler}\n"));
        expect_no_leak_in_any_format(&repo, &[found, left.clone(), right.clone()]);
    }
}

#[test]
fn wide_and_unusual_characters_do_not_uncover_a_token() {
    let mut make = Maker::new(1110);
    for odd in ["日本語", "é", "e\u{301}", "\t", "\0", "\x1b[1m", "\u{200b}", "\u{202e}", "👩‍👩‍👧", "\u{fffd}", "ﷺ", "\r"]
    {
        let tokens = [make.sk_live(24), make.whsec_base64(32)];
        let repo = Repo::new();
        let [a, b] = &tokens;
        repo.stage("a.txt", format!("{odd}\"{a}\"{odd}\"{b}\"{odd}\n"));
        expect_no_leak_in_any_format(&repo, &tokens);
    }
    let tokens = [make.sk_live(24)];
    let repo = Repo::new();
    repo.stage("a.txt", [b"\xff\xc3\xe3\x81 ", tokens[0].text().as_bytes(), b" \xff\xc3"].concat());
    expect_no_leak_in_any_format(&repo, &tokens);
}

#[test]
fn files_and_stdin_print_no_token() {
    let tokens = tokens(1114, 3);
    let repo = Repo::new();
    let all: String = tokens.iter().map(client).collect();
    repo.write("src/a.py", &all);
    for format in FORMATS {
        let folder = repo.keysweep_call(&["files", "src"]).args(format).run().expect_code(1);
        expect_no_leak(&folder, &tokens);
        let stdin = repo.keysweep_call(&["files", "-"]).args(format).stdin(&all).run().expect_code(1);
        expect_no_leak(&stdin, &tokens);
    }
}

/// Separators between two tokens. A scanner may include more or less of them in a token. A line that is printed because
/// of one token must show neither.
const GLUES: &[&str] = &[
    "",
    "a",
    "_",
    "+",
    "=",
    "-",
    "0x",
    "\"",
    "'",
    " ",
    ",",
    ";",
    "é",
    "日",
    "\t",
    "\x1b[0m",
    "%",
    "\\",
    "\\n",
    ".",
    "..",
    ":",
    "==",
    "__",
    "xx",
    "9",
    " , ",
    "sk",
    "key=",
    "ATTIO_API_KEY=",
    "\u{200b}",
    "\r",
    "$",
    "{",
    "}",
    "…",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "                                                  ",
];

#[test]
fn adjacent_tokens_do_not_print_each_other() {
    let mut make = Maker::new(1116);
    for _ in 0..12 {
        let repo = Repo::new();
        let mut used = Vec::new();
        for n in 0..8 {
            let mut glued = |make: &mut Maker| {
                let mut text = String::new();
                for _ in 0..=make.below(5) {
                    let family = make.every_family();
                    let token = family[make.below(family.len())].clone();
                    text += GLUES[make.below(GLUES.len())];
                    text += token.text();
                    used.push(token);
                }
                text + GLUES[make.below(GLUES.len())]
            };
            let name = glued(&mut make).replace('/', "-");
            let content = glued(&mut make);
            repo.stage_blob(format!("{n}{name}"), content);
        }
        let alone = make.sk_live(24);
        repo.stage("z.txt", client(&alone));
        used.push(alone);
        expect_no_leak_in_any_format(&repo, &used);
    }
}
