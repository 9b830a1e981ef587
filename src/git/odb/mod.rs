//! The object database: loose objects, pack indexes, alternates, and which objects are missing.

pub(crate) mod alternates;
pub(crate) mod commit;
pub(crate) mod inventory;
pub(crate) mod loose;
pub(crate) mod missing;
pub(crate) mod objects;
pub(crate) mod packed;
