//! Git's hooks: what git and the runners hand over to them.

mod handed;
mod push;

pub use handed::{Handed, Stdin};
pub use push::{Load, pre_push, pre_receive, range, update};
