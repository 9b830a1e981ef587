//! The scan of the staged changes.
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
