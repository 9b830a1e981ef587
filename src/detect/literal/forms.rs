//! The forms of a text in the usual encodings, each independent of its position in the encoded text.

use std::collections::HashSet;
use std::fmt::Write as _;

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};

use crate::finding::Layer;

/// A form of the token.
pub(crate) struct Form {
    pub literal: Vec<u8>,
    /// The encoding. `None` for the token as it is.
    pub layer: Option<Layer>,
    /// For base64: digits at the ends that encode a part of the token.
    pub before: Option<Part>,
    pub behind: Option<Part>,
    pub whole: Whole,
    /// Whether line breaks may split it.
    pub in_pieces: bool,
}

impl Form {
    /// The encoding to report for a form of this many bytes.
    pub fn layer_of(&self, len: usize) -> Option<Layer> {
        let is_cut = len > self.literal.len() + 2;
        self.layer.or(is_cut.then_some(Layer::Lines))
    }
}

/// A condition for the place of a literal.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whole {
    Always,
    /// UTF-16 in which every character begins with a NUL.
    BigEndian,
}

/// Some of the six bits of a base64 digit.
#[derive(Clone, Copy)]
pub(crate) struct Part {
    mask: u8,
    bits: u8,
}

impl Part {
    pub fn is(self, digit: u8) -> bool {
        value(digit).is_some_and(|value| value & self.mask == self.bits)
    }
}

