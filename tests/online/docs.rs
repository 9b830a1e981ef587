//! The table in `docs/verify.md` is that of the program, and outputs in `docs/checklist.md` are real. `BLESS=1 cargo test --features online --test online docs::` writes
//! them anew.

use std::fmt::Write as _;
use std::fs;

use keysweep::verify::ALL;
use keysweep::verify::vendor::READ_ON;

use crate::probe::{Handler, secret};
use crate::server::Server;
use crate::support::runner::ours;
use crate::support::{Repo, Run};
use crate::verify::{token, verify};

fn table() -> String {
    let mut text =
        String::from("| `--vendor` | shape | named by the shape alone | request | it reads |\n|---|---|---|---|---|\n");
    for vendor in ALL {
        let own = match vendor.id {
            "stripe" => "`rk_`, `sk_org_`",
            "svix" => "with the region",
            "resend" => "yes",
            _ => "no",
        };
        let host = (vendor.base)("").trim_start_matches("https://");
        let path = vendor.path.split('?').next().expect("a first piece");
        let row = format!(
            "`{}` | {} | {own} | [`{host}{path}`]({}) | {} |",
            vendor.id, vendor.shape, vendor.source, vendor.reads
        );
        writeln!(text, "| {row}").expect("writing to memory");
    }
    write!(text, "\nThe documents of the vendors were read on {READ_ON}. Svix's host has the region of the key, such as `api.eu.svix.com`.\n")
        .expect("writing to memory");
    text
}

#[test]
fn the_page_has_the_table_of_the_program() {
    let path = ours("docs/verify.md");
    let page = fs::read_to_string(&path).expect("the page");
    let (front, rest) = page.split_once("writes this table -->\n").expect("the start of the table");
    let (_, end) = rest.split_once("<!-- /vendors -->").expect("its end");
    let wanted = format!("{front}writes this table -->\n{}<!-- /vendors -->{end}", table());
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &wanted).expect("write the page");
    }
    assert!(fs::read_to_string(&path).expect("the page") == wanted, "docs/verify.md is stale");
}

/// The commands in `docs/checklist.md`, without `keysweep`, and what they print in the small example of that page.
fn run_of_checklist(command: &str) -> String {
    let repo = Repo::none();
    let attio = token("sk_{alnum:32}", 71);
    let shown = |run: Run, own: &str, as_in_example: &str| run.out().replace(own, as_in_example);
    let words: Vec<&str> = command.split(' ').collect();
    match words[..] {
        ["verify", ..] => {
            let is_old = !command.contains("live");
            let live = r#"{"active":true,"scope":"record_permission:read-write note:read task:read-write"}"#;
            let body = if is_old { r#"{"active":false}"# } else { live };
            let server = Server::always(200, "", body);
            let (options, scopes) = command.split_once(" \"").unwrap_or((command, ""));
            let mut words: Vec<&str> = options.split(' ').skip(1).collect();
            words.extend((!is_old).then_some(scopes.trim_end_matches('"')));
            let url = server.url();
            words.extend(["--base-url", &url]);
            let run = verify(&repo, &attio, &words).env("COLUMNS", "100").run();
            shown(run, &url, "https://api.attio.com")
        }
        ["probe", address, _, vendor] => {
            let secret = secret(vendor, 72);
            let handler = Handler::new(&[vendor, if vendor == "attio" { "open" } else { "timeless" }, &secret]);
            let call = repo.keysweep_call(&["probe", &handler.url, "--vendor", vendor]).stdin(&secret);
            shown(call.env("COLUMNS", "100").run(), &handler.url, address)
        }
        _ => panic!("{command}"),
    }
}

#[test]
fn the_outputs_of_the_checklist_are_real() {
    let path = ours("docs/checklist.md");
    let page = fs::read_to_string(&path).expect("the page");
    let (mut written, mut blocks) = (String::new(), 0);
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        writeln!(written, "{line}").expect("writing to memory");
        let Some((front, command)) = line.split_once(" | keysweep ") else { continue };
        let is_online = command.starts_with("verify") || command.starts_with("probe");
        if !front.starts_with("$ printf") || !is_online {
            continue;
        }
        write!(written, "{}", run_of_checklist(command)).expect("writing to memory");
        for line in lines.by_ref().skip_while(|line| *line != "```").take(1) {
            writeln!(written, "{line}").expect("writing to memory");
        }
        blocks += 1;
    }
    assert!(blocks >= 4, "{blocks}");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &written).expect("write the page");
    }
    assert!(fs::read_to_string(&path).expect("the page") == written, "docs/checklist.md is stale");
}
