//! Asks a vendor whether a token is alive, by a request that reads nothing about people and changes nothing but the vendor's record
//! of when the token was last used.
//!
//! A token may be sent to a vendor only if its shape alone names that vendor, or if the user named it. Text near the token, a
//! configuration or a ledger never decides who receives it, since others may have written those.

pub mod answer;
#[cfg(feature = "online")]
pub mod ask;
#[cfg(feature = "online")]
pub mod scopes;
#[cfg(feature = "online")]
pub mod several;
#[cfg(feature = "online")]
pub mod vendor;
#[cfg(feature = "online")]
mod vendors;

#[cfg(feature = "online")]
pub use vendors::{ALL, named, named_by_shape};
