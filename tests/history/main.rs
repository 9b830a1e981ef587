//! The `history` and `find` commands.
#![cfg(unix)]

#[path = "../support/mod.rs"]
mod support;

mod allow;
mod by_value;
mod clean;
mod clean_file;
mod clean_leftovers;
mod clean_odd;
mod clean_places;
mod clean_random;
mod clean_safe;
mod clean_stop;
mod clean_work;
mod commit_text;
mod completeness;
mod damage;
mod dedup;
mod deltas;
mod find;
mod find_forms;
mod find_git_dir;
mod find_several;
mod leftovers;
mod objects;
mod plan;
mod planted_links;
mod progress;
mod pushed;
mod reachability;
mod selection;
mod since_last;
mod token_history;
