//! The blocks of the documentation that show a file, such as ```` ```yaml file=docs/lefthook.yml ````, equal the file.

#[path = "support/rules_page.rs"]
mod rules_page;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use keysweep::rules::{ALL, PACKS};

/// The blocks of `text` that show a file: the path and the content.
fn shown(text: &str) -> Vec<(&str, String)> {
    let mut blocks: Vec<(&str, String)> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        match (inside, line.strip_prefix("```")) {
            (true, Some(_)) => inside = false,
            (true, None) => {
                let (_, block) = blocks.last_mut().expect("a block is open");
                block.push_str(line);
                block.push('\n');
            }
            (false, start) => {
                if let Some((_, path)) = start.and_then(|info| info.split_once(" file=")) {
                    blocks.push((path, String::new()));
                    inside = true;
                }
            }
        }
    }
    blocks
}

#[test]
fn blocks_that_show_a_file_equal_the_file() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| fs::read_to_string(top.join(path)).unwrap_or_else(|err| panic!("read {path}: {err}"));
    let mut seen = BTreeSet::new();
    for page in ["README.md", "docs/hooks.md", "docs/sweep.md", "docs/editors.md"] {
        for (path, block) in shown(&read(page)) {
            assert_eq!(block, read(path), "the copy of {path} in {page} is stale");
            seen.insert(path.to_owned());
        }
    }
    for folder in ["docs", "docs/husky"] {
        for entry in fs::read_dir(top.join(folder)).expect("list") {
            let path = entry.expect("an entry").path();
            let config = folder == "docs/husky" || path.extension().is_some_and(|end| end == "yaml" || end == "yml");
            let path = path.strip_prefix(top).expect("below the top").to_string_lossy().replace('\\', "/");
            assert!(!config || seen.contains(&path), "no page shows {path}");
        }
    }
}

/// The calls with which a test needs a program from a registry.
const FETCHES: &[&str] = &["tools::", "HookedRepo", "with_filter_repo_in_path", "built::"];

/// Every file with tests that need the network, by module or by test, is in the command of CONTRIBUTING.md.
#[test]
fn tests_that_need_the_network_can_be_skipped() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let contributing = fs::read_to_string(tests.with_file_name("CONTRIBUTING.md")).expect("read");
    let skipped: Vec<&str> =
        contributing.split("--skip ").skip(1).filter_map(|rest| rest.split_whitespace().next()).collect();
    let mut files = 0;
    for folder in fs::read_dir(&tests).expect("list").map(|entry| entry.expect("an entry").path()) {
        if !folder.is_dir() || folder.ends_with("support") {
            continue;
        }
        for path in fs::read_dir(&folder).expect("list").map(|entry| entry.expect("an entry").path()) {
            let text = fs::read_to_string(&path).unwrap_or_default();
            if !FETCHES.iter().any(|call| text.contains(call)) || !text.contains("#[test]") {
                continue;
            }
            let module = format!("{}::", path.file_stem().expect("a name").to_string_lossy());
            let is_test = |word: &&str| text.lines().any(|line| line.starts_with("fn ") && line.contains(*word));
            let is_covered = skipped.contains(&&*module) || skipped.iter().any(is_test);
            assert!(is_covered, "{} needs the network: add `--skip {module}` to CONTRIBUTING.md", path.display());
            files += 1;
        }
    }
    assert!(files > 8, "{files} files need the network, which is too few");
}

/// `BLESS=1 cargo test --test docs` updates the page.
#[test]
fn the_page_of_rules_is_up_to_date() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules.md");
    let mut wanted = Vec::new();
    rules_page::page(ALL, PACKS, &mut wanted).expect("writing to memory");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&page, &wanted).expect("write the page");
    }
    let written = fs::read(&page).unwrap_or_default();
    assert!(written == wanted, "docs/rules.md is stale; `BLESS=1 cargo test --test docs` updates it");
}
