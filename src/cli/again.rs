//! The command that lists every finding of this run, so that a reader can paste it.

use std::ffi::OsString;

use super::output;
use crate::scan::source::Kind;
use crate::text::word_for_shell;

/// Options of the other report, and those that write files or ask vendors.
const LEFT_OUT: &[&str] = &["-q", "--quiet", "--no-people", "--verify"];
const LEFT_OUT_WITH_VALUE: &[&str] = &["--format", "--output", "--replacements", "--plan", "--vendor", "--base-url"];

/// Returns None if a word contains something that must not be printed, or if no command can list the same findings, such as those
/// of a push to a server.
pub(super) fn list_command(kind: Kind) -> Option<String> {
    let command = match kind {
        Kind::Receive => return None,
        // The input of a hook is gone, but the commits of a push are in the history.
        Kind::Push => "keysweep history --format jsonl".to_owned(),
        _ => of_words(&std::env::args_os().collect::<Vec<_>>(), kind == Kind::Find)?,
    };
    (output::safe(&command) == command).then_some(command)
}

/// The words of the command line, quoted for a shell. If `is_find` is true, the command is `find`.
fn of_words(words: &[OsString], is_find: bool) -> Option<String> {
    let words: Vec<&str> = words.iter().skip(1).map(|word| word.to_str()).collect::<Option<_>>()?;
    let (mut kept, mut format) = (Vec::new(), Some("--format jsonl".to_owned()));
    let mut rest = words.iter();
    while let Some(&name) = rest.next() {
        match name {
            _ if LEFT_OUT_WITH_VALUE.contains(&name) => _ = rest.next(),
            _ if LEFT_OUT.contains(&name) => {}
            // All later words are arguments, not options.
            "--" => kept.extend(format.take().into_iter().chain(["--".to_owned()])),
            _ if name.split_once('=').is_some_and(|(name, _)| LEFT_OUT_WITH_VALUE.contains(&name)) => {}
            _ => kept.push(word_for_shell(name, "=^")),
        }
    }
    if let Some(at) = kept.iter().position(|kept| kept == "hook") {
        let message = kept.get(at + 2).filter(|_| kept.get(at + 1).is_some_and(|name| name == "commit-msg")).cloned();
        kept = message.map_or(vec!["staged".to_owned()], |file| vec!["message".to_owned(), file]);
    }
    kept.extend(format);
    let names_tokens = |word: &&str| word.starts_with("--tokens-from") || word.starts_with("--fingerprint");
    let reads_tokens = is_find && !words.iter().any(names_tokens);
    let tokens = if reads_tokens { "printf '%s\\n' \"$TOKENS\" | " } else { "" };
    Some(format!("{tokens}keysweep {}", kept.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_repeats_what_was_typed() {
        for (line, wanted) in [
            ("keysweep staged", "keysweep staged --format jsonl"),
            ("k staged --format human -q --output=x --allow a*", "keysweep staged --allow 'a*' --format jsonl"),
            ("k history main --output r -- src", "keysweep history main --format jsonl -- src"),
            ("k history --format html --no-people", "keysweep history --format jsonl"),
            (
                "k history --verify --vendor stripe --replacements=r --plan p --archives",
                "keysweep history --archives --format jsonl",
            ),
            ("k files find", "keysweep files find --format jsonl"),
            ("k hook pre-commit", "keysweep staged --format jsonl"),
            ("k hook commit-msg .git/M", "keysweep message .git/M --format jsonl"),
            ("k find --tokens-from f", "keysweep find --tokens-from f --format jsonl"),
            ("k find --fingerprint 0123456789abcdef", "keysweep find --fingerprint 0123456789abcdef --format jsonl"),
            ("k find", "printf '%s\\n' \"$TOKENS\" | keysweep find --format jsonl"),
        ] {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            assert_eq!(of_words(&words, line.starts_with("k find")).as_deref(), Some(wanted), "{line}");
        }
    }
}
