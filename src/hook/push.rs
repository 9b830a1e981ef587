//! Parses git's description of a push into the refs to scan.

use std::ffi::{OsStr, OsString};

use super::{Invocation, Stdin};
use crate::error::Error;
use crate::git::repository::Repository;
use crate::scan::push_request::Destination;
use crate::scan::push_request::{Known, Push};
use crate::scan::source::Kind;

const FIRST_ONLY: &str = "the framework names only the first ref of a push, so all branches and tags that the remote lacks \
                          were scanned; copy hooks/pre-push to .git/hooks/pre-push.legacy to scan only the pushed refs";

const PASS_ON: &str = "make the tool that runs the hook pass on standard input (lefthook: use_stdin: true)";

/// The refs of one run of a hook. Everything is scanned that `known` does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Load {
    pub pushes: Vec<Push>,
    pub known: Known,
    pub kind: Kind,
    /// A note for the report about the choice of refs.
    pub note: Option<String>,
}

/// The refs that `git push` passes to pre-push, directly or through a framework. `args` are the remote and the URL.
pub fn pre_push(
    args: &[OsString],
    stdin: &Stdin,
    invocation: &Invocation,
    repository: &Repository,
) -> Result<Load, Error> {
    // Git passes the remote as an argument, and no framework does. With arguments, the variables are left over from an outer hook.
    let framework = invocation.framework && args.is_empty();
    let (name, url) = match args {
        [] => (invocation.remote.as_ref(), invocation.url.as_ref()),
        args => (args.first(), args.get(1)),
    };
    let bytes = |word: &OsString| word.as_encoded_bytes().to_vec();
    let destination = Destination {
        name: name.map(bytes),
        url: url.filter(|url| !url.is_empty()).map(bytes),
        is_live: matches!(stdin, Stdin::Text(_)),
    };
    match stdin {
        Stdin::Text(text) => {
            let pushes = lines(text).map(pre_push_line).collect::<Result<Vec<_>, _>>()?;
            Ok(load(pushes.into_iter().flatten().collect(), Known::At(destination), Kind::Push))
        }
        _ if framework => named_by_framework(destination, invocation, repository),
        Stdin::EmptyPipe => Ok(Load {
            note: Some("git named no ref, so all branches and tags that the remote lacks were scanned".to_owned()),
            ..load(repository.pushable()?, Known::At(destination), Kind::Push)
        }),
        Stdin::NotPassedOn => Err(nothing_passed("standard input is not a pipe from git", PASS_ON)),
    }
}

/// A framework reports only the first ref of a push. The push may include others, so everything that can be pushed is scanned
/// unless the other side is known to have it.
fn named_by_framework(
    destination: Destination,
    invocation: &Invocation,
    repository: &Repository,
) -> Result<Load, Error> {
    let tip = invocation.to.as_ref().or(invocation.local_branch.as_ref());
    let tip = tip.ok_or_else(|| {
        nothing_passed(
            "the framework sets neither PRE_COMMIT_TO_REF nor a branch",
            "run it with --from-ref and --to-ref",
        )
    })?;
    let from = invocation.from.as_deref().map(|from| repository.resolve(from)).transpose()?;
    let first = Push {
        name: invocation
            .remote_branch
            .as_ref()
            .or(invocation.local_branch.as_ref())
            .map_or(Vec::new(), |name| name.clone().into()),
        old: from,
        new: repository.resolve(tip)?,
        perhaps: false,
    };
    if destination.name.is_none() && destination.url.is_none() {
        // This is not a push: the user asked for these commits.
        return Ok(load(vec![first], Known::Nothing, Kind::Push));
    }
    // A framework takes the old id from tracking refs, which may be those of another repository.
    let mut pushes = vec![Push { old: None, ..first }];
    pushes.extend(repository.pushable()?);
    Ok(Load { note: Some(FIRST_ONLY.to_owned()), ..load(pushes, Known::At(destination), Kind::Push) })
}

/// The range of `pre-commit run --from-ref A --to-ref B`.
pub fn range(from: &str, to: &str, repository: &Repository) -> Result<Load, Error> {
    let (old, new) = (repository.resolve(from)?, repository.resolve(to)?);
    let push = Push { name: Vec::new(), old: Some(old), new, perhaps: false };
    Ok(load(vec![push], Known::Nothing, Kind::Push))
}

/// The refs that a server passes to pre-receive: one line `<old oid> <new oid> <ref>` for each.
pub fn pre_receive(stdin: &Stdin) -> Result<Load, Error> {
    let Stdin::Text(text) = stdin else { return Err(nothing_passed("standard input is empty", PASS_ON)) };
    let pushes = lines(text).map(pre_receive_line).collect::<Result<Vec<_>, _>>()?;
    Ok(load(pushes.into_iter().flatten().collect(), Known::OwnRefs, Kind::Receive))
}

