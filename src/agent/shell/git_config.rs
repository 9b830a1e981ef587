//! Settings of git that decide whether hooks run.

/// Whether a setting with this key can switch hooks off. Keys ignore case, except for the middle part.
pub(super) fn decides(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let in_section = |section: &str| key == section || key.starts_with(&format!("{section}."));
    key == "core.hookspath" || ["hook", "alias", "include", "includeif"].into_iter().any(in_section)
}

/// Options of `git config` with a value in the next word.
const WITH_VALUE: &[&str] = &["-f", "--file", "--blob", "--type", "--default", "--comment", "--value", "--url"];

/// Options and commands with which `git config` only reads.
const READING: &[&str] = &[
    "--get",
    "--get-all",
    "--get-regexp",
    "--get-urlmatch",
    "--get-color",
    "--get-colorbool",
    "-l",
    "--list",
    "get",
    "list",
];

/// Options and commands with which it changes whole sections or opens an editor.
const WHOLE: &[&str] =
    &["-e", "--edit", "edit", "--remove-section", "remove-section", "--rename-section", "rename-section"];

/// Whether `git config ARGS` can change a setting that decides about hooks.
pub(super) fn changes(args: &[String]) -> bool {
    if args.iter().any(|arg| READING.contains(&arg.as_str())) {
        return false;
    }
    let mut operands = Vec::new();
    let mut words = args.iter();
    while let Some(word) = words.next() {
        if WHOLE.contains(&word.as_str()) {
            return true;
        }
        if WITH_VALUE.contains(&word.as_str()) {
            words.next();
        } else if !word.starts_with('-') {
            operands.push(word.as_str());
        }
    }
    let is_command = operands.first().is_some_and(|first| matches!(*first, "set" | "unset"));
    let unset = args.iter().any(|arg| arg.starts_with("--unset") || arg == "unset");
    let key = operands.get(usize::from(is_command)).copied().unwrap_or_default();
    // With a key alone it reads.
    let writes = is_command || unset || operands.len() > 1 || args.iter().any(|arg| arg == "--add");
    writes && (decides(key) || !key.is_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_a_setting_about_hooks_is_known() {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        for line in [
            "core.hooksPath /dev/null",
            "CORE.HOOKSPATH x",
            "--global core.hooksPath x",
            "--unset core.hooksPath",
            "unset core.hooksPath",
            "set --global core.hookspath x",
            "hook.keysweep-pre-commit.enabled false",
            "--file .git/config core.hooksPath x",
            "alias.ci commit",
            "include.path /tmp/x",
            "--remove-section core",
            "--edit",
            "--add hook.x.command true",
        ] {
            assert!(changes(&words(line)), "{line}");
        }
        for line in [
            "core.hooksPath",
            "--get core.hooksPath",
            "user.name Ada",
            "--list",
            "get core.hooksPath",
            "--unset user.name",
        ] {
            assert!(!changes(&words(line)), "{line}");
        }
    }
}
