//! The search in text and in the encoded text within it, layer by layer.

use super::decode;
use super::hit::{Hit, in_order};
use crate::finding::Encoding;

/// What `plain` finds in `bytes` and in the text decoded from it, through up to `depth` layers. Encoded text in front of `from`
/// is left out.
pub(super) fn find_within(bytes: &[u8], from: usize, depth: usize, plain: &dyn Fn(&[u8]) -> Vec<Hit>) -> Vec<Hit> {
    let mut hits = plain(bytes);
    if depth > 0 {
        add_encoded(bytes, from, depth, plain, &mut hits);
    }
    in_order(hits)
}

/// What `plain` finds in the text encoded in `bytes` from `from` on, through up to `depth` layers.
fn add_encoded(bytes: &[u8], from: usize, depth: usize, plain: &dyn Fn(&[u8]) -> Vec<Hit>, hits: &mut Vec<Hit>) {
    decode::each(bytes, from, &mut |decoded| {
        let inner = find_within(&decoded.text, decoded.context, depth - 1, plain).into_iter();
        hits.extend(inner.filter_map(|hit| {
            let span = decoded.written(&hit.span)?;
            // Perhaps only the name in front of the token is encoded.
            let plain = span.len() == hit.span.len();
            let encoding = if plain { hit.encoding } else { Some(Encoding::wrap(decoded.layer, hit.encoding)) };
            Some(Hit { span, encoding, ..hit })
        }));
    });
}
