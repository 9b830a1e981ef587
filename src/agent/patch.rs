//! Patches of the tool `apply_patch`, which Codex CLI, Copilot and Cursor have. The format is that of
//! `codex-rs/apply-patch/apply_patch_tool_instructions.md` in openai/codex.

const BEGIN: &str = "*** Begin Patch";
const END: &str = "*** End Patch";
const FILES: &[&str] = &["*** Add File: ", "*** Update File: ", "*** Delete File: ", "*** Move to: "];

/// Whether the text is a patch and nothing else.
pub(super) fn is_patch(text: &str) -> bool {
    let text = text.trim();
    let is_line = |line: &str| line.is_empty() || line.starts_with(['+', '-', ' ', '@', '*']);
    text.starts_with(BEGIN) && text.ends_with(END) && text.lines().all(is_line)
}

/// The paths that the patch changes.
pub(super) fn paths(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| FILES.iter().find_map(|start| line.trim_start().strip_prefix(start)).map(str::trim))
}

/// The paths that a diff changes, as `git diff` and `diff -u` write them.
pub(super) fn diff_paths(text: &str) -> impl Iterator<Item = &str> {
    let starts = ["+++ ", "--- ", "rename to ", "rename from ", "copy to "];
    text.lines().filter_map(move |line| starts.iter().find_map(|start| line.strip_prefix(start))).map(|rest| {
        // `diff -u` adds the time behind a tab.
        let path = rest.split('\t').next().unwrap_or_default().trim();
        path.strip_prefix("a/").or_else(|| path.strip_prefix("b/")).unwrap_or(path)
    })
}

/// The lines that the patch adds, and everything else that is neither removed nor context.
pub(super) fn added(text: &str) -> String {
    let is_kept = |line: &&str| !line.starts_with('-') && !line.starts_with(' ');
    let lines = text.lines().filter(is_kept).map(|line| line.strip_prefix('+').unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_has_paths_and_added_lines() {
        let text =
            "*** Begin Patch\n*** Update File: a/b.rs\n@@ fn\n-old\n+new\n same\n*** Move to: c d.rs\n*** End Patch";
        assert!(is_patch(text));
        assert_eq!(paths(text).collect::<Vec<_>>(), ["a/b.rs", "c d.rs"]);
        let added = added(text);
        assert!(added.contains("\nnew\n") && !added.contains("old") && !added.contains("same"), "{added}");
        let diff = "--- a/x.rs\t2026-01-01\n+++ b/y.rs\n@@ -1 +1 @@\n-old\n+new\nrename to z.rs\n";
        assert_eq!(diff_paths(diff).collect::<Vec<_>>(), ["x.rs", "y.rs", "z.rs"]);
        assert!(!is_patch("*** Begin Patch\ngit commit -n\n*** End Patch"));
        assert!(!is_patch("ls\n*** Begin Patch\n*** End Patch"));
    }
}
