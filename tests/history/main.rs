//! The sweep of a history, and `keysweep find`.
#![cfg(unix)]

#[path = "../support/mod.rs"]
mod support;

mod allow;
mod answer;
mod by_value;
mod clean;
mod clean_file;
mod clean_odd;
mod clean_places;
mod clean_random;
mod clean_safe;
mod clean_work;
mod copies;
mod damage;
mod deltas;
mod find;
mod find_forms;
mod find_git_dir;
mod find_several;
mod honest;
mod leftovers;
mod objects;
mod places;
mod plan;
mod planted_links;
mod progress;
mod selection;
mod since_last;
mod words;
