//! The help for a push that is stopped because of commits that the other side may have already.

use crate::error::counted;
use crate::scan::push_request::Advice;
use crate::scan::remotes::SAME_REPOSITORY;

/// A note about a scan of fewer commits would be noise: nobody waits long for it.
const MANY_COMMITS: usize = 2_000;

/// The command that lets keysweep know what the other side has. None where no URL was passed.
pub fn fetch_command(advice: &Advice) -> Option<String> {
    Some(format!("git fetch {}", word(advice.fetch.as_deref()?)))
}

/// Reports what is unknown about the other side, and the help. None where enough is known.
pub fn unsure_note(advice: &Advice) -> Option<String> {
    if !advice.is_unsure {
        return None;
    }
    let Some(command) = fetch_command(advice) else {
        return Some(
            "git's arguments did not reach the hook, so all commits were scanned as if they were new there: pass them on with \
             keysweep hook pre-push \"$@\""
                .to_owned(),
        );
    };
    let fetch = format!(
        "it is unknown which commits the other side has, so those that it may have were scanned too: run `{command}`, then push again"
    );
    Some(match &advice.pair {
        Some((fetched, pushed)) if fetched != pushed => {
            let (from, to) = (String::from_utf8_lossy(fetched), String::from_utf8_lossy(pushed));
            let pair = word(format!("{from} {to}").as_bytes());
            format!("{fetch}; if {from} and {to} are one repository, run `git config --add {SAME_REPOSITORY} {pair}`")
        }
        _ => fetch,
    })
}

/// Explains a long scan before it starts: why so many commits are scanned, and how to avoid that in later pushes. None where the
/// push introduces few commits, or where it is known what the other side has.
pub fn long_scan_note(advice: &Advice, commits: usize) -> Option<String> {
    if !advice.is_unsure || commits < MANY_COMMITS {
        return None;
    }
    let help =
        fetch_command(advice).map_or_else(String::new, |command| format!("; `{command}` makes later pushes faster"));
    Some(format!("scanning {}, since it is unknown which of them the other side has{help}", counted(commits, "commit")))
}

/// Quotes a word for a POSIX shell.
fn word(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_./-@+,:%".contains(c);
    if text.chars().all(is_plain) { text.into_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_those_of_a_shell() {
        let advice = |fetch: &str| Advice { fetch: Some(fetch.into()), ..Advice::default() };
        assert_eq!(fetch_command(&advice("team/fork")).as_deref(), Some("git fetch team/fork"));
        assert_eq!(fetch_command(&advice("../it's $x")).as_deref(), Some(r"git fetch '../it'\''s $x'"));
        assert_eq!(fetch_command(&Advice::default()), None);
        assert_eq!(unsure_note(&advice("x")), None);
    }
}
