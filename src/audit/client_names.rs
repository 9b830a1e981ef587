//! Variables that a build copies into client code, by the prefix of their name.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::names::is_secret_although_public;
use super::package::is_vendored;
use super::reader::name_of;

/// The prefixes that the build tools publish. `PUBLIC_` alone depends on the tool.
pub(super) const PREFIXES: &[&str] = &[
    "NEXT_PUBLIC_",
    "VITE_",
    "REACT_APP_",
    "EXPO_PUBLIC_",
    "NUXT_PUBLIC_",
    "GATSBY_",
    "VUE_APP_",
    "NG_APP_",
    "STORYBOOK_",
    "MIX_",
];

/// The prefix of Astro, `SvelteKit` and Rsbuild.
pub(super) const BARE: &str = "PUBLIC_";

/// Source files that can be part of client code.
const EXTENSIONS: &[&[u8]] =
    &[b"js", b"jsx", b"mjs", b"cjs", b"ts", b"tsx", b"mts", b"cts", b"vue", b"svelte", b"astro", b"html"];

/// Larger files are generated.
const MAX_SOURCE: usize = 1_000_000;

/// A public variable whose name is that of a secret, at its first place in a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PublicName {
    pub path: Vec<u8>,
    pub line: usize,
    pub name: String,
}

/// The public variables in a source file whose name is that of a secret.
pub(super) fn public_names(path: &[u8], bytes: &[u8]) -> Vec<PublicName> {
    static NAMES: LazyLock<Regex> = LazyLock::new(|| {
        let pattern = r"(?-u)\b(?:NEXT_PUBLIC|VITE|REACT_APP|EXPO_PUBLIC|NUXT_PUBLIC|GATSBY|VUE_APP|NG_APP|STORYBOOK|MIX|PUBLIC)_[A-Z0-9_]+\b";
        Regex::new(pattern).expect("the pattern is valid")
    });
    let extension = name_of(path).rsplit(|&b| b == b'.').next().unwrap_or_default();
    if bytes.len() > MAX_SOURCE || !EXTENSIONS.contains(&extension) || is_vendored(path) {
        return Vec::new();
    }
    let mut found: Vec<PublicName> = Vec::new();
    for hit in NAMES.find_iter(bytes) {
        let name = String::from_utf8_lossy(hit.as_bytes()).into_owned();
        if secret_behind_prefix(&name).is_some() && found.iter().all(|known| known.name != name) {
            let line = 1 + memchr::memchr_iter(b'\n', &bytes[..hit.start()]).count();
            found.push(PublicName { path: path.to_vec(), line, name });
        }
    }
    found
}

/// The prefix of a public variable whose name is that of a secret.
pub(crate) fn secret_behind_prefix(name: &str) -> Option<&'static str> {
    public_prefix(name).filter(|prefix| is_secret_although_public(&name[prefix.len()..]))
}

/// The prefix with which a build copies the variable into client code.
pub(crate) fn public_prefix(name: &str) -> Option<&'static str> {
    PREFIXES.iter().chain([&BARE]).find(|prefix| name.starts_with(**prefix)).copied()
}
