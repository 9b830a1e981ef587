//! How to rotate a token in this repository: the vendor's steps, and the commands of the platforms that the repository uses.
//!
//! The platforms and the names of variables are found by reading files. Nothing is run. Commands get the token on standard input.

mod commands;
mod credential;
mod deployment;
mod names;
mod platform;
mod procedure;
mod terraform;

pub use credential::{Credential, of_vendor, vendor_names};
pub use deployment::Deployment;
pub use platform::Platform;
pub use procedure::{Heading, Step, steps};
