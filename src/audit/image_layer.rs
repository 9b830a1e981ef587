//! Secrets in the layers of a container image.

use super::check::Check;
use super::model::{Answer, Place};
use super::names::is_secret;
use super::subject::Subject;

pub(super) const CHECK: Check = Check {
    name: "image-layer",
    rule: "no Dockerfile puts a secret into a layer",
    explanation: "\
Reads ARG and ENV of every Dockerfile and Containerfile. Both stay in the image, where docker history shows them.

fail: an ARG or ENV is given a token.
suspect: an ARG has the name of a secret, or an ENV with such a name is given the value of another variable.",
    run,
};

const HELP: &str = "mount it with RUN --mount=type=secret, or pass it when the container starts";

fn run(subject: &Subject<'_>) -> Answer {
    let files = subject.files_named(|name| {
        let name = name.to_ascii_lowercase();
        let is = |word: &[u8]| name.starts_with(word) || name.ends_with(&[b".", word].concat());
        is(b"dockerfile") || is(b"containerfile")
    });
    let places = files.iter().flat_map(|path| places_in(path, subject)).collect();
    Answer::of(places, || {
        if files.is_empty() {
            Answer::not_applicable("there is no Dockerfile")
        } else {
            Answer::pass("no ARG or ENV is given a secret")
        }
    })
}

fn places_in(path: &[u8], subject: &Subject<'_>) -> Vec<Place> {
    let Some(bytes) = subject.reader.read(path) else { return Vec::new() };
    let text = String::from_utf8_lossy(&bytes);
    let hits = subject.settings.detector.find(text.as_bytes());
    let mut places = Vec::new();
    for instruction in instructions(&text) {
        let place = |status: fn(_, _, String, &'static str) -> Place, why| {
            status(subject.shown(path), Some(instruction.line), why, HELP)
        };
        let token = hits.iter().find(|hit| instruction.span.contains(&hit.span.start));
        if let Some(hit) = token {
            let why = format!("{} is given a token ({})", instruction.keyword, hit.redacted);
            places.push(place(Place::fail, why));
            continue;
        }
        let secret = instruction
            .variables
            .iter()
            .find(|(name, value)| is_secret(name) && (instruction.keyword == "ARG" || value.contains('$')));
        if let Some((name, _)) = secret {
            places.push(place(Place::suspect, format!("{} {name} stays in the image", instruction.keyword)));
        }
    }
    places
}

/// An `ARG` or `ENV`.
struct Instruction {
    keyword: &'static str,
    /// Counted from 1.
    line: usize,
    /// The bytes of the instruction, its continued lines included.
    span: std::ops::Range<usize>,
    /// Names and values. The value of an `ARG` without a default is empty.
    variables: Vec<(String, String)>,
}

fn instructions(text: &str) -> Vec<Instruction> {
    let mut found = Vec::new();
    let (mut at, mut number) = (0, 0);
    let mut lines = text.split_inclusive('\n');
    while let Some(line) = lines.next() {
        let (start, first) = (at, number + 1);
        let mut logical = String::new();
        let mut next = Some(line);
        while let Some(line) = next {
            at += line.len();
            number += 1;
            let trimmed = line.trim_end();
            let is_comment = trimmed.trim_start().starts_with('#');
            let continued = trimmed.strip_suffix('\\');
            if !is_comment {
                logical.push_str(continued.unwrap_or(trimmed));
                logical.push(' ');
            }
            next = if continued.is_some() || (is_comment && number > first) { lines.next() } else { None };
        }
        let words = logical.trim_start();
        let keyword = ["ARG", "ENV"].into_iter().find(|keyword| {
            words.get(..3).is_some_and(|word| word.eq_ignore_ascii_case(keyword))
                && words[3..].starts_with(char::is_whitespace)
        });
        if let Some(keyword) = keyword {
            let variables = variables(keyword, words[3..].trim());
            found.push(Instruction { keyword, line: first, span: start..at, variables });
        }
    }
    found
}

/// `A=b C="d e"`, `A`, or the old form `ENV A b`.
fn variables(keyword: &str, rest: &str) -> Vec<(String, String)> {
    let first = rest.split_whitespace().next().unwrap_or_default();
    if keyword == "ENV" && !first.contains('=') {
        let value = rest[first.len()..].trim();
        return vec![(first.to_owned(), value.to_owned())];
    }
    let pairs = rest.split_whitespace().map(|word| word.split_once('=').unwrap_or((word, "")));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_may_continue_and_have_comments_inside() {
        let text = "FROM a\nARG ONE\nENV A=b \\\n  # no\n  STRIPE_SECRET_KEY=$X\nenv OLD value\nRUN echo ENV\nARGS\n";
        let found: Vec<_> = instructions(text).into_iter().map(|one| (one.keyword, one.line, one.variables)).collect();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            found,
            [
                ("ARG", 2, vec![pair("ONE", "")]),
                ("ENV", 3, vec![pair("A", "b"), pair("STRIPE_SECRET_KEY", "$X")]),
                ("ENV", 6, vec![pair("OLD", "value")]),
            ]
        );
    }
}
