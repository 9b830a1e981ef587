//! The programs that git starts because an option, a setting or a variable names them.

use super::git_config::is_any;

/// Variables with a command that git, a shell or a pager runs.
const VARIABLES: &[&str] = &[
    "EDITOR",
    "GIT_ASKPASS",
    "GIT_EDITOR",
    "GIT_EXTERNAL_DIFF",
    "GIT_PAGER",
    "GIT_PROXY_COMMAND",
    "GIT_SEQUENCE_EDITOR",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "MANPAGER",
    "PAGER",
    "PROMPT_COMMAND",
    "SSH_ASKPASS",
    "VISUAL",
];

/// Settings with a command, in lower case. `*` is the middle part.
const SETTINGS: &[&str] = &[
    "core.askpass",
    "core.editor",
    "core.fsmonitor",
    "core.gitproxy",
    "core.pager",
    "core.sshcommand",
    "credential.helper",
    "credential.*.helper",
    "diff.external",
    "diff.*.command",
    "diff.*.textconv",
    "difftool.*.cmd",
    "filter.*.clean",
    "filter.*.process",
    "filter.*.smudge",
    "gpg.program",
    "gpg.*.program",
    "interactive.difffilter",
    "merge.*.driver",
    "mergetool.*.cmd",
    "pager.*",
    "remote.*.receivepack",
    "remote.*.uploadpack",
    "sequence.editor",
    "submodule.*.update",
    "trailer.*.cmd",
    "trailer.*.command",
    "uploadpack.packobjectshook",
];

/// Options of commands whose value is a program. The value is behind `=` or in the next word.
const OPTIONS: &[(&str, &[&str])] = &[
    ("push", &["--receive-pack", "--exec"]),
    ("fetch", &["--upload-pack"]),
    ("pull", &["--upload-pack"]),
    ("clone", &["--upload-pack", "-u"]),
    ("ls-remote", &["--upload-pack", "--exec"]),
    ("archive", &["--exec"]),
    ("difftool", &["--extcmd", "-x"]),
    ("grep", &["--open-files-in-pager", "-O"]),
];

/// Whether the variable has a command.
pub(super) fn is_program_variable(name: &str) -> bool {
    VARIABLES.contains(&name)
}

/// The command in a setting `KEY=VALUE`, if its key is one of those with a command.
pub(super) fn of_setting(setting: &str) -> Option<String> {
    let (key, value) = setting.split_once('=')?;
    of_value(key, value)
}

fn of_value(key: &str, value: &str) -> Option<String> {
    let key = key.to_ascii_lowercase();
    let is_named = |pattern: &&str| match pattern.split_once('*') {
        None => key == **pattern,
        Some((start, end)) => key.len() > start.len() + end.len() && key.starts_with(start) && key.ends_with(end),
    };
    SETTINGS.iter().any(is_named).then(|| value.trim_start_matches('!').to_owned())
}

/// The commands that the options of `git COMMAND ARGS` name.
pub(super) fn of_command(command: &str, args: &[String]) -> Vec<String> {
    if command == "config" {
        return of_config(args);
    }
    let Some((_, options)) = OPTIONS.iter().find(|(name, _)| *name == command) else { return Vec::new() };
    let mut found = Vec::new();
    for (at, arg) in args.iter().enumerate().take_while(|(_, arg)| *arg != "--") {
        if let Some((_, value)) = arg.split_once('=').filter(|(name, _)| is_any(name, options)) {
            found.push(value.to_owned());
        } else if is_any(arg, options) {
            found.extend(args.get(at + 1).cloned());
        } else if let Some(value) =
            options.iter().filter(|name| name.len() == 2).find_map(|name| arg.strip_prefix(name))
        {
            found.push(value.to_owned());
        }
    }
    found
}

/// `git config [set] KEY COMMAND`.
fn of_config(args: &[String]) -> Vec<String> {
    let value = |pair: &[String]| of_value(&pair[0], &pair[1]);
    args.windows(2).filter_map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands(line: &str) -> Vec<String> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        of_command(&words[0], &words[1..])
    }

    #[test]
    fn options_and_settings_name_programs() {
        for line in [
            "push --receive-pack=x origin",
            "push --receive x origin",
            "fetch --upload-pack x ../y",
            "clone -u x ../y",
            "difftool -x x",
            "grep -Ox y",
            "config core.editor x",
            "config set --global filter.lfs.clean x",
        ] {
            assert_eq!(commands(line), ["x"], "{line}");
        }
        assert!(commands("commit --exec=x").is_empty() && commands("push -- --exec=x").is_empty());
        assert_eq!(of_setting("Core.Editor=vim -f"), Some("vim -f".to_owned()));
        assert_eq!(of_setting("credential.https://x.helper=!y"), Some("y".to_owned()));
        assert_eq!(of_setting("user.name=x"), None);
    }
}
