//! The folders in which the commands of a script run, and the protected files that a command changes there.

use super::super::protected;
use super::words::is_unknown;

/// Aliases are looked up in at most this many folders, since each asks git.
const MAX_FOLDERS: usize = 16;

/// The folder after each `cd` so far.
#[derive(Clone)]
pub(super) struct Folders {
    /// The folder in which the next command runs.
    current: String,
    is_known: bool,
    /// All folders so far. A list `cd a || cd b` may end in either.
    all: Vec<String>,
}

impl Folders {
    pub fn new(folder: &str) -> Self {
        Self { current: folder.to_owned(), is_known: true, all: vec![folder.to_owned()] }
    }

    /// Goes to a folder, or home. Returns false if that happens too often.
    pub fn change(&mut self, folder: Option<&str>) -> bool {
        match folder {
            None => self.is_known = true,
            Some(folder) if is_unknown(folder) => self.is_known = false,
            Some(folder) => {
                self.current = joined(&self.current, folder);
                if self.all.len() == MAX_FOLDERS {
                    return false;
                }
                if !self.all.contains(&self.current) {
                    self.all.push(self.current.clone());
                }
            }
        }
        true
    }

    /// All folders so far, after the options `-C` of git.
    pub fn after(&self, options: &[&str]) -> Vec<String> {
        let inside = |folder: &String| options.iter().fold(folder.clone(), |folder, next| joined(&folder, next));
        self.all.iter().map(inside).collect()
    }

    /// What the path is, if it is protected.
    pub fn protected(&self, path: &str) -> Option<&'static str> {
        if self.is_known && !is_unknown(path) {
            protected::noun_in(&self.current, path)
        } else {
            protected::noun_anywhere(path)
        }
    }

    /// What is protected among the files that a command with these arguments may change.
    pub fn changed(&self, words: &[String]) -> Option<&'static str> {
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if let Some(rest) = ["--exclude", "--ignore"].iter().find_map(|option| word.strip_prefix(option)) {
                // What is left out is not changed. The value is in the next word if there is no `=`.
                if rest.is_empty() {
                    words.next();
                }
                continue;
            }
            // The value of an option may be a path: `of=.git/config`, `--output=…`, `-o.git/config`.
            let value = word.split_once('=').map(|(_, value)| value);
            let joined = if word.starts_with('-') { word.get(2..) } else { None };
            let noun = [Some(word.as_str()), value, joined].into_iter().flatten().find_map(|path| self.protected(path));
            if noun.is_some() {
                return noun;
            }
        }
        None
    }
}

/// The folder after `cd next` in `folder`.
fn joined(folder: &str, next: &str) -> String {
    if next.starts_with(['/', '~']) { next.to_owned() } else { format!("{folder}/{next}") }
}
