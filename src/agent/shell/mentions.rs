//! What a text mentions, whether it is a script or not.

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
    let bare: String = text.chars().filter(|c| !matches!(c, '\'' | '"' | '\\' | '\n')).collect();
    let bare = bare.to_ascii_lowercase();
    WORDS.iter().any(|word| bare.contains(word)) || text.contains(['*', '?', '[', '{', '$'])
}

/// Whether the text mentions git, in any quoting.
pub(super) fn mentions_git(text: &str) -> bool {
    let bare: String = text.chars().filter(|c| !matches!(c, '\'' | '"' | '\\')).collect();
    bare.to_ascii_lowercase().contains("git")
}

/// Whether `word` is in the text as a whole word.
pub(super) fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let free = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '_');
        free(text[..at].chars().next_back()) && free(text[at + word.len()..].chars().next())
    })
}
