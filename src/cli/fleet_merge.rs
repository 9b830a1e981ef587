//! `keysweep fleet merge`: joins the lines of many repositories into one answer for each token.

use std::io::{self, BufReader};
use std::path::Path;

use super::args::MergeArgs;
use super::options::Common;
use super::{code, output};
use crate::error::Error;
use crate::fleet::merge::{Lines, Merged};
use crate::regular_file;
use crate::report::write_merge;

pub(super) fn run(args: &MergeArgs, common: &Common) -> Result<u8, Error> {
    let mut merged = merge(args).map_err(|err| {
        let context = format!("cannot sort the lines in {}", std::env::temp_dir().display());
        Error::new(context, err, "make room there, or name another folder with TMPDIR")
    })?;
    let format = args.format.format.unwrap_or_default().into();
    output::write(common, |style, out| write_merge(&mut merged, format, style, common.quiet, out))?;
    Ok(match (merged.totals.unread, merged.totals.tokens) {
        (0, 0) => code::CLEAN,
        (0, _) => code::FOUND,
        _ => code::TROUBLE,
    })
}

/// Fails only if a temporary file fails.
fn merge(args: &MergeArgs) -> io::Result<Merged> {
    let mut lines = Lines::new(&output::safe);
    for (number, path) in (0..).zip(&args.files) {
        if path == Path::new("-") {
            lines.read(number, io::stdin().lock())?;
            continue;
        }
        match regular_file::open_named(path) {
            Ok(file) => lines.read(number, BufReader::with_capacity(1 << 18, file))?,
            Err(err) => lines.add_unreadable(number, 0, &err)?,
        }
    }
    let name = |path: &Path| match path.to_str() {
        Some("-") => "standard input".to_owned(),
        _ => output::safe(&path.to_string_lossy()),
    };
    lines.finish(args.files.iter().map(|path| name(path)).collect())
}
