//! Turns an object into the units of a scan.

use gix::objs::Kind as ObjectKind;

use crate::detect::Hit;
use crate::finding::{Origin, OriginKind, Part};
use crate::git::pack::traversal::{Object, Selection};
use crate::scan::commit_text::{visit_commit_text, whole};
use crate::scan::source::Unit;

/// Selects all commits and tags, and those blobs and trees that may contain a token.
pub(super) fn candidates(kind: ObjectKind) -> Selection {
    if matches!(kind, ObjectKind::Blob | ObjectKind::Tree) { Selection::Candidates } else { Selection::All }
}

/// Calls `visit` with each unit of an object.
pub(super) fn visit_units(object: &Object<'_, Vec<Hit>>, visit: &dyn Fn(&Unit<'_>)) {
    let &Object { kind, id, bytes, content, .. } = object;
    if content.is_clean() {
        return;
    }
    let origin = |kind| Origin { order: 0, kind, id: id.to_string() };
    let visit_from = |origin: &Origin, unit: &Unit<'_>| visit(&Unit { origin: Some(origin), ..*unit });
    let visit_words = |origin: &Origin| visit_commit_text(bytes, &|unit| visit_from(origin, unit));
    match kind {
        ObjectKind::Blob => {
            let hits = content.found().map(Vec::as_slice);
            visit_from(&origin(OriginKind::Blob), &Unit { hits, ..whole(Part::Content, bytes) });
        }
        ObjectKind::Commit => visit_words(&origin(OriginKind::Commit)),
        ObjectKind::Tag => visit_words(&origin(OriginKind::Tag)),
        ObjectKind::Tree => {
            let origin = origin(OriginKind::Tree);
            // A damaged tree was reported already. The entries before the damage are scanned.
            for entry in gix::objs::TreeRefIter::from_bytes(bytes, id.kind()).map_while(Result::ok) {
                visit_from(&origin, &whole(Part::Name, entry.filename));
            }
        }
    }
}
