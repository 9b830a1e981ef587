//! `keysweep scopes`: the least scopes that the code needs at Attio.

use std::fs;

use serde_json::json;

use crate::support::token::Maker;
use crate::support::{Repo, text};

/// An application that calls Attio in several languages.
fn application() -> Repo {
    let repo = Repo::new();
    repo.stage(
        "src/attio.ts",
        "const BASE = 'https://api.attio.com/v2'\nexport async function people(slug: string) {\n  \
         return fetch(`${BASE}/objects/${slug}/records/query`, { method: 'POST' })\n}\n\
         export const save = (id: string) => attio.patch(`/v2/objects/people/records/${id}`, {})\n",
    );
    repo.write("jobs/sync.py", "ATTIO = 1\nrequests.get(f\"{BASE}/lists/{slug}\")\n");
    repo.stage("src/attio.test.ts", "fetch('https://api.attio.com/v2/webhooks', { method: 'POST' }) // attio\n");
    repo.stage("src/other.ts", "fetch('https://api.example.com/v2/tasks', { method: 'POST' })\n");
    repo
}

#[test]
fn the_least_set_is_listed_with_its_places() {
    let repo = application();
    let list = repo.keysweep(&["scopes", "--format", "list"]).expect_code(0);
    assert_eq!(list.out(), "list_configuration:read object_configuration:read record_permission:read-write\n");
    assert_eq!(list.err(), "");
    let document = repo.keysweep(&["scopes", "--format", "json"]).expect_code(0).json();
    let write = &document["scopes"][2];
    assert_eq!(write["scope"], "record_permission:read-write");
    let places: Vec<String> = write["places"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| format!("{}:{} {}", text(&one["path"]), one["line"], text(&one["call"])))
        .collect();
    assert_eq!(
        places,
        [
            "src/attio.ts:3 POST /v2/objects/{object}/records/query",
            "src/attio.ts:5 PATCH /v2/objects/{object}/records/{record_id}"
        ]
    );
    assert_eq!((&document["calls"], &document["unknown"], &document["errors"]), (&json!(3), &json!([]), &json!([])));
}

/// A client of several files, of which one has the host.
#[test]
fn a_file_without_the_name_counts_if_another_has_the_host() {
    let repo = Repo::new();
    let lists = "func (c *Client) Lists() error {\n\tpath := \"/v2/lists\"\n\treturn c.do(http.MethodGet, path)\n}\n";
    repo.stage("api/lists.go", lists);
    repo.stage("api/other.go", "c.do(http.MethodPost, \"/notes\")\n");
    let list = || repo.keysweep(&["scopes", "--format", "list"]).expect_code(0).out();
    assert_eq!(list(), "\n");
    repo.stage("api/client.go", "const base = \"https://api.attio.com\"\n");
    assert_eq!(list(), "list_configuration:read\n");
    repo.stage("api/notes.rb", "# Attio\nrequest(:post, \"notes\", data)\n");
    assert!(list().contains("note:read-write"), "{}", list());
}

#[test]
fn what_is_not_known_is_said() {
    let repo = application();
    repo.stage("src/any.ts", "// Attio\nfetch(`https://api.attio.com/v2/${path}`)\nconst url = '/v2/tasks'\n");
    let run = repo.keysweep(&["scopes"]).expect_code(0);
    run.expect_has("src/any.ts:2: the path is known only")
        .expect_has("src/any.ts:3: the method")
        .expect_has("2 calls not known");
    let list = repo.keysweep(&["scopes", "--format", "list"]).expect_code(0);
    assert_eq!(list.out().lines().count(), 1);
    assert!(list.err().contains("2 calls are not known"), "{}", list.err());
}

/// An endpoint that is newer than the table, or that the reference does not have.
#[test]
fn a_path_that_is_not_in_the_table_is_listed() {
    let repo = application();
    repo.stage(
        "src/new.ts",
        "await fetch('https://api.attio.com/v2/invoices')\nawait fetch('https://api.attio.com/v1/people')\n",
    );
    let run = repo.keysweep(&["scopes"]).expect_code(0);
    run.expect_has("src/new.ts:1: not in the table, cannot tell")
        .expect_has("src/new.ts:2: not in the table, cannot tell")
        .expect_has("2 calls not known");
    let document = repo.keysweep(&["scopes", "--format", "json"]).expect_code(0).json();
    let why = "not in the table, cannot tell";
    let unknown = json!([
        { "path": "src/new.ts", "line": 1, "why": why },
        { "path": "src/new.ts", "line": 2, "why": why },
    ]);
    assert_eq!(document["unknown"], unknown);
}

#[test]
fn nothing_that_is_read_is_printed_or_left_out() {
    let mut make = Maker::new(4620);
    let repo = application();
    let token = make.sk_live(24);
    repo.stage(
        format!("{token}/attio.ts"),
        format!("fetch(`https://api.attio.com/v2/notes/${{id}}?key={token}`) // {token}\n"),
    );
    for format in ["human", "json", "list"] {
        repo.keysweep(&["scopes", "--format", format]).expect_code(0).expect_lacks(token.body());
    }
    repo.keysweep(&["scopes"]).expect_has("note:read");
    repo.stage("src/pipe.ts", "attio");
    fs::remove_file(repo.path("src/pipe.ts")).expect("remove");
    repo.call("mkfifo", &["src/pipe.ts"]).run().expect_code(0);
    for format in ["human", "json", "list"] {
        repo.keysweep(&["scopes", "--format", format]).expect_code(2).expect_has("src/pipe.ts");
    }
    Repo::init(&["--bare"]).keysweep(&["scopes"]).expect_code(2).expect_has("no worktree");
    Repo::new().keysweep(&["scopes"]).expect_code(0).expect_has("0 calls");
}

#[test]
fn hostile_source_files_take_bounded_time() {
    let repo = Repo::new();
    for (at, unit) in
        ["'/v2/${", "fetch(`/v2/notes`, ", "/notes' + '", "attio.records.query(", "getV2Notes_"].iter().enumerate()
    {
        for end in ["ts", "py", "go", "rb", "php"] {
            repo.stage(format!("{at}.{end}"), format!("attio {}", unit.repeat(390_000 / unit.len())));
        }
    }
    let started = std::time::Instant::now();
    assert!(repo.keysweep(&["scopes"]).code.is_some());
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}
