//! Finds the calls of Attio's API in a source file.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;

use super::path::{UNKNOWN, read};
use super::table::{ENDPOINTS, Endpoint};
use crate::audit::code::source::Code;

/// The method of a request.
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// How far in front of a path its call is looked for, and how far behind it the options of the request, in bytes.
const BEFORE: usize = 160;
const BEHIND: usize = 400;

/// A call in a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Call {
    pub line: usize,
    pub what: What,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum What {
    Known(&'static Endpoint),
    /// Why the endpoint is unknown.
    Untold(String),
}

/// The start of a whole path.
const VERSIONED: &str = "/v2/";

/// Why the scopes of an endpoint that [`ENDPOINTS`] lacks are unknown. The path may be a token, so the reason does not have it.
const NOT_IN_TABLE: &str = "not in the table, cannot tell";

const RUNTIME_PATH: &str = "the path is known only when the program runs";

/// The addresses of Attio's API, up to the slash in front of the path.
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"://api\.attio\.com/").expect("the pattern is valid"));

/// A path of an endpoint, below `/v2` or a base address.
static PATH: LazyLock<Regex> = LazyLock::new(|| {
    let pattern =
        r#"/v2/|[}"'`]/(?:objects|lists|notes|tasks|threads|comments|meetings|webhooks|workspace_members)[/"'`?$]"#;
    Regex::new(pattern).expect("the pattern is valid")
});

/// A path below a base address without a slash in front of it, behind another argument: `request(:get, "notes")`. No `\s`, since the
/// build has no tables of Unicode.
static RELATIVE: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r#",[ \t\n]*(["'`](?:objects|lists|notes|tasks|threads|comments|meetings|webhooks|workspace_members)[/"'`?$#])"#;
    Regex::new(pattern).expect("the pattern is valid")
});

/// A function of a generated client: `postV2ObjectsObjectRecordsQuery`.
static GENERATED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?:get|post|put|patch|delete)_?[vV]2_?[A-Z_a-z0-9]+").expect("the pattern is valid"));

/// A method of a client object: `attio.records.query(`.
static CLIENT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"[aA]ttio[A-Za-z]*(?:\(\))?\.([A-Za-z]+\.[A-Za-z]+)\(").expect("the pattern is valid")
});

/// The names that generators give to the function of an endpoint, in lower case and without `_`.
static NAMES: LazyLock<HashMap<String, &'static Endpoint>> = LazyLock::new(|| {
    let plain = |path: &str, by: &str| path.replace('{', by).replace(['}', '/', '_'], "");
    let name = |one: &Endpoint, by: &str| format!("{}v2{}", one.method.to_lowercase(), plain(one.path, by));
    ENDPOINTS.iter().flat_map(|one| [(name(one, ""), one), (name(one, "by"), one)]).collect()
});

/// Whether the file names Attio, so that its calls are calls of Attio.
pub(super) fn names_attio(bytes: &[u8]) -> bool {
    [&b"attio"[..], b"Attio", b"ATTIO"].iter().any(|word| has(bytes, word))
}

/// Whether the file has a whole path of the API. It may be one of Attio if another file of the repository has the host.
pub(super) fn has_versioned_path(bytes: &[u8]) -> bool {
    has(bytes, VERSIONED.as_bytes())
}

pub(super) fn has_host(bytes: &[u8]) -> bool {
    has(bytes, b"api.attio.com")
}

fn has(bytes: &[u8], word: &[u8]) -> bool {
    memchr::memmem::find(bytes, word).is_some()
}

/// The calls of a file, in order. A file that does not name Attio has only those with a whole path.
pub(super) fn calls(code: &Code, names_attio: bool) -> Vec<Call> {
    let mut found: Vec<(usize, What)> = Vec::new();
    for place in PATH.find_iter(&code.text).filter(|place| names_attio || place.as_str() == VERSIONED) {
        if let Some(what) = of_path(code, place.start(), place.as_str()) {
            found.push((place.start(), what));
        }
    }
    other_addresses(code, &mut found);
    if names_attio {
        relative_paths(code, &mut found);
        functions_of_clients(code, &mut found);
    }
    found.sort_by_key(|(at, _)| *at);
    found.dedup_by_key(|(at, _)| *at);
    // Lines are counted from call to call, since a file may have very many.
    let (mut line, mut start) = (1, 0);
    let of = |(at, what)| {
        line += memchr::memchr_iter(b'\n', &code.text.as_bytes()[start..at]).count();
        start = at;
        Call { line, what }
    };
    found.into_iter().map(of).collect()
}

