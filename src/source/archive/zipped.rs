//! The entries of a zip.

use std::io::Cursor;
use std::ops::ControlFlow;

use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use super::told::Told;
use super::{Data, Entry};
use crate::finding::Part;

/// The fixed part of an entry of the directory, in front of its name.
const DIRECTORY_ENTRY: usize = 46;

/// Hands each entry of the directory over.
pub(super) fn each(
    bytes: &[u8],
    told: &mut Told,
    take: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>,
) -> Result<(), String> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|err| sentence(&err))?;
    for at in 0..archive.len() {
        if one(&mut archive, at, bytes, told, take)?.is_break() {
            return Ok(());
        }
    }
    if archive.has_duplicate_names() {
        return Err("several files in it have the same name, and only one of them could be read".to_owned());
    }
    Ok(())
}

fn one(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    at: usize,
    bytes: &[u8],
    told: &mut Told,
    take: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, String> {
    let entry = archive.by_index_data(at).map_err(|err| sentence(&err))?;
    let name = entry.name_raw().to_owned();
    let (folder, link, encrypted) = (entry.is_dir(), entry.is_symlink(), entry.encrypted());
    let stored = entry.compression() == CompressionMethod::Stored;
    let size = position(entry.compressed_size());
    let header = position(entry.header_start());
    let listed = position(entry.central_header_start());
    let part = (!folder || size > 0).then_some(if link { Part::SymlinkTarget } else { Part::Content });
    let mut start = header;
    let mut opened = if encrypted { None } else { Some(archive.by_index(at)) };
    let data = match &mut opened {
        None => Data::Closed("it is encrypted".to_owned()),
        Some(Err(err)) => Data::Closed(sentence(err)),
        Some(Ok(file)) => {
            start = file.data_start().map_or(header, position);
            let there = start..start.saturating_add(size);
            if bytes.get(there.clone()).is_none() {
                Data::Closed("it is damaged or cut short".to_owned())
            } else {
                told.whole(there.clone());
                if stored { Data::Plain(there) } else { Data::Packed(file) }
            }
        }
    };
    for range in [header..start, listed..listed.saturating_add(DIRECTORY_ENTRY).saturating_add(name.len())] {
        told.header(range, [name.clone()]);
    }
    Ok(take(Entry { name: &name, part, target: None, data }))
}

fn position(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

fn sentence(err: &ZipError) -> String {
    match err {
        ZipError::CompressionMethodNotSupported(method) => {
            format!("it is packed by method {method}, which is not read")
        }
        ZipError::UnsupportedArchive(what) => format!("it is of a kind that is not read ({what})"),
        err => format!("it is damaged or cut short ({err})"),
    }
}
