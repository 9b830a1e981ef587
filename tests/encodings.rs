//! Tokens that are not written plainly: every family in every encoding, wherever it stands.
#![cfg(unix)]

mod support;

use std::time::Instant;

use keysweep::detect::{Detector, Hit};
use keysweep::rules::ALL;
use keysweep::rules::example::{Dice, expand};

use support::encode::{WAYS, WIDE, Way, wrapped};
use support::token::Maker;

/// What stands round an encoded text.
const POSITIONS: &[(&str, &str, &str)] = &[
    ("alone", "", ""),
    ("in JSON", "{\n  \"a\": 1,\n  \"key\": \"", "\"\n}\n"),
    ("in YAML", "apiVersion: v1\ndata:\n  KEY: ", "\n  OTHER: aGVsbG8=\n"),
    ("in a URL", "GET https://example.org/hook?key=", "&page=2 HTTP/1.1\r\n"),
    ("in an element", "<td class=\"k\">", "</td>\n"),
    ("at the end", "first line\nKEY=", ""),
];

fn detector() -> Detector {
    Detector::new(ALL)
}

fn told(hits: &[Hit]) -> Vec<(&'static str, String, String)> {
    hits.iter().map(|hit| (hit.rule.id, hit.fingerprint.to_string(), hit.redacted.to_string())).collect()
}

fn called(hit: &Hit) -> String {
    hit.encoding.map(|encoding| encoding.to_string()).unwrap_or_default()
}

fn examples() -> Vec<String> {
    let templates = ALL.iter().flat_map(|rule| rule.hits);
    templates.flat_map(|template| (0..3).map(|seed| expand(template, &mut Dice::new(seed)))).collect()
}

/// Whether what is found in `unit` is what is found in `plain`.
fn fault(detector: &Detector, way: &Way, position: &str, plain: &[Hit], example: &str, unit: &[u8]) -> Option<String> {
    let hits = detector.find(unit);
    let named = hits.iter().all(|hit| hit.encoding.is_none_or(|_| called(hit).starts_with(way.called)));
    let spans = hits.iter().all(|hit| hit.span.end <= unit.len() && hit.span.start < hit.span.end);
    let may = hits.iter().all(|hit| hit.encoding.is_none()) || detector.may_decode(unit);
    (told(&hits) != told(plain) || !named || !spans || !may)
        .then(|| format!("{} {position}: {example:?}: {:?}", way.name, hits.iter().map(called).collect::<Vec<_>>()))
}

#[test]
fn every_family_is_found_in_every_encoding_wherever_it_stands() {
    let detector = detector();
    let mut faults = Vec::new();
    for example in examples() {
        let plain = detector.find(example.as_bytes());
        for (position, before, behind) in POSITIONS {
            // What has no underscore in the token itself is plain but for its name.
            let bare = plain.iter().all(|hit| !hit.redacted.to_string().contains('_'));
            for way in WAYS.iter().filter(|way| !bare || !way.name.contains("underscores")) {
                let unit = [before.as_bytes(), &(way.write)(example.as_bytes()), behind.as_bytes()].concat();
                faults.extend(fault(&detector, way, position, &plain, &example, &unit));
            }
            for way in WIDE {
                let unit = (way.write)([before, example.as_str(), behind].concat().as_bytes());
                faults.extend(fault(&detector, way, position, &plain, &example, &unit));
            }
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults[..faults.len().min(40)].join("\n"));
}

/// `text` written in one more way, and what that is called. A way that changes nothing is none.
fn once_more(way: &Way, (text, name): &(Vec<u8>, String)) -> (Vec<u8>, String) {
    let written = (way.write)(text);
    match (written == *text, name.is_empty()) {
        (true, _) => (written, name.clone()),
        (false, true) => (written, way.called.to_owned()),
        (false, false) => (written, format!("{} of {name}", way.called)),
    }
}

#[test]
fn nests_are_found_to_a_depth_of_three_and_named() {
    let detector = detector();
    let mut make = Maker::new(4100);
    let ways: Vec<&Way> = WAYS.iter().chain(WIDE).collect();
    // Those that write all of it: no underscore is left in most encoded texts.
    let whole: Vec<&Way> = ways.iter().copied().filter(|way| !way.name.contains("underscores")).collect();
    // That would be UTF-32.
    let sensible = |name: &str| !name.contains("UTF-16 of UTF-16");
    let mut faults = Vec::new();
    for token in [make.sk_live(24), make.sk(24), make.sk_hex(48), make.whsec_base64(32)] {
        let one: Vec<_> =
            ways.iter().map(|way| (way.name, once_more(way, &(token.text().into(), String::new())))).collect();
        for (inner, one) in &one {
            for middle in &whole {
                let two = once_more(middle, one);
                let outer = whole[make.below(whole.len())];
                let three = once_more(outer, &two);
                for (depth, (unit, wanted)) in [(2, two), (3, three)] {
                    let hits = detector.find(&unit);
                    let right = hits.len() == 1
                        && hits.iter().all(|h| h.fingerprint.to_string() == token.fingerprint() && called(h) == wanted);
                    if sensible(&wanted) && !right {
                        let names: Vec<_> = hits.iter().map(called).collect();
                        faults.push(format!(
                            "{wanted} {depth} ({}, {}, {inner}) of {}: {names:?}",
                            outer.name, middle.name, token.family
                        ));
                    }
                }
            }
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults[..faults.len().min(40)].join("\n"));
}