/// Addresses of Attio whose path is not below `/v2/`.
fn other_addresses(code: &Code, found: &mut Vec<(usize, What)>) {
    for address in ADDRESS.find_iter(&code.text) {
        let at = address.end() - 1;
        if code.text[at..].starts_with(VERSIONED) || code.bare.as_bytes().get(at) != Some(&b' ') {
            continue;
        }
        let path = read(&code.text, at + 1);
        let first = path.split('/').next().unwrap_or_default();
        // `/v2` is a base address. The document of the API needs no token.
        if !["", "v2", "openapi"].contains(&first) {
            let why = if first.starts_with(UNKNOWN) { RUNTIME_PATH } else { NOT_IN_TABLE };
            found.push((at, What::Untold(why.to_owned())));
        }
    }
}

fn relative_paths(code: &Code, found: &mut Vec<(usize, What)>) {
    for place in RELATIVE.captures_iter(&code.text).filter_map(|found| found.get(1)) {
        if written(arguments(code, place.start())).is_some() {
            let what = of_path(code, place.start(), place.as_str());
            found.extend(what.map(|what| (place.start(), what)));
        }
    }
}

fn functions_of_clients(code: &Code, found: &mut Vec<(usize, What)>) {
    for name in GENERATED.find_iter(&code.bare) {
        let plain = name.as_str().replace('_', "").to_lowercase();
        if let Some(endpoint) = NAMES.get(&plain).copied() {
            found.push((name.start(), What::Known(endpoint)));
        }
    }
    for call in CLIENT.captures_iter(&code.bare).filter_map(|found| found.get(1)) {
        if let Some(endpoint) = ENDPOINTS.iter().find(|one| one.client == call.as_str()) {
            found.push((call.start(), What::Known(endpoint)));
        }
    }
}

/// The call of the path that starts at `at`. None if this is no path of the API.
fn of_path(code: &Code, at: usize, start: &str) -> Option<What> {
    let (bare, text) = (code.bare.as_bytes(), &code.text);
    let is_versioned = start == VERSIONED;
    // In a string, `bare` has a space where `text` has a letter.
    if bare.get(at + 1) != Some(&b' ') {
        return None;
    }
    let from = if is_versioned { at + VERSIONED.len() } else { at + 1 };
    if is_versioned && !is_attio_address(text, at) {
        return None;
    }
    let path = read(text, from);
    let segments: Vec<&str> = path.trim_matches('/').split('/').map(literal).collect();
    if segments.first().is_none_or(|first| first.is_empty() || *first == "self") {
        return None;
    }
    if segments[0] == UNKNOWN.to_string() {
        return Some(What::Untold(RUNTIME_PATH.to_owned()));
    }
    let matching: Vec<&'static Endpoint> = ENDPOINTS.iter().filter(|one| matches(one.path, &segments)).collect();
    let Some(first) = matching.first() else {
        let is_attio = is_versioned && text[..at].ends_with("://api.attio.com");
        return is_attio.then(|| What::Untold(NOT_IN_TABLE.to_owned()));
    };
    let methods: Vec<&str> = matching.iter().map(|one| one.method).collect();
    match method(code, at, &methods) {
        Some(method) => Some(matching.iter().find(|one| one.method == method).map_or_else(
            || What::Untold(format!("the reference has no {method} of {}", first.path)),
            |one| What::Known(one),
        )),
        None => {
            Some(What::Untold(format!("the method is not beside the path {}: {}", first.path, methods.join(" or "))))
        }
    }
}

/// A path with another host in front of it is no path of Attio's.
fn is_attio_address(text: &str, at: usize) -> bool {
    let front = &text[floor(text, at.saturating_sub(BEFORE))..at];
    let front = front.rsplit(['"', '\'', '`', '\n', ' ', '(']).next().unwrap_or_default();
    !front.contains("://") || front.contains("attio")
}

/// A segment without what is appended to its literal start, which is a query mostly.
fn literal(segment: &str) -> &str {
    match segment.find(UNKNOWN) {
        Some(at) if at > 0 => &segment[..at],
        Some(_) => &segment[..UNKNOWN.len_utf8()],
        None => segment,
    }
}

/// Whether the template of an endpoint has these segments. An unknown segment is a parameter.
fn matches(template: &str, segments: &[&str]) -> bool {
    let parts: Vec<&str> = template.split('/').collect();
    let fits = |(part, segment): (&&str, &&str)| match (part.starts_with('{'), segment.starts_with(UNKNOWN)) {
        // The first segment of attributes is that of an object or a list.
        (true, _) if **part == *"{target}" => ["objects", "lists"].contains(segment),
        (true, is_unknown) => is_unknown || !["records", "entries", "attributes", "query", "search"].contains(segment),
        (false, is_unknown) => !is_unknown && part == segment,
    };
    parts.len() == segments.len() && parts.iter().zip(segments).all(fits)
}

