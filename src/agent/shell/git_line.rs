//! The parts of a command line of git: the options in front of the command, the command, and its arguments.

use super::words::ANYTHING;

/// Options in front of the command that have their value in the next word.
const WITH_VALUE: &[&str] =
    &["-C", "--git-dir", "--work-tree", "--namespace", "--super-prefix", "--attr-source", "--shallow-file"];

/// A command line of git without the word `git`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct GitLine<'a> {
    /// Whether an option, or the command, may be any word.
    pub is_open: bool,
    /// The values of `-C`, in their order.
    pub folders: Vec<&'a str>,
    /// The value of `--git-dir`.
    pub git_dir: Option<&'a str>,
    /// The value of `--work-tree`.
    pub work_tree: Option<&'a str>,
    /// The values of `-c`.
    pub settings: Vec<&'a str>,
    /// The values of `--config-env`, which name variables.
    pub settings_from_variables: Vec<&'a str>,
    /// Whether `--exec-path` names a folder.
    pub has_exec_path: bool,
    pub command: &'a str,
    pub args: &'a [String],
}

impl<'a> GitLine<'a> {
    pub fn of(words: &'a [String]) -> Self {
        let mut line = Self::default();
        let mut at = 0;
        while let Some(word) = words.get(at).filter(|word| word.starts_with('-')) {
            let (name, joined) =
                word.split_once('=').map_or((word.as_str(), None), |(name, value)| (name, Some(value)));
            let next = words.get(at + 1).map(String::as_str).unwrap_or_default();
            let value = joined.unwrap_or(next);
            line.is_open |= word.contains(ANYTHING);
            match name {
                "-C" => line.folders.push(next),
                "-c" => line.settings.push(next),
                "--config-env" => line.settings_from_variables.push(value),
                "--exec-path" => line.has_exec_path |= joined.is_some(),
                "--git-dir" => line.git_dir = Some(value),
                "--work-tree" => line.work_tree = Some(value),
                _ => {}
            }
            let takes_next = joined.is_none() && (WITH_VALUE.contains(&name) || name == "--config-env");
            at += 1 + usize::from(takes_next || name == "-c");
        }
        if let Some((command, args)) = words.get(at..).and_then(<[String]>::split_first) {
            line.is_open |= command.contains(ANYTHING);
            (line.command, line.args) = (command, args);
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_in_front_are_no_command() {
        let words: Vec<String> =
            "-C a -c x=y --git-dir=g -P -C b --work-tree w commit -C c".split(' ').map(str::to_owned).collect();
        let line = GitLine::of(&words);
        assert_eq!((line.folders, line.settings), (vec!["a", "b"], vec!["x=y"]));
        assert_eq!((line.git_dir, line.work_tree), (Some("g"), Some("w")));
        assert_eq!((line.command, line.args), ("commit", &words[words.len() - 2..]));
        assert_eq!(GitLine::of(&[]), GitLine::default());
    }
}
