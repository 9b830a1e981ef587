//! The addresses of repositories: paths, `https`, `ssh` and `file`, and no other. Git gets only what is parsed here.

use std::path::PathBuf;

use data_encoding::HEXLOWER_PERMISSIVE;
use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::git::command::Login;
use crate::git::path::to_path;

const FORMS: &str = "name a path, or a URL that starts with https:// or ssh://";

/// Where a repository is.
pub enum Address {
    /// A repository on this machine, which is scanned in place.
    Folder(PathBuf),
    /// A repository that git fetches.
    Remote(Remote),
}

/// A repository that git fetches.
pub struct Remote {
    /// Without a password, and for `https` without a user.
    pub url: String,
    pub login: Option<Login>,
}

/// A line that is no address of a repository. Its texts hold no password.
#[derive(Debug)]
pub struct RefusedAddress {
    pub shown: String,
    pub error: Error,
}

impl Address {
    pub fn parse(line: &[u8]) -> Result<Self, RefusedAddress> {
        parse(line).map_err(|(cause, help)| RefusedAddress {
            shown: without_login(&String::from_utf8_lossy(line)),
            error: Error::new("cannot use this line of the list", cause, help),
        })
    }

    /// Identifies the repository in the cache.
    pub fn key(&self) -> String {
        let bytes = match self {
            Self::Folder(path) => [b"folder\0", path.as_os_str().as_encoded_bytes()].concat(),
            Self::Remote(remote) => [b"remote\0", remote.url.as_bytes()].concat(),
        };
        HEXLOWER_PERMISSIVE.encode(&Sha256::digest(bytes)[..16])
    }
}

/// The cause of a refusal, and the help.
type Refusal = (&'static str, &'static str);

fn parse(line: &[u8]) -> Result<Address, Refusal> {
    if line.iter().any(u8::is_ascii_control) {
        return Err(("it has control characters", FORMS));
    }
    if line.starts_with(b"-") {
        return Err(("it starts with -, as an option does", "write ./ in front of such a path"));
    }
    let first = line.iter().position(|b| b"/:".contains(b)).map(|at| &line[at..]);
    let is_drive = cfg!(windows) && matches!(line, [letter, b':', ..] if letter.is_ascii_alphabetic());
    if is_drive || !first.is_some_and(|rest| rest.starts_with(b":")) {
        return Ok(Address::Folder(to_path(line)));
    }
    let text = std::str::from_utf8(line).map_err(|_| ("it is a URL that is not UTF-8", "percent-encode it"))?;
    if text.contains(char::is_whitespace) {
        return Err(("it is a URL with a space", "percent-encode it"));
    }
    let remote = match text.split_once("://") {
        Some((scheme, rest)) => match &*scheme.to_ascii_lowercase() {
            "https" => https(rest)?,
            "ssh" => ssh(rest)?,
            "file" if rest.starts_with('/') => Remote { url: format!("file://{rest}"), login: None },
            "file" => return Err(("it is a file URL with a host", "write file:/// and an absolute path")),
            "http" => return Err(("http is not encrypted", "use https")),
            _ => return Err(("git may not use this protocol here", FORMS)),
        },
        None if text.contains("::") && !text.contains('[') => {
            return Err(("it names a remote helper, which is a program", FORMS));
        }
        None => scp(text)?,
    };
    Ok(Address::Remote(remote))
}

fn https(rest: &str) -> Result<Remote, Refusal> {
    if rest.contains(['?', '#']) {
        return Err((
            "it has a query or a fragment, which may be a secret",
            "leave it out: git servers do not need it",
        ));
    }
    let (authority, path) = split_authority(rest)?;
    let (user, host) = authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
    check_host(host)?;
    let scope = format!("https://{}", host.to_ascii_lowercase());
    let login = user.filter(|user| !user.is_empty()).map(|user| login(user, &scope)).transpose()?;
    Ok(Remote { url: format!("{scope}{path}"), login })
}

