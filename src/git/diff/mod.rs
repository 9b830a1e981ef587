//! Differences between two trees and between two versions of a file.

pub(crate) mod change;
pub(crate) mod lines;
pub(crate) mod renames;
pub(crate) mod tree;
