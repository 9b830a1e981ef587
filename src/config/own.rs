//! A token family of the user's own, and the rule that it makes for the detector: the same boundaries, lengths and
//! judges as those of the built-in ones.

use std::ops::RangeInclusive;

use crate::rule::{Environment, Judge, Near, Pattern, Prefix, Rule, Severity};

/// Fewer characters behind a prefix cannot be told from words, more are no token's: both are the detector's bounds.
pub const LENGTHS: RangeInclusive<usize> = 16..=250;

/// A `[[rule]]` of the configuration, every part known to be right.
#[derive(Debug, Clone)]
pub struct OwnRule {
    pub id: String,
    pub prefix: String,
    pub severity: Severity,
    pub vendor: String,
    pub title: Option<String>,
    pub alphabet: Alphabet,
    /// Of what follows the prefix, without the `=` that base64 ends in. None: what the detector takes for a body.
    pub length: Option<RangeInclusive<usize>>,
    /// One of these must stand on the line in front of the token, in any case. None: anything may.
    pub context: Vec<String>,
    pub opens: Option<String>,
    pub remedy: Vec<String>,
    pub docs: String,
    pub hits: Vec<String>,
    pub misses: Vec<String>,
}

/// The characters of what follows the prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alphabet {
    /// A regular expression's character class, brackets included.
    class: String,
    sort: Sort,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    /// Letters and digits: where they end, the token ends.
    Plain,
    /// `_` or `-` as well, by which words may hang on to a token.
    Separated,
    Hex,
    /// Base64 or base64url.
    Encoded,
}

/// The alphabets that have a name: those of [`crate::rules::example`].
const NAMED: &[(&str, &str, Sort)] = &[
    ("alnum", "[A-Za-z0-9]", Sort::Plain),
    ("base36", "[a-z0-9]", Sort::Plain),
    ("hex", "[0-9a-fA-F]", Sort::Hex),
    ("word", "[A-Za-z0-9_]", Sort::Separated),
    ("dashed", "[A-Za-z0-9-]", Sort::Separated),
    ("base64", "[A-Za-z0-9+/]", Sort::Encoded),
    ("base64url", "[A-Za-z0-9_-]", Sort::Encoded),
];

impl Alphabet {
    pub fn named(name: &str) -> Option<Self> {
        let (_, class, sort) = NAMED.iter().find(|(known, ..)| *known == name)?;
        Some(Self { class: (*class).to_owned(), sort: *sort })
    }

    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMED.iter().map(|(name, ..)| *name)
    }

    /// `class` has letters, digits, `_`, `+`, `/`, and `-` at its end only.
    pub fn set(class: String) -> Self {
        let sort = match &class {
            class if class.contains(['+', '/']) => Sort::Encoded,
            class if class.contains('_') || class.ends_with("-]") => Sort::Separated,
            _ => Sort::Plain,
        };
        Self { class, sort }
    }
}

/// What a rule has that names no alphabet.
impl Default for Alphabet {
    fn default() -> Self {
        Self::set("[A-Za-z0-9_-]".to_owned())
    }
}

impl OwnRule {
    /// The rule for the detector. It is leaked: rules are `'static` so that tables can be plain constants, and a
    /// process reads one configuration.
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

    /// What reports print of this rule.
    pub fn shown_texts(&self) -> impl Iterator<Item = &str> {
        let texts = [&self.vendor, &self.docs].into_iter().chain(&self.title).chain(&self.opens).chain(&self.remedy);
        texts.map(String::as_str)
    }

    /// Whether a text that reports print of this rule holds what may be a token of `other`.
    pub fn shows_token_of(&self, other: &Self) -> bool {
        let in_body = |c: char| c.is_ascii_alphanumeric() || "_-+/".contains(c);
        let body = |rest: &str| rest.chars().take_while(|c| in_body(*c)).count();
        self.shown_texts().any(|text| text.split(&other.prefix).skip(1).any(|rest| body(rest) >= *LENGTHS.start()))
    }

    /// One for each word of the context, or one for all.
    fn patterns(&self) -> &'static [Pattern] {
        let prefix = Prefix { literal: leak(&self.prefix), environment: Environment::from(self.severity) };
        let prefixes: &'static [Prefix] = Box::leak(Box::new([prefix]));
        let (body, judge) = self.body();
        let body = leak(body);
        let near: Vec<Near> = if self.context.is_empty() { vec![""] } else { self.context.iter().map(leak).collect() };
        let patterns: Vec<Pattern> =
            near.into_iter().map(|near| Pattern::Prefixed { prefixes, body, judge, near }).collect();
        patterns.leak()
    }

    /// The expression for what follows the prefix, and its judge.
    fn body(&self) -> (String, Judge) {
        let Alphabet { class, sort } = &self.alphabet;
        let (least, most) = self.length.clone().unwrap_or(LENGTHS).into_inner();
        let bounded = if least == most { format!("{class}{{{least}}}") } else { format!("{class}{{{least},{most}}}") };
        match (sort, &self.length) {
            (Sort::Plain, _) | (Sort::Separated, None) => (bounded, Judge::RandomRun),
            (Sort::Hex, _) => (bounded, Judge::RandomHex),
            (Sort::Encoded, None) => (format!("{class}{{24,172}}={{0,2}}"), Judge::EncodedKey),
            // As long as it goes on, since the judge measures it.
            (Sort::Separated, Some(_)) => (format!("{class}{{{least},}}"), Judge::Sized { least, most }),
            (Sort::Encoded, Some(_)) => (format!("{class}{{{least},}}={{0,2}}"), Judge::Sized { least, most }),
        }
    }
}

fn leak(text: impl AsRef<str>) -> &'static str {
    Box::leak(text.as_ref().to_owned().into_boxed_str())
}

fn leak_all(texts: &[String]) -> &'static [&'static str] {
    texts.iter().map(leak).collect::<Vec<_>>().leak()
}
