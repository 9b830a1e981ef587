//! From an object to the units that are scanned.

use gix::objs::Kind as ObjectKind;

use crate::detect::Hit;
use crate::finding::{Origin, OriginKind, Part};
use crate::git::pack::traversal::{Object, Selection};
use crate::scan::commit_text::{visit_envelope, whole};
use crate::scan::source::Unit;

/// Of blobs and trees only those that may hold a token.
pub(super) fn held(kind: ObjectKind) -> Selection {
    if matches!(kind, ObjectKind::Blob | ObjectKind::Tree) { Selection::Candidates } else { Selection::All }
}

/// Hands over what can be scanned of an object.
pub(super) fn show(object: &Object<'_, Vec<Hit>>, visit: &dyn Fn(&Unit<'_>)) {
    let &Object { kind, id, bytes, content, .. } = object;
    if content.is_clean() {
        return;
    }
    let origin = |kind| Origin { order: 0, kind, id: id.to_string() };
    let visit_from = |origin: &Origin, unit: &Unit<'_>| visit(&Unit { origin: Some(origin), ..*unit });
    let visit_words = |origin: &Origin| visit_envelope(bytes, &|unit| visit_from(origin, unit));
    match kind {
        ObjectKind::Blob => {
            let hits = content.found().map(Vec::as_slice);
            visit_from(&origin(OriginKind::Blob), &Unit { hits, ..whole(Part::Content, bytes) });
        }
        ObjectKind::Commit => visit_words(&origin(OriginKind::Commit)),
        ObjectKind::Tag => visit_words(&origin(OriginKind::Tag)),
        ObjectKind::Tree => {
            let origin = origin(OriginKind::Tree);
            // One that is damaged was told, and what can be read of it is scanned.
            for entry in gix::objs::TreeRefIter::from_bytes(bytes, id.kind()).map_while(Result::ok) {
                visit_from(&origin, &whole(Part::Name, entry.filename));
            }
        }
    }
}
