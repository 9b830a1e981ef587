//! The remotes of a repository as git's configuration has them, and which repositories the user says are one.

use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::git::command::GitCommand;
use crate::git::path::to_path;
use crate::git::repository::Repository;
use crate::scan::remotes::location::Location;

/// A setting with two URLs of one repository, separated by a space. It is for URLs that look different, such as a host alias of ssh.
pub const SAME_REPOSITORY: &str = "keysweep.sameRepository";

/// One `remote.<name>`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Remote {
    pub name: Vec<u8>,
    urls: Vec<Vec<u8>>,
    push_urls: Vec<Vec<u8>>,
    refspecs: Vec<Vec<u8>>,
    /// Whether its URLs are from the repository's own `config`, and from no other file and no option.
    is_local: bool,
}

/// The settings that decide where a fetch or a push goes.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    pub remotes: Vec<Remote>,
    /// `url.<base>.insteadOf` and `url.<base>.pushInsteadOf`: base and prefix.
    instead_of: Vec<(Vec<u8>, Vec<u8>)>,
    push_instead_of: Vec<(Vec<u8>, Vec<u8>)>,
    same: Vec<(Vec<u8>, Vec<u8>)>,
}

/// One setting: the file that it is from, its name, and its value.
struct Setting<'s> {
    origin: &'s [u8],
    key: &'s [u8],
    value: &'s [u8],
}

impl Settings {
    /// Asks git once, since only git knows all files, includes, options and variables with settings.
    pub fn read(repository: &Repository) -> Result<Self, Error> {
        const ARGS: &[&str] =
            &["config", "--null", "--show-origin", "--get-regexp", r"^(remote|url)\.|^keysweep\.samerepository$"];
        let answer = GitCommand::new(Path::new("."), ARGS).env("GIT_DIR", repository.git_dir()).run()?;
        match answer.code {
            Some(0) => {
                let own = repository.common_dir().join("config");
                let parts = Parts { own: own.canonicalize().ok(), worktree: repository.worktree().map(real) };
                let common = real(repository.common_dir());
                Ok(Self::parse(&answer.stdout, &parts, &common))
            }
            // No setting matches.
            Some(1) if answer.stderr.is_empty() => Ok(Self::default()),
            _ => Err(Error::new(
                format!("cannot read the remotes of {}", repository.git_dir().display()),
                answer.error_output(),
                "correct the setting that git config --list reports",
            )),
        }
    }

    fn parse(printed: &[u8], parts: &Parts, common_dir: &Path) -> Self {
        let mut settings = Self::default();
        let mut fields = printed.split(|&b| b == 0);
        while let (Some(origin), Some(entry)) = (fields.next(), fields.next()) {
            // A key without `=` has no value.
            let end = entry.iter().position(|&b| b == b'\n').unwrap_or(entry.len());
            let value = entry.get(end + 1..).unwrap_or_default();
            settings.add(&Setting { origin, key: &entry[..end], value }, parts, common_dir);
        }
        settings
    }

    fn add(&mut self, setting: &Setting<'_>, parts: &Parts, common_dir: &Path) {
        let Some(dot) = setting.key.iter().rposition(|&b| b == b'.') else { return };
        let (section, variable) = (&setting.key[..dot], &setting.key[dot + 1..]);
        if setting.key == b"keysweep.samerepository" {
            let words: Vec<&[u8]> =
                setting.value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect();
            if let ([a, b], false) = (&words[..], parts.is_tracked(setting.origin, common_dir)) {
                self.same.push((a.to_vec(), b.to_vec()));
            }
        } else if let Some(base) = section.strip_prefix(b"url.") {
            match variable {
                b"insteadof" => self.instead_of.push((base.to_vec(), setting.value.to_vec())),
                b"pushinsteadof" => self.push_instead_of.push((base.to_vec(), setting.value.to_vec())),
                _ => {}
            }
        } else if let Some(name) = section.strip_prefix(b"remote.") {
            self.add_to_remote(name, variable, setting.value, parts.is_own(setting.origin));
        }
    }

