//! A dry run of a release: `cargo release` as `release.toml` describes it, and the steps of the workflow that can run on Linux.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::built::{VERSION, run, wheel, wheels};
use crate::support::runner::ours;
use crate::support::{Repo, View};

/// The platforms of the workflow besides Linux on `x86_64`, by the tag of the wheel. The tests have no programs for them.
const OTHERS: [&str; 4] =
    ["manylinux_2_17_aarch64.musllinux_1_2_aarch64", "macosx_11_0_arm64", "macosx_10_12_x86_64", "win_amd64"];

/// The steps that a dry run leaves out: the build, which all tests of this folder use, and what publishes.
const LEFT_OUT: [&str; 4] = [
    "sh packaging/pypi/build.sh dist/wheels",
    "sh packaging/npm/publish.sh dist/npm --provenance",
    "cargo publish --locked",
    "sh packaging/release.sh dist",
];

/// A clone of this tree with one commit.
fn checkout(repo: &Repo) -> View<'_> {
    let clone = repo.view("checkout");
    fs::create_dir_all(&clone.top).expect("create");
    let copy = "git -C \"$1\" ls-files -z --cached --others --exclude-standard | tar -C \"$1\" --null --files-from - -cf - | tar -xf - -C \"$2\"";
    run(Command::new("sh").args(["-c", copy, "sh"]).args([&ours(""), &clone.top]));
    clone.git(&["init", "-q", "-b", "main"]);
    clone.git(&["add", "--all", "--force"]);
    clone.git(&["commit", "-q", "-m", "base"]);
    clone
}

/// Copies the wheel of this machine under the names of the other platforms. For Windows the program has another name.
fn write_wheels(folder: &Path) {
    const COPY: &str = "import sys, zipfile\n\
        old, new = zipfile.ZipFile(sys.argv[1]), zipfile.ZipFile(sys.argv[2], 'w')\n\
        end = '.exe' if 'win_amd64' in sys.argv[2] else ''\n\
        for name in old.namelist(): new.writestr(name + end * name.endswith('/scripts/keysweep'), old.read(name))\n\
        new.close()\n";
    fs::create_dir_all(folder).expect("create");
    for entry in fs::read_dir(wheels()).expect("list") {
        let path = entry.expect("an entry").path();
        fs::copy(&path, folder.join(path.file_name().expect("a name"))).expect("copy");
    }
    for tag in OTHERS {
        let copy = folder.join(format!("keysweep-{VERSION}-py3-none-{tag}.whl"));
        run(Command::new("python3").args(["-c", COPY]).args([wheel(), copy]));
    }
}

/// A TOML file of this repository.
fn toml(path: &str) -> Value {
    let script = "import json, sys, tomllib; print(json.dumps(tomllib.load(open(sys.argv[1], 'rb'))))";
    let output = Command::new("python3").args(["-c", script]).arg(ours(path)).output().expect("start Python");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|err| panic!("{path}: {err}"))
}

/// The shell commands of the workflow, in order.
fn steps() -> Vec<String> {
    let text = fs::read_to_string(ours(".github/workflows/release.yml")).expect("read the workflow");
    let runs = text.lines().filter_map(|line| line.trim_start().strip_prefix("- run: "));
    runs.map(str::to_owned).collect()
}

#[test]
fn the_steps_of_the_workflow_run() {
    let repo = Repo::none();
    let clone = checkout(&repo);
    let at = |path: &str| clone.top.join(path);
    write_wheels(&at("dist/wheels"));
    let steps = steps();
    for left_out in LEFT_OUT {
        assert!(steps.iter().any(|step| step == left_out), "the workflow has no step {left_out}");
    }
    for step in steps.iter().filter(|step| !LEFT_OUT.contains(&step.as_str())) {
        let call = repo.call("sh", &["-ec", step]).cwd(&clone.top);
        let call = call.env("GITHUB_SERVER_URL", "https://github.com").env("GITHUB_REPOSITORY", "example/keysweep");
        call.run().expect_code(0);
    }

    for platform in ["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64", "win32-x64"] {
        assert!(at(&format!("dist/npm/keysweep-{platform}-{VERSION}.tgz")).is_file(), "{platform}");
    }
    let sums = fs::read_to_string(at("dist/archives/SHA256SUMS")).expect("read the checksums");
    assert_eq!(sums.lines().count(), 5 + 6 + 6, "{sums}");
    let check = "cd dist/archives && for folder in . ../wheels ../npm; do \
        (cd \"$folder\" && sha256sum --check --ignore-missing --quiet ../archives/SHA256SUMS); done";
    repo.call("sh", &["-ec", check]).cwd(&clone.top).run().expect_code(0);
    let formula = fs::read_to_string(at("dist/keysweep.rb")).expect("read the formula");
    assert!(
        !formula.contains('@') && formula.contains("https://github.com/example/keysweep/releases/download/v"),
        "{formula}"
    );
    for line in sums.lines().filter(|line| line.contains("apple-darwin.tar.gz") || line.contains("linux-gnu.tar.gz")) {
        let (sum, name) = line.split_once("  ").expect("two columns");
        assert!(formula.contains(sum) && formula.contains(name), "no {name} in {formula}");
    }
    assert!(fs::read_to_string(at("dist/notes.md")).expect("read the notes").contains("keysweep staged"));

    // The tag is a child of the release, and its hooks install the wheel of this version.
    let tag = format!("v{VERSION}");
    assert_eq!(
        clone.git(&["rev-parse", &format!("{tag}^{{commit}}^")]).line(),
        clone.git(&["rev-parse", "HEAD"]).line()
    );
    let hooks = clone.git(&["show", &format!("{tag}:.pre-commit-hooks.yaml")]);
    hooks.expect_has("language: python");
    let pin = clone.git(&["show", &format!("{tag}:.pre-commit/backend.py")]);
    pin.expect_has(&format!("VERSION = \"{VERSION}\""));
    clone.git(&["diff", "--quiet", "HEAD"]);
}

