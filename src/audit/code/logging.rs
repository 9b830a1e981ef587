//! Secrets that code writes to a log, prints or puts into an error.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::super::names::{is_secret, words};
use super::expressions::{arguments, ascii, assignments, is_word};
use super::source::{Code, Language};

/// The number of places of a file that are reported.
const MAX_FOUND: usize = 100;

/// The number of variables of a file that are known to be secrets.
const MAX_SECRETS: usize = 64;

/// A secret in the arguments of a call that logs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::audit) struct Logged {
    pub path: Vec<u8>,
    pub line: usize,
    pub name: String,
}

fn regex(pattern: &str) -> Regex {
    Regex::new(&ascii(pattern)).expect("the pattern is valid")
}

/// Calls that log, print or throw, by language. Each ends with the bracket of its arguments, or with the space before them.
static CALLS: LazyLock<[Regex; 5]> = LazyLock::new(|| {
    [
        r"\bconsole\.(?:log|error|warn|info|debug)\s*\(|\b(?:logger|log|winston|pino)\.(?:log|error|warn|info|debug|trace)\s*\(|\bthrow\s+new\s+\w*Error\s*\(",
        r"\bprint\s*\(|\b(?:logging|logger|log)\.(?:debug|info|warning|error|exception|critical)\s*\(|\braise\s+\w+\s*\(",
        r"\bfmt\.(?:Print|Printf|Println|Errorf)\s*\(|\blog\.(?:Print|Printf|Println|Fatal|Fatalf|Fatalln|Panic|Panicf)\s*\(",
        r"\b(?:puts|warn|Rails\.logger\.\w+|logger\.\w+|raise)[ (]",
        r"\b(?:error_log|print_r|var_dump|printf|Log::\w+)\s*\(|\becho |\bthrow\s+new\s+\w*Exception\s*\(",
    ]
    .map(regex)
});

/// Reads of the environment. The group is the name of the variable.
static ENVIRONMENT: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"(?:process\.env|import\.meta\.env)(?:\.([A-Za-z0-9_]+)|\[\s*['"]([A-Za-z0-9_]+)['"]\s*\])|\b(?:Deno\.env\.get|os\.environ\.get|os\.getenv|os\.Getenv|os\.LookupEnv|getenv|env|ENV\.fetch)\s*\(\s*['"]([A-Za-z0-9_]+)['"]|(?:os\.environ|\bENV|\$_ENV|\$_SERVER)\[\s*['"]([A-Za-z0-9_]+)['"]\s*\]"#,
    )
});

/// What in the text says that only a part of the value, or whether there is one, is written.
static HARMLESS_AFTER: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"^\s*(?:\??\.(?:length|slice|substring|substr|startsWith|endsWith|includes|nil\?|present\?|blank\?|empty\?|first|last)\b|\[|\?[^.?]|&&|===?|!==?|:[^:]|=[^=]|\bis\b|\bin\b|\bif\b|\bexists\b)",
    )
});

static HARMLESS_BEFORE: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?:!|\btypeof\s+|\bnot\s+|\bif\s+|\bunless\s+|\bin\s+|\.|\[:)\s*@{0,2}\s*$"));

/// Values of a variable with the name of a secret that can be one.
static SOURCE_OF_SECRET: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?i-u:env|config|secret|credential|setting|option|param|args|props|header|cookie)"));

/// A condition behind a statement of Ruby or a value of Python.
static CONDITION: LazyLock<Regex> = LazyLock::new(|| regex(r"\s(?:if|unless)\s"));

/// Functions that return the whole value of their argument.
const WHOLE: &[&str] = &["String", "str", "repr", "format", "stringify", "inspect", "to_s", "Sprintf", "Sprint"];

/// The secrets in calls that log.
pub(in crate::audit) fn logged(code: &Code) -> Vec<Logged> {
    let calls = &CALLS[code.language as usize];
    if !calls.is_match(&code.bare) {
        return Vec::new();
    }
    let (secrets, others) = (secrets(code), others(code));
    let mut found = Vec::new();
    for call in calls.find_iter(&code.bare) {
        if found.len() == MAX_FOUND {
            break;
        }
        let span = if call.as_str().ends_with('(') {
            arguments(code, call.end())
        } else {
            let len = memchr::memchr(b'\n', &code.bare.as_bytes()[call.end()..]);
            call.end()..len.map_or(code.bare.len(), |len| call.end() + len)
        };
        let is_ruby = code.language == Language::Ruby;
        let condition = CONDITION.find(&code.bare[span.clone()]).filter(|_| is_ruby);
        let span = span.start..condition.map_or(span.end, |condition| span.start + condition.start());
        if let Some(name) = secret_in(code, &span, &secrets, &others) {
            found.push(Logged { path: code.path.clone(), line: code.line(call.start()), name });
        }
    }
    found
}

