//! What a hook gets from git or a framework: standard input, and variables.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Read};

/// Standard input of a hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stdin {
    Text(Vec<u8>),
    /// An empty pipe. Git passes one where there is nothing to report.
    EmptyPipe,
    /// A terminal or the null device: the caller did not pass on git's input.
    NotPassedOn,
}

/// The variables with which pre-commit and prek describe a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Invocation {
    /// Whether one of them runs the hook.
    pub framework: bool,
    /// Whether git named an index. It does in a commit, and `pre-commit run` does not.
    pub index: bool,
    pub from: Option<String>,
    pub to: Option<String>,
    pub local_branch: Option<String>,
    pub remote_branch: Option<String>,
    pub remote: Option<OsString>,
    /// Where the push goes.
    pub url: Option<OsString>,
}

impl Stdin {
    /// Reads all of it, except from a terminal, where the read would wait for a person.
    pub fn read() -> io::Result<Self> {
        if io::stdin().is_terminal() {
            return Ok(Stdin::NotPassedOn);
        }
        let mut text = Vec::new();
        io::stdin().lock().read_to_end(&mut text)?;
        Ok(match (text.is_empty(), is_device()) {
            (false, _) => Stdin::Text(text),
            (true, true) => Stdin::NotPassedOn,
            (true, false) => Stdin::EmptyPipe,
        })
    }
}

#[cfg(unix)]
fn is_device() -> bool {
    use std::os::fd::AsFd;
    use std::os::unix::fs::FileTypeExt;
    let file = io::stdin().as_fd().try_clone_to_owned().map(std::fs::File::from);
    // If the type is unknown, do not assume a pipe.
    file.and_then(|file| file.metadata()).map_or(true, |meta| meta.file_type().is_char_device())
}

#[cfg(not(unix))]
fn is_device() -> bool {
    false
}

impl Invocation {
    pub fn from_environment() -> Self {
        let value = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        Self {
            framework: value("PRE_COMMIT").is_some() || value("PREK_HOOK_STAGE").is_some(),
            index: std::env::var_os("GIT_INDEX_FILE").is_some_and(|path| !path.is_empty()),
            from: value("PRE_COMMIT_FROM_REF"),
            to: value("PRE_COMMIT_TO_REF"),
            local_branch: value("PRE_COMMIT_LOCAL_BRANCH"),
            remote_branch: value("PRE_COMMIT_REMOTE_BRANCH"),
            remote: std::env::var_os("PRE_COMMIT_REMOTE_NAME").filter(|name| !name.is_empty()),
            url: std::env::var_os("PRE_COMMIT_REMOTE_URL").filter(|url| !url.is_empty()),
        }
    }

    /// The two ends of the range that the user named.
    pub fn range(&self) -> Option<(&str, &str)> {
        Some((self.from.as_deref()?, self.to.as_deref()?))
    }
}
