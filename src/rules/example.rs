//! The templates of the rules' examples, and their expansion into text.
//!
//! `{alnum:24}` stands for 24 random letters and digits; [`expand`] documents the other shapes. Examples are generated when they
//! are needed, so that no file of this repository contains a token: it must be clean under its own hook and under other scanners.

use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL_NOPAD};

pub use crate::random::Dice;

const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &[u8] = b"0123456789";

/// The names of shapes in `{shape:length}`.
pub const SHAPES: &[&str] = &[
    "alnum",
    "base36",
    "base32",
    "hex",
    "HEX",
    "digits",
    "letters",
    "word",
    "dashed",
    "base64",
    "base64bare",
    "base64url",
    "sequence",
    "uuid",
];

/// A longer expansion is a mistake: no token is a tenth as long.
const LONGEST: usize = 4096;

/// Fills in the `{shape:length}` of `template`. Other braces stay as they are.
///
/// Shapes, each with its length in characters unless said otherwise: `alnum`, `base36`, `base32`, `hex`, `HEX`, `digits`,
/// `letters`, `sequence` (the alphabet, then digits), `word` (alnum and `_`), `dashed` (alnum and `-`), `base64`, `base64bare`
/// (without padding) and `base64url` (all three in bytes), `uuid`, `workos`, `basic-hex` (Basic auth whose user is so much
/// hex), `hex64` (64 hex digits), `hex64-colon` (64 hex digits and a colon), `urlsafe` (alnum, `_` and `-`), `base64-of:TEXT`,
/// and base64 of text that is random: `base64-hex` (with a line end), `base64-alnum` (both in characters of the text),
/// `base64-uuid`. `{alnum:20-70}` draws the length as well.
///
/// Use `hex64` and `hex64-colon` after `curl -u` and in the user part of a URL: other scanners take the colon in `{hex:64}` there
/// for the start of a password, and this tree must be clean under their rules.
pub fn expand(template: &str, dice: &mut Dice) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        text.push_str(&rest[..open]);
        let filled = rest[open..].find('}').and_then(|close| Some((fill(&rest[open + 1..open + close], dice)?, close)));
        match filled {
            Some((value, close)) => {
                text.push_str(&value);
                rest = &rest[open + close + 1..];
            }
            None => {
                text.push('{');
                rest = &rest[open + 1..];
            }
        }
    }
    text + rest
}

fn fill(field: &str, dice: &mut Dice) -> Option<String> {
    let (shape, argument) = field.split_once(':').unwrap_or((field, ""));
    let len = length(argument, dice);
    if len > LONGEST {
        return None;
    }
    Some(match shape {
        "alnum" => dice.text(&[LOWER, UPPER, DIGITS].concat(), len),
        "base36" => dice.text(&[LOWER, DIGITS].concat(), len),
        "base32" => dice.text(&[LOWER, b"234567"].concat(), len),
        "hex" => dice.text(&[DIGITS, b"abcdef"].concat(), len),
        "HEX" => dice.text(&[DIGITS, b"ABCDEF"].concat(), len),
        "digits" => dice.text(DIGITS, len),
        "letters" => dice.text(&[LOWER, UPPER].concat(), len),
        "word" => dice.text(&[LOWER, UPPER, DIGITS, b"_"].concat(), len),
        "dashed" => dice.text(&[LOWER, UPPER, DIGITS, b"-"].concat(), len),
        "base64" => BASE64.encode(&dice.bytes(len)),
        "base64bare" => BASE64_NOPAD.encode(&dice.bytes(len)),
        "base64url" => BASE64URL_NOPAD.encode(&dice.bytes(len)),
        "sequence" => [LOWER, DIGITS].concat().into_iter().cycle().take(len).map(char::from).collect(),
        "uuid" => [8, 4, 4, 4, 12].map(|part| dice.text(b"0123456789abcdef", part)).join("-"),
        "workos" => workos(dice),
        "basic-hex" => BASE64.encode(format!("{}:", dice.text(b"0123456789abcdef", len)).as_bytes()),
        "hex64" => fill("hex:64", dice)?,
        "hex64-colon" => fill("hex:64", dice)? + ":",
        "urlsafe" => dice.text(&[LOWER, UPPER, DIGITS, b"_-"].concat(), len),
        "base64-hex" => BASE64.encode(format!("{}\n", fill(&format!("hex:{len}"), dice)?).as_bytes()),
        "base64-alnum" => BASE64.encode(fill(&format!("alnum:{len}"), dice)?.as_bytes()),
        "base64-uuid" => BASE64.encode(fill("uuid", dice)?.as_bytes()),
        "base64-of" => BASE64.encode(argument.as_bytes()),
        _ => return None,
    })
}

/// Parses `24`, or picks a length from `20-70`, both ends included.
fn length(argument: &str, dice: &mut Dice) -> usize {
    let range = argument.split_once('-').and_then(|(low, high)| Some((low.parse().ok()?, high.parse().ok()?)));
    match range {
        Some((low, high)) if low <= high && high <= LONGEST => dice.between(low, high),
        _ => argument.parse().unwrap_or(0),
    }
}

fn workos(dice: &mut Dice) -> String {
    let ulid = dice.text(&[DIGITS, b"ABCDEFGHJKMNPQRSTVWXYZ"].concat(), 24);
    let key = format!("key_01{ulid},{}", dice.text(&[LOWER, UPPER, DIGITS].concat(), 25));
    BASE64.encode(key.as_bytes()).trim_end_matches('=').to_owned()
}
