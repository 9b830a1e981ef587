//! Which commit's allowlist and baseline decide about a push to this repository. Those that the push adds do not: it
//! could allow its own tokens.

use crate::error::Error;
use crate::git::repository::Repository;
use crate::scan::push_request::Push;

/// For more new refs than this, no merge base is computed. Git takes a few milliseconds for each.
const MAX_MERGE_BASES: usize = 100;

/// Returns for each push the commit that decides, in hex: the old tip of its ref; for a new ref the merge base with the default
/// branch, or else the default branch. `None` in a repository that has no commit there yet.
pub fn trusted_commits(pushes: &[Push], repository: &Repository) -> Result<Vec<Option<String>>, Error> {
    let head = repository.head_id()?;
    let mut merge_bases = 0;
    let trusted = pushes.iter().map(|push| {
        let old = push.old.as_ref().filter(|old| repository.has(old));
        let new_ref = || {
            let head = head.as_ref()?;
            merge_bases += 1;
            let base = (merge_bases <= MAX_MERGE_BASES).then(|| repository.merge_base(head, &push.new)).flatten();
            Some(base.unwrap_or_else(|| head.clone()))
        };
        old.cloned().or_else(new_ref)
    });
    Ok(trusted.collect())
}
