//! Expansions that need no variables: braces and `$'…'`.

use brush_parser::word::{BraceExpressionMember, BraceExpressionOrText};

/// Words with more alternatives in braces than this are refused.
pub(super) const MAX_BRACES: usize = 64;

/// The texts that pieces of a brace expansion stand for.
pub(super) fn expanded(pieces: &[BraceExpressionOrText]) -> Vec<String> {
    let mut texts = vec![String::new()];
    for piece in pieces {
        let alternatives = match piece {
            BraceExpressionOrText::Text(text) => vec![text.clone()],
            BraceExpressionOrText::Expr(members) => members.iter().flat_map(member).take(MAX_BRACES + 1).collect(),
        };
        let joined = texts.iter().flat_map(|text| alternatives.iter().map(move |next| format!("{text}{next}")));
        texts = joined.take(MAX_BRACES + 1).collect();
    }
    texts
}

fn member(member: &BraceExpressionMember) -> Vec<String> {
    match member {
        BraceExpressionMember::Child(pieces) => expanded(pieces),
        // Only the ends matter: no option and no protected path is a number or a letter.
        BraceExpressionMember::NumberSequence { start, end, .. } => vec![start.to_string(), end.to_string()],
        BraceExpressionMember::CharSequence { start, end, .. } => {
            let (low, high) = (*start.min(end), *start.max(end));
            (low..=high).take(MAX_BRACES).map(String::from).collect()
        }
    }
}

/// The text of `$'…'`.
pub(super) fn unescaped(text: &str) -> String {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        rest = &rest[at + 1..];
        let Some(letter) = rest.chars().next() else { break };
        rest = &rest[letter.len_utf8()..];
        let number = |radix: u32, most: usize, text: &mut &str| {
            let digits = text.chars().take(most).take_while(|c| c.is_digit(radix)).count();
            let value = u32::from_str_radix(&text[..digits], radix).unwrap_or_default();
            *text = &text[digits..];
            value
        };
        match letter {
            'n' => out.push(b'\n'),
            't' => out.push(b'\t'),
            'r' => out.push(b'\r'),
            'x' => out.push(u8::try_from(number(16, 2, &mut rest)).unwrap_or_default()),
            'u' | 'U' => {
                let value = number(16, if letter == 'u' { 4 } else { 8 }, &mut rest);
                out.extend(char::from_u32(value).unwrap_or(' ').to_string().bytes());
            }
            '0'..='7' => {
                let first = letter.to_digit(8).unwrap_or_default();
                let digits = rest.chars().take(2).take_while(|c| c.is_digit(8)).count();
                let more = u32::from_str_radix(&rest[..digits], 8).unwrap_or_default();
                rest = &rest[digits..];
                out.push(((first << (3 * digits)) + more).to_le_bytes()[0]);
            }
            other => out.extend(other.to_string().bytes()),
        }
    }
    out.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&out).into_owned()
}
