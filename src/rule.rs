//! What a rule is. The rules themselves stand in [`crate::rules`].

use std::fmt;

/// How much a token opens: live keys first, then those whose prefix does not say, then test keys.
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

/// What a prefix says of the environment that the token is for.
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

    /// The word to put before the rule's title, with a space behind it.
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

/// One kind of token: what it looks like, what it opens, what to do once it is out.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Stable: users' scripts and allowlists name it.
    pub id: &'static str,
    pub vendor: &'static str,
    /// A noun that follows "a live" or "a": `Stripe secret key`.
    pub title: &'static str,
    pub patterns: &'static [Pattern],
    /// What a finder of the token can do: a clause that follows "it".
    pub opens: &'static str,
    /// What else has the shape, in words that follow "it cannot be told from".
    pub mistaken_for: &'static str,
    /// The vendor's way to rotate, in order, each step an imperative.
    pub remedy: &'static [&'static str],
    /// Vendor documentation.
    pub docs: &'static str,
    /// Text in which this rule must find exactly one token, and text in which the scanner must find none.
    /// Made at run time from templates (`sk_live_{alnum:24}`), so that no scanner trips on this repository:
    /// the template language is [`crate::rules::example`].
    pub hits: &'static [&'static str],
    pub misses: &'static [&'static str],
}

/// A vendor that issues tokens of a shape that other vendors issue too.
#[derive(Debug, PartialEq, Eq)]
pub struct Vendor {
    pub name: &'static str,
    /// Lower-case words that refer to the vendor in code, settings and addresses.
    pub words: &'static [&'static str],
    /// Which of its secrets have a shared shape.
    pub issues: Issues,
    /// What a holder of a live key can do: a clause that follows "it".
    pub opens: &'static str,
    /// How to replace a key, each step an imperative.
    pub remedy: &'static [&'static str],
}

/// Which secrets of a vendor have a shape that others have too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Issues {
    Keys,
    Webhooks,
    Both,
}

/// One way in which a rule's token is written.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// The token starts with one of `prefixes`; `body` is a regular expression for what follows, which starts
    /// where the prefix ends and takes as much as it can.
    Prefixed { prefixes: &'static [Prefix], body: &'static str, judge: Judge, near: Near },
    /// The token has no mark of its own; what names it does. `pattern` is tried at each of `words`, in the bytes
    /// from `before` in front of the word to `after` behind it; its group `token` is the token.
    Given { words: &'static [&'static str], before: usize, after: usize, pattern: &'static str, written: Written },
}

/// A lower-case word that has to be near the token, in any case; the empty word is no condition. For a custom rule it has to be in
/// front of the token on its line. For a built-in rule it may also be behind the token or on the line above.
pub type Near = &'static str;

/// How the group `token` of a [`Pattern::Given`] is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    Plainly,
    /// Base64 of `user:password`, where the user is the token.
    BasicAuth,
}

/// The letters that a token starts with, and what they say.
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

/// What separates a token's body from an identifier or a placeholder of the same alphabet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judge {
    /// Its longest run without `_` and `-` has 16 or more characters and looks random, or its parts together do.
    RandomRun,
    /// As before, behind a prefix that is hardly ever written but for a key: what looks random enough will do.
    LikelyRun,
    /// It looks random as a whole, `_` and `-` counting as nothing.
    RandomWhole,
    /// As before, in base64url of a length that is known: it does not end in words that a dash joins to it.
    Base64url,
    /// As [`Self::RandomWhole`], and it has so many characters, without the `=` at its end or words hung on to it by a dash.
    Sized { least: usize, most: usize },
    /// It is hex that looks random.
    RandomHex,
    /// It is base64, base64url, hex or alphanumeric and stands for 24 to 75 bytes that are not prose.
    /// Decides as well where such a body ends.
    EncodedKey,
    /// The expression alone says enough, but for `=` that pads nothing.
    Base64Text,
}
