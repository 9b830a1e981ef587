//! Settings of git that decide whether hooks run.

/// Whether a setting with this key can switch hooks off. Keys ignore case, except for the middle part.
pub(super) fn decides(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let in_section = |section: &str| key == section || key.starts_with(&format!("{section}."));
    // New repositories get their hooks from the template.
    matches!(key.as_str(), "core.hookspath" | "init.templatedir")
        || ["hook", "alias", "include", "includeif"].into_iter().any(in_section)
}

/// Options of `git config` with a value in the next word.
const WITH_VALUE: &[&str] = &["-f", "-t", "--file", "--blob", "--type", "--default", "--comment", "--value", "--url"];

/// Options with which `git config` only reads. Git accepts no other action beside them.
const READING: &[&str] =
    &["--get", "--get-all", "--get-regexp", "--get-urlmatch", "--get-color", "--get-colorbool", "-l", "--list"];

/// Options with which it changes whole sections or opens an editor.
const WHOLE: &[&str] = &["-e", "--edit", "--remove-section", "--rename-section"];

/// Whether `git config ARGS` can change a setting that decides about hooks.
pub(super) fn changes(args: &[String]) -> bool {
    let (mut options, mut operands) = (Vec::new(), Vec::new());
    let mut words = args.iter().map(String::as_str);
    while let Some(word) = words.next() {
        match word {
            "--" => operands.extend(words.by_ref()),
            _ if !word.starts_with('-') => operands.push(word),
            _ => {
                if !word.contains('=') && is_any(word, WITH_VALUE) {
                    words.next();
                }
                options.push(word.split('=').next().unwrap_or_default());
            }
        }
    }
    let command = operands.first().copied().unwrap_or_default();
    if options.iter().any(|option| READING.contains(option)) || matches!(command, "get" | "list") {
        return false;
    }
    if options.iter().any(|option| is_any(option, WHOLE))
        || matches!(command, "edit" | "remove-section" | "rename-section")
    {
        return true;
    }
    let is_command = matches!(command, "set" | "unset");
    let unset = options.iter().any(|option| is_any(option, &["--unset-all", "--unset"]));
    let key = operands.get(usize::from(is_command)).copied().unwrap_or_default();
    // With a key alone it reads.
    let writes = is_command || unset || operands.len() > 1 || options.contains(&"--add");
    writes && (decides(key) || !key.is_ascii())
}

/// Whether the word is one of the options, or the beginning of a long one, which git accepts too.
pub(super) fn is_any(word: &str, options: &[&str]) -> bool {
    options.iter().any(|option| *option == word || word.len() > 2 && option.starts_with(word))
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
