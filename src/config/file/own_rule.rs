//! `[[rule]]`: what may stand in it, and why what may not may not.

use std::ops::RangeInclusive;
use std::sync::LazyLock;

use crate::config::file::{Field, Reader, Wrong};
use crate::config::own::{Alphabet, LENGTHS, OwnRule};
use crate::detect::{Detector, is_unsafe};
use crate::error::{in_brief, nearest};
use crate::rule::Severity;
use crate::rules;
use crate::rules::Pack;
use crate::rules::example;
use crate::rules::example::{Dice, expand};

const KEYS: &[&str] = &[
    "id", "prefix", "alphabet", "length", "severity", "context", "vendor", "title", "opens", "remedy", "docs",
    "examples",
];

/// What stands in front of random text that is no secret: digests in lock files, data in pages.
const OPEN_MARKS: &[&str] = &["sha1", "sha256", "sha384", "sha512", "md5", "base64", "http", "https", "uuid", "urn"];

/// Longer than any vendor's: what is longer is a token, and prefixes are printed.
const LONGEST_PREFIX: usize = 32;

const LONGEST_ID: usize = 100;

/// As many patterns does a rule make at most: one for each word of its context.
const MOST_WORDS: usize = 32;

/// Text of a rule that reports print is a sentence, and is searched for tokens.
const LONGEST_TEXT: usize = 1_000;

