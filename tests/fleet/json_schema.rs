//! `docs/keysweep.schema.json` describes every line of `fleet`.

use serde_json::Value;

use crate::harness::Fleet;
use crate::support::schema::Reports;

#[test]
fn every_line_is_valid() {
    let mut fleet = Fleet::new(2801);
    let token = fleet.token();
    fleet.add("one", Some(&token));
    let run = fleet.run(&[], &[&fleet.folder("one"), &fleet.url("one"), "ext::x", "/nosuch"]).expect_code(2);
    let mut reports = Reports::new();
    reports.add("fleet", &Value::Array(run.objects()));
    reports.add("no list", &Value::Array(fleet.run(&["/nosuch"], &[]).expect_code(2).objects()));
    for lines in [run.out(), String::new()] {
        let call = fleet.repo.keysweep_call(&["fleet", "merge", "--format", "json", "-"]);
        reports.add("merge", &call.stdin(lines).run().expect_code(2).json());
    }
    reports.check().expect_code(0);
}
