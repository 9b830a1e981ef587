//! A repository with many folders, many old tokens, and one change in a nested folder.

use super::token::{Maker, Token};
use super::{Repo, client, note};

pub const DEEP: &str = "m/n/o/deep.txt";

/// Adds forty files in eight folders. Each file contains a token that an old commit introduced.
pub fn populate(repo: &Repo, make: &mut Maker) {
    for folder in ["", "a/", "a/b/", "c/", "m/", "m/n/", "m/n/o/", "z/"] {
        for n in 0..5 {
            let name = format!("{folder}file{n}.txt");
            repo.write(&name, format!("{name}\n{}", client(&make.sk_live(24))));
        }
    }
    repo.write(DEEP, "first\nlast\n");
    repo.git(&["add", "."]);
    repo.commit("base");
}

pub fn change(token: &Token) -> String {
    format!("first\n{}last\n", client(token))
}

/// Tests both states of the cache tree: invalid nodes, as `git add` leaves them, and valid nodes, as a hook sees them.
pub fn expect_found_in_both_states(form: &str, repo: &Repo, token: &Token) {
    note(format!("form: {form}"));
    repo.staged().expect_found(&[(DEEP, 2, token)]);
    repo.git(&["write-tree"]);
    repo.staged().expect_found(&[(DEEP, 2, token)]);
    repo.git(&["reset", "-q"]);
    repo.staged().expect_silent();
    repo.git(&["write-tree"]);
    repo.staged().expect_silent();
}