impl Reader {
    /// `packs` are on.
    pub(crate) fn own_rule(&self, entry: &Field<'_>, packs: &[&'static Pack]) -> Result<OwnRule, Wrong> {
        let table = self.table(entry, "[[rule]]")?;
        self.only_keys(table, KEYS)?;
        let text = |key: &str| table.get(key).map(|field| self.shown_text(field, key)).transpose();
        let texts = |key: &str| self.shown_texts(table.get(key), key);
        let (hits, misses) = self.examples(table.get("examples"))?;
        Ok(OwnRule {
            id: self.rule_id(self.required(table, entry, "id", "[[rule]]")?, packs)?,
            prefix: self.prefix(self.required(table, entry, "prefix", "[[rule]]")?)?,
            severity: table.get("severity").map_or(Ok(Severity::Medium), |field| self.severity(field))?,
            vendor: text("vendor")?.unwrap_or_else(|| "your own rule".to_owned()),
            title: text("title")?,
            alphabet: table.get("alphabet").map_or(Ok(Alphabet::default()), |field| self.alphabet(field))?,
            length: table.get("length").map(|field| self.length(field)).transpose()?,
            context: self.context(table.get("context"))?,
            opens: text("opens")?,
            remedy: texts("remedy")?,
            docs: text("docs")?.unwrap_or_default(),
            hits,
            misses,
        })
    }

    fn rule_id(&self, field: &Field<'_>, packs: &[&'static Pack]) -> Result<String, Wrong> {
        let id = self.filled(field, "id")?;
        if id.len() > LONGEST_ID {
            return Err(self.wrong(field, format!("an id has at most {LONGEST_ID} characters")));
        }
        if rules::ALL.iter().any(|rule| rule.id == id) {
            return Err(self.wrong(field, format!("the id {id} is a built-in rule's; choose another")));
        }
        if let Some(pack) = packs.iter().find(|pack| pack.rules.iter().any(|rule| rule.id == id)) {
            return Err(self.wrong(field, format!("the id {id} is a rule's of the pack {}; choose another", pack.name)));
        }
        let plain = id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        plain.then_some(id).ok_or_else(|| self.wrong(field, "an id has lower-case letters, digits and dashes only"))
    }

    fn prefix(&self, field: &Field<'_>) -> Result<String, Wrong> {
        let prefix = self.filled(field, "prefix")?;
        match why_no_prefix(&prefix) {
            Some(why) => Err(self.wrong(field, why)),
            None => Ok(prefix),
        }
    }

    fn severity(&self, field: &Field<'_>) -> Result<Severity, Wrong> {
        match self.text(field, "severity")?.as_str() {
            "high" => Ok(Severity::High),
            "medium" => Ok(Severity::Medium),
            "low" => Ok(Severity::Low),
            _ => Err(self.wrong(field, "severity is high, medium or low")),
        }
    }

    fn alphabet(&self, field: &Field<'_>) -> Result<Alphabet, Wrong> {
        let text = self.filled(field, "alphabet")?;
        if text.starts_with('[') {
            return set(&text).map(Alphabet::set).map_err(|why| self.wrong(field, why));
        }
        Alphabet::named(&text).ok_or_else(|| {
            let nearest = nearest(&text, Alphabet::names());
            let all = Alphabet::names().collect::<Vec<_>>().join(", ");
            self.wrong(
                field,
                format!(
                    "there is no alphabet {}; did you mean {nearest}? There are {all}, and sets such as [A-Z2-7]",
                    in_brief(&text)
                ),
            )
        })
    }

    /// `32`, or `[24, 40]`.
    fn length(&self, field: &Field<'_>) -> Result<RangeInclusive<usize>, Wrong> {
        let shape = "length is a number, or two: the least and the most, [24, 40]";
        let ends: Vec<usize> = match field.get_ref().as_array() {
            Some(items) => items.iter().filter_map(number).collect(),
            None => number(field).into_iter().cycle().take(2).collect(),
        };
        let whole = field.get_ref().as_array().is_none_or(|items| items.len() == ends.len());
        match ends[..] {
            [least, most] if whole && least <= most && LENGTHS.contains(&least) && LENGTHS.contains(&most) => {
                Ok(least..=most)
            }
            [least, most] if whole && least <= most => Err(self.wrong(
                field,
                format!(
                    "what follows the prefix has {} to {} characters: fewer cannot be told from a word",
                    LENGTHS.start(),
                    LENGTHS.end()
                ),
            )),
            _ => Err(self.wrong(field, shape)),
        }
    }

    /// Each word is a pattern of its own.
    fn context(&self, field: Option<&Field<'_>>) -> Result<Vec<String>, Wrong> {
        let words = self.shown_texts(field, "context")?;
        match field {
            Some(field) if words.len() > MOST_WORDS => {
                Err(self.wrong(field, format!("context has more than {MOST_WORDS} words, the limit")))
            }
            _ => Ok(words),
        }
    }

    /// The hits and the misses.
    fn examples(&self, field: Option<&Field<'_>>) -> Result<(Vec<String>, Vec<String>), Wrong> {
        let Some(field) = field else { return Ok((Vec::new(), Vec::new())) };
        let table = self.table(field, "examples, { hits = […], misses = […] },")?;
        self.only_keys(table, &["hits", "misses"])?;
        let mut hits = Vec::new();
        for hit in self.items(table.get("hits"), "hits")? {
            let template = self.filled(hit, "a hit")?;
            if expand(&template, &mut Dice::new(0)) == expand(&template, &mut Dice::new(1)) {
                return Err(self.wrong(
                    hit,
                    format!(
                        "a hit is a template such as acme_{{alnum:32}}, since written out it would be a token; the shapes are {}",
                        example::SHAPES.join(", ")
                    ),
                ));
            }
            hits.push(template);
        }
        let misses = self.items(table.get("misses"), "misses")?;
        let misses = misses.into_iter().map(|miss| self.filled(miss, "a miss")).collect::<Result<_, _>>()?;
        Ok((hits, misses))
    }

    fn shown_texts(&self, field: Option<&Field<'_>>, what: &str) -> Result<Vec<String>, Wrong> {
        self.items(field, what)?.into_iter().map(|item| self.shown_text(item, what)).collect()
    }

    /// Text that reports print as it is: one line, and no token.
    fn shown_text(&self, field: &Field<'_>, what: &str) -> Result<String, Wrong> {
        let text = self.filled(field, what)?;
        if text.len() > LONGEST_TEXT {
            return Err(self.wrong(field, format!("{what} has more than {LONGEST_TEXT} bytes, the limit")));
        }
        if text.contains(is_unsafe) {
            return Err(self.wrong(field, format!("{what} is one line of printable text")));
        }
        if holds_token(&text) {
            return Err(self.wrong(field, format!("{what} holds what looks like a token, and reports print it")));
        }
        Ok(text)
    }
}

