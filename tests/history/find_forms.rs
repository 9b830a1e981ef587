//! The encodings that `find` and the second pass of `history` recognize, on one line or wrapped over several lines.

use std::collections::BTreeSet;

use data_encoding::{BASE64, HEXLOWER};

use crate::support::encode::wrapped;
use crate::support::pack::BaseReference::{Id, Offset};
use crate::support::pack::DeltaStep::{Copy, Insert};
use crate::support::pack::PackBuilder;
use crate::support::token::{Maker, Token};
use crate::support::{Repo, note};

/// The separators between two lines of an encoded text.
const BETWEEN: [&str; 12] = [
    "\n",
    "\r\n",
    "=\r\n",
    "\n// ",
    "\n-- ",
    "\n;; ",
    "\\n\" +\n    \"",
    "\" +\n  \"",
    "\\n",
    " \\\n",
    "\n    REM ",
    "\n * ",
];

/// Texts that contain the token between other bytes, in several encodings and line widths.
fn texts(token: &Token) -> Vec<(String, Vec<u8>)> {
    let held = format!("some text in front of the {token} and some more behind it");
    let encodings: [(&str, Vec<u8>); 3] = [
        ("plain", held.clone().into_bytes()),
        ("base64", BASE64.encode(held.as_bytes()).into_bytes()),
        ("hex", HEXLOWER.encode(held.as_bytes()).into_bytes()),
    ];
    let mut texts = Vec::new();
    for (name, written) in &encodings {
        for between in BETWEEN {
            for width in [24, 37, 64, 76] {
                texts.push((format!("{name} in lines of {width}, {between:?}"), wrapped(written, width, between)));
            }
        }
    }
    texts
}

#[test]
fn every_separator_between_encoded_lines() {
    let repo = Repo::new();
    let mut make = Maker::new(8400);
    let token = make.sk_live(24);
    let texts = texts(&token);
    for (at, (_, text)) in texts.iter().enumerate() {
        repo.write(format!("{at}.txt"), [&b"x = \""[..], text, b"\"\n"].concat());
    }
    let run = repo.keysweep_call(&["find", "--format", "jsonl"]).stdin(token.text()).run().expect_code(1);
    let finding = run.only_finding();
    let places = finding["places"].as_array().expect("places");
    let found: BTreeSet<&str> = places.iter().map(|place| place["path"].as_str().expect("a path")).collect();
    let missed: Vec<&String> = texts
        .iter()
        .enumerate()
        .filter(|(at, _)| !found.contains(&format!("{at}.txt")[..]))
        .map(|(_, (name, _))| name)
        .collect();
    assert!(missed.is_empty(), "{} of {} missed: {missed:#?}", missed.len(), texts.len());
    // Another token in the same text must not match.
    let other = make.sk_live(24);
    repo.keysweep_call(&["find"]).stdin(other.text()).run().expect_code(0);
}

#[test]
fn quoted_printable_and_compiled_python() {
    let repo = Repo::new();
    let mut make = Maker::new(8401);
    let token = make.whsec_base64(32);
    let escaped = token.text().replace('=', "=3D");
    let (head, tail) = escaped.split_at(20);
    repo.write("mail.eml", format!("Content-Transfer-Encoding: quoted-printable\n\nthe key is {head}=\r\n{tail} ok\n"));
    repo.write("header.eml", format!("Subject: =?utf-8?Q?{}?=\n", escaped.replace('_', "=5F")));
    let len = u8::try_from(token.text().len()).expect("short");
    repo.write("a.pyc", [&b"\xcb\r\r\n\0\0\0\0\xdaZ"[..], &[len], token.text().as_bytes(), b"N\0"].concat());
    let run = repo.keysweep_call(&["find", "--format", "jsonl"]).stdin(token.text()).run().expect_code(1);
    let places = run.only_finding()["places"].clone();
    let paths: Vec<&str> =
        places.as_array().expect("places").iter().filter_map(|place| place["path"].as_str()).collect();
    assert_eq!(paths, ["a.pyc", "header.eml", "mail.eml"]);
    run.expect_lacks(token.body());
}

#[test]
fn encoded_texts_in_deltas_that_cut_them_anywhere() {
    let mut make = Maker::new(8402);
    let token = make.sk_live(24);
    let fill = |make: &mut Maker| {
        (0..12).map(|_| format!("nothing {} here\n", make.below(1_000_000))).collect::<Vec<_>>().concat()
    };
    let mut pack = PackBuilder::default();
    let mut cuts = 0;
    for (name, text) in texts(&token).into_iter().step_by(5) {
        note(name);
        for cut in (1..text.len()).step_by(7) {
            let (head, tail) = text.split_at(cut);
            let start = [fill(&mut make).as_bytes(), head].concat();
            let end = [tail, b"\"\n", fill(&mut make).as_bytes()].concat();
            let by = if cut % 2 == 0 { Offset } else { Id };
            let base = pack.blob([&start[..], b"~~ not yet ~~", &end].concat());
            pack.delta(base, by, &[Copy(0, start.len()), Copy(start.len() + 13, end.len())]);
            pack.delta(base, by, &[Copy(0, start.len()), Insert(&end), Insert(b"second")]);
            cuts += 1;
        }
    }
    let repo = Repo::new();
    pack.index_into(&repo);
    let run = repo.keysweep_call(&["find", "--format", "jsonl"]).stdin(token.text()).run().expect_code(1);
    let copies = run.only_finding()["copies"].as_u64().expect("a number");
    let whole = u64::try_from(2 * cuts).expect("few");
    assert!(copies >= whole, "{copies} of {whole} objects");
}
