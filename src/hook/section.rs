//! The section of git's configuration that `install` writes for an event, as text, and the seal that identifies it.
//!
//! Sections are inserted and removed as bytes. `git config --remove-section` would remove a person's comments after the section too.

use std::ops::Range;
use std::path::Path;

use super::script::{SEAL, quoted, seal_of};
use crate::error::Error;

/// The first line of a comment in each section.
const COMMENT: &str = "# keysweep uninstall removes this section. The seal shows whether it was edited.";

/// The name of the hook for an event. It differs from the event, since git 2.55 rejects the name of an event there.
pub(super) fn name(event: &str) -> String {
    format!("keysweep-{event}")
}

/// The section for `event`. Its command runs the program at `binary`.
///
/// Git passes the name of the event to no command, so each event has a section. It appends the hook's arguments to the command.
pub(super) fn text(event: &str, binary: &Path) -> Result<String, Error> {
    let name = name(event);
    let command = format!(
        "keysweep={}; if [ ! -x \"$keysweep\" ]; then echo \"keysweep: cannot run the hook {event}: there is no $keysweep; \
         install it, or remove hook.{name} from git's configuration\" >&2; exit 2; fi; exec \"$keysweep\" hook {event}",
        quoted(binary)?
    );
    let command = command.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n").replace('\t', r"\t");
    let text = format!("{}\t{COMMENT}\n\t{SEAL}\n\tevent = {event}\n\tcommand = \"{command}\"\n", header(event));
    let seal = seal_of(&text);
    Ok(text.replacen(&format!("\t{SEAL}\n"), &format!("\t{SEAL}{seal}\n"), 1))
}

fn header(event: &str) -> String {
    format!("[hook \"{}\"]\n", name(event))
}

/// The section for `event` in a configuration.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    /// An unedited section of keysweep, of any version.
    Ours(Range<usize>),
    /// A section of that name with other content.
    Edited,
}

pub(super) fn find(config: &[u8], event: &str) -> Found {
    let header = header(event);
    let mut at = 0;
    let mut found = Found::Nothing;
    for line in config.split_inclusive(|&b| b == b'\n') {
        if line.trim_ascii() == header.trim_ascii().as_bytes() {
            found = match sealed(&config[at..]) {
                Some(length) => return Found::Ours(at..at + length),
                None => Found::Edited,
            };
        }
        at += line.len();
    }
    found
}

/// The length of the sealed section at the beginning of `config`. None if its seal is wrong or missing.
fn sealed(config: &[u8]) -> Option<usize> {
    let mut length = 0;
    for line in config.split_inclusive(|&b| b == b'\n') {
        length += line.len();
        if line.starts_with(b"\tcommand = ") {
            break;
        }
    }
    let mut text = std::str::from_utf8(&config[..length]).ok()?.to_owned();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    let seal = text.lines().find_map(|line| line.trim_start().strip_prefix(SEAL))?;
    (seal == seal_of(&text)).then_some(length)
}

/// The configuration with the section at its end. A last line without a newline stays one, so that [`without`] can restore it.
pub(super) fn with(config: &[u8], section: &str) -> Vec<u8> {
    match config.last() {
        None | Some(b'\n') => [config, section.as_bytes()].concat(),
        Some(_) => [config, b"\n", section.trim_end().as_bytes()].concat(),
    }
}

/// The configuration with `section` in place of the one at `range`.
pub(super) fn replaced(config: &[u8], range: &Range<usize>, section: &str) -> Vec<u8> {
    let section = if config[range.clone()].ends_with(b"\n") { section } else { section.trim_end() };
    [&config[..range.start], section.as_bytes(), &config[range.end..]].concat()
}

/// The configuration without the section at `range`. Its header stays where somebody added settings to the section.
pub(super) fn without(config: &[u8], range: &Range<usize>) -> Vec<u8> {
    let mut start = range.start;
    if has_more_settings(&config[range.end..]) {
        start += config[start..].iter().position(|&b| b == b'\n').map_or(0, |at| at + 1);
    } else if !config[range.clone()].ends_with(b"\n") {
        // It is the end of a file whose last line had no newline.
        start = start.saturating_sub(1);
    }
    [&config[..start], &config[range.end..]].concat()
}

/// Whether a setting precedes the next section.
fn has_more_settings(rest: &[u8]) -> bool {
    let lines = rest.split(|&b| b == b'\n').map(<[u8]>::trim_ascii);
    lines.take_while(|line| !line.starts_with(b"[")).any(|line| !line.is_empty() && !b"#;".contains(&line[0]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(event: &str) -> String {
        text(event, Path::new("/it's a/\"key\\sweep")).expect("a section")
    }

    #[track_caller]
    fn ours(config: &[u8], event: &str) -> Range<usize> {
        match find(config, event) {
            Found::Ours(range) => range,
            other => panic!("{other:?} in {}", String::from_utf8_lossy(config)),
        }
    }

    #[test]
    fn what_is_inserted_can_be_removed_in_any_order() {
        let events = ["pre-commit", "commit-msg", "pre-push"];
        for before in ["", "\n", "[user]\n\tname = Ada\n", "[user]\n\tname = Ada", "# last line", "[a]\r\n\tb = c\r\n"]
        {
            for after in ["", "\n# aliases\n[alias]\n\tx = y\n", "[alias] x = y"] {
                let mut config = before.as_bytes().to_vec();
                for event in events {
                    config = with(&config, &section(event));
                }
                // Git ends the last line before it appends.
                let ended = if after.is_empty() || before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
                config.extend(format!("{ended}{after}").as_bytes());
                for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2], [1, 2, 0]] {
                    let mut rest = config.clone();
                    for at in order {
                        rest = without(&rest, &ours(&rest, events[at]));
                    }
                    let wanted = format!("{before}{ended}{after}");
                    assert_eq!(String::from_utf8_lossy(&rest), wanted, "{before:?} {after:?} {order:?}");
                }
            }
        }
    }

    #[test]
    fn settings_that_a_person_added_keep_their_section() {
        let config = [section("pre-commit"), "\tenabled = false\n[user]\n".to_owned()].concat().into_bytes();
        let rest = without(&config, &ours(&config, "pre-commit"));
        assert_eq!(String::from_utf8_lossy(&rest), "[hook \"keysweep-pre-commit\"]\n\tenabled = false\n[user]\n");
    }

    #[test]
    fn only_an_unedited_section_is_ours() {
        let text = section("pre-commit");
        assert_eq!(find(text.as_bytes(), "pre-push"), Found::Nothing);
        for edited in
            [text.replace("exec", "echo"), text.replace("seal: ", "seal: 0"), text.replace("\tevent", "event")]
        {
            assert_eq!(find(edited.as_bytes(), "pre-commit"), Found::Edited, "{edited}");
        }
        let hand = b"[hook \"keysweep-pre-commit\"]\n\tcommand = keysweep hook pre-commit\n";
        assert_eq!(find(hand, "pre-commit"), Found::Edited);
    }

    #[test]
    fn an_older_section_is_replaced_in_its_place() {
        let newer = text("pre-commit", Path::new("/new/keysweep")).expect("a section");
        for (before, after) in [("[a]\n", "[b]\n"), ("[a]\n", ""), ("[a]", "")] {
            let config = [with(before.as_bytes(), &section("pre-commit")), after.as_bytes().to_vec()].concat();
            let changed = replaced(&config, &ours(&config, "pre-commit"), &newer);
            assert_eq!(changed, [with(before.as_bytes(), &newer), after.as_bytes().to_vec()].concat());
        }
    }
}
