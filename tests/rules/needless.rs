//! Tokens with needless escapes. The detector finds them, with the fingerprint of the unescaped token.

use std::sync::LazyLock;

use keysweep::detect::Detector;
use keysweep::finding::Secret;
use keysweep::rules::ALL;
use keysweep::rules::example::{Dice, expand};

static DETECTOR: LazyLock<Detector> = LazyLock::new(|| Detector::new(ALL));

/// An escape of a character: its name and its text.
type Escape = (&'static str, fn(char) -> String);

/// Escapes that exist for every character.
const NUMBERED: &[Escape] = &[
    ("\\x2f", |c| format!("\\x{:02x}", u32::from(c))),
    ("\\x2F", |c| format!("\\x{:02X}", u32::from(c))),
    ("\\u002f", |c| format!("\\u{:04x}", u32::from(c))),
    ("\\u002F", |c| format!("\\u{:04X}", u32::from(c))),
    ("\\\\u002f", |c| format!("\\\\u{:04x}", u32::from(c))),
    ("\\u{2f}", |c| format!("\\u{{{:x}}}", u32::from(c))),
    ("\\u{00002F}", |c| format!("\\u{{{:06X}}}", u32::from(c))),
    ("\\x{2f}", |c| format!("\\x{{{:x}}}", u32::from(c))),
    ("\\U0000002f", |c| format!("\\U{:08x}", u32::from(c))),
    ("\\057", |c| format!("\\{:03o}", u32::from(c))),
    ("\\o{57}", |c| format!("\\o{{{:o}}}", u32::from(c))),
    ("%2F", |c| format!("%{:02X}", u32::from(c))),
    ("%2f", |c| format!("%{:02x}", u32::from(c))),
    ("%u002F", |c| format!("%u{:04X}", u32::from(c))),
    ("&#47;", |c| format!("&#{};", u32::from(c))),
    ("&#047;", |c| format!("&#{:03};", u32::from(c))),
    ("&#x2F;", |c| format!("&#x{:X};", u32::from(c))),
    ("&#X2f;", |c| format!("&#X{:x};", u32::from(c))),
    ("=2F", |c| format!("={:02X}", u32::from(c))),
];

/// Escapes for punctuation only. A backslash before a letter has another meaning.
const MARKED: &[Escape] = &[("\\/", |c| format!("\\{c}")), ("\\\\/", |c| format!("\\\\{c}"))];

const NAMED: &[(char, &str)] = &[
    ('/', "&sol;"),
    ('+', "&plus;"),
    ('=', "&equals;"),
    ('_', "&lowbar;"),
    ('_', "&UnderBar;"),
    ('.', "&period;"),
    ('_', "{\\_}"),
    ('_', "\\textunderscore{}"),
];

/// Shapes that contain punctuation.
const SHAPES: &[&str] = &[
    "whsec_{base64:32}",
    "whsec_{base64:24}",
    "whsec_{base64url:32}",
    "sk_prod_{base64url:48}",
    "sk_live_{alnum:24}",
    "sk_live_51{alnum:99}",
    "sk_live_{alnum:8}.{alnum:32}",
    "sk_{base64url:24}.eu",
    "whsk_{base64:64}",
];

const AROUND: &[(&str, &str)] =
    &[("{\"secret\":\"", "\"}"), ("key = '", "'\n"), ("", "\n"), ("(", ")"), ("<b>", "</b>")];

/// Random tokens of the shape that the detector finds completely.
fn tokens(shape: &str) -> Vec<String> {
    let token = |seed| expand(shape, &mut Dice::new(seed));
    let is_whole = |token: &String| DETECTOR.find(token.as_bytes()).iter().any(|hit| hit.span == (0..token.len()));
    let tokens: Vec<String> = (0..24).map(token).filter(is_whole).collect();
    assert!(tokens.len() >= 22, "{shape}: {} of 24", tokens.len());
    tokens
}

fn expect_exact(faults: &mut Vec<String>, name: &str, token: &str, written: &str) {
    for (before, behind) in AROUND {
        let text = format!("{before}{written}{behind}");
        let hits = DETECTOR.find(text.as_bytes());
        let wanted = Secret::new(token.as_bytes()).fingerprint();
        let exact = hits.len() == 1
            && hits[0].fingerprint == wanted
            && hits[0].span == (before.len()..before.len() + written.len())
            && DETECTOR.may_contain_token(text.as_bytes());
        if !exact {
            faults.push(format!("{name} between {before:?} and {behind:?}: {} hits", hits.len()));
        }
    }
}

#[track_caller]
fn assert_no_faults(mut faults: Vec<String>, tried: usize) {
    let count = faults.len();
    faults.dedup();
    assert!(count * 200 <= tried, "{count} of {tried}:\n{}", faults[..faults.len().min(40)].join("\n"));
}

#[test]
fn each_punctuation_character_may_be_escaped() {
    let (mut faults, mut tried) = (Vec::new(), 0);
    for shape in SHAPES {
        for token in tokens(shape) {
            for (name, escape) in NUMBERED.iter().chain(MARKED) {
                let is_mark = |c: char| !c.is_ascii_alphanumeric();
                let some = |wanted: char| {
                    let escaped = |c: char| if c == wanted { escape(c) } else { c.to_string() };
                    token.chars().map(escaped).collect::<String>()
                };
                let all: String = token.chars().map(|c| if is_mark(c) { escape(c) } else { c.to_string() }).collect();
                let marks: std::collections::BTreeSet<char> = token.chars().filter(|c| is_mark(*c)).collect();
                for written in marks.into_iter().map(some).chain([all]) {
                    tried += AROUND.len();
                    expect_exact(&mut faults, &format!("{shape} with {name}"), &token, &written);
                }
            }
        }
    }
    assert_no_faults(faults, tried);
}

#[test]
fn each_letter_may_be_escaped_by_its_number() {
    let (mut faults, mut tried) = (Vec::new(), 0);
    for shape in SHAPES {
        for token in tokens(shape).into_iter().take(8) {
            for (name, escape) in NUMBERED {
                let every: String = token.chars().map(escape).collect();
                tried += AROUND.len();
                expect_exact(&mut faults, &format!("{shape} in {name}"), &token, &every);
                // Escape one letter of the body, as an editor might. Quoted-printable encoders never do this.
                if *name != "=2F" {
                    let at = token.len() - 7;
                    let one: String =
                        token.char_indices().map(|(n, c)| if n == at { escape(c) } else { c.to_string() }).collect();
                    tried += AROUND.len();
                    expect_exact(&mut faults, &format!("{shape} with one {name}"), &token, &one);
                }
            }
        }
    }
    assert_no_faults(faults, tried);
}

#[test]
fn punctuation_may_have_entity_names() {
    let (mut faults, mut tried) = (Vec::new(), 0);
    for shape in SHAPES {
        for token in tokens(shape) {
            for (mark, name) in NAMED {
                if token.contains(*mark) {
                    let written = token.replace(*mark, name);
                    tried += AROUND.len();
                    expect_exact(&mut faults, &format!("{shape} with {name}"), &token, &written);
                }
            }
        }
    }
    assert_no_faults(faults, tried);
}

/// Base64 and hex in JSON from PHP.
#[test]
fn encoded_tokens_may_be_escaped() {
    let (mut faults, mut tried) = (Vec::new(), 0);
    for shape in SHAPES {
        for token in tokens(shape) {
            let config = format!("{{\"?\":\"~~~\",\"secret\":\"{token}\",\"o\":\"?>?>\"}}");
            let written = data_encoding::BASE64.encode(config.as_bytes()).replace('/', "\\/");
            let text = format!("{{\"config\":\"{written}\"}}");
            tried += 1;
            let hits = DETECTOR.find(text.as_bytes());
            let wanted = Secret::new(token.as_bytes()).fingerprint();
            if hits.len() != 1 || hits[0].fingerprint != wanted {
                faults.push(format!("{shape}: {} hits", hits.len()));
            }
        }
    }
    assert_no_faults(faults, tried);
}

#[test]
fn other_text_with_such_escapes_is_silent() {
    let mut dice = Dice::new(77);
    for text in [
        "{\"url\":\"https:\\/\\/example.com\\/task_runner\\/disk_image_of_the_year\\/risk_assessment\"}",
        "preg_match('/^[a-z\\-\\_]+\\/sk_[A-Za-z0-9\\+\\/\\=\\-\\_]{20,99}$/', $key)",
        "whsec_[A-Za-z0-9\\+\\/]{32,}\\=\\=",
        "C:\\users\\sk_config_of_the_application\\-backup",
        "sk\\_live\\_your\\_secret\\_key\\_goes\\_here",
        "whsec\\_your\\_signing\\_secret\\_here",
        "sk\\_live\\_xxxxxxxxxxxxxxxxxxxxxxxx",
        "https://example.com/?timeout=30&sk_id=42&x=5Fsk_foo_bar_baz_qux",
        "{\"integrity\":\"sha512-{base64:64}\"}",
        "{\"digest\":\"sha256:{hex:64}\",\"path\":\"\\/var\\/lib\\/{hex:64}\\/sk_layer\"}",
        "\\u{1f511} \\x{20ac} \\o{101} %u20AC =E2=82=AC &#8364;",
    ] {
        for _ in 0..50 {
            let text = expand(text, &mut dice);
            assert!(DETECTOR.find(text.as_bytes()).is_empty(), "{text}");
        }
    }
}
