//! The decoders: text in nested encodings, up to one level deeper than the detector decodes.

use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};

use super::detect::check_text;
use super::text::expand_marks;

/// The greatest depth of nested encodings.
const DEEPEST: u8 = 4;

/// A text that is longer than this is not encoded again.
const LONGEST: usize = 200_000;

/// The first byte is the depth, the next bytes select the encodings, and the rest is the text.
pub fn check(bytes: &[u8]) {
    let Some((&depth, rest)) = bytes.split_first() else { return };
    let (encodings, text) = rest.split_at(usize::from(depth % (DEEPEST + 1)).min(rest.len()));
    let mut text = expand_marks(text);
    for &encoding in encodings {
        if text.len() < LONGEST {
            text = written(&text, encoding);
        }
    }
    check_text(&text);
}

/// Encodes `text`. The low half of `encoding` selects the encoding, and the high half selects a text before it.
fn written(text: &[u8], encoding: u8) -> Vec<u8> {
    let every = |escape: &dyn Fn(u8) -> String| text.iter().flat_map(|&b| escape(b).into_bytes()).collect();
    let encoded: Vec<u8> = match encoding & 15 {
        0 => BASE64.encode(text).into(),
        1 => BASE64.encode(&[b":", text].concat()).into(),
        2 => BASE64URL_NOPAD.encode(&[b"::", text].concat()).into(),
        3 => in_lines(BASE64.encode(text).as_bytes(), 76, b"\n"),
        4 => in_lines(BASE64.encode(text).as_bytes(), 64, b"\\n\" +\r\n    \""),
        5 => HEXLOWER.encode(text).into(),
        6 => in_lines(HEXUPPER.encode(text).as_bytes(), 60, b"\n"),
        7 => every(&|b| format!("%{b:02X}")),
        8 => every(&|b| format!("\\u{b:04x}")),
        9 => every(&|b| format!("\\x{b:02x}")),
        10 => every(&|b| format!("\\{b:03o}")),
        11 => every(&|b| format!("&#{b};")),
        12 => text.iter().flat_map(|&b| [b, 0]).collect(),
        13 => text.iter().flat_map(|&b| [0, b]).collect(),
        14 => every(&|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02x}") }),
        _ => text.to_vec(),
    };
    let before: &[u8] = match encoding >> 4 {
        0..=7 => b"",
        8 => b"a",
        9 => b"KEY=\"",
        10 => b"%",
        11 => b"\\\\",
        12 => b"\xff\xfe",
        13 => b"/",
        14 => b"ATTIO_CLIENT_SECRET=",
        _ => b"c2tf",
    };
    [before, &encoded].concat()
}

fn in_lines(text: &[u8], width: usize, line_break: &[u8]) -> Vec<u8> {
    text.chunks(width).collect::<Vec<_>>().join(line_break)
}
