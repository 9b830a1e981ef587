//! Text layout for the width of a terminal.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::finding::Excerpt;

/// A space at which a line is never broken, so that a command stays on one line and can be copied. Paths never contain this
/// character, since control characters are escaped or left out in commands.
const GLUE: char = '\u{1}';

/// The columns of an excerpt if the width is unknown.
const EXCERPT: usize = 120;

/// A wrapped text with fewer columns is harder to read than one that the terminal breaks.
const NARROWEST: usize = 24;

/// The indent of a text below a heading that leaves no room beside it.
const NARROW_INDENT: usize = 4;

/// Keeps `command` on one line.
pub(super) fn unbroken(command: &str) -> String {
    command.replace(' ', &GLUE.to_string())
}

/// The text without the marks of [`unbroken`], for formats that are not wrapped.
pub(super) fn plain(text: &str) -> String {
    text.replace(GLUE, " ")
}

/// Wraps `text` to lines after a heading of `indent` columns. If the width is `None`, there is one line.
pub(super) fn wrapped(text: &str, width: Option<usize>, indent: usize) -> Vec<String> {
    let columns = width.map_or(usize::MAX, |width| width.saturating_sub(indent));
    let columns = if columns < NARROWEST { usize::MAX } else { columns };
    let mut lines: Vec<String> = Vec::new();
    let mut used = 0;
    for word in text.split(' ') {
        let wide = plain(word).width();
        match lines.last_mut() {
            Some(line) if used + 1 + wide <= columns => {
                line.push(' ');
                line.push_str(word);
                used += 1 + wide;
            }
            _ => {
                lines.push(word.to_owned());
                used = wide;
            }
        }
    }
    for line in &mut lines {
        *line = plain(line);
    }
    lines
}

/// The lines of `text`, joined, without a line end: the first one after `heading`, the others indented to the same column. Where
/// the heading leaves no room, the text begins on the next line. `painted` is the heading with its colors.
pub(super) fn paragraph(heading: &str, painted: &str, text: &str, width: Option<usize>) -> String {
    let indent = heading.width();
    if indent > NARROW_INDENT && width.is_some_and(|width| width < indent + NARROWEST) {
        let lines = wrapped(text, width, NARROW_INDENT);
        let indent = format!("\n{:NARROW_INDENT$}", "");
        return format!("{}{indent}{}", painted.trim_end(), lines.join(&indent));
    }
    format!("{painted}{}", wrapped(text, width, indent).join(&format!("\n{}", " ".repeat(indent))))
}

/// Cuts an excerpt to `columns` around its token. The text is already masked and escaped; an escape is never cut.
pub(super) fn cropped(excerpt: &Excerpt, width: Option<usize>, gutter: usize) -> Excerpt {
    let columns = width.map_or(EXCERPT, |width| width.saturating_sub(gutter));
    let atoms = atoms(&excerpt.text);
    let total: usize = atoms.iter().map(|atom| atom.1).sum();
    if total <= columns {
        return excerpt.clone();
    }
    let caret_end = excerpt.caret_start + excerpt.caret_width;
    let behind = total - caret_end;
    let room = columns.saturating_sub(excerpt.caret_width);
    // The text in front is more useful, because it contains the name of the variable.
    let before = excerpt.caret_start.min((room * 2 / 3).max(room.saturating_sub(behind)));
    let (first, last) = (excerpt.caret_start - before, (caret_end + room - before).min(total));
    let (has_more_before, has_more_behind) = (first > 0, last < total);
    // Each ellipsis takes a column.
    let (first, last) = (first + usize::from(has_more_before), last - usize::from(has_more_behind));
    let (first, last) = (first.min(excerpt.caret_start), last.max(caret_end));
    let mut shown = Excerpt { text: String::new(), caret_start: 0, caret_width: excerpt.caret_width };
    let (mut at, mut skipped) = (0, 0);
    for (text, wide) in atoms {
        if at >= first && at + wide <= last {
            shown.text.push_str(text);
        } else if at < first {
            skipped = at + wide;
        }
        at += wide;
    }
    shown.caret_start = excerpt.caret_start - skipped.min(excerpt.caret_start);
    if has_more_before {
        shown.text.insert(0, '…');
        shown.caret_start += 1;
    }
    if has_more_behind {
        shown.text.push('…');
    }
    shown
}

/// Splits a text into characters with their columns. An escape such as `\u{1b}` is one.
fn atoms(text: &str) -> Vec<(&str, usize)> {
    let mut atoms = Vec::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let length = escape(rest).unwrap_or(letter.len_utf8());
        let (atom, behind) = rest.split_at(length);
        atoms.push((atom, atom.chars().map(|c| c.width().unwrap_or(0)).sum()));
        rest = behind;
    }
    atoms
}

/// The length of the escape at the beginning of `text`.
fn escape(text: &str) -> Option<usize> {
    let body = text.strip_prefix('\\')?;
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_hexdigit).count();
    match body.as_bytes() {
        [b'u', b'{', ..] => {
            let length = digits(&body[2..]);
            ((1..=6).contains(&length) && body[2 + length..].starts_with('}')).then_some(length + 4)
        }
        [b'x', ..] => (digits(&body[1..]) >= 2).then_some(4),
        [b'n' | b'r' | b't', ..] => Some(2),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words_and_commands_stay_whole() {
        let text = format!("run {}, then read it from the environment", unbroken("git restore --staged a/b/c.py"));
        let lines = wrapped(&text, Some(40), 4);
        assert_eq!(lines, ["run git restore --staged a/b/c.py,", "then read it from the environment"]);
        assert_eq!(wrapped(&text, None, 4).len(), 1);
        assert_eq!(wrapped(&text, Some(10), 4).len(), 1, "nothing fits");
    }

    #[test]
    fn an_excerpt_is_cut_round_its_token() {
        for (before, behind) in [(0, 400), (400, 0), (400, 400), (70, 10), (10, 70), (3, 3)] {
            for escaped in [false, true] {
                let filler = |count: usize| if escaped { r"\u{1b}".repeat(count / 6) } else { "界".repeat(count / 2) };
                let (front, token, end) = (filler(before), "sk_live_…zdRQ", filler(behind));
                let text = format!("{front}{token}{end}");
                let excerpt = Excerpt { caret_start: front.width(), caret_width: token.width(), text };
                for width in [20, 40, 79, 80, 120, 300] {
                    let shown = cropped(&excerpt, Some(width), 4);
                    assert!(shown.text.width() <= width - 4, "{width}: {}", shown.text);
                    let at = shown.text.find(token).expect("the token");
                    assert_eq!(shown.text[..at].width(), shown.caret_start, "{width}: {}", shown.text);
                    let rest = shown.text.replace(r"\u{1b}", "").replace(token, "").replace(['…', '界'], "");
                    assert_eq!(rest, "", "{width}: {}", shown.text);
                }
            }
        }
    }
}
