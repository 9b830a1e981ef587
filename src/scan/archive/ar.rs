//! The members of an ar archive: Debian packages, static libraries.

use std::borrow::Cow;
use std::ops::Range;

use crate::scan::archive::entry::{Data, Entry, Take};

const MAGIC: usize = 8;
const HEADER: usize = 60;
const NAME: Range<usize> = 0..16;
const SIZE: Range<usize> = 48..58;

/// Passes each member to `take`.
pub(crate) fn each(bytes: &[u8], take: &mut Take<'_>) -> Result<(), String> {
    let damaged = |why: &str| Err(format!("it is damaged or cut short ({why})"));
    let (mut at, mut long_names) = (MAGIC, 0..0);
    while at < bytes.len() {
        let Some(header) = bytes.get(at..at + HEADER).filter(|header| header.ends_with(b"`\n")) else {
            return damaged("a header is damaged");
        };
        let Some(size) = number(&header[SIZE]) else { return damaged("the size of an entry is no number") };
        let start = at + HEADER;
        let Some(end) = start.checked_add(size) else { return damaged("an entry is cut short") };
        let (name, start) = name(bytes, header, &long_names, start..end.min(bytes.len()));
        if &header[NAME][..3] == b"// " {
            long_names = start..end.min(bytes.len());
        }
        let mut entry = Entry::new(&name);
        entry.headers.push(at..start);
        if take.entry(bytes, entry, Data::Plain(start..end.min(bytes.len()))).is_break() {
            return Ok(());
        }
        if end > bytes.len() {
            return damaged("an entry is cut short");
        }
        at = end + end % 2;
    }
    Ok(())
}

pub(crate) fn starts_header(bytes: &[u8]) -> bool {
    bytes.get(..HEADER).is_some_and(|header| header.ends_with(b"`\n") && number(&header[SIZE]).is_some())
}

fn number(field: &[u8]) -> Option<usize> {
    std::str::from_utf8(field).ok()?.trim_end_matches([' ', '\0']).parse().ok()
}

/// Returns the name and the start of the content. A long name is in front of the content in BSD's format, and in a table in
/// GNU's.
fn name<'b>(
    bytes: &'b [u8],
    header: &'b [u8],
    long_names: &Range<usize>,
    data: Range<usize>,
) -> (Cow<'b, [u8]>, usize) {
    let field = header[NAME].trim_ascii_end();
    let behind = |digits: &[u8]| number(digits);
    if let Some(len) = field.strip_prefix(b"#1/").and_then(behind).filter(|&len| len <= data.len()) {
        let name = &bytes[data.start..data.start + len];
        return (Cow::Borrowed(name.split(|&b| b == 0).next().unwrap_or_default()), data.start + len);
    }
    let listed = field.strip_prefix(b"/").and_then(behind).and_then(|at| bytes[long_names.clone()].get(at..));
    let name = listed.map_or(field, |rest| rest.split(|&b| matches!(b, b'\n' | 0)).next().unwrap_or_default());
    (Cow::Borrowed(name.strip_suffix(b"/").filter(|name| !name.is_empty()).unwrap_or(name)), data.start)
}