/// Variables that are given a secret from the environment.
fn secrets(code: &Code) -> Vec<(String, Range<usize>)> {
    if !ENVIRONMENT.is_match(&code.text) {
        return Vec::new();
    }
    let mut secrets = Vec::new();
    for assignment in assignments(code) {
        let text = code.text[assignment.value.clone()].trim();
        let read = ENVIRONMENT.captures(text).filter(|found| found.get(0).is_some_and(|whole| whole.start() == 0));
        let name = read.and_then(|found| found.iter().skip(1).flatten().next().map(|name| name.as_str().to_owned()));
        if name.is_some_and(|name| is_secret(&name))
            && let Some(variable) = assignment.names.first()
        {
            secrets.push((variable.clone(), assignment.scope.clone()));
            if secrets.len() == MAX_SECRETS {
                break;
            }
        }
    }
    secrets
}

/// Variables with the name of a secret that are given something else.
fn others(code: &Code) -> Vec<String> {
    let named = assignments(code).into_iter().filter(|one| one.names.first().is_some_and(|name| is_named_secret(name)));
    let others = named.filter(|one| !SOURCE_OF_SECRET.is_match(&code.text[one.value.clone()]));
    others.filter_map(|one| one.names.into_iter().next()).collect()
}

fn secret_in(
    code: &Code,
    span: &Range<usize>,
    secrets: &[(String, Range<usize>)],
    others: &[String],
) -> Option<String> {
    let text = &code.text[span.clone()];
    for read in ENVIRONMENT.captures_iter(text) {
        let whole = read.get(0)?.range();
        let name = read.iter().skip(1).flatten().next()?.as_str();
        let at = span.start + whole.start..span.start + whole.end;
        // In a string it is only a text.
        let is_code = code.bare.as_bytes()[at.start] == code.text.as_bytes()[at.start];
        let is_call = code.text[at.clone()].contains('(');
        let end = if is_call { arguments(code, at.end).end + 1 } else { at.end };
        let at = at.start..end.min(span.end).max(at.end);
        if is_code && is_secret(name) && is_written(code, span, &at) {
            return Some(name.to_owned());
        }
    }
    for at in identifiers(code, span) {
        let name = &code.bare[at.clone()];
        let is_known = secrets.iter().any(|(secret, scope)| secret == name && scope.contains(&at.start));
        let is_named = is_named_secret(name) && !others.iter().any(|other| other == name);
        if (is_known || is_named) && is_written(code, span, &at) {
            return Some(name.to_owned());
        }
    }
    None
}

/// Names that say what they hold even where their origin is unknown. `token` alone may be a word of a language.
fn is_named_secret(name: &str) -> bool {
    let words = words(name);
    let last_two: Vec<&str> = words.iter().rev().take(2).rev().map(String::as_str).collect();
    let is_named =
        matches!(last_two[..], ["api" | "secret", "key"] | ["webhook" | "signing", "secret"] | ["access", "token"]);
    is_named && is_secret(name) && name.bytes().any(|b| b.is_ascii_lowercase())
}

/// The identifiers in the span, outside of strings. Properties of something else are left out.
fn identifiers(code: &Code, span: &Range<usize>) -> Vec<Range<usize>> {
    let bytes = code.bare.as_bytes();
    let mut found = Vec::new();
    let mut at = span.start;
    while at < span.end {
        if !is_word(bytes[at]) {
            at += 1;
            continue;
        }
        let start = at;
        while at < span.end && is_word(bytes[at]) {
            at += 1;
        }
        let is_property = start > 0 && bytes[start - 1] == b'.' && !bytes[..start].ends_with(b"...");
        if !is_property && !bytes[start].is_ascii_digit() {
            found.push(start..at);
        }
    }
    found
}

