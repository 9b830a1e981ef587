//! Which repository a URL names: two URLs of one repository parse to equal locations.
//!
//! In case of doubt two URLs are different. If one repository is taken for two, a push is scanned in full. If two repositories
//! were taken for one, a push would not be scanned.

use std::path::{Path, PathBuf};

use crate::finding::Secret;
use crate::git::path::to_path;
use crate::regular_file;

/// Where a repository is. Holds no user and no password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Location {
    /// The shared git directory with symbolic links resolved, or the path as written if it does not exist.
    Folder(PathBuf),
    /// `host`, or `host:port` for a port other than the default of the scheme.
    Host { host: Vec<u8>, path: Vec<u8> },
    /// The address of a remote helper, as written.
    Helper(Vec<u8>),
}

/// The schemes that git knows, with their default ports.
const SCHEMES: &[(&[u8], &[u8])] = &[
    (b"ssh", b"22"),
    (b"git+ssh", b"22"),
    (b"ssh+git", b"22"),
    (b"https", b"443"),
    (b"http", b"80"),
    (b"git", b"9418"),
    (b"ftp", b"21"),
    (b"ftps", b"990"),
];

impl Location {
    /// Parses `url` as git does. Relative paths start at `base`.
    pub fn parse(url: &[u8], base: &Path) -> Self {
        if let Some((scheme, rest)) = split_scheme(url) {
            let scheme = scheme.to_ascii_lowercase();
            if scheme == b"file" {
                return Self::folder(&path_of_file_url(&decoded(rest)), base);
            }
            return match SCHEMES.iter().find(|(known, _)| *known == scheme) {
                Some((_, port)) => Self::of_authority(rest, port),
                None => Self::Helper(url.to_vec()),
            };
        }
        let word = url.iter().take_while(|&&b| is_of_scheme(b)).count();
        match () {
            () if url[word..].starts_with(b"::") => Self::Helper(url.to_vec()),
            () if is_local(url) => Self::folder(url, base),
            () => Self::of_scp(url),
        }
    }

    /// Whether it is the repository whose shared git directory this is.
    pub fn is_folder(&self, common_dir: &Path) -> bool {
        matches!(self, Self::Folder(folder) if common_dir.canonicalize().is_ok_and(|common| common == *folder))
    }

    /// Identifies a location in a file. The URL itself may hold a secret, so it is never written.
    pub fn digest(&self) -> String {
        let bytes = match self {
            Self::Folder(path) => [b"folder\0", path.as_os_str().as_encoded_bytes()].concat(),
            Self::Host { host, path } => [b"host\0", &host[..], b"\0", path].concat(),
            Self::Helper(address) => [b"helper\0", &address[..]].concat(),
        };
        Secret::new(&bytes).fingerprint().to_string()
    }

    /// `[user[:password]@]host[:port]/path`.
    fn of_authority(rest: &[u8], default_port: &[u8]) -> Self {
        let slash = rest.iter().position(|&b| b == b'/').unwrap_or(rest.len());
        let (authority, path) = rest.split_at(slash);
        let (user, host) = split_user(authority);
        let (host, port) = split_port(host);
        let path = decoded(path);
        Self::host(user, host, port.filter(|port| *port != default_port), &path)
    }

    /// `[user@]host:path`. The host may be in brackets, with a port.
    fn of_scp(url: &[u8]) -> Self {
        let (user, rest) = match url.iter().position(|&b| b == b'[' || b == b':') {
            Some(at) => match url[..at].iter().rposition(|&b| b == b'@') {
                Some(user) => (Some(&url[..user]), &url[user + 1..]),
                None => (None, url),
            },
            None => (None, url),
        };
        let bracketed = rest.strip_prefix(b"[").and_then(|inner| {
            let end = inner.windows(2).position(|pair| pair == b"]:")?;
            Some((&inner[..end], &inner[end + 2..]))
        });
        match bracketed {
            Some((inside, path)) => {
                let (inner_user, host) = split_user(inside);
                let is_address = host.iter().filter(|&&b| b == b':').count() > 1;
                let (host, port) = if is_address { (host, None) } else { split_port(host) };
                Self::host(inner_user.or(user), host, port.filter(|port| *port != b"22"), path)
            }
            None => {
                let colon = rest.iter().position(|&b| b == b':').unwrap_or(rest.len());
                Self::host(user, &rest[..colon], None, rest.get(colon + 1..).unwrap_or_default())
            }
        }
    }

