//! What a text mentions, whether it is a script or not.

use memchr::memmem;

/// Whether the command may go round hooks at all, and whether it mentions git.
pub(super) fn may_matter(text: &str) -> (bool, bool) {
    const WORDS: &[&str] = &[
        "git",
        "hub",
        "husky",
        "lefthook",
        "overcommit",
        "hook",
        "skip",
        "pre-commit",
        "prek",
        "keysweep",
        "gitleaks",
        ".claude",
        ".cursor",
        ".codex",
        ".gemini",
        ".copilot",
        "eval",
        "base64",
        "xxd",
        "rev",
        "$(",
        "`",
        "${",
        "$'",
        "<(",
        "printf",
    ];
    let bare = bare(text);
    let has = |word: &str| memmem::find(&bare, word.as_bytes()).is_some();
    // Wildcards and expansions can make any word.
    let expands = || ["*", "?", "[", "{", "$"].into_iter().any(has);
    (WORDS.iter().any(|word| has(word)) || expands(), has("git"))
}

/// The text in lower case, without the quotes and backslashes that can be in the middle of a word.
///
/// Every command of 10 kB goes through this loop, and iterators took four times as long.
fn bare(text: &str) -> Vec<u8> {
    let mut kept = Vec::with_capacity(text.len());
    for &byte in text.as_bytes() {
        let lower = LOWER[usize::from(byte)];
        if lower != 0 {
            kept.push(lower);
        }
    }
    kept
}

/// Each byte in lower case. 0 for the bytes to leave out.
const LOWER: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte: u8 = 1;
    loop {
        table[byte as usize] = match byte {
            b'\'' | b'"' | b'\\' | b'\n' => 0,
            _ => byte.to_ascii_lowercase(),
        };
        if byte == u8::MAX {
            break table;
        }
        byte += 1;
    }
};

/// Whether the text mentions git, in any quoting.
pub(super) fn mentions_git(text: &str) -> bool {
    memmem::find(&bare(text), b"git").is_some()
}

/// The text without the addresses of the network in it.
pub(super) fn without_addresses(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("https://") {
        out.push_str(&rest[..at]);
        let address = &rest[at..];
        // A quote, a substitution or a space ends it.
        let is_inside = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#@!+,=%".contains(c);
        rest = &address[address.find(|c| !is_inside(c)).unwrap_or(address.len())..];
    }
    out.push_str(rest);
    out
}

/// Whether `word` is in the text as a whole word.
pub(super) fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let free = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '_');
        free(text[..at].chars().next_back()) && free(text[at + word.len()..].chars().next())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_does_not_mention_git() {
        let text = "curl https://raw.github.com/x/install.sh | sh";
        assert_eq!(without_addresses(text), "curl  | sh");
        assert!(mentions_git(text) && !mentions_git(&without_addresses(text)));
        assert!(mentions_git(&without_addresses("curl https://x.org;git push")));
        assert!(mentions_git(&without_addresses("sh -c \"curl https://x.org\" 'g'it")));
    }
}
