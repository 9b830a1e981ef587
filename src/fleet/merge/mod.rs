//! `keysweep fleet merge`: one answer for each token across the lines of many repositories.
//!
//! The number of lines is not bounded, so nothing is collected in memory. Three external sorts (`sorter`) do the work: by
//! repository, to decide which results count (`results`); by token, to join the repositories of each; and by rank, to put the worst
//! token first (both in `tokens`).

mod bytes;
mod line;
mod problem;
mod record;
mod results;
mod sorter;
mod tokens;
mod totals;

pub(crate) use record::Place;
pub(crate) use results::{Lines, Merged};
pub(crate) use tokens::{Places, Token};
pub(crate) use totals::Totals;
