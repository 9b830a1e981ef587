//! What the older version of an archive has already.

use std::cell::RefCell;

use crate::finding::{Part, Span};
use crate::git::diff::lines::added;
use crate::scan::archive::limits::{Budget, LIMITS};
use crate::scan::archive::walk::unpack;
use crate::scan::source::Unit;

/// Takes out of `still_new` what an older version of the archive has under the same name. Asked only of files that hold a token,
/// and unpacks the older version each time, so that it is never in memory as a whole.
/// The scan's budget pays for it: once that is spent, what the older version has counts as new.
pub(crate) fn leave_out_known(
    path: &[u8],
    old: &[u8],
    budget: &Budget,
    new: &Unit<'_>,
    spans: &[Span],
    still_new: &mut [bool],
) {
    let kept = RefCell::new(still_new);
    unpack(path, old, LIMITS, budget, &|unit| {
        if (unit.path, unit.part) != (new.path, new.part) {
            return;
        }
        let is_added = match new.part {
            Part::Name => vec![false; spans.len()],
            _ => added(unit.bytes, new.bytes, spans),
        };
        for (new, is_added) in kept.borrow_mut().iter_mut().zip(is_added) {
            *new &= is_added;
        }
    });
}