    fn add_to_remote(&mut self, name: &[u8], variable: &[u8], value: &[u8], is_own: bool) {
        let at = self.remotes.iter().position(|remote| remote.name == name).unwrap_or_else(|| {
            self.remotes.push(Remote::named(name));
            self.remotes.len() - 1
        });
        let remote = &mut self.remotes[at];
        let list = match variable {
            b"url" => {
                remote.is_local &= is_own;
                &mut remote.urls
            }
            b"pushurl" => &mut remote.push_urls,
            b"fetch" => {
                remote.refspecs.push(value.to_vec());
                return;
            }
            _ => return,
        };
        // Since git 2.46 an empty value clears the list. An older git takes it for a URL, which is no repository.
        if value.is_empty() { list.clear() } else { list.push(value.to_vec()) }
    }

    pub fn remote(&self, name: &[u8]) -> Option<&Remote> {
        self.remotes.iter().find(|remote| remote.name == name)
    }

    /// The URL that git fetches from: the first one, rewritten. For a remote without a URL git uses the name.
    pub fn fetch_url(&self, remote: &Remote) -> Vec<u8> {
        let url = remote.urls.first().unwrap_or(&remote.name);
        rewritten(url, &self.instead_of).unwrap_or_else(|| url.clone())
    }

    /// The URLs that git pushes to, rewritten.
    pub fn push_urls(&self, remote: &Remote) -> Vec<Vec<u8>> {
        let plain = |url: &Vec<u8>| rewritten(url, &self.instead_of).unwrap_or_else(|| url.clone());
        if remote.push_urls.is_empty() {
            let of_url = |url: &Vec<u8>| rewritten(url, &self.push_instead_of).unwrap_or_else(|| plain(url));
            return remote.urls.iter().map(of_url).collect();
        }
        remote.push_urls.iter().map(plain).collect()
    }

    /// The URL that a push to the remote `name` goes to. None if there are several.
    pub fn only_push_url(&self, name: &[u8]) -> Option<Vec<u8>> {
        let mut urls = self.push_urls(self.remote(name)?);
        urls.pop().filter(|_| urls.is_empty())
    }

    /// Whether only the repository's own `config` decides which URL the remote fetches from.
    pub fn is_local(&self, remote: &Remote) -> bool {
        let is_rewritten = remote.urls.first().is_some_and(|url| rewritten(url, &self.instead_of).is_some());
        remote.is_local && !remote.urls.is_empty() && !is_rewritten
    }

    /// Every location of the repository at `location`, with those that the user has declared to be the same.
    pub fn same_as(&self, location: Location, base: &Path) -> Vec<Location> {
        let pairs: Vec<(Location, Location)> =
            self.same.iter().map(|(a, b)| (Location::parse(a, base), Location::parse(b, base))).collect();
        let mut all = vec![location];
        let mut at = 0;
        while at < all.len() {
            for (a, b) in &pairs {
                let other = if *a == all[at] { b } else { a };
                if (*a == all[at] || *b == all[at]) && !all.contains(other) {
                    all.push(other.clone());
                }
            }
            at += 1;
        }
        all
    }
}

impl Remote {
    pub fn named(name: &[u8]) -> Self {
        Self { name: name.to_vec(), is_local: true, ..Self::default() }
    }

    /// The tracking ref that a fetch writes for the ref `name` of the other repository.
    pub fn tracking_ref(&self, name: &[u8]) -> Option<Vec<u8>> {
        let specs = || self.refspecs.iter().map(|spec| Refspec::parse(spec));
        if specs().any(|spec| spec.is_negative && map(spec.source, spec.source, name).is_some()) {
            return None;
        }
        specs().filter(|spec| !spec.is_negative).find_map(|spec| map(spec.source, spec.target, name))
    }

