//! The command lines that a command of a script can stand for.

use super::script::{Part, Stage, Word};
use super::variables::Variables;
use super::words::{ANYTHING, values};

/// More ways to read one command line than this are not tried.
const MAX_LINES: usize = 32;

/// The command lines that a stage can stand for.
pub(super) fn lines(stage: &Stage, variables: &Variables) -> Vec<Vec<String>> {
    let mut lines: Vec<Vec<String>> = vec![Vec::new()];
    for word in &stage.words {
        let alternatives: Vec<Vec<String>> =
            values(word, variables).into_iter().map(|value| split(word, value)).collect();
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

/// Splits a value that is not in quotes into words, as a shell does.
fn split(word: &Word, value: String) -> Vec<String> {
    let is_split = word
        .parts
        .iter()
        .any(|part| matches!(part, Part::Variable { is_quoted: false, .. } | Part::Output { is_quoted: false, .. }));
    if is_split { value.split_whitespace().map(str::to_owned).collect() } else { vec![value] }
}

pub(super) fn is_text(part: &Part) -> bool {
    matches!(part, Part::Text(_))
}