/// Whether the value at `at` is written as a whole by the call with the arguments `span`.
fn is_written(code: &Code, span: &Range<usize>, at: &Range<usize>) -> bool {
    let before = &code.bare[span.start..at.start];
    let after = &code.bare[at.end..span.end.max(at.end)];
    // A key of an object is no value.
    let is_key = code.language != Language::Ruby && after.trim_start().starts_with(':') && !after.contains("::");
    if is_key || HARMLESS_AFTER.is_match(after) || HARMLESS_BEFORE.is_match(before) {
        return false;
    }
    // Behind `a ? …` or `a && …` the value itself is not written where it is the condition.
    innermost_call(before).is_none_or(|name| WHOLE.contains(&name))
}

/// The name of the call whose brackets are open at the end of `before`. `None` if none is.
fn innermost_call(before: &str) -> Option<&str> {
    let bytes = before.as_bytes();
    let mut depth = 0_usize;
    for at in (0..bytes.len()).rev() {
        match bytes[at] {
            b')' | b']' | b'}' => depth += 1,
            b'{' | b'[' => depth = depth.saturating_sub(1),
            b'(' if depth == 0 => {
                let start = bytes[..at].iter().rposition(|b| !is_word(*b)).map_or(0, |start| start + 1);
                return Some(&before[start..at]);
            }
            b'(' => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(language: Language, text: &str) -> Vec<usize> {
        logged(&Code::new(b"a", language, text.as_bytes())).iter().map(|one| one.line).collect()
    }

    #[test]
    fn secrets_in_logs_are_found() {
        for (language, text) in [
            (Language::JavaScript, "console.log(process.env.ATTIO_API_KEY)"),
            (Language::JavaScript, "console.log('key', process.env['ATTIO_API_KEY'])"),
            (Language::JavaScript, "const k = process.env.STRIPE_SECRET_KEY; console.log(`key ${k}`)"),
            (Language::JavaScript, "throw new Error(`bad key: ${apiKey}`)"),
            (Language::JavaScript, "logger.info({ apiKey })"),
            (Language::JavaScript, "console.log(JSON.stringify(webhookSecret))"),
            (Language::Python, "key = os.environ['ATTIO_API_KEY']\nprint(f'key {key}')"),
            (Language::Python, "print(api_key)"),
            (Language::Go, "key := os.Getenv(\"ATTIO_API_KEY\")\nfmt.Println(key)"),
            (Language::Ruby, "puts ENV[\"ATTIO_API_KEY\"]"),
            (Language::Ruby, "Rails.logger.info \"key #{api_key}\""),
            (Language::Php, "error_log(getenv('ATTIO_API_KEY'));"),
            (Language::Php, "Log::info(\"key $apiKey\");"),
        ] {
            assert_eq!(lines(language, text).len(), 1, "{text}");
        }
    }

    #[test]
    fn what_shows_no_secret_is_innocent() {
        for (language, text) in [
            (Language::JavaScript, "console.log('ATTIO_API_KEY is missing')"),
            (Language::JavaScript, "console.log(!!process.env.ATTIO_API_KEY)"),
            (Language::JavaScript, "console.log(process.env.ATTIO_API_KEY ? 'set' : 'missing')"),
            (Language::JavaScript, "console.log(process.env.ATTIO_API_KEY?.slice(0, 6))"),
            (Language::JavaScript, "console.log(apiKey.length, mask(apiKey), Boolean(apiKey))"),
            (Language::JavaScript, "console.log({ apiKey: '…' })"),
            (Language::JavaScript, "console.log('process.env.ATTIO_API_KEY')"),
            (Language::JavaScript, "console.log(usage.total_tokens, token)"),
            (Language::JavaScript, "throw new Error('Missing STRIPE_SECRET_KEY')"),
            (Language::Python, "print('set' if api_key else 'missing')"),
            (Language::Python, "print(len(api_key), api_key[:4])"),
            (Language::Python, "raise ValueError('ATTIO_API_KEY')"),
            (Language::Go, "log.Fatal(\"ATTIO_API_KEY is not set\")"),
            (Language::Ruby, "raise \"api_key missing\""),
            (Language::Php, "echo \"set ATTIO_API_KEY\";"),
        ] {
            assert_eq!(lines(language, text), Vec::<usize>::new(), "{text}");
        }
    }
}
