//! Questions that only git answers, since only it knows all places where a setting may stand or how a ref is kept: ids,
//! names and settings. Content is never asked for; that is read by `source`.

use std::path::Path;
use std::process::Command;

use crate::trouble::Trouble;

/// What `git ARGS`, run in `dir`, prints; None where it quietly says that there is no such thing.
pub fn ask(dir: &Path, args: &[&str]) -> Result<Option<Vec<u8>>, Trouble> {
    let failed = |cause: &dyn std::fmt::Display| {
        Trouble::new(
            format!("cannot run git {} in {}", args.join(" "), dir.display()),
            cause,
            "see that git is in PATH and reads this repository",
        )
    };
    let output = Command::new("git")
        .args(args)
        .current_dir(dir)
        .env("GIT_NO_REPLACE_OBJECTS", "1")
        .output()
        .map_err(|err| failed(&err))?;
    match output.status.code() {
        Some(0) => Ok(Some(output.stdout)),
        Some(1) if output.stderr.is_empty() => Ok(None),
        _ => Err(failed(&String::from_utf8_lossy(&output.stderr))),
    }
}
