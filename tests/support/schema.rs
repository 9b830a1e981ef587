//! `docs/keysweep.schema.json`, stricter than it is published.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{Repo, Run, tools};

/// The schema, but no object may have a key that it does not describe. In the published schema an object may, so that a later
/// version can add keys.
fn strict_schema() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/keysweep.schema.json");
    let mut schema: Value = serde_json::from_slice(&fs::read(path).expect("the schema")).expect("JSON");
    close(&mut schema);
    // The lines of a report are checked as one array.
    schema["anyOf"] = json!([{ "$ref": "#/$defs/document" }, { "type": "array", "items": { "$ref": "#/$defs/line" } }]);
    schema
}

fn close(schema: &mut Value) {
    match schema {
        Value::Object(keys) => {
            if keys.get("type") == Some(&"object".into()) && keys.contains_key("properties") {
                keys.insert("additionalProperties".to_owned(), false.into());
            }
            keys.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

/// Collects reports, and checks them all at once, since the checker takes a second to start.
pub struct Reports {
    repo: Repo,
    files: Vec<PathBuf>,
}

impl Reports {
    pub fn new() -> Self {
        Self { repo: Repo::none(), files: Vec::new() }
    }

    pub fn add(&mut self, name: &str, value: &Value) {
        let name = name.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        let path = self.repo.path(format!("{:03}-{name}.json", self.files.len()));
        fs::write(&path, value.to_string()).expect("write a report");
        self.files.push(path);
    }

    /// Checks the reports, and the schema itself.
    pub fn check(&self) -> Run {
        let schema = self.repo.path("schema");
        fs::write(&schema, strict_schema().to_string()).expect("write the schema");
        let program = tools::check_jsonschema().to_str().expect("UTF-8");
        self.repo.call(program, &["--check-metaschema"]).args(&[&schema]).run().expect_code(0);
        self.repo.call(program, &["--schemafile"]).args(&[&schema]).args(&self.files).run()
    }
}
