//! The encodings in which tests write a token.

use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};

/// An encoding for tests. `name` describes the variant, and `label` is the encoding's name in keysweep's reports.
pub struct Encoding {
    pub name: &'static str,
    pub label: &'static str,
    pub write: fn(&[u8]) -> Vec<u8>,
}

const fn encoding(name: &'static str, label: &'static str, write: fn(&[u8]) -> Vec<u8>) -> Encoding {
    Encoding { name, label, write }
}

/// The encodings that can appear inside any text.
pub const ENCODINGS: &[Encoding] = &[
    encoding("base64", "base64", |text| BASE64.encode(text).into()),
    encoding("base64 behind one byte", "base64", |text| BASE64.encode(&[b":", text].concat()).into()),
    encoding("base64 behind two bytes", "base64", |text| BASE64.encode(&[b"::", text].concat()).into()),
    encoding("base64 amid other bytes", "base64", |text| {
        BASE64.encode(&[b"\xff\0\xfe\x80", text, b"\0\xff"].concat()).into()
    }),
    encoding("base64 with a line end", "base64", |text| BASE64.encode(&[text, b"\n"].concat()).into()),
    encoding("unpadded base64", "base64", |text| BASE64_NOPAD.encode(text).into()),
    encoding("URL-safe base64", "base64", |text| BASE64URL_NOPAD.encode(&[b"\xff\xef ", text].concat()).into()),
    encoding("base64 behind a slash", "base64", |text| [b"/", BASE64.encode(text).as_bytes()].concat()),
    encoding("hex", "hex", |text| HEXLOWER.encode(text).into()),
    encoding("upper-case hex", "hex", |text| HEXUPPER.encode(text).into()),
    encoding("percent-encoded underscores", "percent-encoding", |text| replaced(text, b"_", |_| "%5F".to_owned())),
    encoding("percent-encoded underscores in lower case", "percent-encoding", |text| {
        replaced(text, b"_", |_| "%5f".to_owned())
    }),
    encoding("percent-encoding", "percent-encoding", |text| every(text, |b| format!("%{b:02X}"))),
    encoding("unicode escapes for underscores", "string escapes", |text| {
        replaced(text, b"_", |_| "\\u005f".to_owned())
    }),
    encoding("unicode escapes", "string escapes", |text| every(text, |b| format!("\\u{b:04X}"))),
    encoding("hex escapes for underscores", "string escapes", |text| replaced(text, b"_", |_| "\\x5f".to_owned())),
    encoding("hex escapes", "string escapes", |text| every(text, |b| format!("\\x{b:02x}"))),
    encoding("underscores escaped in a string in a string", "string escapes", |text| {
        replaced(text, b"_", |_| "\\\\u005F".to_owned())
    }),
    encoding("underscores escaped as in Markdown", "string escapes", |text| replaced(text, b"_", |_| "\\_".to_owned())),
    encoding("octal escapes", "string escapes", |text| every(text, |b| format!("\\{b:03o}"))),
    encoding("entities for underscores", "HTML entities", |text| replaced(text, b"_", |_| "&#95;".to_owned())),
    encoding("hex entities for underscores", "HTML entities", |text| replaced(text, b"_", |_| "&#x5F;".to_owned())),
    encoding("named entities for underscores", "HTML entities", |text| replaced(text, b"_", |_| "&lowbar;".to_owned())),
    encoding("entities", "HTML entities", |text| every(text, |b| format!("&#{b};"))),
    encoding("hex entities", "HTML entities", |text| every(text, |b| format!("&#x{b:x};"))),
];

/// The encodings that apply to a whole file.
pub const WIDE_ENCODINGS: &[Encoding] = &[
    encoding("UTF-16 LE", "UTF-16", |text| utf16(text, u16::to_le_bytes)),
    encoding("UTF-16 BE", "UTF-16", |text| utf16(text, u16::to_be_bytes)),
    encoding("UTF-16 LE with a byte order mark", "UTF-16", |text| {
        [b"\xff\xfe".to_vec(), utf16(text, u16::to_le_bytes)].concat()
    }),
    encoding("UTF-16 BE with a byte order mark", "UTF-16", |text| {
        [b"\xfe\xff".to_vec(), utf16(text, u16::to_be_bytes)].concat()
    }),
];

pub fn wrapped(text: &[u8], width: usize, line_break: &str) -> Vec<u8> {
    let lines: Vec<&[u8]> = text.chunks(width).collect();
    lines.join(line_break.as_bytes())
}

fn every(text: &[u8], escape: impl Fn(u8) -> String) -> Vec<u8> {
    text.iter().flat_map(|&b| escape(b).into_bytes()).collect()
}

fn replaced(text: &[u8], which: &[u8], escape: impl Fn(u8) -> String) -> Vec<u8> {
    let mut out = String::new();
    for &byte in text {
        let plain = || char::from(byte).to_string();
        out += &if which.contains(&byte) { escape(byte) } else { plain() };
    }
    out.into()
}

fn utf16(text: &[u8], bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    String::from_utf8_lossy(text).encode_utf16().flat_map(bytes).collect()
}