/// The method of the request whose path is at `at`.
fn method(code: &Code, at: usize, possible: &[&str]) -> Option<&'static str> {
    let known = |word: &str| METHODS.into_iter().find(|method| method.eq_ignore_ascii_case(word));
    if let [only] = possible {
        return known(only);
    }
    let text = &code.text;
    let callee = open(code, at).map_or("", |open| without_generics(text[line_before(text, at)..open].trim_end()));
    let name = callee.rsplit(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next().unwrap_or_default();
    let by_name = crate::audit::names::words(name).iter().find_map(|word| known(word));
    let behind = &text[at..floor(text, text.len().min(at + BEHIND))];
    let statement = &behind[..behind.find(";\n").unwrap_or(behind.len())];
    let function = &behind[..behind.find("\n}").unwrap_or(behind.len())];
    written(arguments(code, at))
        .or(by_name)
        .or_else(|| option(statement))
        .or_else(|| (name == "fetch").then_some("GET"))
        .or_else(|| constant(function))
}

/// Where the text in front of a path starts that may be part of its call.
fn line_before(text: &str, at: usize) -> usize {
    floor(text, at.saturating_sub(BEFORE))
}

/// The parenthesis of the call that the path at `at` is an argument of.
fn open(code: &Code, at: usize) -> Option<usize> {
    let start = line_before(&code.text, at);
    open_parenthesis(&code.bare.as_bytes()[start..at]).map(|open| start + open)
}

/// The arguments of a call in front of the path at `at`.
fn arguments(code: &Code, at: usize) -> &str {
    open(code, at).map_or("", |open| &code.text[open..at])
}

/// The method that arguments write: `"GET"`, `'get'`, `:get`, `http.MethodGet`.
fn written(arguments: &str) -> Option<&'static str> {
    METHODS
        .into_iter()
        .find(|method| {
            let lower = method.to_lowercase();
            let forms = |word: &str| [format!("\"{word}\""), format!("'{word}'"), format!(":{word},")];
            forms(method).iter().chain(&forms(&lower)).any(|word| arguments.contains(word.as_str()))
        })
        .or_else(|| constant(arguments))
}

/// The first constant of Go's `net/http` for a method.
fn constant(text: &str) -> Option<&'static str> {
    let word = &text[text.find("http.Method")? + "http.Method".len()..];
    METHODS.into_iter().find(|method| word.get(..method.len()).is_some_and(|word| word.eq_ignore_ascii_case(method)))
}

/// The parenthesis that is open at the end of `bare`, in the same statement.
fn open_parenthesis(bare: &[u8]) -> Option<usize> {
    let mut closed = 0_usize;
    for (at, byte) in bare.iter().enumerate().rev() {
        match byte {
            b';' => return None,
            b')' => closed += 1,
            b'(' if closed == 0 => return Some(at),
            b'(' => closed -= 1,
            _ => {}
        }
    }
    None
}

/// `client.get` of `client.get<Array<List>>`.
fn without_generics(callee: &str) -> &str {
    if !callee.ends_with('>') {
        return callee;
    }
    let mut closed = 0_usize;
    for (at, byte) in callee.bytes().enumerate().rev() {
        match byte {
            b'>' => closed += 1,
            b'<' if closed <= 1 => return &callee[..at],
            b'<' => closed -= 1,
            _ => {}
        }
    }
    callee
}

/// The value of `method:` in the options of a request.
fn option(text: &str) -> Option<&'static str> {
    let at = text.find("method")?;
    let value = text[at + "method".len()..].trim_start_matches([' ', ':', '=', '"', '\'', '>']);
    METHODS.into_iter().find(|method| value.get(..method.len()).is_some_and(|word| word.eq_ignore_ascii_case(method)))
}

