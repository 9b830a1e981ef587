//! What a hook gets from whoever runs it: standard input, and the variables of the frameworks.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Read};

/// What came on standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stdin {
    Text(Vec<u8>),
    /// A pipe with nothing in it: so git says that there is nothing.
    EmptyPipe,
    /// A terminal, or the null device: whoever ran the hook did not pass on what git said.
    NotPassedOn,
}

/// The variables by which pre-commit and prek tell of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Invocation {
    /// Whether one of them runs the hook at all.
    pub framework: bool,
    /// Whether git named an index; it does in a commit, and nobody does in `pre-commit run`.
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
    /// Reads all of it, but from a terminal, where nobody may be typing.
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
    // What cannot be asked cannot be trusted to be a pipe.
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

    /// The two ends of a range that somebody asked for.
    pub fn range(&self) -> Option<(&str, &str)> {
        Some((self.from.as_deref()?, self.to.as_deref()?))
    }
}
