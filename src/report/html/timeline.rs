//! The timeline of a token, drawn in SVG.
//!
//! Each row is one line of a table: a label on the left, and a track on the right. Positions on the track are percentages and
//! labels have a fixed size, so the drawing fits a narrow window without a script. Shapes, not colors, carry the meaning.

use maud::{Markup, html};

use super::event::{introductions, still_in};
use super::name::{cut, of_ref};
use super::page::day;
use crate::error::counted;
use crate::history::provenance::{Provenance, ShownPush};
use crate::report::history::remote_branch;
use crate::report::shown::shown_path;

/// Further names are only counted.
const MOST_REFS: usize = 6;
/// How to read the drawings.
pub(super) const LEGEND: &str = "In the timelines, thick lines are to scale up to the last known event. The thin, dashed \
     end of a line stands for the time from then until the scan. A dotted line means: since then at the earliest.";

/// The height of a row in CSS pixels.
const ROW: usize = 38;
/// The height of a line of text in CSS pixels.
const BASELINE: usize = 16;
/// The start of the labels. The style sheet makes room for them on the left of the track.
const LABELS: &str = "-180";
/// The columns of a label that fit there.
const LABEL: usize = 22;
/// Where the last known event is on the track, in tenths of a percent. The rest stands for the time until the scan, whatever it is,
/// so that a short leak of long ago does not shrink to a dot.
const LAST_EVENT: i128 = 860;

/// A mark on a track. Each has a shape of its own, at most 14 pixels wide.
#[derive(Clone, Copy)]
enum Mark {
    Introduced,
    Pushed,
    Removed,
    StillInHead,
    /// A name that contained the token when the repository was scanned.
    Contained,
}

impl Mark {
    /// The shape, around the origin.
    fn shape(self) -> Markup {
        html! {
            @match self {
                Mark::Introduced => circle.solid r="6" {},
                Mark::Pushed => path.solid d="M0-7 7 0 0 7-7 0z" {},
                Mark::Removed => path.cross d="M-5-5 5 5M5-5-5 5" {},
                Mark::StillInHead => path.solid d="M-7-6 6 0-7 6z" {},
                Mark::Contained => path.hollow d="M-5-5H5V5H-5z" {},
            }
        }
    }
}

/// The rows, the day of the first event, and the place of the last one.
struct Drawing<'t> {
    rows: Vec<Row>,
    first: &'t str,
    end: i128,
}

/// One row of the drawing.
struct Row {
    label: String,
    below: String,
    /// The kind of the line, and its ends in tenths of a percent of the track.
    line: Option<(&'static str, i128, i128)>,
    /// Marks and their places in tenths of a percent.
    marks: Vec<(Mark, i128)>,
}

/// Places times on the track.
struct Scale {
    first: i64,
    last: i64,
}

impl Scale {
    /// The place of the last event.
    fn end(&self) -> i128 {
        self.place(self.last)
    }

