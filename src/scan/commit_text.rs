//! The text of a commit or a tag: its headers and its message.

use crate::finding::Part;
use crate::scan::source::{AddedFilter, Unit};

/// Returns a unit that is in no file and that is new as a whole.
pub(crate) fn whole(part: Part, bytes: &[u8]) -> Unit<'_> {
    Unit { path: None, part, origin: None, bytes, hits: None, added: AddedFilter::Whole }
}

/// Calls `visit` with each header and the message of a commit or a tag, which may be malformed. Headers that contain only ids are
/// skipped.
pub(crate) fn visit_commit_text(bytes: &[u8], visit: &dyn Fn(&Unit<'_>)) {
    let end = bytes.windows(2).position(|two| two == b"\n\n").map_or(bytes.len(), |at| at + 1);
    let (headers, message) = bytes.split_at(end);
    let mut author: &[u8] = b"";
    for header in split_headers(headers) {
        let space = header.iter().position(|&b| b == b' ').unwrap_or(header.len());
        let (name, value) = header.split_at(space);
        match name {
            b"tree" | b"parent" | b"object" | b"type" => {}
            b"author" | b"committer" | b"tagger" => {
                // The committer is usually the author, so scan a repeated name once.
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

/// Splits the headers, each with its continuation lines.
fn split_headers(headers: &[u8]) -> Vec<&[u8]> {
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
