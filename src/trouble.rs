//! What could not be done: one sentence with the thing, the cause and the way out.

use std::borrow::Cow;
use std::fmt;

/// Something that could not be read, or was asked for wrongly. Whoever has one may not say "clean".
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Trouble {
    /// What was attempted, on which path or object: `cannot read the index .git/index`.
    pub attempt: String,
    pub cause: String,
    /// What the reader can do about it, in the imperative.
    pub way_out: String,
}

impl Trouble {
    pub fn new(attempt: impl Into<String>, cause: impl fmt::Display, way_out: impl Into<String>) -> Self {
        // Causes come from libraries, some with newlines or a full stop: one sentence has neither.
        let cause = cause.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        Self { attempt: attempt.into(), cause: cause.trim_end_matches('.').to_owned(), way_out: way_out.into() }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.attempt, self.cause, self.way_out)
    }
}

impl std::error::Error for Trouble {}

/// The known word that is most like `word`: what whoever wrote it may have meant.
pub fn nearest<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> &'k str {
    let alike = |candidate: &str| strsim::jaro_winkler(word, candidate);
    known.max_by(|a, b| alike(a).total_cmp(&alike(b))).unwrap_or_default()
}

/// For a sentence that quotes what a file says. A piece of a long text is not quoted: it may be a piece of a token.
pub fn in_brief(text: &str) -> Cow<'_, str> {
    if text.len() <= 200 { text.into() } else { format!("of {} bytes", text.len()).into() }
}

/// `1 file`, `2 files`, `2 misses`.
pub fn counted(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        _ if noun.ends_with('s') => format!("{count} {noun}es"),
        _ => format!("{count} {noun}s"),
    }
}
