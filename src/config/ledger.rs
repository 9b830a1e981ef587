//! Adds an entry to the token ledger in the text of a configuration.

use std::fmt::Write as _;

use crate::config::audit::LedgerEntry;

/// Returns `text` with `entry` as a `[[token]]` at its end. All bytes of `text` stay, and so does its kind of line ends. Such a
/// table may follow any other table, so `text` need not be parsed here.
pub fn with_entry(text: &[u8], entry: &LedgerEntry) -> Vec<u8> {
    let first_end = text.iter().position(|&b| b == b'\n');
    let line_end = if first_end.is_some_and(|at| text[..at].ends_with(b"\r")) { "\r\n" } else { "\n" };
    let mut added = String::new();
    if !text.is_empty() {
        added.push_str(if text.ends_with(b"\n") { "\n" } else { "\n\n" });
    }
    added.push_str(&table(entry));
    [text, added.replace('\n', line_end).as_bytes()].concat()
}

fn table(entry: &LedgerEntry) -> String {
    let mut table = format!("[[token]]\nfingerprint = \"{}\"\n", entry.fingerprint);
    let mut line = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            writeln!(table, "{key} = {value}").expect("writing to memory");
        }
    };
    line("owner", entry.owner.as_deref().map(basic_string));
    line("environment", entry.environment.as_deref().map(basic_string));
    line("created", entry.created.map(|date| date.to_string()));
    line("rotate_by", entry.rotate_by.map(|date| date.to_string()));
    let list = |scopes: &Vec<String>| scopes.iter().map(|scope| basic_string(scope)).collect::<Vec<_>>().join(", ");
    line("scopes", entry.scopes.as_ref().map(|scopes| format!("[{}]", list(scopes))));
    table
}

/// A basic string of TOML (<https://toml.io/en/v1.0.0#string>).
fn basic_string(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            letter if letter.is_control() => {
                write!(quoted, "\\u{:04X}", u32::from(letter)).expect("writing to memory");
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Date};
    use crate::finding::Fingerprint;

    fn entry(owner: &str) -> LedgerEntry {
        LedgerEntry {
            fingerprint: Fingerprint::from_bits(0x9f86_d081_884c_7d65),
            owner: Some(owner.to_owned()),
            environment: None,
            created: Date::parse("2026-11-01"),
            rotate_by: Date::parse("2027-05-01"),
            scopes: Some(vec!["note:read".to_owned(), "task:read".to_owned()]),
            line: 0,
        }
    }

    #[test]
    fn the_text_before_stays_and_the_entry_is_parsed_as_given() {
        for text in ["", "# a comment", "[output]\nquiet = true # why\n", "[output]\r\nquiet = true\r\n", "\n\n\n"] {
            for owner in ["billing", "Ada \"the\" O'Neil \\ é"] {
                let written = with_entry(text.as_bytes(), &entry(owner));
                assert!(written.starts_with(text.as_bytes()), "{text:?}");
                let parsed = Config::parse(&written).expect("valid").ledger;
                let [read] = &parsed[..] else { panic!("{} entries", parsed.len()) };
                assert_eq!(read.owner.as_deref(), Some(owner));
                assert_eq!(read.scopes, entry(owner).scopes);
                assert_eq!((read.created, read.rotate_by), (entry(owner).created, entry(owner).rotate_by));
                assert_eq!(read.fingerprint, entry(owner).fingerprint);
                let crlf = text.contains("\r\n");
                let ends = String::from_utf8_lossy(&written).matches("\r\n").count();
                assert_eq!(crlf, ends > 5, "{text:?}");
            }
        }
    }
}
