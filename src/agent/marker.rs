//! The markers that allow a token on a line, in a shell command.

use super::shell::ruling::Ruling;
use crate::config::contains_marker;

/// The two halves of a marker.
const NAMES: [&str; 2] = ["keysweep", "gitleaks"];
const WORD: &str = "allow";

/// Asks if the command may write a marker. A marker is fine for programs that search for it.
pub(super) fn in_command(text: &str) -> Option<Ruling> {
    const SEARCHING: &[&str] = &["grep ", "rg ", "ag ", "git grep", "git log", "egrep ", "fgrep "];
    let searches =
        SEARCHING.iter().any(|program| text.trim_start().starts_with(program)) && !text.contains(['>', ';', '|', '&']);
    ((contains_marker(text) || may_compose(text)) && !searches)
        .then(|| Ruling::Ask("it may change what keysweep reports about a line".to_owned()))
}

/// Whether the command may put a marker together: `printf 'keysweep:%s' allow`, `a=keysweep; echo "$a:allow"`. Two halves that are
/// both made at run time are not seen.
fn may_compose(text: &str) -> bool {
    if !NAMES.iter().any(|name| text.contains(name)) {
        return false;
    }
    let bare: String = text.chars().filter(|c| !matches!(c, '\'' | '"' | '\\')).collect();
    let before_value = |name: &str| {
        // What becomes a text: formats, expansions, wildcards of a sed expression.
        let is_value = |rest: &str| rest.starts_with(['%', '$', '`', '{', '&']) || rest.starts_with(WORD);
        bare.match_indices(name).any(|(at, _)| bare[at + name.len()..].strip_prefix(':').is_some_and(is_value))
    };
    let after_value = |(at, _): (usize, &str)| bare[at..].strip_prefix(':').is_some_and(|rest| rest.starts_with(WORD));
    NAMES.into_iter().any(before_value) || bare.match_indices(':').any(after_value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_that_is_put_together_is_for_a_person() {
        let made = |text: &str| text.replace('K', NAMES[0]).replace('A', WORD);
        for text in [
            "echo '# K:A' >> a.js",
            "printf '// K:%s\\n' A >> a.js",
            "a=K; echo \"$a:A\" >> a.js",
            "b=A; echo \"# K:$b\" >> a.js",
            "echo '# K:'\"A\" >> a.js",
            "echo K:{A,x} >> a.js",
            "printf '%s:A' K >> a.js",
            "sed -i 's|# K|&:A|' a.js",
        ] {
            assert!(in_command(&made(text)).is_some(), "{text}");
        }
        for text in [
            "grep -rn K:A src",
            "K history --A 'tests/**'",
            "git commit -m 'K: A the flag'",
            "docker run K:latest staged",
            "docker run -v $PWD:/src K:0.1.0",
            "echo 'K: $x' >> log",
        ] {
            assert!(in_command(&made(text)).is_none(), "{text}");
        }
    }
}
