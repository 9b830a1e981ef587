//! Env files: `.env`, its variants, and the files with the same role in other tools.

use crate::config::{Allow, AllowQuery};
use crate::detect::{Detector, Hit};
use crate::finding::{Fingerprint, Redacted};
use crate::rule::Rule;

use super::reader::{folder_of, name_of};

/// Endings of templates, which are committed and have placeholders only.
const TEMPLATES: &[&str] = &["example", "sample", "template", "dist"];

/// The role of an env file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EnvKind {
    Values,
    Template,
    /// The whole file is a key: `master.key` of Rails, `.env.keys` of dotenvx.
    Key,
    /// Encrypted as a whole.
    Encrypted,
}

/// An environment that a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum EnvName {
    Development,
    Test,
    Staging,
    Production,
}

impl EnvName {
    pub fn name(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Test => "test",
            Self::Staging => "staging",
            Self::Production => "production",
        }
    }

    /// The environment that a part of a name names.
    pub fn of_word(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "dev" | "development" | "devel" => Self::Development,
            "test" | "testing" | "ci" => Self::Test,
            "stage" | "staging" | "preview" | "qa" | "uat" => Self::Staging,
            "prod" | "production" | "live" => Self::Production,
            _ => return None,
        })
    }
}

/// A token in an env file. It has no bytes of it.
#[derive(Clone, Debug)]
pub(super) struct EnvToken {
    pub rule: &'static Rule,
    pub fingerprint: Fingerprint,
    pub redacted: Redacted,
    pub line: usize,
    /// The variable that is set to it. Empty if it is in a comment.
    pub variable: String,
}

/// A variable, and what its value is.
#[derive(Clone, Debug)]
pub(super) struct EnvVariable {
    pub name: String,
    pub line: usize,
    pub is_empty: bool,
    /// Encrypted by dotenvx or sops.
    pub is_encrypted: bool,
    /// Whether the value starts as a publishable key does.
    pub is_publishable: bool,
}

#[derive(Debug)]
pub(super) struct EnvFile {
    pub path: Vec<u8>,
    pub kind: EnvKind,
    pub is_tracked: bool,
    pub variables: Vec<EnvVariable>,
    pub tokens: Vec<EnvToken>,
}

impl EnvFile {
    /// The environment that the name of the file names. `.env` and `.env.local` are those of a developer's machine.
    pub fn environment(&self) -> EnvName {
        let name = String::from_utf8_lossy(name_of(&self.path)).into_owned();
        name.split(['.', '-', '_']).find_map(EnvName::of_word).unwrap_or(EnvName::Development)
    }

    /// Whether the name says that the file is for a developer's machine.
    pub fn is_for_development(&self) -> bool {
        let name = String::from_utf8_lossy(name_of(&self.path)).into_owned();
        self.environment() == EnvName::Development && name.trim_matches('.') != "env"
    }

    /// The environment of one token: a suffix of the variable decides before the name of the file.
    pub fn environment_of(&self, token: &EnvToken) -> EnvName {
        let parts: Vec<&str> = token.variable.split('_').collect();
        let (first, last) = (parts.first().copied().unwrap_or_default(), parts.last().copied().unwrap_or_default());
        // `LIVE` and `TEST` name the mode of a key rather than an environment.
        let named = |word: &str| EnvName::of_word(word).filter(|_| !word.eq_ignore_ascii_case("live"));
        named(last).or_else(|| named(first)).unwrap_or_else(|| self.environment())
    }
}

/// The role of the file at `path`. `None` if its name is not that of an env file.
pub(super) fn kind_of(path: &[u8]) -> Option<EnvKind> {
    let name = std::str::from_utf8(name_of(path)).ok()?;
    let is_rails_key = (name == "master.key" && folder_of(path).ends_with(b"config"))
        || (has_extension(name, "key") && folder_of(path).ends_with(b"config/credentials"));
    if is_rails_key || name == ".env.keys" {
        return Some(EnvKind::Key);
    }
    if name == ".env.vault" {
        return Some(EnvKind::Encrypted);
    }
    let is_env = name == ".env"
        || name.starts_with(".env.")
        || name == ".envrc"
        || name.starts_with(".envrc.")
        || name == ".dev.vars"
        || name.starts_with(".dev.vars.")
        || name == ".secret.local"
        || has_extension(name, "env")
        || name.starts_with("env.") && TEMPLATES.iter().any(|template| has_extension(name, template));
    is_env.then(|| if is_template(name) { EnvKind::Template } else { EnvKind::Values })
}

fn has_extension(name: &str, wanted: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(stem, extension)| !stem.is_empty() && extension == wanted)
}

fn is_template(name: &str) -> bool {
    name.split(['.', '-', '_']).any(|part| TEMPLATES.contains(&part))
}

