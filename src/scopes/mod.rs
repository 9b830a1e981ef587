//! `keysweep scopes`: the calls of Attio's API that code makes, and the scopes that they require.
//!
//! A heuristic over source files. What it cannot tell, it lists.

mod calls;
mod needed;
mod path;
mod table;

pub use needed::Needed;
pub use table::{PUBLISHED, SOURCE};
