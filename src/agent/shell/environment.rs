//! What the environment of a command takes from git: the user's settings, or the repository.

use super::words::is_unknown;

/// What git would miss in its environment.
#[derive(Clone, Debug, Default)]
pub(super) struct Environment {
    /// Why git may not find the user's settings, which can hold the hooks.
    pub hidden: Option<String>,
    /// The variable that names another repository, which may have no hooks.
    pub other_repository: Option<String>,
}

impl Environment {
    /// Adds a variable that is set. `value` may be unknown.
    pub fn set(&mut self, name: &str, value: &str) {
        if is_of_user(name) {
            self.hide(format!("{name} decides where git finds the user's settings, which can hold the hooks"));
        } else if matches!(name, "GIT_DIR" | "GIT_COMMON_DIR") && !is_plain_git_dir(value) {
            self.other_repository.get_or_insert(format!("{name} names another repository, which may have no hooks"));
        }
    }

    /// Adds a variable that is removed.
    pub fn unset(&mut self, name: &str) {
        if is_of_user(name) {
            self.set(name, "");
        }
    }

    /// Adds the options of a program that starts another one with another environment.
    pub fn started_by(&mut self, program: &str, args: &[String]) {
        let mut args = args.iter().map(String::as_str);
        while let Some(arg) = args.next().filter(|arg| arg.starts_with('-')) {
            let is_empty = match program {
                "env" => matches!(arg, "-" | "--ignore-environment") || has_letter(arg, 'i'),
                "exec" => has_letter(arg, 'c'),
                "sudo" => matches!(arg, "--login" | "--set-home") || has_letter(arg, 'i') || has_letter(arg, 'H'),
                _ => false,
            };
            if is_empty {
                self.hide(format!("`{program} {arg}` hides the user's git settings, which can hold the hooks"));
            }
            if program == "env" {
                match arg.split_once('=') {
                    Some(("--unset", name)) => self.unset(name),
                    _ if matches!(arg, "-u" | "--unset") => self.unset(args.next().unwrap_or_default()),
                    _ => self.unset(arg.strip_prefix("-u").unwrap_or_default()),
                }
            }
        }
    }

    fn hide(&mut self, reason: String) {
        self.hidden.get_or_insert(reason);
    }
}

fn is_of_user(name: &str) -> bool {
    matches!(name, "HOME" | "XDG_CONFIG_HOME")
}

/// Whether the short options in `arg` have this letter. Letters behind one with a value belong to the value.
fn has_letter(arg: &str, letter: char) -> bool {
    let letters = arg.strip_prefix('-').filter(|rest| !rest.starts_with('-')).unwrap_or_default();
    letters.chars().take_while(|c| !matches!(c, 'u' | 'C' | 'S' | 'g' | 'p' | 'h' | 'a')).any(|c| c == letter)
}

/// Whether this is the `.git` of some worktree. Git's own hooks run there, as after `cd`.
pub(super) fn is_plain_git_dir(path: &str) -> bool {
    let path = path.trim_end_matches('/');
    !is_unknown(path) && (path == ".git" || path.ends_with("/.git"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden_by(line: &str) -> bool {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let mut environment = Environment::default();
        environment.started_by(&words[0], &words[1..]);
        environment.hidden.is_some()
    }

    #[test]
    fn options_that_hide_the_users_settings_are_known() {
        for line in ["env -i x", "env - x", "env -iC /tmp x", "env -uHOME x", "env -u HOME x", "exec -c x", "sudo -H x"]
        {
            assert!(hidden_by(line), "{line}");
        }
        for line in ["env -u X x", "env -C i x", "env x -i", "sudo -u i x", "exec -a c x", "nice -i x", "env -Ci x"] {
            assert!(!hidden_by(line), "{line}");
        }
    }

    #[test]
    fn another_git_folder_is_another_repository() {
        for (value, is_other) in [(".git", false), ("/a/.git/", false), ("/tmp/x.git", true), ("\u{FFFE}", true)] {
            let mut environment = Environment::default();
            environment.set("GIT_DIR", value);
            assert_eq!(environment.other_repository.is_some(), is_other, "{value}");
        }
    }
}
