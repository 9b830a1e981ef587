//! In place of `archives`, where nothing is built in that unpacks any.

use gix::ObjectId;
use gix::objs::Kind as ObjectKind;

use crate::detect::Hit;
use crate::git::pack::traversal::{Object, Selection};
use crate::history::show::{held, show};
use crate::scan::source::Unit;

pub(crate) struct Archives;

#[allow(clippy::unused_self)] // where archives are unpacked there is something to ask
impl Archives {
    pub fn new(_: bool) -> Self {
        Self
    }

    pub fn again(&self) -> Self {
        Self
    }

    pub fn select(&self) -> fn(ObjectKind) -> Selection {
        held
    }

    pub fn show(&self, object: &Object<'_, Vec<Hit>>, visit: &dyn Fn(&Unit<'_>)) {
        show(object, visit);
    }

    pub fn closed(&self) -> Vec<ObjectId> {
        Vec::new()
    }
}
