//! What to do, with room to write down when it was done and by whom.

use maud::{Markup, html};

use super::name::sentence;
use super::page::day;
use crate::error::counted;
use crate::history::provenance::Provenance;
use crate::report::model::Report;
use crate::report::plan::plan;
use crate::rotation::Step;

/// Further items of a step are only counted.
const MOST_ITEMS: usize = 200;
/// Further tokens are only counted.
const MOST_ROWS: usize = 1_000;

pub(super) fn section(report: &Report<'_>, provenances: &[Provenance]) -> Markup {
    html! {
        section aria-labelledby="checklist" {
            h2 #checklist { "Checklist" }
            p {
                "Fill it in here and print the page or save it as a PDF, since a browser does not keep what is typed; "
                "or fill it in on paper."
            }
            ol.steps { @for (number, step) in (1..).zip(plan(report)) { (item(number, &step)) } }
            (by_token(provenances))
            (closing())
        }
    }
}

fn item(number: usize, step: &Step) -> Markup {
    let more = step.list.len().saturating_sub(MOST_ITEMS);
    let blank = |name: &str| field(&format!("{name} (step {number})"), name);
    html! {
        li {
            (tick(&step.says))
            @if !step.list.is_empty() {
                ul.ticks {
                    @for one in step.list.iter().take(MOST_ITEMS) { li { (tick(&sentence(one))) } }
                    @if more > 0 { li { "and " (counted(more, "more item")) } }
                }
            }
            @for command in &step.run { pre { code { (command) } } }
            div.fields { (blank("Done on")) (blank("By")) (blank("Evidence")) }
        }
    }
}

fn tick(text: &str) -> Markup {
    html! { label.tick { input type="checkbox"; span { (text) } } }
}

/// One row for each token, since each is rotated on a day of its own.
fn by_token(provenances: &[Provenance]) -> Markup {
    let more = provenances.len().saturating_sub(MOST_ROWS);
    html! {
        div.wide tabindex="0" role="region" aria-label="Each token" {
            table.blanks {
                caption { "Each token" }
                thead { tr {
                    th scope="col" { "Token" } th scope="col" { "Replaced on" } th scope="col" { "Old one revoked on" }
                    th scope="col" { "Vendor's log reviewed" } th scope="col" { "Result" }
                } }
                tbody { @for (number, one) in (1..).zip(provenances.iter().take(MOST_ROWS)) { (row(number, one)) } }
            }
        }
        @if more > 0 { p { "Add a sheet for " (counted(more, "more token")) "." } }
    }
}

fn row(number: usize, token: &Provenance) -> Markup {
    let introduced = token.occurrences.first().and_then(|place| place.commit.as_ref());
    let since = introduced.map_or(String::new(), |commit| format!("since {}", day(&commit.date)));
    let blank = |what: &str| html! { input type="text" aria-label={ (what) ", token " (number) }; };
    html! {
        tr {
            th scope="row" { (number) ". " code { (token.finding.redacted) } }
            td { (blank("Replaced on")) }
            td { (blank("Old one revoked on")) }
            td { (since) " " (blank("Vendor's log reviewed")) }
            td { (blank("Result")) }
        }
    }
}

fn closing() -> Markup {
    html! {
        h3 { "Closing" }
        div.fields {
            @for name in ["Incident number", "People and authorities that were informed, and when", "Prepared by", "Approved by", "Closed on"] {
                (field(name, name))
            }
        }
    }
}

/// A line to write on. `full` names it for those who do not see where it is.
fn field(full: &str, name: &str) -> Markup {
    html! { label.field { span { (name) } input type="text" aria-label=(full); } }
}