    /// The user matters only for a path such as `~/x`, which is in that user's home.
    fn host(user: Option<&[u8]>, host: &[u8], port: Option<&[u8]>, path: &[u8]) -> Self {
        let mut host = host.strip_prefix(b"[").and_then(|host| host.strip_suffix(b"]")).unwrap_or(host);
        host = host.strip_suffix(b".").unwrap_or(host);
        let mut name = host.to_ascii_lowercase();
        if let Some(port) = port {
            name.extend([b":", port].concat());
        }
        let start = path.iter().position(|&b| b != b'/').unwrap_or(path.len());
        let mut path = without_suffix(&path[start..]).to_vec();
        if path == b"~" || path.starts_with(b"~/") {
            let user = user.map_or(&b""[..], |user| user.split(|&b| b == b':').next().unwrap_or(user));
            path.splice(1..1, user.iter().copied());
        }
        Self::Host { host: name, path }
    }

    fn folder(path: &[u8], base: &Path) -> Self {
        let path = base.join(to_path(path));
        Self::Folder(git_dir_of(&path).unwrap_or_else(|| lexical(&path)))
    }

    /// The location that `FETCH_HEAD` names by `url`, from which git removed a trailing `.git`. None where the folders with and
    /// without `.git` are two repositories.
    pub fn of_fetch_head(url: &[u8], base: &Path) -> Option<Self> {
        let short = Self::parse(url, base);
        match (&short, Self::parse(&[url, b".git"].concat(), base)) {
            (Self::Folder(_), Self::Folder(long)) if long.exists() => {
                let is_one = matches!(&short, Self::Folder(short) if *short == long || !short.exists());
                is_one.then_some(Self::Folder(long))
            }
            _ => Some(short),
        }
    }
}

/// `url` without a password, and without a user that may be a token. The rest names the same repository.
pub(crate) fn without_password(url: &[u8]) -> Vec<u8> {
    let Some((scheme, rest)) = split_scheme(url) else { return url.to_vec() };
    let slash = rest.iter().position(|&b| b == b'/').unwrap_or(rest.len());
    let (user, host) = split_user(&rest[..slash]);
    let user = user.filter(|_| scheme.to_ascii_lowercase().windows(3).any(|part| part == b"ssh"));
    let user = user.and_then(|user| user.split(|&b| b == b':').next());
    let user = user.map_or(Vec::new(), |user| [user, b"@"].concat());
    [scheme, b"://", &user, host, &rest[slash..]].concat()
}

/// `scheme://rest`.
fn split_scheme(url: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = url.iter().position(|&b| b == b':')?;
    let (scheme, rest) = (&url[..colon], url[colon..].strip_prefix(b"://")?);
    (!scheme.is_empty() && scheme.iter().all(|&b| is_of_scheme(b))).then_some((scheme, rest))
}

fn is_of_scheme(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)
}

/// Whether git takes a URL without a scheme for a path: it has no colon before its first slash.
fn is_local(url: &[u8]) -> bool {
    let drive = cfg!(windows) && matches!(url, [letter, b':', ..] if letter.is_ascii_alphabetic());
    let first = url.iter().find(|b| b":/".contains(b));
    drive || first != Some(&b':')
}

fn split_user(authority: &[u8]) -> (Option<&[u8]>, &[u8]) {
    match authority.iter().rposition(|&b| b == b'@') {
        Some(at) => (Some(&authority[..at]), &authority[at + 1..]),
        None => (None, authority),
    }
}

