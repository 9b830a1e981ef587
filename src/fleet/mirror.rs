//! A mirror of a repository: every ref that the server shows, and its HEAD. It holds no address.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use crate::error::Error;
use crate::fleet::address::Remote;
use crate::fleet::messages::cause;
use crate::git::command::{GitCommand, Login};
use crate::subprocess::{End, Limits};

/// Git runs in the mirror. Where `safe.bareRepository` is `explicit`, it refuses a bare repository that no option names.
const GIT_DIR: &str = "--git-dir=.";

/// The longest list of refs, in bytes: some 2 million refs. A hostile server could fill the memory with more.
const MAX_LIST: usize = 128 << 20;

/// With more packs than this, git joins them. Each fetch adds one.
const MAX_PACKS: usize = 50;

/// What a server shows.
#[derive(Default)]
struct Shown {
    /// Lines of an id, a space and a name.
    refs: BTreeSet<Vec<u8>>,
    /// The length of all lines, in bytes.
    length: usize,
    /// The name of HEAD's branch.
    branch: Option<String>,
    /// The commit of HEAD.
    head: Option<String>,
}

/// Fetches what is new, or everything, into the bare repository `mirror`. Returns an error about refs that git does not fetch.
pub fn update(remote: &Remote, mirror: &Path, limits: &Limits<'_>) -> Result<Option<Error>, Error> {
    let shown = list(remote, limits)?;
    prepare(mirror, shown.object_format())?;
    let mut unfetched = None;
    if shown.refs != refs_of(mirror)? {
        unfetched = fetch(remote, mirror, limits)?;
        join_packs(mirror, limits)?;
    }
    set_head(mirror, &shown)?;
    Ok(unfetched)
}

/// Removes what a stopped git left behind: locks, which would stop the next one, and parts of packs.
pub fn remove_leftovers(mirror: &Path) {
    let mut folders = vec![mirror.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "lock")
                || name.starts_with("tmp_")
                || name.starts_with(".tmp-")
            {
                // If it stays, git says so.
                let _ = fs::remove_file(path);
            }
        }
    }
}

fn list(remote: &Remote, limits: &Limits<'_>) -> Result<Shown, Error> {
    let mut shown = Shown::default();
    let args = ["ls-remote", "--quiet", "--symref", "--", &remote.url];
    run(Path::new("/"), remote.login.as_ref(), &args, limits, &mut |line| shown.add(line))?;
    Ok(shown)
}

impl Shown {
    /// Adds a line of `git ls-remote`: an id or `ref: NAME`, a tab, and a name.
    fn add(&mut self, line: &[u8]) -> Result<(), String> {
        self.length += line.len();
        if self.length > MAX_LIST {
            return Err(format!("its list of refs has more than {MAX_LIST} bytes"));
        }
        let Some(tab) = line.iter().position(|&b| b == b'\t') else { return Ok(()) };
        let (id, name) = (&line[..tab], &line[tab + 1..]);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        match (id.strip_prefix(b"ref: "), name) {
            (Some(branch), b"HEAD") => self.branch = Some(text(branch)),
            (None, b"HEAD") => self.head = Some(text(id)),
            // A peeled tag has the name of the tag with ^{}.
            (None, name) if name.starts_with(b"refs/") && !name.ends_with(b"^{}") => {
                _ = self.refs.insert([id, b" ", name].concat());
            }
            _ => {}
        }
        Ok(())
    }

    fn object_format(&self) -> &'static str {
        let is_long = self.refs.first().is_some_and(|line| line.iter().position(|&b| b == b' ') == Some(64));
        if is_long { "sha256" } else { "sha1" }
    }
}

/// Makes an empty repository if there is none, or one with other ids.
fn prepare(mirror: &Path, format: &str) -> Result<(), Error> {
    let failed = |cause: io::Error| {
        let help = "check the permissions of the cache folder, or name another with --cache";
        Error::new(format!("cannot prepare the mirror {}", mirror.display()), cause, help)
    };
    let config = fs::read_to_string(mirror.join("config")).unwrap_or_default();
    let is_there = ["HEAD", "objects", "refs"].iter().all(|name| mirror.join(name).exists());
    let is_long = config.to_ascii_lowercase().contains("objectformat = sha256");
    if is_there && !config.is_empty() && is_long == (format == "sha256") {
        remove_leftovers(mirror);
        return Ok(());
    }
    match fs::remove_dir_all(mirror) {
        Err(err) if err.kind() != io::ErrorKind::NotFound => return Err(failed(err)),
        _ => {}
    }
    fs::create_dir(mirror).map_err(failed)?;
    let git = GitCommand::new(mirror, ["init", "--quiet", "--bare", "--template=", "."]).ignoring_git_env();
    let git = git.env("GIT_DEFAULT_HASH", format).env("GIT_DEFAULT_REF_FORMAT", "files").run()?;
    if git.succeeded() { Ok(()) } else { Err(failed(io::Error::other(cause(&git.error_output())))) }
}