/// The ref that a server passes to update, as the arguments `<ref> <old oid> <new oid>`.
pub fn update(name: &OsStr, old: &OsStr, new: &OsStr) -> Result<Load, Error> {
    let words = [name, old, new].map(OsStr::as_encoded_bytes);
    let push = push(words[0], words[1], words[2]).map_err(|NoId| malformed_line(&words.join(&b' ')))?;
    Ok(load(push.into_iter().collect(), Known::OwnRefs, Kind::Receive))
}

fn load(pushes: Vec<Push>, known: Known, kind: Kind) -> Load {
    Load { pushes, known, kind, note: None }
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&b| b == b'\n').filter(|line| !line.is_empty())
}

/// Parses `<local ref> <local oid> <remote ref> <remote oid>`. The local ref may contain spaces: `HEAD@{1 day ago}`.
fn pre_push_line(line: &[u8]) -> Result<Option<Push>, Error> {
    let mut words = line.rsplitn(4, |&b| b == b' ');
    let fields = (words.next(), words.next(), words.next(), words.next());
    let (Some(old), Some(name), Some(new), Some(local)) = fields else { return Err(malformed_line(line)) };
    // Two lines joined by a space would hide the first ref.
    if local.contains(&b' ') && local.split(|&b| b == b' ').any(|word| id(word).is_ok()) {
        return Err(malformed_line(line));
    }
    push(name, old, new).map_err(|NoId| malformed_line(line))
}

fn pre_receive_line(line: &[u8]) -> Result<Option<Push>, Error> {
    let mut words = line.splitn(3, |&b| b == b' ');
    let (Some(old), Some(new), Some(name)) = (words.next(), words.next(), words.next()) else {
        return Err(malformed_line(line));
    };
    push(name, old, new).map_err(|NoId| malformed_line(line))
}

/// None for a deletion.
fn push(name: &[u8], old: &[u8], new: &[u8]) -> Result<Option<Push>, NoId> {
    let (old, new) = (id(old)?, id(new)?);
    Ok(new.map(|new| Push { name: name.to_vec(), old, new, perhaps: false }))
}

struct NoId;

/// None for the null id, which is all zeros.
fn id(word: &[u8]) -> Result<Option<String>, NoId> {
    let hex = word.iter().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(b));
    let id = std::str::from_utf8(word).ok().filter(|_| hex && matches!(word.len(), 40 | 64)).ok_or(NoId)?;
    Ok(Some(id.to_owned()).filter(|id| id.bytes().any(|b| b != b'0')))
}

fn malformed_line(line: &[u8]) -> Error {
    Error::new(
        format!("cannot read the pushed ref from \"{}\"", String::from_utf8_lossy(line)),
        "it is not a line that git passes to this hook",
        "pass on the arguments and the standard input of the hook unchanged",
    )
}

fn nothing_passed(cause: &str, help: &str) -> Error {
    Error::new("cannot find out what is pushed", cause, help)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "1111111111111111111111111111111111111111";
    const B: &str = "2222222222222222222222222222222222222222";
    const ZERO: &str = "0000000000000000000000000000000000000000";

    fn expect(line: &str, wanted: Option<(&str, Option<&str>, &str)>) {
        let got = pre_push_line(line.as_bytes()).expect("a line");
        let wanted = wanted.map(|(name, old, new)| Push {
            name: name.into(),
            old: old.map(str::to_owned),
            new: new.to_owned(),
            perhaps: false,
        });
        assert_eq!(got, wanted, "{line}");
    }

    #[test]
    fn lines_of_pre_push() {
        expect(&format!("refs/heads/a {A} refs/heads/b {B}"), Some(("refs/heads/b", Some(B), A)));
        expect(&format!("HEAD@{{1 day ago}} {A} refs/heads/b {ZERO}"), Some(("refs/heads/b", None, A)));
        expect(&format!("(delete) {ZERO} refs/heads/b {B}"), None);
        for wrong in ["", "a b c", "a b c d", &format!("a {A} b"), &format!("a {A} b {B} c"), &format!("a {A}0 b {B}")]
        {
            assert!(pre_push_line(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn lines_of_pre_receive() {
        assert!(pre_receive_line(format!("{A} {B} refs/heads/a").as_bytes()).expect("a line").is_some());
        assert!(pre_receive_line(format!("{A} {ZERO} refs/heads/a").as_bytes()).expect("a line").is_none());
        assert!(pre_receive_line(format!("{A} {B}").as_bytes()).is_err());
    }
}