/// The value of a digit of either alphabet.
fn value(digit: u8) -> Option<u8> {
    match digit {
        b'A'..=b'Z' => Some(digit - b'A'),
        b'a'..=b'z' => Some(digit - b'a' + 26),
        b'0'..=b'9' => Some(digit - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

/// All forms of `token`, without duplicates, the token itself first. If `decoded`, decoding finds the token in all escapes except
/// those of quoted-printable, and line breaks may split the forms in ASCII.
pub(crate) fn of(token: &[u8], decoded: bool) -> Vec<Form> {
    let mut forms = vec![written(None, token.to_vec())];
    forms.extend((0..3).flat_map(|behind| base64(token, behind)));
    forms.extend([HEXLOWER, HEXUPPER].map(|hex| written(Some(Layer::Hex), hex.encode(token).into())));
    forms.extend(quoted_printable(token).into_iter().map(|text| written(Some(Layer::QuotedPrintable), text)));
    if let Ok(text) = str::from_utf8(token) {
        forms.extend(utf16(text));
    }
    if !decoded {
        forms.extend(escaped(token));
    }
    let mut seen = HashSet::new();
    // Most texts are the same in both alphabets of base64, and in any encoding if nothing needs an escape.
    forms.retain(|form| seen.insert(form.literal.clone()));
    for form in &mut forms {
        form.in_pieces = decoded && form.layer != Some(Layer::Utf16);
    }
    forms
}

/// The forms with escapes, as encoders write them.
fn escaped(token: &[u8]) -> Vec<Form> {
    let form = |layer| move |text: Vec<u8>| written(Some(layer), text);
    let mut forms: Vec<Form> = percent(token).into_iter().map(form(Layer::Percent)).collect();
    forms.extend(in_bytes(token).into_iter().map(form(Layer::StringEscapes)));
    if let Ok(text) = str::from_utf8(token) {
        forms.extend(strings(text).into_iter().map(|text| written(Some(Layer::StringEscapes), text.into())));
        forms.extend(entities(text).into_iter().map(|text| written(Some(Layer::Entities), text.into())));
    }
    forms
}

fn written(layer: Option<Layer>, literal: Vec<u8>) -> Form {
    Form { literal, layer, before: None, behind: None, whole: Whole::Always, in_pieces: false }
}

/// The digits that encode only the token, if this many other bytes precede it in its group of three; and the digits that also
/// encode other bytes.
fn base64(token: &[u8], others: usize) -> [Form; 2] {
    let bytes = [&vec![0; others][..], token].concat();
    let (from, end) = (8 * others, 8 * bytes.len());
    let (first, behind) = (from.div_ceil(6), end / 6);
    let bits = |digits: &str, at: usize| value(digits.as_bytes()[at]).expect("a digit");
    [BASE64_NOPAD, BASE64URL_NOPAD].map(|alphabet| {
        let digits = alphabet.encode(&bytes);
        let before = (!from.is_multiple_of(6)).then(|| {
            let mask = (1 << (6 * first - from)) - 1;
            Part { mask, bits: bits(&digits, first - 1) & mask }
        });
        let behind_part = (!end.is_multiple_of(6)).then(|| {
            let mask = 0x3f & !((1 << (6 * (behind + 1) - end)) - 1);
            Part { mask, bits: bits(&digits, behind) & mask }
        });
        let literal = digits.as_bytes()[first..behind].to_vec();
        Form { before, behind: behind_part, ..written(Some(Layer::Base64), literal) }
    })
}

fn utf16(text: &str) -> [Form; 2] {
    let bytes = |order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect();
    let big = written(Some(Layer::Utf16), bytes(u16::to_be_bytes));
    let whole = if text.is_ascii() { Whole::BigEndian } else { Whole::Always };
    [written(Some(Layer::Utf16), bytes(u16::to_le_bytes)), Form { whole, ..big }]
}

/// The characters besides letters and digits that encoders of URLs keep: RFC 3986, `encodeURIComponent`, `encodeURI`, and the
/// strictest ones. Forms write a space as `+`.
fn percent(token: &[u8]) -> Vec<Vec<u8>> {
    let kept: [&[u8]; 5] = [b"-_.~", b"-_.~!*'()", b"-_.~!*'();,/?:@&=+$#", b"-_.~/", b""];
    let mut texts = Vec::new();
    for (kept, upper) in kept.iter().flat_map(|kept| [(kept, true), (kept, false)]) {
        let keep = |b: u8| b.is_ascii_alphanumeric() || kept.contains(&b);
        texts.push(token.iter().flat_map(|&b| if keep(b) { vec![b] } else { hex(b"%", b, upper) }).collect());
        let form = |b: u8| if b == b' ' { vec![b'+'] } else { hex(b"%", b, upper) };
        texts.push(token.iter().flat_map(|&b| if keep(b) { vec![b] } else { form(b) }).collect());
    }
    if !token.is_ascii() {
        texts.extend([true, false].map(|upper| token.iter().flat_map(|&b| hex(b"%", b, upper)).collect()));
    }
    texts
}

/// The text of a mail escapes `=` and everything outside of ASCII. Its headers also escape `_`, `?` and a space. Some encoders
/// escape all punctuation, in capitals as in the RFC or in small letters.
fn quoted_printable(token: &[u8]) -> Vec<Vec<u8>> {
    let escaped: [fn(u8) -> bool; 3] = [
        |b| b == b'=' || !b.is_ascii() || b.is_ascii_control(),
        |b| matches!(b, b'=' | b'?' | b'_') || !b.is_ascii() || b.is_ascii_control(),
        |b| !b.is_ascii_alphanumeric(),
    ];
    let written = |escaped: fn(u8) -> bool, upper| {
        token.iter().flat_map(move |&b| if escaped(b) { hex(b"=", b, upper) } else { vec![b] }).collect()
    };
    escaped.into_iter().flat_map(|escaped| [written(escaped, true), written(escaped, false)]).collect()
}

fn hex(mark: &[u8], byte: u8, upper: bool) -> Vec<u8> {
    let digits = if upper { HEXUPPER.encode(&[byte]) } else { HEXLOWER.encode(&[byte]) };
    [mark, digits.as_bytes()].concat()
}

/// Strings of bytes as Python, C and git's listings write them: `\xc3`, `\303`.
fn in_bytes(token: &[u8]) -> Vec<Vec<u8>> {
    if token.is_ascii() {
        return Vec::new();
    }
    let escapes: [fn(u8) -> Vec<u8>; 3] =
        [|b| hex(br"\x", b, false), |b| hex(br"\x", b, true), |b| format!("\\{b:03o}").into_bytes()];
    let beyond =
        escapes.iter().map(|escape| token.iter().flat_map(|&b| if b.is_ascii() { vec![b] } else { escape(b) }));
    let all = escapes.iter().map(|escape| token.iter().flat_map(|&b| escape(b)));
    beyond.map(Iterator::collect).chain(all.map(Iterator::collect)).collect()
}

/// Strings of JSON and JavaScript: the characters that encoders must escape, and those that some also escape.
fn strings(text: &str) -> Vec<String> {
    let mut texts = Vec::new();
    for (beyond, marks) in [Beyond::EntryKind, Beyond::Lower, Beyond::Upper]
        .into_iter()
        .flat_map(|beyond| ["\"\\", "\"\\/", "'\\", "\"'\\"].map(|marks| (beyond, marks)))
    {
        texts.push(text.chars().map(|letter| in_string(letter, marks, false, beyond)).collect());
        texts.push(text.chars().map(|letter| in_string(letter, marks, true, beyond)).collect());
    }
    if !text.is_ascii() {
        let all = |upper| text.encode_utf16().fold(String::new(), |text, unit| text + &unicode(unit, upper));
        texts.extend([all(false), all(true)]);
    }
    texts
}

/// How letters outside of ASCII are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Beyond {
    EntryKind,
    Lower,
    Upper,
}

/// Puts a backslash in front of `marks`. With `in_page`, characters with a meaning in HTML are escaped by number.
fn in_string(letter: char, marks: &str, in_page: bool, beyond: Beyond) -> String {
    let numbered = |upper| letter.encode_utf16(&mut [0; 2]).iter().map(|&unit| unicode(unit, upper)).collect();
    match letter {
        '\t' => "\\t".to_owned(),
        letter if marks.contains(letter) => format!("\\{letter}"),
        letter if letter.is_ascii_control() || (in_page && "<>&".contains(letter)) => numbered(beyond == Beyond::Upper),
        letter if !letter.is_ascii() && beyond != Beyond::EntryKind => numbered(beyond == Beyond::Upper),
        letter => letter.to_string(),
    }
}

fn unicode(unit: u16, upper: bool) -> String {
    if upper { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") }
}

/// HTML and XML: the characters that must be escaped, and the ways to write quotes and letters outside of ASCII.
fn entities(text: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let beyond: [fn(char) -> String; 4] = [
        |letter| letter.to_string(),
        |letter| format!("&#{};", u32::from(letter)),
        |letter| format!("&#x{:x};", u32::from(letter)),
        |letter| format!("&#x{:X};", u32::from(letter)),
    ];
    for beyond in beyond {
        for (quote, apostrophe) in ["\"", "&quot;", "&#34;"]
            .into_iter()
            .flat_map(|quote| ["'", "&#39;", "&#x27;", "&apos;"].map(|apostrophe| (quote, apostrophe)))
        {
            texts.push(text.chars().fold(String::new(), |mut text, letter| {
                match letter {
                    '&' => text.push_str("&amp;"),
                    '<' => text.push_str("&lt;"),
                    '>' => text.push_str("&gt;"),
                    '"' => text.push_str(quote),
                    '\'' => text.push_str(apostrophe),
                    letter if letter.is_ascii() => text.push(letter),
                    letter => text.push_str(&beyond(letter)),
                }
                text
            }));
        }
        if !text.is_ascii() {
            texts.push(text.chars().fold(String::new(), |mut all, letter| {
                let _ = write!(
                    all,
                    "{}",
                    if beyond(letter).starts_with('&') { beyond(letter) } else { letter.to_string() }
                );
                all
            }));
        }
    }
    texts
}