fn login(user: &str, scope: &str) -> Result<Login, Refusal> {
    let (user, password) = user.split_once(':').map_or((user, None), |(user, password)| (user, Some(password)));
    let decoded = |text: &str| decoded(text).ok_or(("its user or password is not percent-encoded text", "encode it"));
    Ok(Login { user: decoded(user)?, password: password.map(decoded).transpose()?, scope: scope.to_owned() })
}

fn ssh(rest: &str) -> Result<Remote, Refusal> {
    let (authority, path) = split_authority(rest)?;
    let (user, host) = authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
    check_host(host)?;
    user.map_or(Ok(()), check_user)?;
    Ok(Remote { url: format!("ssh://{authority}{path}"), login: None })
}

/// `[user@]host:path`.
fn scp(text: &str) -> Result<Remote, Refusal> {
    let end = text.find("]:").map_or_else(|| text.find(':'), |at| Some(at + 1));
    let (place, path) = text.split_at(end.ok_or(("it is no address", FORMS))?);
    let (user, host) = place.rsplit_once('@').map_or((None, place), |(user, host)| (Some(user), host));
    check_host(host)?;
    user.map_or(Ok(()), check_user)?;
    check_path(path.trim_start_matches(':'))?;
    Ok(Remote { url: text.to_owned(), login: None })
}

/// `authority/path`.
fn split_authority(rest: &str) -> Result<(&str, &str), Refusal> {
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    check_path(path.trim_start_matches('/'))?;
    Ok((authority, path))
}

/// A password with a slash would otherwise end the name of the host, and be shown.
fn check_path(path: &str) -> Result<(), Refusal> {
    match path {
        "" => Err(("it names no repository on the host", FORMS)),
        _ if path.contains('@') => {
            Err(("it has an @ behind the host", "write %40 for an @ in a path, %2F for a / in a password"))
        }
        _ => Ok(()),
    }
}

fn check_user(user: &str) -> Result<(), Refusal> {
    let is_plain = !user.is_empty() && user.chars().all(|c| c.is_ascii_alphanumeric() || "._-+".contains(c));
    match user {
        _ if user.contains(':') => {
            Err(("ssh takes no password from a URL", "use a key: git asks ssh, and ssh asks nobody"))
        }
        _ if !is_plain || user.starts_with('-') => Err(("its user is no name", FORMS)),
        _ => Ok(()),
    }
}

/// `host` or `host:port`. An IPv6 address is in brackets.
fn check_host(host: &str) -> Result<(), Refusal> {
    let (name, port) = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, port)) if address.chars().all(|c| c.is_ascii_hexdigit() || c == ':') => ("v6", port),
        Some(_) => return Err(("its host is no name", FORMS)),
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let is_name = name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    let is_port = port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
    match (is_name, is_port) {
        (true, true) => Ok(()),
        (false, _) => Err(("its host is no name", FORMS)),
        (true, false) => Err(("its port is not a number below 65,536", FORMS)),
    }
}

/// Replaces `%XX`. None if the result is not UTF-8 or has control characters, which would be more lines for git's helpers.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let (byte, tail) = match first {
            b'%' => (HEXLOWER_PERMISSIVE.decode(tail.get(..2)?).ok()?[0], &tail[2..]),
            _ => (first, tail),
        };
        bytes.push(byte);
        rest = tail;
    }
    String::from_utf8(bytes).ok().filter(|text| !text.contains(char::is_control))
}

