//! The table in `docs/verify.md` is that of the program. `BLESS=1 cargo test --features online --test online` writes it anew.

use std::fmt::Write as _;
use std::fs;

use keysweep::verify::ALL;
use keysweep::verify::vendor::READ_ON;

use crate::support::runner::ours;

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
