//! Judges a text that is not a shell script: a program in another language, or what bash cannot read.

use super::super::protected;
use super::mentions::has_word;
use super::ruling::Ruling;

/// What is decided about the text by the words in it.
pub(super) fn ruling(text: &str) -> Option<Ruling> {
    let lower = text.to_ascii_lowercase().replace(".git", "");
    let options = ["no-verify", "hookspath", "commit-tree"].into_iter().find(|word| lower.contains(word));
    let variables = ["HUSKY", "LEFTHOOK", "GIT_CONFIG"].into_iter().find(|word| text.contains(word));
    let runs = ["commit", "push", "merge", "rebase", "config", "update-index", "hook"];
    if let Some(word) = options.or(variables) {
        return Some(Ruling::Refused(format!("it mentions {word}, and it is not clear what it does with that")));
    }
    if has_word(&lower, "git") && runs.iter().any(|word| has_word(&lower, word)) {
        let reason = "it runs git from another language; run git itself, so that its options can be seen";
        return Some(Ruling::Refused(reason.to_owned()));
    }
    protected::mentioned(text).map(|noun| Ruling::Ask(format!("it may change {noun}")))
}