/// The text of `Code` is ASCII, but for what a file that is no text may leave.
fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::code::source::Language;

    fn found(language: Language, text: &str) -> Vec<String> {
        let shown = |call: Call| match call.what {
            What::Known(one) => format!("{} {}", one.method, one.path),
            What::Untold(why) => why.split(' ').take(3).collect::<Vec<_>>().join(" "),
        };
        calls(&Code::new(b"a", language, text.as_bytes()), true).into_iter().map(shown).collect()
    }

    #[test]
    fn calls_are_found_in_the_manner_of_each_language() {
        use Language::{Go, JavaScript, Php, Python, Ruby};
        let query = "POST objects/{object}/records/query";
        for (language, text, wanted) in [
            (JavaScript, "fetch(`${BASE}/objects/${slug}/records/query`, { method: 'POST' })", &[query][..]),
            (JavaScript, "await fetch('https://api.attio.com/v2/objects')", &["GET objects"]),
            (JavaScript, "fetch(`https://api.attio.com/v2/notes`, {\n  method: \"POST\",\n})", &["POST notes"]),
            (JavaScript, "api.patch(`/v2/tasks/${id}`, x)", &["PATCH tasks/{task_id}"]),
            (JavaScript, "client.get<List[]>(\"/lists\")", &["GET lists"]),
            (JavaScript, "await postV2ObjectsByObjectRecordsQuery({ client })", &[query]),
            (JavaScript, "attio.records.query({})", &[query]),
            (JavaScript, "const url = '/v2/tasks'", &["the method is"]),
            (JavaScript, "counts.get('tasks'); kinds = ['lists', \"notes\"]", &[]),
            (JavaScript, "fetch(`https://api.attio.com/v2/${path}`)", &["the path is"]),
            (JavaScript, "// fetch('https://api.attio.com/v2/objects')", &[]),
            (JavaScript, "fetch('https://api.example.com/v2/objects')", &[]),
            (JavaScript, "fetch('https://api.attio.com/v2/self')", &[]),
            (JavaScript, "fetch('https://api.attio.com/v2/invoices')", &["not in the"]),
            (JavaScript, "fetch(`https://api.attio.com/v2/objects/${slug}/${rest}`)", &["not in the"]),
            (JavaScript, "fetch('https://api.attio.com/v1/people?limit=5', { method: 'POST' })", &["not in the"]),
            (JavaScript, "fetch(`https://api.attio.com/scim/v2/Users/${id}`)", &["not in the"]),
            (JavaScript, "fetch(`https://api.attio.com/${path}`)", &["the path is"]),
            (JavaScript, "const BASE = 'https://api.attio.com/v2/', HOST = \"https://api.attio.com/\"", &[]),
            (JavaScript, "fetch('https://api.attio.com/openapi/api')", &[]),
            (JavaScript, "// attio\nfetch('https://api.attio.com.example.com/v1/people')", &[]),
            (JavaScript, "// attio\nfetch('https://docs.attio.com/v2/invoices'); fetch('/v2/invoices')", &[]),
            (Python, "requests.post(f\"{BASE}/objects/{slug}/records\", json=x)", &["POST objects/{object}/records"]),
            (Python, "attio.records.post_v2_objects_object_records_query(object=1)", &[query]),
            (Go, "http.NewRequest(\"DELETE\", base+\"/v2/webhooks/\"+id, nil)", &["DELETE webhooks/{webhook_id}"]),
            (Go, "c.do(ctx, http.MethodPost, \"/v2/lists\", body)", &["POST lists"]),
            (
                Go,
                "p := fmt.Sprintf(\"/v2/lists/%s\", id)\n\tif err := c.do(ctx, http.MethodPatch, p)\n}\nhttp.MethodGet",
                &["PATCH lists/{list}"],
            ),
            (Ruby, "request(:get, \"notes\", params)", &["GET notes"]),
            (
                Ruby,
                "execute_request(:DELETE, \"objects/#{type}/records/#{id}\", {})",
                &["DELETE objects/{object}/records/{record_id}"],
            ),
            (Ruby, "log(level, \"notes\")", &[]),
            (Ruby, "conn.put(\"/v2/lists/#{id}/entries\")", &["PUT lists/{list}/entries"]),
            (
                Php,
                "$http->get('https://api.attio.com/v2/objects/' . $slug . '/records/' . $id);",
                &["GET objects/{object}/records/{record_id}"],
            ),
        ] {
            assert_eq!(found(language, text), wanted, "{text}");
        }
    }

    #[test]
    fn any_text_is_read_in_bounds() {
        for text in ["\"/v2/", "`/v2/${", "('/notes", "/v2/é'", "\"/v2/objects/\"+"] {
            found(Language::JavaScript, text);
        }
        found(Language::JavaScript, &"'/v2/${a(".repeat(20_000));
    }

    #[test]
    fn each_endpoint_has_a_name_of_its_own() {
        let mut clients: Vec<&str> = ENDPOINTS.iter().map(|one| one.client).collect();
        clients.sort_unstable();
        assert!(clients.windows(2).all(|pair| pair[0] != pair[1]));
        assert!(NAMES.len() >= ENDPOINTS.len());
    }
}
