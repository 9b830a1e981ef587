//! The model of a rule. The rules themselves are in [`crate::rules`].

use std::fmt;

/// How severe a leak is: high for live keys, medium if the prefix does not name an environment, low for test keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Low,
    Medium,
    High,
}

impl Severity {
    pub fn name(self) -> &'static str {
        match self {
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The environment that a prefix names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    Live,
    Unnamed,
    Test,
}

impl Environment {
    pub fn severity(self) -> Severity {
        match self {
            Environment::Live => Severity::High,
            Environment::Unnamed => Severity::Medium,
            Environment::Test => Severity::Low,
        }
    }

    /// The word in front of the rule's title, including a trailing space.
    pub fn adjective(self) -> &'static str {
        match self {
            Environment::Live => "live ",
            Environment::Unnamed => "",
            Environment::Test => "test ",
        }
    }
}

impl From<Severity> for Environment {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::High => Environment::Live,
            Severity::Medium => Environment::Unnamed,
            Severity::Low => Environment::Test,
        }
    }
}

/// One kind of token: its shape, its impact, and the remedy after a leak.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Stable, since scripts and allowlists of users refer to it.
    pub id: &'static str,
    pub vendor: &'static str,
    /// A noun phrase that follows "a live" or "a": `Stripe secret key`.
    pub title: &'static str,
    pub patterns: &'static [Pattern],
    /// What the token gives access to, as a clause that follows "it".
    pub opens: &'static str,
    /// Harmless text of the same shape, as a phrase that follows "it cannot be distinguished from".
    pub mistaken_for: &'static str,
    /// The steps to rotate the token at the vendor, in order, each as an imperative.
    pub remedy: &'static [&'static str],
    /// The URL of the vendor's documentation.
    pub docs: &'static str,
    /// Examples. This rule must find exactly one token in each of `hits`, and no rule may find one in `misses`. The texts
    /// are made at run time from templates such as `sk_live_{alnum:24}`, so that no scanner reports this repository. See
    /// [`crate::rules::example`] for the templates.
    pub hits: &'static [&'static str],
    pub misses: &'static [&'static str],
}

/// A vendor that issues tokens of a shape that other vendors issue too.
#[derive(Debug, PartialEq, Eq)]
pub struct Vendor {
    pub name: &'static str,
    /// Lowercase words that refer to the vendor in code, settings and addresses.
    pub words: &'static [&'static str],
    /// Which secrets of the vendor have a shared shape.
    pub issues: Issues,
    /// What a live key gives access to, as a clause that follows "it".
    pub opens: &'static str,
    /// The steps to rotate a key, in order, each as an imperative.
    pub remedy: &'static [&'static str],
}

/// The secrets of a vendor whose shape other vendors use too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Issues {
    Keys,
    Webhooks,
    Both,
}

/// A shape of a rule's token.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// The token starts with one of `prefixes`. `body` is a regular expression for the rest; it is anchored at the end of
    /// the prefix and greedy.
    Prefixed { prefixes: &'static [Prefix], body: &'static str, validator: Validator, near: Near },
    /// The token has no prefix, but words around it identify it. `pattern` is a regular expression that is tried at each of
    /// `words`, on the bytes from `before` in front of the word to `after` behind it. Its group `token` is the token.
    Given { words: &'static [&'static str], before: usize, after: usize, pattern: &'static str, written: TokenEncoding },
}

/// A lowercase word that must be near the token, in any case. Empty if none is needed. For a custom rule, the word must precede
/// the token on its line. For a built-in rule, it may also follow the token, or be on the line above.
pub type Near = &'static str;

/// The encoding of the group `token` of a [`Pattern::Given`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenEncoding {
    Plain,
    /// Base64 of `user:password`, where the user is the token, as in HTTP Basic authentication (RFC 7617).
    BasicAuth,
}

/// The prefix of a token, and the environment that it names.
#[derive(Clone, Copy, Debug)]
pub struct Prefix {
    pub literal: &'static str,
    pub environment: Environment,
}

pub const fn live(literal: &'static str) -> Prefix {
    Prefix { literal, environment: Environment::Live }
}

pub const fn unnamed(literal: &'static str) -> Prefix {
    Prefix { literal, environment: Environment::Unnamed }
}

pub const fn test(literal: &'static str) -> Prefix {
    Prefix { literal, environment: Environment::Test }
}

/// How to distinguish the body of a token from identifiers and placeholders of the same alphabet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validator {
    /// The longest run without `_` and `-` has at least 16 characters and looks random, or all parts together do.
    RandomRun,
    /// Like [`Self::RandomRun`], with a lower bar, for a prefix that hardly occurs except in keys.
    LikelyRun,
    /// The whole body looks random. `_` and `-` are ignored.
    RandomWhole,
    /// Like [`Self::RandomWhole`], for base64url of a known length. The body must not end in words that are joined by a dash.
    Base64url,
    /// Like [`Self::RandomWhole`], with a length in characters. A trailing `=` and words that are appended with a dash do
    /// not count.
    Sized { least: usize, most: usize },
    /// Hex that looks random.
    RandomHex,
    /// Base64, base64url, hex or alphanumeric text that encodes 24 to 75 bytes and is not prose. This also determines where
    /// the body ends.
    EncodedKey,
    /// The regular expression suffices, except that `=` must be valid padding.
    Base64Text,
}
