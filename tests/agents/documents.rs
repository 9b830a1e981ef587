//! `docs/agents.md` says of each agent and event what the code does.

use std::fs;
use std::path::Path;

use keysweep::agent::agents::ALL;
use keysweep::agent::model::Effect;

fn page() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/agents.md")).expect("read")
}

/// The rows of the table whose header begins with these cells.
fn rows(page: &str, header: &str) -> Vec<String> {
    let (_, table) = page.split_once(header).expect("the table");
    table.lines().skip(2).take_while(|line| line.starts_with('|')).map(str::to_owned).collect()
}

#[test]
fn the_table_of_events_is_that_of_the_code() {
    let effect = |effect| match effect {
        Effect::Blocks => "blocks",
        Effect::BlocksOrAsks => "blocks or asks",
        Effect::Masks => "masks",
        Effect::MasksMcp => "masks results of MCP servers",
    };
    let wanted: Vec<String> = ALL
        .iter()
        .flat_map(|agent| {
            agent.events.iter().map(|event| {
                let installed = if event.installed { "yes" } else { "no" };
                format!("| {} | `{}` | {} | {installed} |", agent.title, event.name, effect(event.effect))
            })
        })
        .collect();
    assert_eq!(rows(&page(), "| agent | event |"), wanted);
}

#[test]
fn the_table_of_documents_is_that_of_the_code() {
    let wanted: Vec<String> =
        ALL.iter().map(|agent| format!("| {} | <{}> | {} |", agent.title, agent.document, agent.read_on)).collect();
    assert_eq!(rows(&page(), "| agent | document |"), wanted);
}

#[test]
fn the_table_of_settings_is_that_of_the_code() {
    let (page, header) = (page(), "| agent | project | user |");
    for (agent, row) in ALL.iter().zip(rows(&page, header)) {
        let start = format!("| {} | `{}` | ", agent.title, agent.settings.of_project);
        assert!(row.starts_with(&start), "{row}\n{start}");
    }
    assert_eq!(rows(&page, header).len(), ALL.len());
}
