//! keysweep finds API tokens such as `sk_…` and webhook secrets such as `whsec_…` in bytes, in git changes and in git
//! histories.
//!
//! A [`Detector`](detect::Detector) searches bytes. A [`Hit`](detect::Hit) has the rule, the position, and a redacted form of
//! the token that is safe to print:
//!
//! ```
//! use keysweep::{detect::Detector, rules};
//!
//! let detector = Detector::new(rules::ALL);
//! // The token is made at run time, so that no scanner reports this file.
//! let token = rules::example::expand("sk_live_{alnum:24}", &mut rules::example::Dice::new(1));
//! let text = format!("STRIPE_SECRET_KEY={token}\n");
//! let hits = detector.find(text.as_bytes());
//! assert_eq!(hits[0].rule.id, "stripe-secret-key");
//! assert_eq!(&text[hits[0].span.clone()], token);
//! assert_eq!(hits[0].redacted.to_string(), format!("sk_live_…{}", &token[28..]));
//! ```
//!
//! A scan reads a [`Source`](scan::Source), such as the staged change. The source passes units of bytes to the detector, and
//! the hits that are new and not allowed become [`Finding`](finding::Finding)s.
//!
//! The modules are layers. Each uses only the modules above it in this list, which `tests/layers.rs` checks.

// A stray print can leak a token. All output goes through writers that the command line passes down.
#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod error;
pub mod random;
mod text;
pub mod threads;

mod atomic_file;
mod interruption;
mod regular_file;
mod subprocess;

#[cfg(feature = "online")]
mod http;

pub mod git;

pub mod rule;

pub mod finding;

pub mod rules;

pub mod detect;

pub mod config;

mod secrets;

pub mod scan;

mod history;

mod cleanup;

pub mod verify;

#[cfg(feature = "online")]
mod delivery;

mod hook;

pub mod agent;

mod audit;

mod rotation;

mod scopes;

mod fleet;

pub mod report;

pub mod cli;
