//! Colors and the width of a report for people, and its headings.

use owo_colors::{OwoColorize, Style as Paint};

use super::layout::wrapped;
use crate::finding::Finding;

/// How to print the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    pub is_colored: bool,
    /// The columns of the terminal. None if the output is not a terminal: then a sentence stays on one line.
    pub width: Option<usize>,
}

impl Style {
    fn paint(self, text: impl std::fmt::Display, paint: Paint) -> String {
        if self.is_colored { text.style(paint).to_string() } else { text.to_string() }
    }

    pub(crate) fn error(self, text: impl std::fmt::Display) -> String {
        self.paint(text, Paint::new().red().bold())
    }

    pub(crate) fn strong(self, text: impl std::fmt::Display) -> String {
        self.paint(text, Paint::new().bold())
    }

    /// Line numbers, bars and arrows.
    pub(super) fn frame(self, text: impl std::fmt::Display) -> String {
        self.paint(text, Paint::new().blue().bold())
    }

    pub(crate) fn calm(self, text: impl std::fmt::Display) -> String {
        self.paint(text, Paint::new().green())
    }
}

/// `error[rule]: what it is`.
pub(super) fn heading(finding: &Finding, headline: &str, style: Style) -> String {
    let name = format!("error[{}]", finding.rule.id);
    let lines = wrapped(&format!("{name}: {headline}"), style.width, 0);
    let first = lines[0].strip_prefix(&name).unwrap_or_default();
    let others = lines[1..].iter().map(|line| format!("\n  {}", style.strong(line)));
    format!("{}{}{}", style.error(&name), style.strong(first), others.collect::<String>())
}
