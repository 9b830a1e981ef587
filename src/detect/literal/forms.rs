//! How a text is written in the usual encodings, each by itself, wherever it stands in what is encoded.

use std::collections::HashSet;
use std::fmt::Write as _;

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};

use crate::finding::Layer;

/// A way in which the token is written.
pub(crate) struct Form {
    pub literal: Vec<u8>,
    /// None where it is written plainly.
    pub layer: Option<Layer>,
    /// Of base64: digits at the ends of which a part belongs to the token.
    pub before: Option<Part>,
    pub behind: Option<Part>,
    pub whole: Whole,
    /// Whether line breaks may cut it.
    pub in_pieces: bool,
}

impl Form {
    /// How a form is written that takes so many bytes.
    pub fn layer_of(&self, len: usize) -> Option<Layer> {
        let is_cut = len > self.literal.len() + 2;
        self.layer.or(is_cut.then_some(Layer::Lines))
    }
}

/// What has to be true of the place where a literal stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whole {
    Always,
    /// UTF-16 whose every character begins with a NUL.
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

/// Of either alphabet.
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

/// All forms of `token`, the token itself first; none twice. `decoded`: decoding finds it in escapes of every kind but those of
/// quoted-printable; and line breaks may cut those that are ASCII.
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
    // The two alphabets of base64 agree on most texts, and what needs no escape is plain in all of them.
    forms.retain(|form| seen.insert(form.literal.clone()));
    for form in &mut forms {
        form.in_pieces = decoded && form.layer != Some(Layer::Utf16);
    }
    forms
}

/// The forms that have escapes, as encoders write them.
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

/// The digits that are the token's alone where so many other bytes stand in front in its group of three, and those it shares.
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

/// What the encoders of URLs leave as it is beside letters and digits: RFC 3986, `encodeURIComponent`, `encodeURI`, the
/// strictest of all. Forms have `+` for a space.
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

/// In the text of a mail, what is no ASCII and `=` are escaped; in its headers `_`, `?` and a space are too. Some encoders
/// escape all marks, in capitals as the RFC has it or not.
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

/// Strings of bytes, as Python, C and git's own listings have them: `\xc3`, `\303`.
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

/// Strings of JSON and JavaScript: what encoders must escape, and what some escape beside.
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

/// What becomes of letters that are not ASCII.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Beyond {
    EntryKind,
    Lower,
    Upper,
}

/// `marks` get a backslash; with `in_page`, what has a meaning in HTML is escaped by number.
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

/// HTML and XML: what must be escaped, and the ways in which quotes and letters beyond ASCII are or are not.
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
