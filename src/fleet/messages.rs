//! What git says when it fails, as the cause of an error.

use crate::fleet::address::without_login;

/// A longer cause is cut.
const MAX_CHARS: usize = 300;

/// What git says in front of text that the server sent, which may repeat the login.
const BEFORE_SERVER: &[&str] =
    &["remote error:", "bad line length character:", "protocol error:", ", got", "unexpected"];

/// Lines of a server, and lines that say the same to everybody.
const SKIPPED: &[&str] =
    &["remote:", "warning:", "hint:", "Warning:", "Please make sure", "and the repository exists", "Cloning into"];

/// The cause of a failure: the first line, which may be one of ssh, and git's last word.
pub fn cause(messages: &str) -> String {
    let lines = messages.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut lines = lines.filter(|line| !SKIPPED.iter().any(|skipped| line.starts_with(skipped)));
    let first = lines.next().unwrap_or("git gave no reason");
    let last = lines.rfind(|line| line.starts_with("fatal: "));
    let said = [Some(first), last].into_iter().flatten().map(without_kind).map(without_server).map(without_logins);
    let cause = said.collect::<Vec<_>>().join(": ");
    cause.chars().take(MAX_CHARS).collect()
}

fn without_server(line: &str) -> &str {
    let ends = BEFORE_SERVER.iter().filter_map(|word| line.find(word).map(|at| at + word.len()));
    ends.min().map_or(line, |end| line[..end].trim_end_matches(':'))
}

fn without_kind(line: &str) -> &str {
    line.trim_start_matches("fatal: ").trim_start_matches("error: ")
}

/// A setting of the user may have put a login into a URL that git repeats.
fn without_logins(line: &str) -> String {
    let is_url = |word: &str| word.contains("://") || word.contains("::");
    let shown = |word: &str| if is_url(word) { without_login(word) } else { word.to_owned() };
    line.split(' ').map(shown).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_holds_no_login() {
        let url = ["'https://a", ":b@example.org/x/'"].concat();
        let cause = cause(&format!("remote: hi\nfatal: unable to access {url}: no route\n"));
        assert_eq!(cause, "unable to access 'https://…@example.org/x/': no route");
    }

    #[test]
    fn the_text_of_a_server_is_left_out() {
        assert_eq!(cause("fatal: remote error: bad password hunter2"), "remote error");
        assert_eq!(cause("fatal: protocol error: bad line length character: hunt"), "protocol error");
        assert_eq!(cause("fatal: expected flush, got 'hunter2'"), "expected flush, got");
    }

    #[test]
    fn the_reason_of_ssh_precedes_that_of_git() {
        let text = "Warning: Permanently added x\ngit@x: Permission denied (publickey).\nfatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights\nand the repository exists.\n";
        assert_eq!(cause(text), "git@x: Permission denied (publickey).: Could not read from remote repository.");
        assert_eq!(cause(""), "git gave no reason");
        assert_eq!(cause(&format!("fatal: {}", "x".repeat(10_000))).len(), 300);
    }
}
