//! Opening an ordinary repository with few system calls.
//!
//! A hook runs at the top of a worktree, which nearly always contains a `.git` as `git init` or `git clone` made it. For this case,
//! [`PlainRepository`] reads HEAD and the configuration once each. gix takes 44 system calls more, and reads HEAD three times. Every
//! other case is left to gix: a linked worktree, a submodule, a bare repository, `GIT_DIR`, extensions, a damaged file.

use std::io;
use std::path::{Path, PathBuf};

use gix::ObjectId;
use gix::bstr::ByteSlice;
use gix::refs::{FullName, Target};

use crate::regular_file;

/// A repository with a worktree, loose refs and SHA-1.
pub(super) struct PlainRepository {
    pub git_dir: PathBuf,
    /// The content of HEAD.
    pub head: Target,
}

impl PlainRepository {
    /// The repository whose worktree is at `dir`. None if gix has to decide, or report an error.
    pub fn find(dir: &Path) -> Option<Self> {
        if ["GIT_DIR", "GIT_COMMON_DIR"].iter().any(|name| std::env::var_os(name).is_some()) {
            return None;
        }
        let git_dir = dir.join(".git");
        let head = parse_head(&regular_file::read(&git_dir.join("HEAD")).ok()?)?;
        let is_plain = is_plain_config(&regular_file::read(&git_dir.join("config")).ok()?)
            && is_missing(&git_dir.join("commondir"))
            // Git always opens this file, which may be a pipe.
            && regular_file::expect(&git_dir.join("packed-refs")).is_ok()
            && ["objects", "refs"].iter().all(|name| git_dir.join(name).is_dir());
        is_plain.then_some(Self { git_dir, head })
    }
}

/// The id in a detached HEAD, or the name of a branch. None if git may read it differently.
fn parse_head(text: &[u8]) -> Option<Target> {
    let text = text.strip_suffix(b"\n")?;
    match text.strip_prefix(b"ref: ") {
        // gix composes other names for macOS.
        Some(name) if name.starts_with(b"refs/heads/") && name.is_ascii() => {
            Some(Target::Symbolic(FullName::try_from(name.as_bstr()).ok()?))
        }
        Some(_) => None,
        None => ObjectId::from_hex(text).ok().filter(|id| id.kind() == gix::hash::Kind::Sha1).map(Target::Object),
    }
}

fn is_missing(path: &Path) -> bool {
    path.symlink_metadata().is_err_and(|err| err.kind() == io::ErrorKind::NotFound)
}

/// Whether `config` is a configuration such as git writes for a repository with a worktree: one setting on each line, no includes, no
/// extensions, no other worktree. Nothing else in it changes what is scanned.
fn is_plain_config(config: &[u8]) -> bool {
    let mut section = Vec::new();
    let mut has_worktree = false;
    for line in config.lines().map(<[u8]>::trim_ascii) {
        if line.is_empty() || line.starts_with(b"#") || line.starts_with(b";") {
            continue;
        }
        if let Some(header) = line.strip_prefix(b"[") {
            let Some(name) = section_name(header) else { return false };
            section = name.to_ascii_lowercase();
            continue;
        }
        let Some((key, value)) = setting(line) else { return false };
        if section.is_empty() || key == b"worktree" {
            return false;
        }
        if section == b"core" {
            match (&*key, value) {
                (b"bare", b"false") => has_worktree = true,
                (b"bare", _) => return false,
                (b"repositoryformatversion", value) if value != b"0" => return false,
                _ => {}
            }
        }
    }
    has_worktree
}

/// The name of a section whose header is `header`, without the opening bracket.
fn section_name(header: &[u8]) -> Option<&[u8]> {
    let header = header.strip_suffix(b"]")?;
    let (name, subsection) = match header.split_once_str(b" \"") {
        Some((name, rest)) => (name, rest.strip_suffix(b"\"")?),
        None => (header, &b""[..]),
    };
    let is_other = [&b"include"[..], b"includeif", b"extensions"].iter().any(|other| name.eq_ignore_ascii_case(other));
    (is_name(name) && !is_other && !subsection.contains_str("\"") && !subsection.contains(&b'\\')).then_some(name)
}

/// The key in lower case, and the value. None if git may continue the value on the next line, or read it differently.
fn setting(line: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let (key, value) = line.split_once_str("=")?;
    let (key, value) = (key.trim_ascii(), value.trim_ascii());
    (is_name(key) && !value.contains(&b'"') && !value.contains(&b'\\')).then(|| (key.to_ascii_lowercase(), value))
}

fn is_name(name: &[u8]) -> bool {
    name.first().is_some_and(u8::is_ascii_alphabetic) && name.iter().all(|&b| b.is_ascii_alphanumeric() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_writes_is_plain() {
        let init =
            "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n\tlogallrefupdates = true\n";
        let clone = "[remote \"origin\"]\n\turl = git@example.org:a/b.git\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n\
                     [branch \"it's [main]\"]\n\tremote = origin\n\tmerge = refs/heads/main\n";
        for more in ["", clone, "# a comment\r\n; another\r\n\r\n[User]\r\n\temail = a@example.org # mine\r\n"] {
            assert!(is_plain_config(format!("{init}{more}").as_bytes()), "{more}");
        }
        for more in [
            "[core]\n\tworktree = ..\n",
            "[core]\n\tWorkTree = ..\n",
            "[core]\n\tbare = true\n",
            "[core]\n\tbare\n",
            "[CORE]\n\tBare = yes\n",
            "[core] bare = true\n",
            "[core \"x\"] bare = true\n",
            "[core]\n\trepositoryformatversion = 1\n",
            "[extensions]\n\tobjectformat = sha256\n",
            "[Extensions]\n\tworktreeConfig = true\n",
            "[include]\n\tpath = more\n",
            "[includeIf \"gitdir:**\"]\n\tpath = more\n",
            "[alias]\n\ta = b \\\n\t[core]\n",
            "[alias]\n\ta = \"b # c\"\n",
            "[section\n",
            "[a.b]\n\tc = d\n",
            "\u{feff}[core]\n",
        ] {
            assert!(!is_plain_config(format!("{init}{more}").as_bytes()), "{more}");
        }
        assert!(!is_plain_config(b"bare = false\n"));
        assert!(!is_plain_config(b"[core]\n\tfilemode = true\n"));
        assert!(!is_plain_config(b""));
    }

    #[test]
    fn a_head_that_is_not_certain_is_left_to_gix() {
        let id = "0123456789".repeat(4);
        let branch = parse_head(b"ref: refs/heads/a/b\n");
        assert!(matches!(branch, Some(Target::Symbolic(name)) if name.as_bstr() == "refs/heads/a/b"));
        let detached = parse_head(format!("{id}\n").as_bytes());
        assert_eq!(detached, ObjectId::from_hex(id.as_bytes()).ok().map(Target::Object));
        let longer = format!("{id}012345678901234567890123\n");
        let (open, spaced) = (id.clone(), format!(" {id}\n"));
        for text in [
            "",
            "\n",
            "ref: refs/heads/main",
            "ref:  refs/heads/main\n",
            "ref: refs/heads/.invalid\n",
            "ref: refs/heads/main \n",
            "ref: refs/heads/ä\n",
            "ref: HEAD\n",
            "ref: refs/heads/../../../x\n",
            &open,
            &spaced,
            &longer,
        ] {
            assert!(parse_head(text.as_bytes()).is_none(), "{text}");
        }
    }
}
