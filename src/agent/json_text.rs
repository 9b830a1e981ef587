//! Changes a JSON text without touching the rest of it: the order, the spaces and the line ends stay.
//!
//! The text must be valid JSON, which the caller checks.

use std::ops::Range;

use serde_json::{Map, Value};

/// A member of an object, or an element of an array, which has no name.
struct Item {
    name: Option<String>,
    /// From the name, or from the value of an element, to the end of the value.
    span: Range<usize>,
    value: usize,
}

/// Appends `element` to the array at `path`, and makes what is missing on the way there.
pub(super) fn append(text: &str, path: &[&str], element: &Value) -> String {
    let unit = indent_unit(text);
    let mut at = start(text);
    for (depth, name) in path.iter().enumerate() {
        let items = items(text, at);
        match items.iter().find(|item| item.name.as_deref() == Some(name)) {
            Some(item) => at = item.value,
            None => {
                let value = nested(&path[depth + 1..], element.clone());
                let member = format!("{}: {}", Value::from(*name), pretty(&value, &unit, depth + 1));
                return insert(text, at, &items, &member, &unit, depth + 1);
            }
        }
    }
    let items = items(text, at);
    insert(text, at, &items, &pretty(element, &unit, path.len() + 1), &unit, path.len() + 1)
}

/// Removes the element with this number from the array at `path`. An array or object that is then empty is removed too.
pub(super) fn remove(text: &str, path: &[&str], number: usize) -> String {
    let mut at = start(text);
    let mut taken: Vec<(usize, usize)> = Vec::new();
    for name in path {
        let found = items(text, at).iter().position(|item| item.name.as_deref() == Some(name));
        let Some(number) = found else { return text.to_owned() };
        taken.push((at, number));
        at = items(text, at)[number].value;
    }
    taken.push((at, number));
    // The outermost one that has nothing else.
    let is_only = |(at, _): &(usize, usize)| items(text, *at).len() == 1;
    let alone = taken.iter().rev().take_while(|place| is_only(place)).count();
    let (at, number) = taken[taken.len().saturating_sub(alone + 1)];
    let items = items(text, at);
    let range = match (number.checked_sub(1), items.get(number + 1)) {
        (_, Some(next)) => items[number].span.start..next.span.start,
        (Some(before), None) => items[before].span.end..items[number].span.end,
        (None, None) => at + 1..end_of(text, at) - 1,
    };
    format!("{}{}", &text[..range.start], &text[range.end..])
}

/// Objects along `path`, with an array of `element` at the end.
fn nested(path: &[&str], element: Value) -> Value {
    path.iter()
        .rev()
        .fold(Value::Array(vec![element]), |value, name| Value::Object(Map::from_iter([((*name).to_owned(), value)])))
}

/// Inserts `new` behind the last of `items` of the object or array at `at`.
fn insert(text: &str, at: usize, items: &[Item], new: &str, unit: &str, depth: usize) -> String {
    let line = format!("\n{}", unit.repeat(depth));
    match items.last() {
        Some(last) => format!("{},{line}{new}{}", &text[..last.span.end], &text[last.span.end..]),
        None => {
            let end = end_of(text, at) - 1;
            format!("{}{line}{new}\n{}{}", &text[..=at], unit.repeat(depth - 1), &text[end..])
        }
    }
}

/// The value as text whose lines, apart from the first one, are indented by `depth` units.
fn pretty(value: &Value, unit: &str, depth: usize) -> String {
    let text = serde_json::to_string_pretty(value).expect("a value without maps of other keys");
    let line = |line: &str| {
        let rest = line.trim_start_matches(' ');
        format!("{}{rest}", unit.repeat((line.len() - rest.len()) / 2 + depth))
    };
    let lines: Vec<String> = text.lines().map(line).collect();
    lines.join("\n").trim_start().to_owned()
}

/// The indentation of the first line that has one, or two spaces.
fn indent_unit(text: &str) -> String {
    let indents = text.lines().map(|line| &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]);
    indents.skip(1).find(|indent| !indent.is_empty()).unwrap_or("  ").to_owned()
}

