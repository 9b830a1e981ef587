//! `keysweep fleet`: many repositories, one after the other. A URL is mirrored in a cache folder, a path is scanned in place, and
//! another process of keysweep scans it, which can be stopped at a time limit.

pub(crate) mod address;
pub(crate) mod cache;
pub(crate) mod list;
pub(crate) mod merge;
pub(crate) mod messages;
pub(crate) mod mirror;
pub(crate) mod size;
pub(crate) mod worker;
