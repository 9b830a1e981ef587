//! What a text mentions, whether it is a script or not.

use memchr::memmem;

/// Whether the command may go round hooks at all. Quotes and backslashes can split any word, so they are left out first.
pub(super) fn may_matter(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "git",
        "husky",
        "lefthook",
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
    WORDS.iter().any(|word| memmem::find(&bare, word.as_bytes()).is_some())
        || text.bytes().any(|byte| matches!(byte, b'*' | b'?' | b'[' | b'{' | b'$'))
}

/// The text in lower case, without the quotes and backslashes that can be in the middle of a word.
fn bare(text: &str) -> Vec<u8> {
    let kept = text.bytes().filter(|byte| !matches!(byte, b'\'' | b'"' | b'\\' | b'\n'));
    kept.map(|byte| byte.to_ascii_lowercase()).collect()
}

/// Whether the text mentions git, in any quoting.
pub(super) fn mentions_git(text: &str) -> bool {
    memmem::find(&bare(text), b"git").is_some()
}

/// Whether `word` is in the text as a whole word.
pub(super) fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let free = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '_');
        free(text[..at].chars().next_back()) && free(text[at + word.len()..].chars().next())
    })
}
