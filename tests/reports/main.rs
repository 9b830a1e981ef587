//! What a person sees, each report as a whole: `BLESS=1 cargo test --test reports` writes `tests/expected/`.
#![cfg(unix)]

#[path = "../support/mod.rs"]
mod support;

mod audit;
mod browser;
mod checklist;
mod finds;
mod incident;
mod others;
mod picture;
mod rotate;