/// The archives of Linux contain the program that is in the wheel, where `cargo binstall` looks for it.
#[test]
fn archives_have_the_names_that_cargo_binstall_expects() {
    let manifest = toml("Cargo.toml");
    let metadata = &manifest["package"]["metadata"]["binstall"];
    let fill = |template: &Value, target: &str| {
        let text = template.as_str().expect("text").replace("{ repo }/releases/download/", "");
        let text = text.replace("{ name }", "keysweep").replace("{ bin }", "keysweep").replace("{ binary-ext }", "");
        text.replace("{ version }", VERSION).replace("{ target }", target)
    };
    let arch = std::env::consts::ARCH;
    let target = format!("{arch}-unknown-linux-gnu");
    let repo = Repo::none();
    let make = "sh packaging/programs.sh \"$1\" \"$2/programs\" && sh packaging/archives.sh \"$2/programs\" \"$2/v$3\"";
    let call = repo.call("sh", &["-ec", make, "sh"]).cwd(ours(""));
    call.args(&[wheels().as_os_str(), repo.base().as_os_str(), VERSION.as_ref()]).run().expect_code(0);
    for at in [metadata, &metadata["overrides"][format!("{arch}-unknown-linux-musl")]] {
        let archive = repo.base().join(fill(&at["pkg-url"], &target));
        let list = repo.call("tar", &["-tzf"]).args(&[archive]).run().expect_code(0).out();
        let program = fill(&at["bin-dir"], &target);
        assert!(list.lines().any(|line| line == program), "no {program} in {list}");
    }
}

/// What `cargo release` does with the files that `release.toml` names.
#[test]
fn a_release_moves_the_changelog_and_the_readme() {
    let settings = toml("release.toml");
    let repo = Repo::none();
    let clone = checkout(&repo);
    for replacement in settings["pre-release-replacements"].as_array().expect("a list") {
        let field = |name: &str| replacement[name].as_str().expect("text");
        let path = clone.top.join(field("file"));
        let text = fs::read_to_string(&path).expect("read");
        let pattern = regex::RegexBuilder::new(field("search")).multi_line(true).build().expect("a pattern");
        let count = i64::try_from(pattern.find_iter(&text).count()).expect("a number");
        if let Some(exactly) = replacement.get("exactly") {
            assert_eq!(Some(count), exactly.as_i64(), "{}", field("search"));
        }
        let with = field("replace").replace("{{version}}", VERSION).replace("{{date}}", "2030-01-02");
        fs::write(&path, pattern.replace_all(&text, with).as_ref()).expect("write");
    }
    let changes = fs::read_to_string(clone.top.join("CHANGELOG.md")).expect("read");
    assert!(changes.contains(&format!("## Unreleased\n\n## {VERSION} (2030-01-02)\n")), "{changes}");
    assert!(!changes.contains("Nothing is published"), "{changes}");

    fs::create_dir_all(clone.top.join("target")).expect("create");
    let hook: Vec<&str> =
        settings["pre-release-hook"].as_array().expect("a list").iter().filter_map(|word| word.as_str()).collect();
    let call =
        |dry: &str| repo.call(hook[0], &hook[1..]).cwd(&clone.top).env("NEW_VERSION", "9.8.7").env("DRY_RUN", dry);
    let before = fs::read_to_string(clone.top.join("README.md")).expect("read");
    call("true").run().expect_code(0);
    assert_eq!(fs::read_to_string(clone.top.join("README.md")).expect("read"), before);
    // Another release changes the version again.
    for _ in 0..2 {
        call("false").run().expect_code(0);
        let readme = fs::read_to_string(clone.top.join("README.md")).expect("read");
        assert!(readme.contains("pipx install keysweep==9.8.7") && readme.contains("rev: v9.8.7"), "{readme}");
        assert!(!readme.contains("cargo install --locked --path ."), "{readme}");
        assert!(readme.contains("\n## What is flagged\n") && readme.contains("<!-- /install -->\n"), "{readme}");
    }
    clone.git(&["grep", "-q", "pipx install", "--", "packaging"]);
}

/// Until a release owns the name, no page of the main branch may install keysweep by name.
#[test]
fn no_page_installs_an_unpublished_package() {
    for page in ["README.md", "docs/hooks.md", "docs/ci.md", "CONTRIBUTING.md", ".pre-commit-hooks.yaml"] {
        let text = fs::read_to_string(ours(page)).expect("read");
        for words in [
            "pip install keysweep",
            "pipx install keysweep",
            "tool install keysweep",
            "npx keysweep",
            "binstall keysweep",
        ] {
            assert!(!text.contains(words), "{page} has `{words}`");
        }
        for words in ["npm install", "cargo install"] {
            let commands = text.split(words).skip(1).map(|rest| rest.split(['`', '\n']).next().unwrap_or_default());
            let named = commands.clone().find(|command| command.contains("keysweep"));
            assert!(named.is_none(), "{page}: {words}{named:?}");
        }
    }
}
