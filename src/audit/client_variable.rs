//! Secrets in variables that a build copies into client code.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::check::Check;
use super::client_names::{BARE, PREFIXES, secret_behind_prefix};
use super::env_file::{EnvFile, EnvKind};
use super::model::{Answer, Place};
use super::names::is_secret;
use super::package::{Root, file_of, root_of};
use super::subject::Subject;

pub(super) const CHECK: Check = Check {
    name: "client-variable",
    rule: "no variable that a build publishes is given a secret",
    explanation: "\
Build tools copy variables with certain prefixes into client code: NEXT_PUBLIC_, VITE_, REACT_APP_, EXPO_PUBLIC_, NUXT_PUBLIC_,
GATSBY_, VUE_APP_, NG_APP_, STORYBOOK_, MIX_, those of envPrefix in Vite's configuration, and PUBLIC_ with Astro, SvelteKit
and Rsbuild. env in next.config and extra in app.config of Expo publish without a prefix. Publishable keys are fine.

fail: such a variable is given a token.
suspect: the name of such a variable is that of a secret, such as NEXT_PUBLIC_ATTIO_API_KEY.",
    run,
};

/// The files in which build tools name published variables.
const CONFIGS: &[(&str, &[&str])] = &[
    ("vite.config", &["js", "ts", "mjs", "mts", "cjs"]),
    ("next.config", &["js", "ts", "mjs", "mts", "cjs"]),
    ("app.config", &["js", "ts"]),
];

fn run(subject: &Subject<'_>) -> Answer {
    let (roots, files) = (subject.roots(), subject.env_files());
    let custom: Vec<Vec<String>> = roots.iter().map(|root| env_prefixes(root, subject)).collect();
    let mut places = Vec::new();
    for file in files.iter().filter(|file| matches!(file.kind, EnvKind::Values | EnvKind::Template)) {
        let root = root_of(roots, &file.path);
        let at = roots.iter().position(|one| one.folder == root.folder).unwrap_or_default();
        places.extend(places_in(file, root, &custom[at], subject));
    }
    let is_published = |name: &str, path: &[u8]| {
        secret_behind_prefix(name).is_some_and(|prefix| prefix != BARE || root_of(roots, path).publishes_bare_prefix())
    };
    let names = subject.scan().public_names.iter().filter(|one| is_published(&one.name, &one.path));
    places.extend(names.map(|one| by_name(&one.path, one.line, &one.name, subject)));
    places.extend(roots.iter().flat_map(|root| published_by_config(root, subject)));
    let has_client = roots.iter().any(Root::has_client);
    Answer::of(places, || {
        if has_client {
            Answer::pass("no published variable is given a secret")
        } else {
            Answer::not_applicable("no package here builds client code")
        }
    })
}

fn places_in(file: &EnvFile, root: &Root, custom: &[String], subject: &Subject<'_>) -> Vec<Place> {
    let is_published = |name: &str| {
        PREFIXES.iter().any(|prefix| name.starts_with(prefix))
            || custom.iter().any(|prefix| name.starts_with(prefix.as_str()))
            || (name.starts_with(BARE) && root.publishes_bare_prefix())
    };
    let tokens = file.tokens.iter().filter(|token| is_published(&token.variable)).map(|token| {
        let why = format!("{} goes into client code, and is given a token ({})", token.variable, token.redacted);
        let help = "read it on the server under a name without the prefix, and rotate the token";
        Place::fail(subject.shown(&file.path), Some(token.line), why, help)
    });
    let mut places: Vec<Place> = tokens.collect();
    let with_token: Vec<usize> = file.tokens.iter().map(|token| token.line).collect();
    for variable in &file.variables {
        let is_named =
            secret_behind_prefix(&variable.name).is_some_and(|prefix| prefix != BARE || root.publishes_bare_prefix());
        if is_named && !variable.is_publishable && !with_token.contains(&variable.line) {
            places.push(by_name(&file.path, variable.line, &variable.name, subject));
        }
    }
    places
}

