//! Custom rules. A `[[rule]]` of the configuration becomes a rule of the detector, with the same boundaries, lengths and validators
//! as the built-in rules.

use std::ops::RangeInclusive;

use crate::rule::{Environment, Near, Pattern, Prefix, Rule, Severity, Validator};

/// The possible lengths of a body, which are those of the detector. Shorter text looks like a word; no token is longer.
pub const LENGTHS: RangeInclusive<usize> = 16..=250;

/// A validated `[[rule]]` of the configuration.
#[derive(Debug, Clone)]
pub struct CustomRule {
    pub id: String,
    pub prefix: String,
    pub severity: Severity,
    pub vendor: String,
    pub title: Option<String>,
    pub alphabet: Alphabet,
    /// The length of the text after the prefix, without `=` padding. `None` means any length that the detector accepts.
    pub length: Option<RangeInclusive<usize>>,
    /// One of these words must precede the token on its line, in any case. An empty list matches every line.
    pub context: Vec<String>,
    pub opens: Option<String>,
    pub remedy: Vec<String>,
    pub docs: String,
    pub hits: Vec<String>,
    pub misses: Vec<String>,
}

/// The characters of the text after the prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alphabet {
    /// A regex character class, with its brackets.
    class: String,
    kind: AlphabetKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AlphabetKind {
    /// Only letters and digits. Any other character ends the token.
    Plain,
    /// Letters, digits, and `_` or `-`. These two may also join a word to a token.
    Separated,
    Hex,
    /// Base64 or base64url.
    Encoded,
}

/// The named alphabets. [`crate::rules::example`] uses the same names.
const NAMED: &[(&str, &str, AlphabetKind)] = &[
    ("alnum", "[A-Za-z0-9]", AlphabetKind::Plain),
    ("base36", "[a-z0-9]", AlphabetKind::Plain),
    ("hex", "[0-9a-fA-F]", AlphabetKind::Hex),
    ("word", "[A-Za-z0-9_]", AlphabetKind::Separated),
    ("dashed", "[A-Za-z0-9-]", AlphabetKind::Separated),
    ("base64", "[A-Za-z0-9+/]", AlphabetKind::Encoded),
    ("base64url", "[A-Za-z0-9_-]", AlphabetKind::Encoded),
];

impl Alphabet {
    pub fn named(name: &str) -> Option<Self> {
        let (_, class, kind) = NAMED.iter().find(|(known, ..)| *known == name)?;
        Some(Self { class: (*class).to_owned(), kind: *kind })
    }

    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMED.iter().map(|(name, ..)| *name)
    }

    /// `class` may contain letters, digits, `_`, `+`, `/`, and a `-` at its end.
    pub fn set(class: String) -> Self {
        let kind = match &class {
            class if class.contains(['+', '/']) => AlphabetKind::Encoded,
            class if class.contains('_') || class.ends_with("-]") => AlphabetKind::Separated,
            _ => AlphabetKind::Plain,
        };
        Self { class, kind }
    }
}

/// The alphabet of a rule without an `alphabet` key.
impl Default for Alphabet {
    fn default() -> Self {
        Self::set("[A-Za-z0-9_-]".to_owned())
    }
}

impl CustomRule {
    /// Makes a rule for the detector. The rule is leaked: rules are `'static` so that the built-in tables can be constants, and
    /// a process reads only one configuration.
    pub fn to_rule(&self) -> &'static Rule {
        let title = self.title.clone().unwrap_or_else(|| format!("token that starts with {}", self.prefix));
        Box::leak(Box::new(Rule {
            id: leak(&self.id),
            vendor: leak(&self.vendor),
            title: leak(&title),
            patterns: self.patterns(),
            opens: self.opens.as_deref().map_or("opens what its vendor lets it", leak),
            mistaken_for: "any other random text behind the same prefix",
            remedy: if self.remedy.is_empty() {
                &["create a new token at its vendor", "deploy and verify it", "revoke the old one"]
            } else {
                leak_all(&self.remedy)
            },
            docs: leak(&self.docs),
            hits: leak_all(&self.hits),
            misses: leak_all(&self.misses),
        }))
    }

    /// Returns all texts of this rule that reports print.
    pub fn shown_texts(&self) -> impl Iterator<Item = &str> {
        let texts = [&self.vendor, &self.docs].into_iter().chain(&self.title).chain(&self.opens).chain(&self.remedy);
        texts.map(String::as_str)
    }

    /// Returns whether a printed text of this rule contains a possible token of `other`.
    pub fn shows_token_of(&self, other: &Self) -> bool {
        let in_body = |c: char| c.is_ascii_alphanumeric() || "_-+/".contains(c);
        let body = |rest: &str| rest.chars().take_while(|c| in_body(*c)).count();
        self.shown_texts().any(|text| text.split(&other.prefix).skip(1).any(|rest| body(rest) >= *LENGTHS.start()))
    }

    /// Returns one pattern for each word of the context, or a single pattern without context.
    fn patterns(&self) -> &'static [Pattern] {
        let prefix = Prefix { literal: leak(&self.prefix), environment: Environment::from(self.severity) };
        let prefixes: &'static [Prefix] = Box::leak(Box::new([prefix]));
        let (body, validator) = self.body();
        let body = leak(body);
        let near: Vec<Near> = if self.context.is_empty() { vec![""] } else { self.context.iter().map(leak).collect() };
        let patterns: Vec<Pattern> =
            near.into_iter().map(|near| Pattern::Prefixed { prefixes, body, validator, near }).collect();
        patterns.leak()
    }

    /// Returns the regex for the text after the prefix, and its validator.
    fn body(&self) -> (String, Validator) {
        let Alphabet { class, kind } = &self.alphabet;
        let (least, most) = self.length.clone().unwrap_or(LENGTHS).into_inner();
        let bounded = if least == most { format!("{class}{{{least}}}") } else { format!("{class}{{{least},{most}}}") };
        match (kind, &self.length) {
            (AlphabetKind::Plain, _) | (AlphabetKind::Separated, None) => (bounded, Validator::RandomRun),
            (AlphabetKind::Hex, _) => (bounded, Validator::RandomHex),
            (AlphabetKind::Encoded, None) => (format!("{class}{{24,172}}={{0,2}}"), Validator::EncodedKey),
            // The regex has no upper bound, since the validator measures the length.
            (AlphabetKind::Separated, Some(_)) => (format!("{class}{{{least},}}"), Validator::Sized { least, most }),
            (AlphabetKind::Encoded, Some(_)) => {
                (format!("{class}{{{least},}}={{0,2}}"), Validator::Sized { least, most })
            }
        }
    }
}

fn leak(text: impl AsRef<str>) -> &'static str {
    Box::leak(text.as_ref().to_owned().into_boxed_str())
}

fn leak_all(texts: &[String]) -> &'static [&'static str] {
    texts.iter().map(leak).collect::<Vec<_>>().leak()
}
