//! Heuristics over source files: signatures of webhooks, and secrets in logs. A heuristic makes a check suspect, never a failure.

mod expressions;
pub(crate) mod handlers;
pub(super) mod imports;
pub(super) mod logging;
pub(crate) mod source;
pub(super) mod verification;
