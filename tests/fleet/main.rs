//! The `fleet` command: many repositories.
#![cfg(unix)]

#[path = "../support/mod.rs"]
mod support;

mod cache;
mod harness;
mod hostile;
mod json_schema;
mod limits;
mod list;
mod login;
mod merge;
mod mirror;
mod parallel;
mod ray;
