//! `fleet/`, the Python package for Ray clusters: its linters and its tests, which start clusters on this machine.

use std::process::Command;
use std::time::Duration;

use crate::support::runner::ours;
use crate::support::{Call, tools};

/// The cluster takes 4 seconds to start and each process on it 1 second, far longer if other tests are using the processors.
const TIMEOUT: Duration = Duration::from_secs(480);

fn python(args: &[&str]) -> Call {
    let mut command = Command::new(tools::ray());
    command.env("PYTHONPATH", ours("fleet/src")).env("PYTHONDONTWRITEBYTECODE", "1");
    command.env("KEYSWEEP", env!("CARGO_BIN_EXE_keysweep"));
    Call::new(command).args(&["-m"]).args(args).cwd(ours("fleet")).timeout(TIMEOUT)
}

#[test]
fn the_package_is_formatted_and_typed() {
    python(&["ruff", "format", "--check", "--no-cache", "."]).run().expect_code(0);
    python(&["ruff", "check", "--no-cache", "."]).run().expect_code(0);
    python(&["mypy", "--cache-dir=/dev/null", "src", "tests"]).run().expect_code(0);
}

#[test]
fn the_tests_of_the_package_pass() {
    python(&["pytest", "-q", "-p", "no:cacheprovider"]).run().expect_code(0).expect_lacks("skipped");
}
