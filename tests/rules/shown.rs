//! What a report shows of a token, for every rule: the name in front of it, its prefix and its last four characters.

use std::collections::BTreeMap;

use keysweep::detect::{Detector, Hit};
use keysweep::rule::Rule;
use keysweep::rules::example::{Dice, expand};
use keysweep::rules::with_all_packs;

/// The number of random fillings of each example.
const FILLINGS: u64 = 10;

/// Calls `check` with every token that an example of a rule contains.
fn for_each_hit(mut check: impl FnMut(&Detector, &'static Rule, &str, &Hit)) {
    let detector = Detector::new(&with_all_packs());
    for rule in with_all_packs() {
        for template in rule.hits {
            for seed in 0..FILLINGS {
                let text = expand(template, &mut Dice::new(seed));
                for hit in detector.find(text.as_bytes()).iter().filter(|hit| hit.rule.id == rule.id) {
                    check(&detector, rule, &text, hit);
                }
            }
        }
    }
}

fn excerpt(detector: &Detector, text: &str, hit: &Hit) -> String {
    let start = text[..hit.span.start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[hit.span.end..].find('\n').map_or(text.len(), |at| hit.span.end + at);
    detector.excerpt(text.as_bytes(), &(start..end), hit).text
}

/// The name of a variable or key in front of a token: `NAME` of `NAME = "`, `NAME: '` and the like.
fn name_before(text: &str) -> Option<&str> {
    let line = text.rsplit('\n').next()?;
    let name =
        line.trim_end_matches(['"', '\'', ' ']).strip_suffix([':', '='])?.trim_end_matches(['"', '\'', ' ', ':']);
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.');
    let name = &name[name.rfind(|letter| !is_name(letter)).map_or(0, |at| at + 1)..];
    (!name.is_empty() && name.len() <= 40).then_some(name)
}

/// A name and a token in common styles.
fn assignments(token: &str) -> [(&'static str, String); 4] {
    [
        ("APP_SECRET_KEY", format!("APP_SECRET_KEY={token}\n")),
        ("APP_SECRET_KEY", format!("export APP_SECRET_KEY='{token}'\n")),
        ("app-secret-key", format!("config:\n  app-secret-key: {token}\n")),
        ("appSecretKey", format!("{{\"appSecretKey\": \"{token}\", \"debug\": true}}\n")),
    ]
}

#[test]
fn the_name_of_a_variable_is_shown_for_every_rule() {
    let mut checked = BTreeMap::new();
    let mut expect_shown = |detector: &Detector, rule: &'static Rule, name: &str, text: &str, hit: &Hit| {
        let shown = excerpt(detector, text, hit);
        let at = shown.find(&hit.redacted.to_string()).expect("the redacted token is in the excerpt");
        assert!(shown[..at].contains(name), "{}: {name} is hidden in `{shown}`", rule.id);
        *checked.entry(rule.id).or_insert(0) += 1;
    };
    for_each_hit(|detector, rule, text, hit| {
        if let Some(name) = name_before(&text[..hit.span.start]) {
            expect_shown(detector, rule, name, text, hit);
        }
        for (name, text) in assignments(&text[hit.span.clone()]) {
            for hit in detector.find(text.as_bytes()).iter().filter(|hit| hit.rule.id == rule.id) {
                expect_shown(detector, rule, name, &text, hit);
            }
        }
    });
    // Less than one filling of an example would mean that a rule is not covered.
    let uncovered: Vec<_> = with_all_packs()
        .iter()
        .map(|rule| rule.id)
        .filter(|id| checked.get(id).copied().unwrap_or(0) < FILLINGS)
        .collect();
    assert!(uncovered.is_empty(), "too few names were checked: {uncovered:?}");
}

#[test]
fn no_more_than_the_prefix_and_four_characters_is_shown_for_any_rule() {
    for_each_hit(|detector, rule, text, hit| {
        let redacted = hit.redacted.to_string();
        let (prefix, tail) = redacted.split_once('…').expect("an ellipsis");
        assert!(tail.chars().count() <= 4, "{}: {tail}", rule.id);
        assert!(prefix.chars().count() <= 20, "{}: {prefix}", rule.id);
        let shown = excerpt(detector, text, hit);
        let token = &text[hit.span.clone()];
        let body = token.strip_prefix(prefix).unwrap_or(token);
        let part = (0..body.len().saturating_sub(6)).map(|at| &body[at..at + 6]).find(|part| shown.contains(part));
        assert!(part.is_none(), "{}: {part:?} is in `{shown}`", rule.id);
    });
}