fn by_name(path: &[u8], line: usize, name: &str, subject: &Subject<'_>) -> Place {
    let why = format!("{name} goes into client code, and its name is that of a secret");
    Place::suspect(subject.shown(path), Some(line), why, "read it on the server under a name without the prefix")
}

/// The prefixes that `envPrefix` in Vite's configuration adds.
fn env_prefixes(root: &Root, subject: &Subject<'_>) -> Vec<String> {
    static SETTING: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?-u)\benvPrefix\s*:\s*(\[[^\]]*\]|"[^"]*"|'[^']*')"#).expect("the pattern is valid")
    });
    let Some((_, text)) = config(root, 0, subject) else { return Vec::new() };
    let Some(setting) = SETTING.captures(&text).and_then(|found| found.get(1)) else { return Vec::new() };
    let setting = String::from_utf8_lossy(setting.as_bytes()).into_owned();
    let names = setting.split(['"', '\'', '[', ']', ',', ' ', '\n', '\t', '\r']).filter(|name| !name.is_empty());
    names.map(str::to_owned).collect()
}

/// The first of a root's configuration files of one tool, with its path.
fn config(root: &Root, tool: usize, subject: &Subject<'_>) -> Option<(Vec<u8>, Vec<u8>)> {
    let (name, extensions) = CONFIGS[tool];
    extensions.iter().find_map(|extension| {
        let path = file_of(root, &format!("{name}.{extension}"));
        subject.reader.read(&path).map(|text| (path, text))
    })
}

/// Secrets among the names in `env` of Next.js and in `extra` of Expo.
fn published_by_config(root: &Root, subject: &Subject<'_>) -> Vec<Place> {
    static BLOCK_OF_NEXT: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?-u)\b(?:env|publicRuntimeConfig)\s*:\s*\{").expect("the pattern is valid"));
    static BLOCK_OF_EXPO: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?-u)\bextra\s*:\s*\{").expect("the pattern is valid"));
    let mut places = Vec::new();
    for (tool, package, block) in [(1, "next", &BLOCK_OF_NEXT), (2, "expo", &BLOCK_OF_EXPO)] {
        if !root.has(package) {
            continue;
        }
        let Some((path, text)) = config(root, tool, subject) else { continue };
        for found in block.find_iter(&text) {
            for (name, line) in keys_of_block(&text, found.end()) {
                if is_secret(&name) {
                    let why = format!("{name} is published to the client by {}", String::from_utf8_lossy(&path));
                    let help = "read it on the server only, and remove it from this block";
                    places.push(Place::suspect(subject.shown(&path), Some(line), why, help));
                }
            }
        }
    }
    places
}

/// The keys at the first level of a block that starts at `start`, each with its line.
fn keys_of_block(text: &[u8], start: usize) -> Vec<(String, usize)> {
    static KEY: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?-u)^\s*["']?([A-Za-z_][A-Za-z0-9_]*)["']?\s*(?::|,|\}|\n)"#).expect("the pattern is valid")
    });
    let mut keys = Vec::new();
    let (mut depth, mut at, mut is_key) = (1_usize, start, true);
    while at < text.len() && depth > 0 {
        if is_key
            && depth == 1
            && let Some(found) = KEY.captures(&text[at..text.len().min(at + 200)]).and_then(|found| found.get(1))
        {
            let line = 1 + memchr::memchr_iter(b'\n', &text[..at + found.start()]).count();
            keys.push((String::from_utf8_lossy(found.as_bytes()).into_owned(), line));
        }
        is_key = text[at] == b',';
        match text[at] {
            b'{' | b'(' | b'[' => depth += 1,
            b'}' | b')' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_a_block_are_those_of_its_first_level() {
        let text = b"env: {\n  A_KEY: process.env.A_KEY,\n  nested: { inner: 1, b: 2 },\n  'quoted': f(x, y),\n  short,\n}, other: 1";
        let keys: Vec<(String, usize)> = keys_of_block(text, 6);
        let names: Vec<&str> = keys.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, ["A_KEY", "nested", "quoted", "short"]);
        assert_eq!(keys[0].1, 2);
    }
}