/// The position of the first byte that is not space.
fn start(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

/// The members or elements of the object or array at `at`. None for any other value.
fn items(text: &str, at: usize) -> Vec<Item> {
    let bytes = text.as_bytes();
    let is_object = bytes.get(at) == Some(&b'{');
    let mut items = Vec::new();
    if !is_object && bytes.get(at) != Some(&b'[') {
        return items;
    }
    let mut next = skip(bytes, at + 1);
    while !matches!(bytes.get(next), None | Some(b'}' | b']')) {
        let (begin, mut name) = (next, None);
        if is_object {
            let end = end_of(text, next);
            name = serde_json::from_str(&text[next..end]).ok();
            next = skip(bytes, skip(bytes, end) + 1);
        }
        let end = end_of(text, next);
        items.push(Item { name, span: begin..end, value: next });
        next = skip(bytes, end);
        if bytes.get(next) == Some(&b',') {
            next = skip(bytes, next + 1);
        }
    }
    items
}

/// The end of the value at `at`.
pub(super) fn end_of(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes();
    let mut depth = 0_usize;
    let mut next = at;
    while let Some(&byte) = bytes.get(next) {
        match byte {
            b'"' => next = end_of_string(bytes, next) - 1,
            b'{' | b'[' => depth += 1,
            b'}' | b']' | b',' | b':' if depth == 0 => return next,
            b'}' | b']' => depth -= 1,
            _ if depth == 0 && byte.is_ascii_whitespace() => return next,
            _ => {}
        }
        next += 1;
        if depth == 0 && matches!(byte, b'"' | b'}' | b']') {
            return next;
        }
    }
    next
}

/// The end of the string at `at`.
pub(super) fn end_of_string(bytes: &[u8], at: usize) -> usize {
    let mut next = at + 1;
    while let Some(&byte) = bytes.get(next) {
        next += 1 + usize::from(byte == b'\\');
        if byte == b'"' {
            break;
        }
    }
    next.min(bytes.len())
}

fn skip(bytes: &[u8], at: usize) -> usize {
    at + bytes[at.min(bytes.len())..].iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Appends, checks that only that changed, removes again, and expects the old text.
    fn there_and_back(text: &str, path: &[&str]) -> String {
        let element = json!({ "command": "a \"b\" }", "n": 1 });
        let with = append(text, path, &element);
        let mut wanted: Value = serde_json::from_str(text).expect("JSON");
        let mut value = &mut wanted;
        for (depth, name) in path.iter().enumerate() {
            let empty = if depth + 1 == path.len() { json!([]) } else { json!({}) };
            let members = value.as_object_mut().expect("an object");
            value = members.entry(*name).or_insert(empty);
        }
        let array = value.as_array_mut().expect("an array");
        array.push(element);
        let number = array.len() - 1;
        assert_eq!(serde_json::from_str::<Value>(&with).expect(&with), wanted, "{with}");
        assert_eq!(remove(&with, path, number), text, "{with}");
        with
    }

    #[test]
    fn the_rest_of_a_text_stays() {
        let path = ["hooks", "PreToolUse"];
        let text = "{\n    \"a\": [1, {\"x\": \"}]\\\"\"}],\n    \"b\" : null\n}\n";
        assert!(there_and_back(text, &path).starts_with(&text[..text.len() - 3]));
        for text in [
            "{}",
            "{}\n",
            "{ \"a\": 1 }",
            "{\"hooks\":{\"Stop\":[1]}}",
            "{\"hooks\":{\"PreToolUse\":[1,2]}}",
            "{\n\t\"hooks\": {\n\t\t\"PreToolUse\": [\n\t\t\t{ \"x\": [] }\n\t\t]\n\t}\n}",
            "  {\r\n  \"hooks\": {\r\n    \"Stop\": [ ]\r\n  }\r\n}\r\n",
            "{\"a\":\"\\\\\",\"hooks\":{\"x\":-1.5e3,\"y\":true}}",
        ] {
            there_and_back(text, &path);
        }
    }

    #[test]
    fn a_new_member_is_indented_like_the_others() {
        let with = append("{\n    \"a\": 1\n}\n", &["hooks", "E"], &json!({ "c": "x" }));
        let wanted = "{\n    \"a\": 1,\n    \"hooks\": {\n        \"E\": [\n            {\n                \"c\": \"x\"\n            }\n        ]\n    }\n}\n";
        assert_eq!(with, wanted);
    }
}
