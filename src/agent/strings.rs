//! The strings in a JSON value.

use serde_json::{Map, Value};

/// The nearest member names around a string, from the inside.
pub(super) type Key<'k> = Option<&'k str>;

/// Members with text that an edit removes. The model has seen that text already.
const REMOVED: &[&str] = &["old_string", "old_str", "old_text", "oldString", "oldText"];

/// Calls `visit` with each string and the name of the member that it is in. Names of members are visited too, without a name.
/// Text that an edit removes is left out.
pub(super) fn each<'j>(value: &'j Value, key: Key<'j>, visit: &mut dyn FnMut(Key<'j>, &'j str)) {
    match value {
        Value::String(text) => visit(key, text),
        Value::Array(values) => values.iter().for_each(|value| each(value, key, visit)),
        Value::Object(members) => {
            for (name, value) in members.iter().filter(|(name, _)| !REMOVED.contains(&name.as_str())) {
                visit(None, name);
                each(value, Some(name), visit);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Calls `visit` with each string of a result or a prompt. Nothing is left out.
pub(super) fn each_of_result<'j>(value: &'j Value, visit: &mut dyn FnMut(&'j str)) {
    match value {
        Value::String(text) => visit(text),
        Value::Array(values) => values.iter().for_each(|value| each_of_result(value, visit)),
        Value::Object(members) => {
            for (name, value) in members {
                visit(name);
                each_of_result(value, visit);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The value with each string, and each name of a member, replaced by `mask`.
pub(super) fn masked(value: Value, mask: &dyn Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(mask(&text)),
        Value::Array(values) => values.into_iter().map(|value| masked(value, mask)).collect(),
        Value::Object(members) => Value::Object(
            members.into_iter().map(|(name, value)| (mask(&name), masked(value, mask))).collect::<Map<_, _>>(),
        ),
        other => other,
    }
}

/// The text of a string, or the JSON of any other value.
pub(super) fn as_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Whether a member with this name holds a path of a file.
pub(super) fn is_path(key: Key<'_>) -> bool {
    let Some(key) = key.map(str::to_ascii_lowercase) else { return false };
    key.contains("path") || ["file", "filename", "target_file", "uri", "source", "destination"].contains(&key.as_str())
}

/// Whether a member with this name holds a shell command.
pub(super) fn is_command(key: Key<'_>) -> bool {
    key.is_some_and(|key| ["command", "cmd", "script"].contains(&key))
}
