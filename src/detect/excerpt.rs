//! The line of text that a report shows around a token: cut to a window, masked, escaped and measured.

use unicode_width::UnicodeWidthChar;

use super::detector::Detector;
use super::hit::Hit;
use super::mask::Masked;
use crate::finding::{Encoding, Excerpt, Layer, Span};
use crate::text::without_line_end;

/// The bytes shown in front of the token and after it. With the token masked, they fit a terminal of 120 columns.
const BEFORE: usize = 56;
const AFTER: usize = 32;

/// How far beyond the window tokens that extend into it are searched for. The longest token.
const MARGIN: usize = 512;

impl Detector {
    /// The text around `hit`, which is within `line` of `bytes`.
    pub fn excerpt(&self, bytes: &[u8], line: &Span, hit: &Hit) -> Excerpt {
        let line = line.start..line.start + without_line_end(&bytes[line.clone()]).len();
        let window =
            line.start.max(hit.span.start.saturating_sub(BEFORE))..line.end.min(hit.span.end + AFTER).max(hit.span.end);
        // Do not cut a character, if the text is UTF-8.
        let is_inside = |at: &usize| bytes.get(*at).is_some_and(|byte| byte & 0xc0 == 0x80);
        let start = (window.start.saturating_sub(3).max(line.start)..=window.start).rev().find(|at| !is_inside(at));
        let end = (window.end..=line.end.min(window.end + 3)).find(|at| !is_inside(at));
        let window = start.unwrap_or(window.start)..end.unwrap_or(window.end);
        let read =
            line.start.max(window.start.saturating_sub(MARGIN))..line.end.min(window.end + MARGIN).max(window.end);
        let masks = self.masks_with(&bytes[read.clone()], read.start, hit);

        let wide = hit.encoding.map(Encoding::outermost) == Some(Layer::Utf16);
        let mut shown = Shown { wide, ..Shown::default() };
        if window.start > line.start {
            shown.text("…".as_bytes());
        }
        let mut at = window.start;
        for mask in masks {
            if mask.span.end <= at || mask.span.start >= window.end {
                continue;
            }
            shown.text(&bytes[at..mask.span.start.max(at)]);
            let caret = mask.span == hit.span;
            shown.mask(&mask.shown, caret);
            at = mask.span.end;
        }
        shown.text(&bytes[at.min(window.end)..window.end]);
        if at.max(window.end) < line.end {
            shown.text("…".as_bytes());
        }
        shown.finish()
    }

    /// The masks of `text`, with offsets in the unit. They always include the mask of the hit.
    fn masks_with(&self, text: &[u8], offset: usize, hit: &Hit) -> Vec<Masked> {
        let mut masks = self.masked(text);
        for mask in &mut masks {
            mask.span = mask.span.start + offset..mask.span.end + offset;
        }
        masks.retain(|mask| mask.span.end <= hit.span.start || hit.span.end <= mask.span.start);
        masks.push(Masked { span: hit.span.clone(), shown: hit.redacted.to_string() });
        masks.sort_by_key(|mask| mask.span.start);
        masks
    }
}

#[derive(Default)]
struct Shown {
    /// UTF-16: the bytes between its characters are not shown.
    wide: bool,
    text: String,
    columns: usize,
    caret: (usize, usize),
}

impl Shown {
    fn text(&mut self, bytes: &[u8]) {
        for chunk in bytes.utf8_chunks() {
            for letter in chunk.valid().chars() {
                self.letter(letter);
            }
            for byte in chunk.invalid() {
                self.push(&format!("\\x{byte:02x}"));
            }
        }
    }

    fn letter(&mut self, letter: char) {
        match letter {
            '\0' if self.wide => {}
            '\t' => self.push("    "),
            _ if is_unsafe(letter) => self.push(&letter.escape_default().to_string()),
            _ => {
                self.columns += letter.width().unwrap_or(0);
                self.text.push(letter);
            }
        }
    }

    /// ASCII, or text whose characters are one column wide.
    fn push(&mut self, text: &str) {
        self.columns += text.chars().count();
        self.text.push_str(text);
    }

    fn mask(&mut self, shown: &str, caret: bool) {
        let start = self.columns;
        self.push(shown);
        if caret {
            self.caret = (start, self.columns - start);
        }
    }

    fn finish(self) -> Excerpt {
        Excerpt { text: self.text, caret_start: self.caret.0, caret_width: self.caret.1 }
    }
}

/// Whether printing the character could move the cursor, forge a line, or reorder or hide the text beside it.
pub fn is_unsafe(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{061c}' | '\u{e0000}'..='\u{e007f}')
}
