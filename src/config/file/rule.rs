//! Validates a `[[rule]]` table.

use std::ops::RangeInclusive;
use std::sync::LazyLock;

use crate::config::custom_rule::{Alphabet, CustomRule, LENGTHS};
use crate::config::file::{ConfigError, Field, Reader};
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

/// Text that precedes random text which is not secret, such as digests in lock files and data URLs in pages.
const PUBLIC_PREFIXES: &[&str] =
    &["sha1", "sha256", "sha384", "sha512", "md5", "base64", "http", "https", "uuid", "urn"];

/// The longest prefix, in bytes. No vendor has a longer one. A longer text is probably a whole token, and prefixes are printed.
const MAX_PREFIX_LEN: usize = 32;

const MAX_ID_LEN: usize = 100;

/// The maximum number of words in a context. A rule has one pattern for each of them.
const MAX_CONTEXT_WORDS: usize = 32;

/// The longest text that a report prints, in bytes. Each text is searched for tokens.
const MAX_TEXT_LEN: usize = 1_000;

impl Reader {
    /// Validates one `[[rule]]`. Its id must not be that of a rule in `packs`, which are turned on.
    pub(crate) fn rule(&self, entry: &Field<'_>, packs: &[&'static Pack]) -> Result<CustomRule, ConfigError> {
        let table = self.table(entry, "[[rule]]")?;
        self.check_keys(table, KEYS)?;
        let text = |key: &str| table.get(key).map(|field| self.shown_text(field, key)).transpose();
        let texts = |key: &str| self.shown_texts(table.get(key), key);
        let (hits, misses) = self.examples(table.get("examples"))?;
        Ok(CustomRule {
            id: self.rule_id(self.required(table, entry, "id", "[[rule]]")?, packs)?,
            prefix: self.prefix(self.required(table, entry, "prefix", "[[rule]]")?)?,
            severity: table.get("severity").map_or(Ok(Severity::Medium), |field| self.severity(field))?,
            vendor: text("vendor")?.unwrap_or_else(|| "your custom rule".to_owned()),
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

    fn rule_id(&self, field: &Field<'_>, packs: &[&'static Pack]) -> Result<String, ConfigError> {
        let id = self.non_empty_text(field, "id")?;
        if id.len() > MAX_ID_LEN {
            return Err(self.error(field, format!("an id has at most {MAX_ID_LEN} characters")));
        }
        if rules::ALL.iter().any(|rule| rule.id == id) {
            return Err(self.error(field, format!("the id {id} is the id of a built-in rule; choose another")));
        }
        if let Some(pack) = packs.iter().find(|pack| pack.rules.iter().any(|rule| rule.id == id)) {
            return Err(
                self.error(field, format!("the id {id} is the id of a rule in the pack {}; choose another", pack.name))
            );
        }
        let plain = id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        plain
            .then_some(id)
            .ok_or_else(|| self.error(field, "an id may contain only lower-case letters, digits and dashes"))
    }

    fn prefix(&self, field: &Field<'_>) -> Result<String, ConfigError> {
        let prefix = self.non_empty_text(field, "prefix")?;
        match prefix_error(&prefix) {
            Some(why) => Err(self.error(field, why)),
            None => Ok(prefix),
        }
    }

    fn severity(&self, field: &Field<'_>) -> Result<Severity, ConfigError> {
        match self.text(field, "severity")?.as_str() {
            "high" => Ok(Severity::High),
            "medium" => Ok(Severity::Medium),
            "low" => Ok(Severity::Low),
            _ => Err(self.error(field, "severity is high, medium or low")),
        }
    }

    fn alphabet(&self, field: &Field<'_>) -> Result<Alphabet, ConfigError> {
        let text = self.non_empty_text(field, "alphabet")?;
        if text.starts_with('[') {
            return set(&text).map(Alphabet::set).map_err(|why| self.error(field, why));
        }
        Alphabet::named(&text).ok_or_else(|| {
            let nearest = nearest(&text, Alphabet::names());
            let all = Alphabet::names().collect::<Vec<_>>().join(", ");
            self.error(
                field,
                format!(
                    "there is no alphabet {}; did you mean {nearest}? There are {all}, and sets such as [A-Z2-7]",
                    in_brief(&text)
                ),
            )
        })
    }

    /// `32`, or `[24, 40]`.
    fn length(&self, field: &Field<'_>) -> Result<RangeInclusive<usize>, ConfigError> {
        let shape = "length must be a number, or the minimum and the maximum: [24, 40]";
        let ends: Vec<usize> = match field.get_ref().as_array() {
            Some(items) => items.iter().filter_map(number).collect(),
            None => number(field).into_iter().cycle().take(2).collect(),
        };
        let whole = field.get_ref().as_array().is_none_or(|items| items.len() == ends.len());
        match ends[..] {
            [least, most] if whole && least <= most && LENGTHS.contains(&least) && LENGTHS.contains(&most) => {
                Ok(least..=most)
            }
            [least, most] if whole && least <= most => Err(self.error(
                field,
                format!(
                    "the text after a prefix has {} to {} characters: shorter text looks like a word",
                    LENGTHS.start(),
                    LENGTHS.end()
                ),
            )),
            _ => Err(self.error(field, shape)),
        }
    }

    fn context(&self, field: Option<&Field<'_>>) -> Result<Vec<String>, ConfigError> {
        let words = self.shown_texts(field, "context")?;
        match field {
            Some(field) if words.len() > MAX_CONTEXT_WORDS => {
                Err(self.error(field, format!("context has more than {MAX_CONTEXT_WORDS} words, the limit")))
            }
            _ => Ok(words),
        }
    }

    /// Returns the hits and the misses.
    fn examples(&self, field: Option<&Field<'_>>) -> Result<(Vec<String>, Vec<String>), ConfigError> {
        let Some(field) = field else { return Ok((Vec::new(), Vec::new())) };
        let table = self.table(field, "examples, { hits = […], misses = […] },")?;
        self.check_keys(table, &["hits", "misses"])?;
        let mut hits = Vec::new();
        for hit in self.items(table.get("hits"), "hits")? {
            let template = self.non_empty_text(hit, "a hit")?;
            if expand(&template, &mut Dice::new(0)) == expand(&template, &mut Dice::new(1)) {
                return Err(self.error(
                    hit,
                    format!(
                        "a hit must be a template such as acme_{{alnum:32}}, since a complete example would be a token; the shapes are {}",
                        example::SHAPES.join(", ")
                    ),
                ));
            }
            hits.push(template);
        }
        let misses = self.items(table.get("misses"), "misses")?;
        let misses = misses.into_iter().map(|miss| self.non_empty_text(miss, "a miss")).collect::<Result<_, _>>()?;
        Ok((hits, misses))
    }

    fn shown_texts(&self, field: Option<&Field<'_>>, what: &str) -> Result<Vec<String>, ConfigError> {
        self.items(field, what)?.into_iter().map(|item| self.shown_text(item, what)).collect()
    }

    /// Validates a text that reports print. It must be a single line without a token.
    pub(super) fn shown_text(&self, field: &Field<'_>, what: &str) -> Result<String, ConfigError> {
        let text = self.non_empty_text(field, what)?;
        if text.len() > MAX_TEXT_LEN {
            return Err(self.error(field, format!("{what} has more than {MAX_TEXT_LEN} bytes, the limit")));
        }
        if text.contains(is_unsafe) {
            return Err(self.error(field, format!("{what} must be one line of printable text")));
        }
        if contains_token(&text) {
            return Err(self.error(field, format!("{what} contains a possible token, and reports print it")));
        }
        Ok(text)
    }
}

fn number(field: &Field<'_>) -> Option<usize> {
    let integer = field.get_ref().as_integer()?;
    usize::from_str_radix(integer.as_str(), integer.radix()).ok()
}

fn contains_token(text: &str) -> bool {
    // All texts of a configuration share one detector: building it takes longer than searching them.
    static DETECTOR: LazyLock<Detector> = LazyLock::new(|| Detector::new(rules::ALL));
    DETECTOR.mask_sentence(text) != text
}

/// Returns an error if a rule with this prefix would match nothing, or match too much.
fn prefix_error(prefix: &str) -> Option<String> {
    let bare = prefix.trim_end_matches(|c: char| !c.is_ascii_alphanumeric()).to_ascii_lowercase();
    if !prefix.bytes().all(|b| b.is_ascii_graphic()) || prefix.len() < 3 {
        Some("a prefix has three or more printable ASCII characters: a shorter one matches everywhere".to_owned())
    } else if prefix.len() > MAX_PREFIX_LEN || contains_token(prefix) {
        Some(format!(
            "a prefix is the start of all tokens of the family, {MAX_PREFIX_LEN} characters at most; this one looks like a token, or the start of one"
        ))
    } else if !prefix.bytes().any(|b| b.is_ascii_alphabetic()) {
        Some(format!("the prefix {prefix} has no letter: it matches numbers and separator lines of every kind"))
    } else if prefix.len() < 6 && prefix.bytes().all(|b| b.is_ascii_hexdigit()) {
        Some(format!("the prefix {prefix} is hex: many digests start with it by chance"))
    } else if PUBLIC_PREFIXES.contains(&bare.as_str()) {
        Some(format!("the prefix {prefix} usually precedes text that is not secret"))
    } else {
        None
    }
}

/// Validates `text`, which must be a character class with its brackets. The error is a sentence for the user.
fn set(text: &str) -> Result<String, String> {
    let shape = || {
        format!(
            "{} is not a set of characters such as [A-Z2-7_]: it may contain letters, digits and + / _ -, with the dash at the end",
            in_brief(text)
        )
    };
    let inside = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).ok_or_else(shape)?;
    let mut members = std::collections::BTreeSet::new();
    let mut rest = inside.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let range = tail.first() == Some(&b'-') && tail.len() > 1;
        let last = if range { tail[1] } else { first };
        if !is_valid_member(first, last, range, tail.is_empty()) {
            return Err(shape());
        }
        members.extend(first..=last);
        rest = if range { &tail[2..] } else { tail };
    }
    let letters = members.iter().filter(|b| b.is_ascii_alphabetic()).count();
    if members.len() < 10 || letters < 6 {
        return Err(format!(
            "{} is too small a set for text to look random: it needs 10 characters, 6 of them letters",
            in_brief(text)
        ));
    }
    Ok(text.to_owned())
}

/// Returns whether a set may contain the range or the single character. A range must be within the digits, or within the letters
/// of one case.
fn is_valid_member(first: u8, last: u8, range: bool, at_end: bool) -> bool {
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