fn number(field: &Field<'_>) -> Option<usize> {
    let integer = field.get_ref().as_integer()?;
    usize::from_str_radix(integer.as_str(), integer.radix()).ok()
}

fn holds_token(text: &str) -> bool {
    // One for all texts of a configuration: making it takes longer than searching them.
    static DETECTOR: LazyLock<Detector> = LazyLock::new(|| Detector::new(rules::ALL));
    DETECTOR.mask_sentence(text) != text
}

/// Why nothing could be found by this prefix, or everything would.
fn why_no_prefix(prefix: &str) -> Option<String> {
    let bare = prefix.trim_end_matches(|c: char| !c.is_ascii_alphanumeric()).to_ascii_lowercase();
    if !prefix.bytes().all(|b| b.is_ascii_graphic()) || prefix.len() < 3 {
        Some("a prefix has three or more printable ASCII characters: a shorter one stands everywhere".to_owned())
    } else if prefix.len() > LONGEST_PREFIX || holds_token(prefix) {
        Some(format!(
            "a prefix is what all tokens of the family start with, {LONGEST_PREFIX} characters at most; this looks like a token, or the beginning of one"
        ))
    } else if !prefix.bytes().any(|b| b.is_ascii_alphabetic()) {
        Some(format!("the prefix {prefix} has no letter: it stands in numbers and rules of every sort"))
    } else if prefix.len() < 6 && prefix.bytes().all(|b| b.is_ascii_hexdigit()) {
        Some(format!("the prefix {prefix} is hex: many a digest starts with it by chance"))
    } else if OPEN_MARKS.contains(&bare.as_str()) {
        Some(format!("the prefix {prefix} stands in front of much that is no secret"))
    } else {
        None
    }
}

/// The character class that `text`, in brackets, writes, or why it is none.
fn set(text: &str) -> Result<String, String> {
    let shape = || {
        format!(
            "{} is no set of characters: [A-Z2-7_], letters, digits and + / _ -, the dash at the end",
            in_brief(text)
        )
    };
    let inside = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).ok_or_else(shape)?;
    let mut members = std::collections::BTreeSet::new();
    let mut rest = inside.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let range = tail.first() == Some(&b'-') && tail.len() > 1;
        let last = if range { tail[1] } else { first };
        if !fits(first, last, range, tail.is_empty()) {
            return Err(shape());
        }
        members.extend(first..=last);
        rest = if range { &tail[2..] } else { tail };
    }
    let letters = members.iter().filter(|b| b.is_ascii_alphabetic()).count();
    if members.len() < 10 || letters < 6 {
        return Err(format!(
            "{} is too small a set for its texts to look random: 10 characters, 6 of them letters",
            in_brief(text)
        ));
    }
    Ok(text.to_owned())
}

/// Whether a set may hold this: a range within the digits or the letters of one case, or one character.
fn fits(first: u8, last: u8, range: bool, at_end: bool) -> bool {
    let kind = |b: u8| (b.is_ascii_digit(), b.is_ascii_lowercase(), b.is_ascii_uppercase());
    match first {
        b'-' => at_end,
        b'_' | b'+' | b'/' => !range,
        _ => first.is_ascii_alphanumeric() && first <= last && kind(first) == kind(last),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_letters_digits_and_the_signs_of_base64() {
        for good in ["[A-Z2-7]", "[a-z0-9_]", "[0-9a-f]", "[A-Za-z0-9+/]", "[a-z0-9-]", "[A-Za-z0-9_-]", "[abcdefgh01]"]
        {
            assert_eq!(set(good).as_deref(), Ok(good));
        }
        for bad in [
            "[",
            "[]",
            "[a-z",
            "[a-Z]",
            "[z-a]",
            "[^a-z]",
            "[a-z\\d]",
            "[a-z.0-9]",
            "[0-9]",
            "[a-c]",
            "[-a-z0-9]",
            "[a-zü]",
        ] {
            assert!(set(bad).is_err(), "{bad}");
        }
    }
}
