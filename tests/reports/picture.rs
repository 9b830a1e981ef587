//! The picture of the README: a report in color as SVG. `BLESS=1 cargo test --test reports` writes `docs/report.svg`.

use std::fmt::Write as _;
use std::fs;

use crate::support::Repo;
use crate::support::runner::ours;
use crate::support::token::Maker;

/// Columns of the terminal in the picture.
const COLUMNS: usize = 92;

const STYLE: &str = "text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:#d4d4d4;white-space:pre}\
                     .b{font-weight:bold;fill:#fff}.e{font-weight:bold;fill:#ff6b6b}.f{font-weight:bold;fill:#6cb6ff}.g{fill:#7ee787}";

/// The class of an escape sequence; None ends what another one began.
fn class(codes: &str) -> Option<char> {
    match codes {
        "0" => None,
        "1" => Some('b'),
        "31;1" => Some('e'),
        "34;1" => Some('f'),
        "32" => Some('g'),
        _ => panic!("an unknown color: {codes}"),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// One line with escape sequences as text spans.
fn spans(line: &str) -> String {
    let mut parts = line.split("\u{1b}[");
    let mut spans = escaped(parts.next().unwrap_or_default());
    for part in parts {
        let (codes, text) = part.split_once('m').expect("a sequence of colors");
        match class(codes) {
            Some(class) => {
                write!(spans, "<tspan class=\"{class}\">{}</tspan>", escaped(text)).expect("writing to memory");
            }
            None => spans.push_str(&escaped(text)),
        }
    }
    spans
}

fn svg(text: &str) -> String {
    let lines = text.trim_end().lines();
    let (width, height) = (COLUMNS * 17 / 2 + 32, lines.clone().count() * 20 + 32);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n\
         <style>{STYLE}</style>\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#1b1f24\"/>\n"
    );
    for (at, line) in lines.enumerate() {
        writeln!(svg, "<text x=\"16\" y=\"{}\">{}</text>", at * 20 + 30, spans(line)).expect("writing to memory");
    }
    svg + "</svg>\n"
}

#[test]
fn the_picture_of_the_readme_is_up_to_date() {
    let repo = Repo::new();
    repo.stage("readme.txt", "base\n");
    repo.commit("base");
    let token = Maker::new(9300).sk_live(24);
    repo.stage("billing.py", format!("import stripe\n\nclient = stripe.StripeClient(\"{token}\")\n"));
    let call = repo.keysweep_call(&["staged", "--color", "always"]).env("COLUMNS", COLUMNS.to_string());
    let report = call.run().expect_code(1).expect_lacks(token.body()).out();
    let wanted = svg(&format!("$ git commit -m \"Take payments\"\n{report}"));
    let path = ours("docs/report.svg");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &wanted).expect("write");
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == wanted, "docs/report.svg is stale; `BLESS=1 cargo test --test reports` updates it");
}
