//! What is in a commit or a tag besides what it points to.

use crate::finding::Part;
use crate::scan::source::{AddedFilter, Unit};

/// A unit that stands in no file and is scanned as a whole.
pub(crate) fn whole(part: Part, bytes: &[u8]) -> Unit<'_> {
    Unit { path: None, part, origin: None, bytes, hits: None, added: AddedFilter::Whole }
}

/// The headers and the message of a commit or a tag. Nothing here depends on their being well formed.
pub(crate) fn visit_envelope(bytes: &[u8], visit: &dyn Fn(&Unit<'_>)) {
    let end = bytes.windows(2).position(|two| two == b"\n\n").map_or(bytes.len(), |at| at + 1);
    let (headers, message) = bytes.split_at(end);
    let mut author: &[u8] = b"";
    for header in blocks(headers) {
        let space = header.iter().position(|&b| b == b' ').unwrap_or(header.len());
        let (name, value) = header.split_at(space);
        match name {
            b"tree" | b"parent" | b"object" | b"type" => {}
            b"author" | b"committer" | b"tagger" => {
                // The committer is the author, mostly, and has no other name then.
                let person = value.iter().rposition(|&b| b == b'>').map_or(value, |at| &value[..at]);
                if person != author {
                    visit(&whole(Part::Person, value));
                }
                author = person;
            }
            _ => visit(&whole(Part::Header, header)),
        }
    }
    visit(&whole(Part::Message, message.strip_prefix(b"\n").unwrap_or(message)));
}

/// Headers with the lines that continue them.
fn blocks(headers: &[u8]) -> Vec<&[u8]> {
    let mut blocks = Vec::new();
    let mut start = 0;
    for at in 1..=headers.len() {
        let ends = at == headers.len() || headers[at - 1] == b'\n' && headers[at] != b' ';
        if ends {
            blocks.push(&headers[start..at]);
            start = at;
        }
    }
    blocks
}
