//! Errors for a reader: one sentence with the context, the cause and the help.

use std::borrow::Cow;
use std::fmt;

/// Something that could not be read, or an invalid request. A scan with any error must not report success.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Error {
    /// What was attempted, on which path or object: `cannot read the index .git/index`.
    pub context: String,
    pub cause: String,
    /// What the user can do about it, as an imperative.
    pub help: String,
    /// How many objects this error is about, for the counts of a summary. 0 if objects are not counted.
    pub objects: usize,
}

impl Error {
    pub fn new(context: impl Into<String>, cause: impl fmt::Display, help: impl Into<String>) -> Self {
        // Causes of libraries may have newlines or a final period, which do not fit into the sentence.
        let cause = cause.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        Self { context: context.into(), cause: cause.trim_end_matches('.').to_owned(), help: help.into(), objects: 0 }
    }

    /// Sets the number of objects that the error is about.
    #[must_use]
    pub fn of_objects(self, objects: usize) -> Self {
        Self { objects, ..self }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.context, self.cause, self.help)
    }
}

impl std::error::Error for Error {}

/// The known word that is most similar to `word`, for "did you mean". Empty if nothing is known.
pub fn nearest<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> &'k str {
    let alike = |candidate: &str| strsim::jaro_winkler(word, candidate);
    known.max_by(|a, b| alike(a).total_cmp(&alike(b))).unwrap_or_default()
}

/// Text from a file, for an error message. Only the size of a long text is returned, since a part of it could be a token.
pub fn in_brief(text: &str) -> Cow<'_, str> {
    if text.len() <= 200 { text.into() } else { format!("of {} bytes", text.len()).into() }
}

/// A count with its noun: `1 file`, `2 files`, `2 misses`, `2 entries`, `201,267 objects`.
pub fn counted(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        _ if noun.ends_with("ry") => format!("{} {}ies", grouped(count), &noun[..noun.len() - 1]),
        _ if noun.ends_with('s') => format!("{} {noun}es", grouped(count)),
        _ => format!("{} {noun}s", grouped(count)),
    }
}

/// A number with thousands separators: `201,267`.
pub fn grouped(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_commas() {
        for (count, text) in
            [(0, "0 files"), (1, "1 file"), (999, "999 files"), (1000, "1,000 files"), (201_267, "201,267 files")]
        {
            assert_eq!(counted(count, "file"), text);
        }
        assert_eq!(counted(2, "miss"), "2 misses");
        assert_eq!(counted(2, "entry"), "2 entries");
    }
}
