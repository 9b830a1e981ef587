//! The script that measures the ways in the README.

use crate::built::wheels;
use crate::support::Repo;
use crate::support::runner::{ours, path};
use crate::support::tools::{installers, node};

#[test]
fn each_way_ends_with_a_blocked_token() {
    let repo = Repo::none();
    let call = repo.call("sh", &[ours("packaging/measure.sh").as_os_str(), wheels().as_os_str()]);
    // The other tests of this folder cover the slower ways.
    let call = call.args(&["uv", "husky"]).env("PATH", path(vec![installers().to_owned(), node().to_owned()], "cargo"));
    let rows = call.run().expect_code(0).out();
    let ways: Vec<&str> = rows.lines().filter_map(|row| row.split(" | ").next()).collect();
    assert_eq!(ways, ["| uv", "| husky"], "{rows}");
}