/// Lines of an id, a space and a name.
fn refs_of(mirror: &Path) -> Result<BTreeSet<Vec<u8>>, Error> {
    let git = in_mirror(mirror, &["for-each-ref", "--format=%(objectname) %(refname)"]).run()?;
    // What is wrong with the refs is said by the fetch that follows.
    Ok(git.lines().filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect())
}

fn fetch(remote: &Remote, mirror: &Path, limits: &Limits<'_>) -> Result<Option<Error>, Error> {
    let args = [
        GIT_DIR,
        "fetch",
        "--quiet",
        "--prune",
        "--no-tags",
        "--no-recurse-submodules",
        "--no-write-fetch-head",
        "--update-shallow",
        "--",
        &remote.url,
        "+refs/*:refs/*",
    ];
    let messages = run(mirror, remote.login.as_ref(), &args, limits, &mut |_| Ok(()))?;
    let ignored = messages.lines().filter(|line| line.contains("gnoring funny ref")).count();
    Ok((ignored > 0).then(|| {
        let context = format!("cannot fetch {ignored} refs");
        Error::new(context, "git does not accept their names", "rename them on the server")
    }))
}

/// Joins the packs, and keeps objects that no ref reaches: the next scan would otherwise read everything again.
fn join_packs(mirror: &Path, limits: &Limits<'_>) -> Result<(), Error> {
    let packs = fs::read_dir(mirror.join("objects/pack")).into_iter().flatten().flatten();
    let packs = packs.filter(|entry| entry.path().extension().is_some_and(|kind| kind == "pack")).count();
    if packs > MAX_PACKS {
        run(mirror, None, &[GIT_DIR, "repack", "-a", "-d", "-k", "-q"], limits, &mut |_| Ok(()))?;
    }
    Ok(())
}

/// Lets HEAD name the branch of the server, since the report says what is in HEAD.
fn set_head(mirror: &Path, shown: &Shown) -> Result<(), Error> {
    let now = fs::read_to_string(mirror.join("HEAD")).unwrap_or_default();
    let args = match (&shown.branch, &shown.head) {
        (Some(branch), _) if now.trim_end() == format!("ref: {branch}") => return Ok(()),
        (Some(branch), _) => vec!["symbolic-ref", "HEAD", branch],
        (None, Some(id)) if now.trim_end() == id => return Ok(()),
        (None, Some(id)) => vec!["update-ref", "--no-deref", "HEAD", id],
        (None, None) => return Ok(()),
    };
    let git = in_mirror(mirror, &args).run()?;
    let help = "run the command again: the repository may have changed meanwhile";
    let failed = || Error::new("cannot set HEAD of the mirror", cause(&git.error_output()), help);
    if git.succeeded() { Ok(()) } else { Err(failed()) }
}

fn in_mirror(mirror: &Path, args: &[&str]) -> GitCommand {
    GitCommand::new(mirror, [&[GIT_DIR], args].concat()).ignoring_git_env().env("GIT_NO_REPLACE_OBJECTS", "1")
}

/// Runs git with the network, and returns its messages. Fails unless git succeeds.
fn run(
    dir: &Path,
    login: Option<&Login>,
    args: &[&str],
    limits: &Limits<'_>,
    on_line: &mut dyn FnMut(&[u8]) -> Result<(), String>,
) -> Result<String, Error> {
    let ended = GitCommand::with_network(dir, login, args).run_within(limits, on_line)?;
    let address = "check the address, and that git can fetch it without a question";
    let (cause, help) = match ended.end {
        End::Exited(Some(0)) => return Ok(ended.messages),
        End::Exited(Some(_)) => (cause(&ended.messages), address),
        End::Exited(None) => ("a signal ended git".to_owned(), "run the command again"),
        End::Late => ("the time of --timeout is over".to_owned(), "give more time with --timeout"),
        End::Stopped(cause) => (cause, "if the cache is full, raise --cache-size"),
    };
    Err(Error::new("cannot fetch the repository", cause, help))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_a_server_is_limited() {
        let id = "0123456789abcdef".repeat(4);
        let mut shown = Shown::default();
        let lines = ["ref: refs/heads/x\tHEAD", &format!("{id}\tHEAD"), &format!("{id}\trefs/tags/a^{{}}"), "", "odd"];
        for line in lines.into_iter().chain([&*format!("{id}\trefs/heads/x")]) {
            assert_eq!(shown.add(line.as_bytes()), Ok(()), "{line}");
        }
        assert_eq!((shown.branch.as_deref(), shown.head.as_deref()), (Some("refs/heads/x"), Some(&*id)));
        assert_eq!(shown.refs, BTreeSet::from([format!("{id} refs/heads/x").into_bytes()]));
        assert_eq!(shown.object_format(), "sha256");
        assert!(shown.add(&vec![b'x'; MAX_LIST]).is_err());
    }
}
