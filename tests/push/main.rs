//! The scan of a push.
#![cfg(unix)]

#[path = "../support/mod.rs"]
mod support;

mod change;
mod commits;
mod destination;
mod folders;
mod framework;
mod graph;
mod leaks;
mod merges;
mod merges_random;
mod refs;
mod repository;
mod stdin;
mod tags;
