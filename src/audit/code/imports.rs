//! The files of the repository that a source file imports, one step away.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::LazyLock;

use regex::Regex;

use super::super::reader::{folder_of, name_of};
use super::expressions::ascii;
use super::source::{Code, Language};

/// The number of imports of a file that are followed.
const MAX_IMPORTS: usize = 60;

/// The source files of a repository, by path and by name.
pub(in crate::audit) struct SourceFiles<'p> {
    paths: BTreeSet<&'p [u8]>,
    /// By name without extension.
    by_stem: BTreeMap<Vec<u8>, Vec<&'p [u8]>>,
    by_folder: BTreeMap<&'p [u8], Vec<&'p [u8]>>,
}

impl<'p> SourceFiles<'p> {
    pub fn new(paths: impl Iterator<Item = &'p [u8]>) -> Self {
        let mut files = Self { paths: BTreeSet::new(), by_stem: BTreeMap::new(), by_folder: BTreeMap::new() };
        for path in paths.filter(|path| Language::of(path).is_some()) {
            if files.paths.insert(path) {
                files.by_stem.entry(stem(name_of(path)).to_vec()).or_default().push(path);
                files.by_folder.entry(folder_of(path)).or_default().push(path);
            }
        }
        files
    }

    /// The files that `code` imports.
    pub fn imported(&self, code: &Code) -> Vec<&'p [u8]> {
        let mut found: BTreeSet<&'p [u8]> = BTreeSet::new();
        for name in names(code).into_iter().take(MAX_IMPORTS) {
            found.extend(self.resolve(code, &name));
        }
        if code.language == Language::Go {
            // A package is a folder.
            found.extend(self.by_folder.get(folder_of(&code.path)).into_iter().flatten().take(MAX_IMPORTS));
        }
        found.remove(&code.path[..]);
        found.into_iter().take(MAX_IMPORTS).collect()
    }

    fn resolve(&self, code: &Code, name: &str) -> Vec<&'p [u8]> {
        let folder = String::from_utf8_lossy(folder_of(&code.path)).into_owned();
        match code.language {
            Language::JavaScript | Language::Ruby if name.starts_with('.') => self.at(&normalized(&folder, name)),
            Language::JavaScript => {
                let rest = ["@/", "~/", "@@/", "$lib/", "#/", "src/"].iter().find_map(|alias| name.strip_prefix(alias));
                // A package of the same repository: `@scope/package/path/of/file`.
                let in_package = || name.strip_prefix('@')?.splitn(3, '/').nth(2).filter(|rest| rest.contains('/'));
                rest.or_else(in_package).map(|rest| self.ending(rest)).unwrap_or_default()
            }
            Language::Python => {
                let dots = name.bytes().take_while(|b| *b == b'.').count();
                let rest = name[dots..].replace('.', "/");
                if dots == 0 {
                    return self.ending(&rest);
                }
                let up = "../".repeat(dots - 1);
                self.at(&normalized(&folder, &format!("{up}{rest}")))
            }
            Language::Go => {
                let parts: Vec<&str> = name.rsplit('/').take(2).collect();
                let [last, before] = parts[..] else { return Vec::new() };
                let wanted = format!("{before}/{last}");
                let is_wanted =
                    |folder: &[u8]| folder == wanted.as_bytes() || folder.ends_with(format!("/{wanted}").as_bytes());
                self.by_folder
                    .iter()
                    .filter(|(folder, _)| is_wanted(folder))
                    .flat_map(|(_, files)| files.iter().copied())
                    .collect()
            }
            Language::Ruby | Language::Php => {
                let last = name.rsplit(['\\', ':']).next().unwrap_or_default();
                let stem = if code.language == Language::Ruby { snake(last) } else { last.to_owned() };
                self.by_stem.get(stem.as_bytes()).into_iter().flatten().copied().take(3).collect()
            }
        }
    }

    /// The file at this path, without its extension or as a folder.
    fn at(&self, path: &str) -> Vec<&'p [u8]> {
        let wanted = path.as_bytes();
        let bare = ["js", "mjs", "cjs", "jsx"].iter().find_map(|end| path.strip_suffix(end)?.strip_suffix('.'));
        let is_wanted = |candidate: &[u8]| {
            let without = without_extension(candidate);
            candidate == wanted
                || without == wanted
                || bare.is_some_and(|bare| without == bare.as_bytes())
                || [&b"/index"[..], b"/__init__"].iter().any(|index| without.strip_suffix(*index) == Some(wanted))
        };
        let from = bare.unwrap_or(path).as_bytes();
        let later = self.paths.range::<[u8], _>((Bound::Included(from), Bound::Unbounded));
        later.take_while(|candidate| candidate.starts_with(from)).copied().filter(|one| is_wanted(one)).collect()
    }

    /// The files whose path ends so, for imports from a folder that a configuration names.
    fn ending(&self, rest: &str) -> Vec<&'p [u8]> {
        let name = rest.rsplit('/').next().unwrap_or_default();
        let wanted = [b"/", stem_of_import(rest).as_bytes()].concat();
        let is_wanted = |path: &[u8]| {
            let without = without_extension(path);
            let without = without.strip_suffix(b"/index").or(without.strip_suffix(b"/__init__")).unwrap_or(without);
            without == &wanted[1..] || without.ends_with(&wanted)
        };
        let stems = [stem(name.as_bytes()), b"index", b"__init__"];
        let files = stems.into_iter().filter_map(|stem| self.by_stem.get(stem)).flatten().copied();
        files.filter(|path| is_wanted(path)).take(3).collect()
    }
}