/// A colon inside brackets belongs to an IPv6 address.
fn split_port(host: &[u8]) -> (&[u8], Option<&[u8]>) {
    match host.iter().rposition(|&b| b == b':' || b == b']') {
        Some(at) if host[at] == b':' => (&host[..at], Some(&host[at + 1..]).filter(|port| !port.is_empty())),
        _ => (host, None),
    }
}

/// On Windows `file://server/share` names a share. Elsewhere git reads it as a path with two slashes.
fn path_of_file_url(rest: &[u8]) -> Vec<u8> {
    if rest.starts_with(b"/") { rest.to_vec() } else { [b"//", rest].concat() }
}

fn without_suffix(path: &[u8]) -> &[u8] {
    let trimmed = |path: &[u8]| path.len() - path.iter().rev().take_while(|&&b| b == b'/').count();
    let path = &path[..trimmed(path)];
    let path = path.strip_suffix(b".git").unwrap_or(path);
    &path[..trimmed(path)]
}

fn decoded(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, behind)) = rest.split_first() {
        let hex = behind.get(..2).filter(|_| byte == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(|&byte| byte != 0) {
            Some(byte) => {
                out.push(byte);
                rest = &behind[2..];
            }
            None => {
                out.push(byte);
                rest = behind;
            }
        }
    }
    out
}

/// The git directory that a push to `path` reaches. Git tries `path/.git`, `path`, `path.git/.git` and `path.git`.
fn git_dir_of(path: &Path) -> Option<PathBuf> {
    let text = path.as_os_str().as_encoded_bytes();
    let text = &text[..text.len() - text.iter().rev().take_while(|&&b| b == b'/').count()];
    let candidates = [&b"/.git"[..], b"", b".git/.git", b".git"];
    let found = candidates.iter().find_map(|suffix| {
        let candidate = to_path(&[text, suffix].concat());
        let git_dir = if candidate.is_file() { linked_git_dir(&candidate)? } else { candidate };
        (git_dir.join("HEAD").symlink_metadata().is_ok()).then_some(git_dir)
    })?;
    let common = regular_file::read(&found.join("commondir")).ok().map(|text| found.join(to_path(text.trim_ascii())));
    common.unwrap_or(found).canonicalize().ok()
}

/// What a file `.git` refers to: `gitdir: PATH`.
fn linked_git_dir(file: &Path) -> Option<PathBuf> {
    let text = regular_file::read(file).ok()?;
    let path = text.strip_prefix(b"gitdir:")?.trim_ascii();
    Some(file.parent()?.join(to_path(path)))
}

