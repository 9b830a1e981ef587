//! `keysweep rotate` and `keysweep scopes`. Of `rotate`, the commands that it prints are run with programs in place of the platforms' own.
#![cfg(unix)]

#[path = "../support/mod.rs"]
mod support;

mod hostile;
mod platforms;
mod scopes;

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use support::{Repo, executable, text};

/// The programs of the platforms.
const PROGRAMS: &[&str] = &[
    "gh",
    "vercel",
    "fly",
    "netlify",
    "heroku",
    "npx",
    "gcloud",
    "aws",
    "kubectl",
    "docker",
    "terraform",
    "keysweep",
    "stty",
    "printf",
];

/// The commands of the step with this name.
fn commands(plan: &Value, step: &str) -> Vec<String> {
    let steps = plan.as_array().into_iter().flatten().filter(|one| one["step"] == step);
    steps.flat_map(|one| one["run"].as_array().cloned().unwrap_or_default()).map(|run| text(&run).to_owned()).collect()
}

fn rotate(repo: &Repo, vendor: &str) -> Value {
    repo.keysweep(&["rotate", vendor, "--format", "json"]).expect_code(0).json()
}

/// What the programs of the platforms got.
struct Calls {
    /// The program, its arguments and its `TF_VAR_` variables, one call a line.
    args: String,
    stdin: String,
}

/// Runs the commands in a shell, with a program that records its input in place of each platform's. The shell reads `tokens`, one
/// for each command that asks for one.
fn run(repo: &Repo, shell: &str, commands: &[String], tokens: &str) -> Calls {
    let folder = repo.base().join("programs");
    fs::create_dir_all(&folder).expect("mkdir");
    let log = |name: &str| -> PathBuf { repo.base().join(name) };
    let script = format!(
        "#!/bin/sh\necho \"${{0##*/}} $*\" >> '{}'\nenv | grep ^TF_VAR_ | sed 's/=.*//' >> '{0}'\n[ -p /dev/stdin ] && cat >> '{}' && \
         echo >> '{1}'\nexit 0\n",
        log("args").display(),
        log("stdin").display()
    );
    for program in PROGRAMS {
        executable(&folder.join(program), &script);
    }
    for name in ["args", "stdin"] {
        fs::write(log(name), "").expect("write");
    }
    fs::write(log("tokens"), tokens).expect("write");
    let program = format!("exec < '{}'\n{}\n", log("tokens").display(), commands.join("\n"));
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default());
    repo.call(shell, &["-c", &program]).env("PATH", path).run().expect_code(0);
    let read = |name: &str| fs::read_to_string(log(name)).expect("read");
    Calls { args: read("args"), stdin: read("stdin") }
}
