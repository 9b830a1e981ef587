//! A line of `keysweep fleet`. Anybody may have written it, so every text of it is checked or masked before it is kept.

use std::fmt;

use serde_core::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::record::{Fact, Place};
use crate::finding::Fingerprint;
use crate::rule::Severity;

/// A longer line is an error, so that a hostile file cannot fill the memory. A place takes about 250 bytes, so a finding can have
/// more than 200,000.
pub const MAX_LINE: usize = 64 << 20;

/// Masks a text for printing.
pub type Mask<'m> = &'m dyn Fn(&str) -> String;

/// A line that was understood. `repository` is as it was written.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    /// None for an error that concerns no single repository.
    pub repository: Option<String>,
    pub content: Content,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Content {
    Finding(Box<Fact>),
    Summary { findings: u64, unread: u64 },
    Error,
}

/// Parses a line. The cause of an error has nothing of the line.
pub fn parse(line: &[u8], mask: Mask<'_>) -> Result<Line, &'static str> {
    let fields: Fields = serde_json::from_slice(line).map_err(|err| match err.classify() {
        serde_json::error::Category::Eof => "it is cut off",
        serde_json::error::Category::Data => "a key has a value of another type",
        _ => "it is not JSON",
    })?;
    let content = match fields.kind.as_deref() {
        Some("finding") => Content::Finding(Box::new(fact(&fields, mask)?)),
        Some("summary") => Content::Summary {
            findings: fields.findings.ok_or("its summary has no count of findings")?,
            unread: fields.unread.ok_or("its summary has no count of unread things")?,
        },
        Some("error") => return Ok(Line { repository: fields.repository, content: Content::Error }),
        _ => return Err("its type is none of finding, error and summary"),
    };
    let repository = fields.repository.ok_or("it names no repository")?;
    Ok(Line { repository: Some(repository), content })
}

fn fact(fields: &Fields, mask: Mask<'_>) -> Result<Fact, &'static str> {
    let fingerprint = fields.fingerprint.as_deref().and_then(Fingerprint::parse).ok_or("it has no fingerprint")?;
    let severity = match fields.severity.as_deref() {
        Some("high") => Severity::High,
        Some("medium") => Severity::Medium,
        Some("low") => Severity::Low,
        _ => return Err("it has no severity"),
    };
    let first = fields.first.as_ref().ok_or("it does not say where the token was first")?;
    let is_id = |id: &&String| matches!(id.len(), 40 | 64) && id.bytes().all(|b| b.is_ascii_hexdigit());
    let place = Place {
        rule: fields.rule.clone().filter(|rule| is_rule(rule) && mask(rule) == *rule).ok_or("it names no rule")?,
        severity,
        redacted: fields.redacted.as_deref().filter(|text| is_redacted(text)).map_or("…".to_owned(), mask),
        at_head: fields.at_head.ok_or("it does not say whether the token is at HEAD")?,
        reachable: fields.reachable.ok_or("it does not say whether the token is reachable")?,
        // A commit is named after SHA-1 or SHA-256, which an Attio token has the length of.
        commit: first.commit.as_ref().filter(is_id).cloned(),
        date: first.date.as_ref().filter(|date| crate::git::date::seconds(date).is_some()).cloned(),
        path: first.path.as_deref().map(mask),
    };
    Ok(Fact { fingerprint, place })
}

fn is_rule(rule: &str) -> bool {
    (1..=64).contains(&rule.len()) && rule.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

/// Whether the text is a prefix of a token, an ellipsis and at most four characters.
fn is_redacted(text: &str) -> bool {
    text.split_once('…').is_some_and(|(prefix, end)| prefix.len() <= 32 && end.chars().count() <= 4)
}

/// The keys of all types of lines that count here. All others are skipped as they are read, so they take no memory.
#[derive(Default)]
struct Fields {
    kind: Option<String>,
    repository: Option<String>,
    rule: Option<String>,
    severity: Option<String>,
    fingerprint: Option<String>,
    redacted: Option<String>,
    first: Option<First>,
    at_head: Option<bool>,
    reachable: Option<bool>,
    findings: Option<u64>,
    unread: Option<u64>,
}

#[derive(Default)]
struct First {
    commit: Option<String>,
    date: Option<String>,
    path: Option<String>,
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = Fields::default();
        while let Some(key) = map.next_key::<String>()? {
            match &*key {
                "type" => fields.kind = map.next_value()?,
                "repository" => fields.repository = map.next_value()?,
                "rule" => fields.rule = map.next_value()?,
                "severity" => fields.severity = map.next_value()?,
                "fingerprint" => fields.fingerprint = map.next_value()?,
                "redacted" => fields.redacted = map.next_value()?,
                "first" => fields.first = map.next_value()?,
                "at_head" => fields.at_head = map.next_value()?,
                "reachable" => fields.reachable = map.next_value()?,
                "findings" => fields.findings = map.next_value()?,
                "unread" => fields.unread = map.next_value()?,
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(fields)
    }
}

struct FirstVisitor;

impl<'de> Visitor<'de> for FirstVisitor {
    type Value = First;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<First, A::Error> {
        let mut first = First::default();
        while let Some(key) = map.next_key::<String>()? {
            match &*key {
                "commit" => first.commit = map.next_value()?,
                "date" => first.date = map.next_value()?,
                "path" => first.path = map.next_value()?,
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(first)
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(FieldsVisitor)
    }
}

impl<'de> Deserialize<'de> for First {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(FirstVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_form_of_a_redacted_token_is_kept() {
        for (text, is_kept) in [("sk_live_…3fQa", true), ("…", true), ("sk_live_", false), ("a…12345", false)] {
            assert_eq!(is_redacted(text), is_kept, "{text}");
        }
    }

    #[test]
    fn a_cause_has_nothing_of_the_line() {
        for line in
            ["", "{", "[]", "{\"type\":\"hunter2\"}", "hunter2", "{\"type\":3}", "{\"type\":\"summary\"}", "\u{0}"]
        {
            let cause = parse(line.as_bytes(), &str::to_owned).expect_err(line);
            assert!(!cause.contains("hunter2"), "{cause}");
        }
    }
}