/// The path with `.` and `..` resolved, for a folder that does not exist.
fn lexical(path: &Path) -> PathBuf {
    let existing =
        path.ancestors().find_map(|there| Some(there.canonicalize().ok()?.join(path.strip_prefix(there).ok()?)));
    let mut plain = PathBuf::new();
    for part in existing.as_deref().unwrap_or(path).components() {
        match part {
            std::path::Component::ParentDir => _ = plain.pop(),
            std::path::Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn location(url: &str) -> Location {
        Location::parse(url.as_bytes(), Path::new("/nowhere/work"))
    }

    /// Rows of URLs, all in a row for one repository, and each row for another one.
    const REPOSITORIES: &[&[&str]] = &[
        &[
            "https://example.org/team/app",
            "https://example.org/team/app.git",
            "https://example.org/team/app/",
            "https://example.org/team/app.git/",
            "https://example.org:443/team/app",
            "https://EXAMPLE.org./team/app",
            "https://ada@example.org/team/app",
            "https://ada:pass@word@example.org/team/app",
            "http://example.org/team/app",
            "http://example.org:80/team/app",
            "HTTPS://example.org/team/app",
            "https://example.org/team/%61pp",
            "git://example.org/team/app",
            "git://example.org:9418/team/app",
            "ssh://git@example.org/team/app",
            "ssh://git@example.org:22/team/app.git",
            "git+ssh://git@example.org/team/app.git",
            "ssh+git://example.org/team/app.git",
            "git@example.org:team/app.git",
            "git@example.org:/team/app.git",
            "example.org:team/app",
            "Example.Org:team/app/",
            "[git@example.org]:team/app",
            "[example.org:22]:team/app",
            "git@[example.org:22]:team/app",
        ],
        &["https://example.org/team/App"],
        &["https://example.org/team/app2"],
        &["https://example.org/team/app.git2"],
        &["https://example.org/other/app"],
        &["https://example.org/app"],
        &["https://example.org/team/app/sub"],
        &["https://example.org.evil/team/app"],
        &["https://www.example.org/team/app"],
        &["https://example.com/team/app", "git@example.com:team/app"],
        &["https://example.org:8443/team/app", "https://ada@example.org:8443/team/app.git"],
        &["ssh://example.org:443/team/app", "[example.org:443]:team/app"],
        &[
            "ssh://git@example.org:2222/team/app",
            "git@[example.org:2222]:team/app",
            "[git@example.org:2222]:team/app.git",
        ],
        &["https://evil.org/example.org/team/app"],
        &["https://example.org@evil.org/team/app", "https://evil.org/team/app"],
        &["work:team/app"],
        &["ssh://[::1]/team/app", "[::1]:team/app", "ssh://git@[::1]:22/team/app"],
        &["ssh://ada@example.org/~/app", "ada@example.org:~/app", "ssh://example.org/~ada/app"],
        &["ssh://ben@example.org/~/app", "ben@example.org:~/app.git"],
        &[
            "/nowhere/app",
            "/nowhere/app/",
            "file:///nowhere/app",
            "../app",
            "/nowhere/work/../app",
            "file:///nowhere/%61pp",
        ],
        &["/nowhere/app2", "../app2"],
        &["/nowhere/work", ".", "./", "/nowhere/work/."],
        &["/nowhere/work/with:colon", "./with:colon"],
        &["with:colon"],
        &["ext::ssh example.org %S /team/app"],
        &["ext::ssh example.org %S /team/app.git"],
        &["codecommit://app"],
    ];

    #[test]
    fn urls_of_one_repository_and_no_others_are_the_same() {
        let all = || REPOSITORIES.iter().enumerate().flat_map(|(row, urls)| urls.iter().map(move |url| (row, *url)));
        for (row, url) in all() {
            for (other_row, other) in all() {
                let same = location(url) == location(other);
                assert_eq!(same, row == other_row, "{url} and {other}: {:?} and {:?}", location(url), location(other));
                assert_eq!(location(url).digest() == location(other).digest(), same, "{url} and {other}");
            }
        }
    }

    #[test]
    fn a_password_is_left_out() {
        for (url, shown) in [
            ("https://ada:pass@word@example.org/a@b", "https://example.org/a@b"),
            ("https://token@example.org:80/a", "https://example.org:80/a"),
            ("ssh://git:pass@example.org/a", "ssh://git@example.org/a"),
            ("git@example.org:a", "git@example.org:a"),
            ("../a@b", "../a@b"),
        ] {
            assert_eq!(without_password(url.as_bytes()), shown.as_bytes());
            assert_eq!(location(url), location(shown));
        }
    }

    #[test]
    fn nothing_panics() {
        for url in [
            "",
            ":",
            "://",
            "@",
            "[",
            "[]:",
            "[@]:x",
            "a@",
            "https://",
            "https://@",
            "https://:",
            "ssh://[",
            "%",
            "file://",
            "::",
        ] {
            let _ = (location(url), Location::of_fetch_head(url.as_bytes(), Path::new("/nowhere")));
        }
        assert_eq!(decoded(b"%4"), b"%4");
        assert_eq!(decoded(b"a%2Fb%zz%00"), b"a/b%zz%00");
    }
}