    /// Whether a fetch from this remote may write the ref `name`.
    pub fn may_write(&self, name: &[u8]) -> bool {
        let targets = self.refspecs.iter().map(|spec| Refspec::parse(spec)).filter(|spec| !spec.is_negative);
        targets.into_iter().any(|spec| map(spec.target, spec.target, name).is_some())
    }

    /// Whether a fetch from this remote writes the ref `name`, and no negative refspec excludes it.
    pub fn covers(&self, name: &[u8]) -> bool {
        let there = self.refspecs.iter().map(|spec| Refspec::parse(spec)).filter(|spec| !spec.is_negative);
        let mut there = there.filter_map(|spec| map(spec.target, spec.source, name));
        there.any(|there| self.tracking_ref(&there).as_deref() == Some(name))
    }

    /// Identifies the remote by its name and its refspecs.
    pub fn identity(&self) -> Vec<u8> {
        [std::slice::from_ref(&self.name), &self.refspecs].concat().join(&0)
    }
}

/// `[+|^]source[:target]`.
struct Refspec<'s> {
    is_negative: bool,
    source: &'s [u8],
    target: &'s [u8],
}

impl<'s> Refspec<'s> {
    fn parse(spec: &'s [u8]) -> Self {
        let is_negative = spec.starts_with(b"^");
        let spec = spec.strip_prefix(b"^").or(spec.strip_prefix(b"+")).unwrap_or(spec);
        match spec.iter().position(|&b| b == b':') {
            Some(colon) => Self { is_negative, source: &spec[..colon], target: &spec[colon + 1..] },
            None => Self { is_negative, source: spec, target: b"" },
        }
    }
}

/// Maps `name` from the pattern `from` to the pattern `to`, as a refspec does. None where `from` does not match.
fn map(from: &[u8], to: &[u8], name: &[u8]) -> Option<Vec<u8>> {
    let star = |pattern: &[u8]| pattern.iter().position(|&b| b == b'*');
    match (star(from), star(to)) {
        (None, None) => (from == name && !to.is_empty()).then(|| to.to_vec()),
        (Some(at), Some(there)) => {
            let (before, behind) = (&from[..at], &from[at + 1..]);
            let middle = name.strip_prefix(before)?.strip_suffix(behind)?;
            Some([&to[..there], middle, &to[there + 1..]].concat())
        }
        _ => None,
    }
}

/// The rule with the longest prefix wins, and the first of several with the same length.
fn rewritten(url: &[u8], rules: &[(Vec<u8>, Vec<u8>)]) -> Option<Vec<u8>> {
    let matching = rules.iter().rev().filter(|(_, prefix)| url.starts_with(prefix));
    let (base, prefix) = matching.max_by_key(|(_, prefix)| prefix.len())?;
    Some([&base[..], &url[prefix.len()..]].concat())
}

/// The paths that a file of settings is compared with.
struct Parts {
    own: Option<PathBuf>,
    worktree: Option<PathBuf>,
}

impl Parts {
    fn is_own(&self, origin: &[u8]) -> bool {
        self.own.is_some() && file_of(origin) == self.own
    }

    /// Whether the setting comes from a file that the repository may track, through an include.
    fn is_tracked(&self, origin: &[u8], common_dir: &Path) -> bool {
        match (file_of(origin), &self.worktree) {
            (Some(file), Some(top)) => file.starts_with(top) && !file.starts_with(common_dir),
            // Options on the command line and in the environment are the user's.
            _ => origin.starts_with(b"blob:"),
        }
    }
}

fn file_of(origin: &[u8]) -> Option<PathBuf> {
    to_path(origin.strip_prefix(b"file:")?).canonicalize().ok()
}

fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(entries: &[(&str, &str)]) -> Settings {
        let printed: Vec<String> =
            entries.iter().map(|(key, value)| format!("command line:\0{key}\n{value}\0")).collect();
        Settings::parse(printed.concat().as_bytes(), &Parts { own: None, worktree: None }, Path::new("/nowhere"))
    }

    fn fetch_url(settings: &Settings, name: &str) -> String {
        let url = settings.fetch_url(settings.remote(name.as_bytes()).expect("a remote"));
        String::from_utf8(url).expect("UTF-8")
    }

    #[test]
    fn urls_are_rewritten_as_git_does() {
        let settings = settings(&[
            ("remote.a.url", "gh:o/a"),
            ("remote.a.url", "gh:o/second"),
            ("remote.b.url", "https://example.org/b"),
            ("remote.b.pushurl", "gh:o/b"),
            ("remote.c.url", "old"),
            ("remote.c.url", ""),
            ("remote.c.url", "gh:team/c"),
            ("remote.d.e.fetch", "+refs/heads/*:refs/remotes/d.e/*"),
            ("url.https://github.com/.insteadof", "gh:"),
            ("url.https://team.example.org/.insteadof", "gh:team/"),
            ("url.git@example.org:.pushinsteadof", "https://example.org/"),
        ]);
        assert_eq!(fetch_url(&settings, "a"), "https://github.com/o/a");
        assert_eq!(fetch_url(&settings, "b"), "https://example.org/b");
        assert_eq!(fetch_url(&settings, "c"), "https://team.example.org/c");
        assert_eq!(fetch_url(&settings, "d.e"), "d.e");
        let push = |name: &str| settings.push_urls(settings.remote(name.as_bytes()).expect("a remote"));
        assert_eq!(push("b"), [b"https://github.com/o/b"]);
        assert_eq!(push("a"), [&b"https://github.com/o/a"[..], b"https://github.com/o/second"]);
    }

    #[test]
    fn refspecs_decide_which_refs_track() {
        let settings = settings(&[
            ("remote.a.fetch", "+refs/heads/*:refs/remotes/a/*"),
            ("remote.a.fetch", "^refs/heads/secret/*"),
            ("remote.a.fetch", "refs/pull/*/head:refs/remotes/a/pr/*"),
            ("remote.a.fetch", "refs/heads/main:refs/remotes/alone"),
            ("remote.b.fetch", "+refs/*:refs/*"),
        ]);
        let a = settings.remote(b"a").expect("a remote");
        for (name, covered) in [
            (&b"refs/remotes/a/main"[..], true),
            (b"refs/remotes/a/x/y", true),
            (b"refs/remotes/a/secret/x", false),
            (b"refs/remotes/a/pr/7", true),
            (b"refs/remotes/ab/main", false),
            (b"refs/remotes/a", false),
            (b"refs/heads/main", false),
        ] {
            assert_eq!(a.covers(name), covered, "{}", name.escape_ascii());
        }
        assert!(a.may_write(b"refs/remotes/a/secret/x"));
        assert_eq!(a.tracking_ref(b"refs/heads/x").as_deref(), Some(&b"refs/remotes/a/x"[..]));
        assert_eq!(a.tracking_ref(b"refs/heads/secret/x"), None);
        assert_eq!(a.tracking_ref(b"refs/tags/x"), None);
    }

    #[test]
    fn the_user_may_vouch_for_several_urls() {
        let settings = settings(&[
            ("keysweep.samerepository", "work:o/r https://example.org/o/r"),
            ("keysweep.samerepository", "https://mirror.example.org/r work:o/r"),
            ("keysweep.samerepository", "one"),
            ("keysweep.samerepository", "a b c"),
        ]);
        let parse = |url: &str| Location::parse(url.as_bytes(), Path::new("/nowhere"));
        let all = settings.same_as(parse("git@example.org:o/r.git"), Path::new("/nowhere"));
        for (url, same) in
            [("work:o/r.git", true), ("https://mirror.example.org/r", true), ("a", false), ("one", false)]
        {
            assert_eq!(all.contains(&parse(url)), same, "{url}");
        }
    }
}
