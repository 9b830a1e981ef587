//! `docs/keysweep.schema.json` describes the answers.

use crate::server::Server;
use crate::support::Repo;
use crate::support::schema::Reports;
use crate::support::token::Maker;
use crate::verify::{token, verify};

#[test]
fn every_answer_is_valid() {
    let (mut reports, repo) = (Reports::new(), Repo::none());
    let attio = Maker::new(41).sk(32).text().to_owned();
    for (name, status, body) in [
        ("live", 200, r#"{"active":true,"scope":"a:read"}"#),
        ("dead", 200, r#"{"active":false}"#),
        ("unknown", 500, ""),
    ] {
        let server = Server::always(status, "", body);
        let words =
            ["--vendor", "attio", "--format", "json", "--expect", "live", "--expect-scopes", "b:read", "--base-url"];
        reports.add(name, &verify(&repo, &attio, &words).args(&[server.url()]).run().json());
    }
    let stripe = token("rk_live_{alnum:24}", 41);
    reports.add(
        "no answer",
        &verify(&repo, &stripe, &["--format", "json", "--base-url", "http://127.0.0.1:1"]).run().json(),
    );
    reports.add("error", &verify(&repo, &attio, &["--format", "json"]).run().expect_code(2).json());
    reports.check().expect_code(0);
}
