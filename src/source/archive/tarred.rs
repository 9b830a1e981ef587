//! The entries of a tar.

use std::io::Cursor;
use std::ops::ControlFlow;

use tar::{Archive, EntryType};

use super::kind::{self, BLOCK};
use super::told::Told;
use super::{Data, Entry};
use crate::finding::Part;

/// Hands each entry over. One tar may follow another, as `cat` makes them.
pub(super) fn each(
    bytes: &[u8],
    told: &mut Told,
    take: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>,
) -> Result<(), String> {
    let mut from = 0;
    while let Some(end) = one(bytes, from, told, take)? {
        let blocks = bytes[end.min(bytes.len())..].chunks(BLOCK);
        let zeros = blocks.take_while(|block| block.iter().all(|&b| b == 0)).count();
        from = end + zeros * BLOCK;
        if !bytes.get(from..).is_some_and(kind::is_tar) {
            break;
        }
    }
    Ok(())
}

/// The tar that starts at `from`, and where its last entry ends; None where nobody wants more.
fn one(
    bytes: &[u8],
    from: usize,
    told: &mut Told,
    take: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>,
) -> Result<Option<usize>, String> {
    let damaged = |err: std::io::Error| format!("it is damaged or cut short ({err})");
    let mut archive = Archive::new(Cursor::new(&bytes[from..]));
    let mut end = from;
    for entry in archive.entries().map_err(damaged)? {
        let mut entry = entry.map_err(damaged)?;
        let name = entry.path_bytes().into_owned();
        let target = entry.link_name_bytes().map(std::borrow::Cow::into_owned);
        let kind = entry.header().entry_type();
        let start = from.saturating_add(usize::try_from(entry.raw_file_position()).unwrap_or(usize::MAX));
        // Between the last entry and this one's content stand its header and those that give it a longer name.
        told.header(end..start.min(bytes.len()), target.iter().cloned().chain([name.clone()]));
        let size = usize::try_from(entry.size()).unwrap_or(usize::MAX);
        let stop = start.saturating_add(size);
        let part = (!kind.is_dir()).then_some(Part::Content).filter(|_| target.is_none() || size > 0);
        let flow = if kind == EntryType::GNUSparse {
            take(Entry { name: &name, part, target: target.as_deref(), data: Data::Packed(&mut entry) })
        } else {
            let there = start.min(bytes.len())..stop.min(bytes.len());
            told.whole(there.clone());
            take(Entry { name: &name, part, target: target.as_deref(), data: Data::Plain(there) })
        };
        if flow.is_break() {
            return Ok(None);
        }
        if kind == EntryType::GNUSparse {
            // Its size is that of the file, not of what is stored of it: what follows is found by its header.
            end = start;
            continue;
        }
        if stop > bytes.len() {
            return Err(format!("it is cut short in {}", String::from_utf8_lossy(&name)));
        }
        end = stop.div_ceil(BLOCK) * BLOCK;
    }
    Ok(Some(end))
}
