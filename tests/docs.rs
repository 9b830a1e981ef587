//! What the documentation shows of a file is the file: a block that starts with ```` ```yaml file=docs/lefthook.yml ````.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use keysweep::report;
use keysweep::rules::{ALL, PACKS};

/// The blocks of `text` that show a file: its path, and what is shown.
fn shown(text: &str) -> Vec<(&str, String)> {
    let mut blocks: Vec<(&str, String)> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        match (inside, line.strip_prefix("```")) {
            (true, Some(_)) => inside = false,
            (true, None) => {
                let (_, block) = blocks.last_mut().expect("one is open");
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
fn what_is_shown_is_what_the_tests_use() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| fs::read_to_string(top.join(path)).unwrap_or_else(|err| panic!("read {path}: {err}"));
    let mut seen = BTreeSet::new();
    for page in ["README.md", "docs/hooks.md", "docs/sweep.md"] {
        for (path, block) in shown(&read(page)) {
            assert_eq!(block, read(path), "{page} shows {path} as it is not");
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

/// `BLESS=1 cargo test --test docs` writes the page.
#[test]
fn the_page_of_rules_is_what_the_table_says() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules.md");
    let mut wanted = Vec::new();
    report::page(ALL, PACKS, &mut wanted).expect("writing to memory");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&page, &wanted).expect("write the page");
    }
    let written = fs::read(&page).unwrap_or_default();
    assert!(written == wanted, "docs/rules.md is stale: BLESS=1 cargo test --test docs writes it");
}
