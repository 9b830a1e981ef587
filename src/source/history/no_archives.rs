//! In place of `archives`, where nothing is built in that unpacks any.

use gix::ObjectId;
use gix::objs::Kind as ObjectKind;

use super::walk::{Look, Object};
use super::{History, held, show};
use crate::source::{Coverage, Threads, Unit};

pub(super) struct Archives;

#[allow(clippy::unused_self)] // where archives are unpacked there is something to ask
impl Archives {
    pub fn new(_: bool) -> Self {
        Self
    }

    pub fn again(&self) -> Self {
        Self
    }

    pub fn look(&self) -> fn(ObjectKind) -> Look {
        held
    }

    pub fn show(&self, object: &Object<'_>, visit: &dyn Fn(&Unit<'_>)) {
        show(object, visit);
    }

    pub fn closed(&self) -> Vec<ObjectId> {
        Vec::new()
    }
}

#[allow(clippy::unused_self)]
impl History<'_> {
    pub(super) fn with_archives_told(&self, covered: Coverage, _: Threads) -> Coverage {
        covered
    }
}
