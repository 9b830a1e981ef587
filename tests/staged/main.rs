//! What is staged for a commit.
#![cfg(unix)]

#[path = "../support/mod.rs"]
mod support;

mod change;
mod content;
mod hook;
mod index;
mod merge;
mod names;
mod packs;
mod random;
mod repository;
mod settings;