    /// In tenths of a percent. Times can be anything, because commits and logs can be forged.
    fn place(&self, time: i64) -> i128 {
        let (since, span) = (i128::from(time) - i128::from(self.first), i128::from(self.last) - i128::from(self.first));
        if span == 0 { 0 } else { since * LAST_EVENT / span }
    }
}

/// The drawing, with a text for those who do not see it. `None` if no commit has the token.
pub(super) fn timeline(token: &Provenance) -> Option<Markup> {
    let Drawing { rows, first, end } = drawing(token)?;
    let id = token.finding.fingerprint;
    let height = rows.len() * ROW + ROW / 2 + 4;
    Some(html! {
        svg.timeline role="img" aria-labelledby={ "title-" (id) " text-" (id) } width="100%" height=(height) {
            title id={ "title-" (id) } { "Timeline of the token " (id) }
            desc id={ "text-" (id) } { (described(token, &rows)) }
            @for (at, row) in rows.iter().enumerate() { (drawn(row, at * ROW, end)) }
            g.axis {
                text x="0" y=(rows.len() * ROW + BASELINE) { (first) }
                text x="100%" y=(rows.len() * ROW + BASELINE) text-anchor="end" { "scan" }
            }
        }
    })
}

fn drawn(row: &Row, top: usize, end: i128) -> Markup {
    html! {
        text.label x=(LABELS) y=(top + BASELINE) { (row.label) }
        text.below x=(LABELS) y=(top + 2 * BASELINE - 1) { (row.below) }
        svg y=(top + ROW / 2 - 1) overflow="visible" {
            line.rail x1="0" x2="100%" y1="0" y2="0" {}
            @if let Some((kind, from, to)) = row.line {
                line class=(kind) x1=(percent(from)) x2=(percent(to.min(end))) y1="0" y2="0" {}
                // Not to scale from here on.
                @if to > end { line.(kind).later x1=(percent(from.max(end))) x2=(percent(to)) y1="0" y2="0" {} }
            }
            @for &(mark, at) in &row.marks { svg x=(percent(at)) overflow="visible" { (mark.shape()) } }
        }
    }
}

fn drawing(token: &Provenance) -> Option<Drawing<'_>> {
    let introduced = introductions(token);
    let times: Vec<i64> = introduced.iter().map(|(_, commit)| commit.time).collect();
    let of_commits = introduced.iter().map(|(_, commit)| *commit).chain(&token.removed);
    let events = of_commits.map(|commit| (commit.time, &*commit.date));
    let events: Vec<(i64, &str)> = events.chain(token.pushed.iter().map(|push| (push.time, &*push.date))).collect();
    let (first, last) = (events.iter().min()?, events.iter().max()?);
    let scale = Scale { first: first.0, last: last.0 };
    let start = scale.place(*times.iter().min()?);
    let end = token.removed.as_ref().map_or(1_000, |commit| scale.place(commit.time));
    let mut rows = vec![Row {
        label: "Introduced".to_owned(),
        below: day(&introduced.first()?.1.date).to_owned(),
        line: Some(("present", start, end)),
        marks: introduction_marks(&times, &scale),
    }];
    rows.extend(token.pushed.as_ref().map(|push| pushed(push, scale.place(push.time))));
    let is_local = !still_in(token).is_empty();
    rows.extend(token.removed.as_ref().map(|commit| Row {
        label: if is_local { "Removed locally" } else { "Removed from files" }.to_owned(),
        below: day(&commit.date).to_owned(),
        line: None,
        marks: vec![(Mark::Removed, end)],
    }));
    rows.extend(token.at_head.then(|| Row {
        label: "Still in HEAD".to_owned(),
        below: "when scanned".to_owned(),
        line: None,
        marks: vec![(Mark::StillInHead, 1_000)],
    }));
    rows.extend(names(token, start));
    Some(Drawing { rows, first: day(first.1), end: scale.end() })
}

/// One mark for each percent of the track at most.
fn introduction_marks(times: &[i64], scale: &Scale) -> Vec<(Mark, i128)> {
    let mut places: Vec<i128> = times.iter().map(|&time| scale.place(time)).collect();
    places.sort_unstable();
    places.dedup_by_key(|place| *place / 10);
    places.into_iter().map(|place| (Mark::Introduced, place)).collect()
}

fn pushed(push: &ShownPush, at: i128) -> Row {
    Row {
        label: "Pushed".to_owned(),
        below: cut(&format!("{} {}", day(&push.date), remote_branch(&shown_path(&push.name))), LABEL + 4),
        // The server still has it in its history after it was removed from the files.
        line: Some(("exposed", at, 1_000)),
        marks: vec![(Mark::Pushed, at)],
    }
}

/// The branches, tags and other names that contained the token. No earlier than at `start`, but it is not known since when.
fn names(token: &Provenance, start: i128) -> Vec<Row> {
    let row = |label: String, line| {
        let marks = vec![(Mark::Contained, 1_000)];
        Row { label, below: "contained it when scanned".to_owned(), line, marks }
    };
    let shown = token.refs.iter().take(MOST_REFS).map(|name| cut(&of_ref(&shown_path(name)), LABEL));
    let mut rows: Vec<Row> = shown.map(|label| row(label, Some(("reachable", start, 1_000)))).collect();
    let more = token.refs.len().saturating_sub(MOST_REFS);
    rows.extend((more > 0).then(|| row(format!("and {}", counted(more, "more name")), None)));
    rows
}

/// The rows in words.
fn described(token: &Provenance, rows: &[Row]) -> String {
    let row = |row: &Row| format!("{}: {}.", row.label, row.below);
    let open = if token.removed.is_none() { " It was not removed from the files before the scan." } else { "" };
    format!("{}{open}", rows.iter().map(row).collect::<Vec<_>>().join(" "))
}

/// `12.5%` for 125.
fn percent(tenths: i128) -> String {
    format!("{}.{}%", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_has_a_place_on_the_track() {
        let scale = Scale { first: 100, last: 300 };
        assert_eq!([100, 200, 300].map(|time| percent(scale.place(time))), ["0.0%", "43.0%", "86.0%"]);
        assert_eq!(Scale { first: 7, last: 7 }.place(7), 0);
        let many: Vec<i64> = (100..=300).chain(100..=300).collect();
        assert_eq!(introduction_marks(&many, &scale).len(), 87);
        let forged = Scale { first: i64::MIN, last: i64::MAX };
        assert_eq!((forged.place(i64::MIN), forged.place(i64::MAX)), (0, LAST_EVENT));
    }
}
