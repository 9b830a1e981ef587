//! Numbers of objects that a walk looks for.

use std::collections::HashMap;

use gix::ObjectId;

/// The number of a target object.
pub(crate) type Target = u32;

/// Numbers by object id. The ids may be those of missing objects, which anyone can choose, so they are not their own hashes.
pub(crate) type Numbers = HashMap<ObjectId, u32>;