/// What a file imports, as it writes it.
fn names(code: &Code) -> Vec<String> {
    static PATTERNS: LazyLock<[Regex; 5]> = LazyLock::new(|| {
        [
            r#"(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)['"]([^'"\n]+)['"]"#,
            r"(?m)^\s*(?:from\s+([.A-Za-z0-9_]+)\s+import|import\s+([A-Za-z0-9_.]+))",
            r#""([a-z0-9_.\-]+/[A-Za-z0-9_./\-]+)""#,
            r#"\brequire_relative\s*\(?\s*['"]([^'"\n]+)['"]|\b([A-Z][A-Za-z0-9]+(?:::[A-Z][A-Za-z0-9]+)*)\b"#,
            r"(?m)^\s*use\s+([A-Za-z0-9_\\]+)",
        ]
        .map(|pattern| Regex::new(&ascii(pattern)).expect("the pattern is valid"))
    });
    let mut found = BTreeSet::new();
    for captures in PATTERNS[code.language as usize].captures_iter(&code.text) {
        let Some(name) = captures.iter().skip(1).flatten().next() else { continue };
        let is_relative = code.language == Language::Ruby && captures.get(1).is_some();
        found.insert(if is_relative { format!("./{}", name.as_str()) } else { name.as_str().to_owned() });
    }
    if code.language == Language::Python {
        found.extend(python_modules(&code.text));
    }
    found.into_iter().collect()
}

/// `from a import b` may mean the module `a.b`.
fn python_modules(text: &str) -> Vec<String> {
    static FROM: LazyLock<Regex> = LazyLock::new(|| {
        let pattern = r"(?m)^\s*from\s+([.A-Za-z0-9_]+)\s+import\s+\(?([A-Za-z0-9_, ]+)";
        Regex::new(&ascii(pattern)).expect("the pattern is valid")
    });
    let modules = FROM.captures_iter(text).flat_map(|found| {
        let from = found[1].to_owned();
        let joint = if from.ends_with('.') { "" } else { "." };
        let names: Vec<String> = found[2].split(',').map(|name| format!("{from}{joint}{}", name.trim())).collect();
        names
    });
    modules.collect()
}

/// Resolves `.` and `..` in a path relative to a folder.
fn normalized(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn stem(name: &[u8]) -> &[u8] {
    name.iter().position(|&b| b == b'.').map_or(name, |dot| &name[..dot])
}

fn stem_of_import(path: &str) -> &str {
    ["ts", "js", "tsx", "jsx"].iter().find_map(|end| path.strip_suffix(end)?.strip_suffix('.')).unwrap_or(path)
}

fn without_extension(path: &[u8]) -> &[u8] {
    path.iter().rposition(|&b| b == b'.').map_or(path, |dot| &path[..dot])
}

/// `StripeSignature` as the name of a file in Ruby.
fn snake(name: &str) -> String {
    let mut text = String::new();
    let letters: Vec<char> = name.chars().collect();
    for (at, letter) in letters.iter().enumerate() {
        let is_start = letter.is_ascii_uppercase()
            && at > 0
            && (letters[at - 1].is_ascii_lowercase() || letters.get(at + 1).is_some_and(char::is_ascii_lowercase));
        if is_start {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_found_in_the_repository() {
        let paths: Vec<&[u8]> = vec![
            b"src/lib/verify.ts",
            b"src/lib/crypto/index.ts",
            b"app/security.py",
            b"app/hooks/__init__.py",
            b"internal/webhook/verify.go",
            b"cmd/other.go",
            b"app/services/stripe_signature.rb",
            b"app/Services/StripeVerifier.php",
            b"lib/helper.rb",
        ];
        let files = SourceFiles::new(paths.iter().copied());
        for (path, text, wanted) in [
            ("src/api/hook.ts", "import { a } from '../lib/verify'", "src/lib/verify.ts"),
            ("src/api/hook.ts", "import { a } from '@/lib/verify'", "src/lib/verify.ts"),
            ("src/api/hook.ts", "import a from '../lib/verify.js'", "src/lib/verify.ts"),
            ("src/api/hook.ts", "const a = require('@/lib/crypto')", "src/lib/crypto/index.ts"),
            ("app/views.py", "from .security import verify\n", "app/security.py"),
            ("app/views.py", "from app.security import verify\n", "app/security.py"),
            ("app/views.py", "from . import security\n", "app/security.py"),
            ("cmd/main.go", "import \"github.com/me/app/internal/webhook\"\n", "internal/webhook/verify.go"),
            ("app/controllers/a.rb", "StripeSignature.verify(x)", "app/services/stripe_signature.rb"),
            ("lib/a.rb", "require_relative 'helper'", "lib/helper.rb"),
            ("app/Http/A.php", "use App\\Services\\StripeVerifier;\n", "app/Services/StripeVerifier.php"),
        ] {
            let language = Language::of(path.as_bytes()).expect("a language");
            let code = Code::new(path.as_bytes(), language, text.as_bytes());
            let found = files.imported(&code);
            assert!(found.contains(&wanted.as_bytes()), "{path}: {text}: {found:?}");
        }
    }
}
