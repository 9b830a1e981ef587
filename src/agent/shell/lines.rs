//! The command lines that a command of a script can stand for.

use super::script::{Part, Stage, Word};
use super::variables::Variables;
use super::words::{ANYTHING, static_text, values};

/// More ways to read one command line than this are not tried.
const MAX_LINES: usize = 32;

/// The command lines that a stage can stand for.
pub(super) fn lines(stage: &Stage, variables: &Variables) -> Vec<Vec<String>> {
    let mut lines: Vec<Vec<String>> = vec![Vec::new()];
    for word in &stage.words {
        if let Some(text) = static_text(word) {
            for line in &mut lines {
                line.push(text.clone());
            }
            continue;
        }
        if let Some(elements) = elements(word, variables) {
            for line in &mut lines {
                line.extend_from_slice(&elements);
            }
            continue;
        }
        let alternatives: Vec<Vec<String>> =
            values(word, variables).into_iter().map(|value| split(word, &value, variables)).collect();
        if let [only] = alternatives.as_slice() {
            for line in &mut lines {
                line.extend_from_slice(only);
            }
            continue;
        }
        let joined = lines.iter().flat_map(|line| alternatives.iter().map(move |next| [&line[..], &next[..]].concat()));
        lines = joined.take(MAX_LINES + 1).collect();
        if lines.len() > MAX_LINES {
            lines.truncate(MAX_LINES);
            lines.push(vec![ANYTHING.to_string()]);
        }
    }
    lines
}

/// The words of `"${array[@]}"`.
fn elements(word: &Word, variables: &Variables) -> Option<Vec<String>> {
    let mut parts = word.parts.iter().filter(|part| !matches!(part, Part::Text(text) if text.is_empty()));
    let (Some(Part::Elements(name)), None) = (parts.next(), parts.next()) else { return None };
    let set = variables.values(name)?;
    Some(set.iter().flat_map(|word| values(word, variables)).collect())
}

/// Splits a value that is not in quotes into words, as a shell does.
fn split(word: &Word, value: &str, variables: &Variables) -> Vec<String> {
    let is_unquoted =
        |part: &Part| matches!(part, Part::Variable { is_quoted: false, .. } | Part::Output { is_quoted: false, .. });
    if !word.parts.iter().any(is_unquoted) {
        return vec![value.to_owned()];
    }
    let separators: String =
        variables.values("IFS").unwrap_or_default().iter().flat_map(|word| values(word, variables)).collect();
    let is_between = |c: char| c.is_whitespace() || separators.contains(c);
    value.split(is_between).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

pub(super) fn is_text(part: &Part) -> bool {
    matches!(part, Part::Text(_))
}