/// Parses the content. Tokens that the configuration allows are left out.
pub(super) fn parse(path: Vec<u8>, kind: EnvKind, bytes: &[u8], detector: &Detector, allow: &Allow) -> EnvFile {
    let mut lines: Vec<(usize, &[u8])> = Vec::new();
    let mut start = 0;
    for line in bytes.split_inclusive(|&b| b == b'\n') {
        lines.push((start, line));
        start += line.len();
    }
    let line_at = |offset: usize| lines.partition_point(|(start, _)| *start <= offset).saturating_sub(1);
    let by_path = allow.reason_for_path(&path);
    let is_allowed = |hit: &Hit, line: usize| {
        let (start, text) = lines[line];
        let query = AllowQuery {
            by_path,
            fingerprint: hit.fingerprint,
            bytes,
            line: &(start..start + text.len()),
            token: &hit.span,
        };
        allow.reason(&query).is_some()
    };
    let mut tokens = Vec::new();
    for hit in detector.find(bytes) {
        let line = line_at(hit.span.start);
        if lines.is_empty() || is_allowed(&hit, line) {
            continue;
        }
        let variable = assignment(lines[line].1).map(|(name, _)| name).unwrap_or_default();
        tokens.push(EnvToken {
            rule: hit.rule,
            fingerprint: hit.fingerprint,
            redacted: hit.redacted.clone(),
            line: line + 1,
            variable,
        });
    }
    let variables = lines.iter().enumerate().filter_map(|(at, (_, line))| {
        let (name, value) = assignment(line)?;
        Some(EnvVariable {
            name,
            line: at + 1,
            is_empty: value.is_empty(),
            is_encrypted: value.starts_with("encrypted:") || value.starts_with("ENC["),
            is_publishable: value.starts_with("pk_") || value.starts_with("pk."),
        })
    });
    let variables = variables.collect();
    EnvFile { path, kind, is_tracked: false, variables, tokens }
}

/// `NAME=value`, with `export` and quotes removed. `None` for comments and other lines.
fn assignment(line: &[u8]) -> Option<(String, String)> {
    let line = String::from_utf8_lossy(line);
    let line = line.trim_start_matches('\u{feff}').trim();
    let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
    let (name, value) = line.split_once('=')?;
    let name = name.trim();
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
    is_name.then(|| (name.to_owned(), value.trim().trim_matches(['"', '\'', '`']).to_owned()))
}

/// The files that `env_file` of a Compose file names, as it writes them.
pub(super) fn compose_env_files(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(rest) = line.trim_start().trim_start_matches("- ").strip_prefix("env_file:") else { continue };
        let rest = rest.split(" #").next().unwrap_or_default().trim();
        if !rest.is_empty() {
            let items = rest.trim_matches(['[', ']']).split(',');
            found.extend(items.map(|item| item.trim().trim_matches(['"', '\'']).to_owned()));
            continue;
        }
        while let Some(item) = lines.peek().and_then(|line| line.trim_start().strip_prefix("- ")) {
            let item = item.strip_prefix("path:").unwrap_or(item).trim().trim_matches(['"', '\'']);
            found.push(item.to_owned());
            lines.next();
            // Further keys of a long entry, such as `required`.
            while lines.peek().is_some_and(|line| line.trim_start().starts_with("required:")) {
                lines.next();
            }
        }
    }
    found.retain(|path| !path.is_empty() && !path.contains("..") && !path.starts_with('/') && !path.contains('$'));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_env_file_is_known_by_its_name() {
        for (path, kind) in [
            (".env", Some(EnvKind::Values)),
            ("a/.env.production.local", Some(EnvKind::Values)),
            (".envrc", Some(EnvKind::Values)),
            (".dev.vars", Some(EnvKind::Values)),
            ("functions/.secret.local", Some(EnvKind::Values)),
            ("config/prod.env", Some(EnvKind::Values)),
            (".env.example", Some(EnvKind::Template)),
            (".env.local.example", Some(EnvKind::Template)),
            (".env.dist", Some(EnvKind::Template)),
            (".dev.vars.example", Some(EnvKind::Template)),
            (".env.keys", Some(EnvKind::Key)),
            ("config/master.key", Some(EnvKind::Key)),
            ("config/credentials/production.key", Some(EnvKind::Key)),
            (".env.vault", Some(EnvKind::Encrypted)),
            ("environment.ts", None),
            ("src/env.ts", None),
            ("certs/server.key", None),
        ] {
            assert_eq!(kind_of(path.as_bytes()), kind, "{path}");
        }
    }

    #[test]
    fn assignments_are_read_as_shells_and_dotenv_do() {
        for (line, wanted) in [
            ("A=b\n", Some(("A", "b"))),
            ("export A='b c'\r\n", Some(("A", "b c"))),
            ("  A = \"b\"", Some(("A", "b"))),
            ("A=", Some(("A", ""))),
            ("# A=b", None),
            ("words and = signs", None),
        ] {
            let found = assignment(line.as_bytes());
            assert_eq!(found.as_ref().map(|(name, value)| (&**name, &**value)), wanted, "{line}");
        }
    }

    #[test]
    fn compose_files_name_env_files_in_three_forms() {
        let text = "services:\n  a:\n    env_file: web.env # x\n  b:\n    env_file:\n      - ./b.env\n      - path: c.env\n        \
                    required: false\n      - d.env\n    image: x\n  c:\n    env_file: [e.env, \"f.env\"]\n  d:\n    env_file: ../g\n";
        assert_eq!(compose_env_files(text), ["web.env", "./b.env", "c.env", "d.env", "e.env", "f.env"]);
    }
}
