//! The texts that rules match, and the texts that they must not match.
#![cfg(unix)]

#[path = "../support/mod.rs"]
mod support;

mod attio;
mod encodings;
mod examples;
mod explain;
mod needless;
mod own_rules;
mod packs;
mod placeholders;
mod properties;
mod published;
mod shapes;
mod shown;
mod vendors;
mod wrapped;
