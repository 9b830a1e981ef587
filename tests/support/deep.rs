//! A repository with many folders and many old tokens, and one change deep inside.

use super::token::{Maker, Token};
use super::{Repo, client, note};

pub const DEEP: &str = "m/n/o/deep.txt";

/// Forty files in eight folders, each with a token that was committed long ago.
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

/// As `git add` leaves the index, with invalid cache-tree nodes, and as a hook sees it, with all of them valid.
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