/// `text`, which may be no URL, without anything that may be a login, a query or a fragment. An address that is refused is shown in
/// this way, and so are messages of git.
pub fn without_login(text: &str) -> String {
    let text = match text.rsplit_once('@') {
        Some((before, after)) => {
            let scheme = before.find("://").map_or("", |at| &before[..at + 3]);
            format!("{scheme}…@{after}")
        }
        None => text.to_owned(),
    };
    match text.find(['?', '#']) {
        Some(at) if text.contains(':') => format!("{}…", &text[..=at]),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remote(line: &str) -> Remote {
        match Address::parse(line.as_bytes()) {
            Ok(Address::Remote(remote)) => remote,
            Ok(Address::Folder(_)) => panic!("{line} is a folder"),
            Err(refused) => panic!("{line}: {}", refused.error),
        }
    }

    #[test]
    fn git_gets_urls_without_logins() {
        for (line, url) in [
            ("https://example.org/a/b.git", "https://example.org/a/b.git"),
            ("HTTPS://Example.org:8443/a", "https://example.org:8443/a"),
            ("https://[::1]:1/a", "https://[::1]:1/a"),
            ("ssh://git@example.org:22/~a/b", "ssh://git@example.org:22/~a/b"),
            ("git@example.org:a/b", "git@example.org:a/b"),
            ("example.org:/a b".trim_end_matches(" b"), "example.org:/a"),
            ("git@[::1]:a", "git@[::1]:a"),
            ("file:///srv/a", "file:///srv/a"),
        ] {
            assert_eq!(remote(line).url, url, "{line}");
        }
        for line in ["a", "./a:b", "/srv/a b", "a/b:c", "../x@y/z", "~"] {
            assert!(matches!(Address::parse(line.as_bytes()), Ok(Address::Folder(_))), "{line}");
        }
    }

    #[test]
    fn a_login_is_apart_from_the_url() {
        let named = remote(&["https://a%40b", ":p%2Fw%25@Example.org:1/x"].concat());
        assert_eq!(named.url, "https://example.org:1/x");
        let login = named.login.expect("a login");
        assert_eq!((&*login.user, login.password.as_deref()), ("a@b", Some("p/w%")));
        assert_eq!(login.scope, "https://example.org:1");
        let user = remote("https://a@example.org/x").login.expect("a user");
        assert_eq!((&*user.user, user.password), ("a", None));
        assert!(remote("https://@example.org/x").login.is_none());
        let (with, without) = (["https://a", ":b@example.org/x"].concat(), "https://example.org/x");
        let key = |line: &str| Address::parse(line.as_bytes()).map(|address| address.key()).expect("an address");
        assert_eq!(key(&with), key(without));
        assert_ne!(key("https://example.org/x"), key("https://example.org/y"));
    }

    #[test]
    fn everything_else_is_refused_and_shown_without_logins() {
        for line in [
            "-x",
            "--upload-pack=touch /tmp/x",
            "ext::sh -c touch% /tmp/x",
            "fd::17",
            "http://example.org/a",
            "git://example.org/a",
            "ftp://example.org/a",
            "https://",
            "https://example.org",
            "https://example.org/",
            "https:///a",
            "https://-x/a",
            "https://exa$mple.org/a",
            "https://example.org:99999/a",
            "https://example.org/a?hunter2",
            "https://example.org/a#hunter2",
            "https://example.org/a b",
            "https://user|hunter2/hunter2@example.org/a",
            "https://x|12/hunter2@example.org/a",
            "https:/user|hunter2@example.org/a",
            "https://a|%0ahunter2@example.org/a",
            "https://a|%ffhunter2@example.org/a",
            "https://a|%hunter2@example.org/a",
            "ssh://-oProxyCommand=x/a",
            "ssh://-x@example.org/a",
            "ssh://a|hunter2@example.org/a",
            "a|hunter2@example.org:b",
            "-x@example.org:b",
            "example.org:",
            "file://host/a",
            "a\tb",
            "a\u{1b}[2J",
            "/a\u{7f}",
        ] {
            // In one piece, other scanners would report a password in this file.
            let line = &line.replace('|', ":");
            let refused = Address::parse(line.as_bytes()).err().unwrap_or_else(|| panic!("{line} is taken"));
            assert!(!refused.shown.contains("hunter2"), "{line} is shown as {}", refused.shown);
            assert!(!refused.error.to_string().contains("hunter2"), "{line}");
        }
    }
}
