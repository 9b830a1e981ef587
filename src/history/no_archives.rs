//! Replaces `archives` in a build without the feature `archives`.

use gix::ObjectId;
use gix::objs::Kind as ObjectKind;

use crate::detect::Hit;
use crate::git::pack::traversal::{Object, Selection};
use crate::history::show::{candidates, visit_units};
use crate::scan::source::Unit;

pub(crate) struct Archives;

#[allow(clippy::unused_self)] // the signatures are those of `archives`
impl Archives {
    pub fn new(_: bool) -> Self {
        Self
    }

    pub fn again(&self) -> Self {
        Self
    }

    pub fn select(&self) -> fn(ObjectKind) -> Selection {
        candidates
    }

    pub fn show(&self, object: &Object<'_, Vec<Hit>>, visit: &dyn Fn(&Unit<'_>)) {
        visit_units(object, visit);
    }

    pub fn closed(&self) -> Vec<ObjectId> {
        Vec::new()
    }
}
