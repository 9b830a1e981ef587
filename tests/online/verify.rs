//! `keysweep verify`: the answers of vendors, and what follows from them.

use std::io::Write as _;
use std::thread::sleep;
use std::time::Duration;

use keysweep::random::Dice;
use keysweep::rules::example::expand;

use crate::server::{Server, response};
use crate::support::token::Maker;
use crate::support::{Call, Repo, Run};

/// A token of this shape. No file of the tree has one.
pub fn token(template: &str, seed: u64) -> String {
    expand(template, &mut Dice::new(seed))
}

/// The command with the token on its standard input.
pub fn verify(repo: &Repo, token: &str, words: &[&str]) -> Call {
    let variables = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY", "SSL_CERT_FILE"];
    let mut call = repo.keysweep_call(&["verify"]).args(words).stdin(format!("{token}\n"));
    for name in variables {
        call.command.env_remove(name);
    }
    call
}

/// Nothing of the token but its prefix and its last four characters is printed.
#[track_caller]
pub fn expect_hidden(run: &Run, token: &str) {
    let body = &token[token.len().saturating_sub(24)..];
    let printed = run.all();
    for at in 0..body.len() - 8 {
        if printed.contains(&body[at..at + 8]) {
            run.fail(&format!("a part of {token} was printed"));
        }
    }
}

struct Case {
    vendor: &'static str,
    template: &'static str,
    path: &'static str,
    header: &'static str,
    live: (u16, &'static str),
    dead: (u16, &'static str),
}

/// The shortest answers that the vendors document.
const CASES: &[Case] = &[
    Case {
        vendor: "attio",
        template: "{hex:64}",
        path: "/v2/self",
        header: "authorization",
        live: (200, r#"{"active":true,"scope":"note:read task:read-write"}"#),
        dead: (200, r#"{"active":false}"#),
    },
    Case {
        vendor: "stripe",
        template: "sk_live_{alnum:24}",
        path: "/v1/country_specs?limit=1",
        header: "authorization",
        live: (200, r#"{"object":"list","data":[]}"#),
        dead: (401, r#"{"error":{"type":"invalid_request_error"}}"#),
    },
    Case {
        vendor: "clerk",
        template: "sk_test_{alnum:42}",
        path: "/v1/jwks",
        header: "authorization",
        live: (200, r#"{"keys":[]}"#),
        dead: (401, r#"{"errors":[{"code":"clerk_key_invalid"}]}"#),
    },
    Case {
        vendor: "elevenlabs",
        template: "sk_{hex:48}",
        path: "/v1/user/subscription",
        header: "xi-api-key",
        live: (401, r#"{"detail":{"status":"missing_permissions"}}"#),
        dead: (401, r#"{"detail":{"status":"invalid_api_key"}}"#),
    },
    Case {
        vendor: "paystack",
        template: "sk_live_{base36:40}",
        path: "/integration/payment_session_timeout",
        header: "authorization",
        live: (200, r#"{"status":true,"data":{"payment_session_timeout":30}}"#),
        dead: (401, r#"{"status":false,"message":"Invalid key"}"#),
    },
    Case {
        vendor: "svix",
        template: "sk_{base64url:24}.eu",
        path: "/api/v1/event-type/?limit=1",
        header: "authorization",
        live: (200, r#"{"data":[],"done":true}"#),
        dead: (401, r#"{"code":"authentication_failed","detail":""}"#),
    },
    Case {
        vendor: "resend",
        template: "re_{alnum:8}_{alnum:24}",
        path: "/domains",
        header: "authorization",
        live: (401, r#"{"statusCode":401,"name":"restricted_api_key"}"#),
        dead: (400, r#"{"statusCode":400,"name":"validation_error","message":"API key is invalid"}"#),
    },
    Case {
        vendor: "workos",
        template: "sk_live_{workos}",
        path: "/organizations?limit=1&domains%5B%5D=keysweep.invalid",
        header: "authorization",
        live: (200, r#"{"object":"list","data":[]}"#),
        dead: (401, r#"{"message":"Unauthorized"}"#),
    },
];

#[test]
fn each_vendor_is_asked_as_it_documents() {
    let repo = Repo::none();
    for (seed, case) in (0..).zip(CASES) {
        let token = token(case.template, seed);
        for (status, (http, body), codes) in [("live", case.live, [1, 0]), ("dead", case.dead, [0, 1])] {
            let server = Server::always(http, "", body);
            let url = server.url();
            let words = ["--vendor", case.vendor, "--base-url", &url];
            let run = verify(&repo, &token, &words).args(&["--format", "json"]).run().expect_code(codes[0]);
            let document = run.json();
            let wanted = (case.vendor.into(), status.into(), http.into());
            assert_eq!((document["vendor"].clone(), document["status"].clone(), document["http"].clone()), wanted);
            let human = verify(&repo, &token, &words).args(&["--expect", "live"]).run().expect_code(codes[1]);
            for run in [run, human.expect_has(&format!(" is {status} "))] {
                expect_hidden(&run, &token);
            }
            let sent = if case.header == "authorization" { format!("Bearer {token}") } else { token.clone() };
            for request in server.requests() {
                assert_eq!(request.line(), format!("GET {} HTTP/1.1", case.path));
                assert_eq!(request.header(case.header), Some(&*sent));
                assert_eq!(request.head.matches(&token).count(), 1, "{}", request.head);
                // Resend refuses requests without it.
                assert!(request.header("user-agent").is_some_and(|agent| agent.starts_with("keysweep/")));
            }
            assert_eq!(server.requests().len(), 2);
        }
    }
}

/// Every answer that is not one of the documented ones leaves the token's state unknown.
#[test]
fn an_answer_that_does_not_tell_is_reported_as_such() {
    let repo = Repo::none();
    let token = Maker::new(1).sk(32).text().to_owned();
    let huge = format!("{{\"active\":false,\"x\":\"{}\"}}", "y".repeat(1 << 20));
    let cut = response(200, "", r#"{"active":false}"#);
    let cut = cut[..cut.len() - 1].to_vec();
    let chunked = b"HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\nffffffff\r\n{\"active\":false}".to_vec();
    let endless_head = |stream: &mut std::net::TcpStream| while stream.write_all(b"x: yyyyyyyyyyyyyyy\r\n").is_ok() {};
    let servers = [
        (Server::always(429, "retry-after: 30\r\n", "{}"), "asks to wait 30 s"),
        (Server::always(429, "retry-after: Sun, 29 Nov 2026 16:00:00 GMT\r\n", "{}"), "too many requests"),
        (Server::always(500, "", r#"{"active":false}"#), "a problem of its own"),
        (Server::always(503, "", ""), "a problem of its own"),
        (Server::always(418, "", "{}"), "its documents do not describe"),
        (Server::always(200, "", "<html>hello</html>"), "something other than JSON"),
        (Server::always(200, "", &huge), "more than 256 kB"),
        (Server::new(move |_| cut.clone()), "breaks off"),
        (Server::new(move |_| chunked.clone()), "no answer from"),
        (Server::new(|_| b"\x16\x03\x01 no HTTP\r\n\r\n".to_vec()), "no answer from"),
        (Server::new(|_| Vec::new()), "no answer from"),
        (Server::talking(|_, _| sleep(Duration::from_secs(5))), "no answer within 1 s"),
        (
            Server::talking(|_, stream| {
                for _ in 0..50 {
                    let _ = stream.write_all(b"H").map(|()| sleep(Duration::from_millis(100)));
                }
            }),
            "no answer",
        ),
        (Server::talking(move |_, stream| endless_head(stream)), "no answer from"),
    ];
    for (server, says) in servers {
        let (url, words) = (server.url(), ["--vendor", "attio", "--timeout", "1", "--base-url"]);
        let run = verify(&repo, &token, &words).args(&[&url]).run().expect_code(2).expect_has("is unknown");
        let run = run.expect_has(says);
        expect_hidden(&run, &token);
        assert_eq!(server.requests().len(), 1, "{says}");
    }
}

#[test]
fn a_server_that_does_not_listen_is_no_answer() {
    let repo = Repo::none();
    let token = Maker::new(2).sk(32).text().to_owned();
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", free.local_addr().expect("an address"));
    drop(free);
    let run =
        verify(&repo, &token, &["--vendor", "attio", "--format", "json", "--base-url", &url]).run().expect_code(2);
    assert_eq!((run.json()["status"].clone(), run.json()["http"].is_null()), ("unknown".into(), true));
}

#[test]
fn a_shape_that_does_not_name_one_vendor_is_sent_to_none() {
    let repo = Repo::none();
    let server = Server::always(200, "", r#"{"active":false}"#);
    let url = server.url();
    for (template, words, says) in [
        ("sk_live_{alnum:24}", &[][..], "--vendor attio or stripe or clerk"),
        ("sk_{alnum:32}", &[], "--vendor attio"),
        ("{hex:64}", &[], "--vendor attio"),
        ("rk_live_{alnum:24}", &["--vendor", "attio"], "Stripe"),
        ("sk_live_{alnum:24}", &["--vendor", "paystack"], "another shape"),
        ("whsec_{base64:32}", &["--vendor", "svix"], "keysweep probe"),
        ("sk_live_{alnum:24}", &["--vendor", "stirpe"], "did you mean stripe"),
    ] {
        let token = token(template, 3);
        let run = verify(&repo, &token, &["--base-url", &url]).args(words).run().expect_code(2).expect_has(says);
        expect_hidden(&run, &token);
    }
    assert!(server.requests().is_empty());
    // The same server is asked where the shape names the vendor.
    let own = token("rk_live_{alnum:24}", 3);
    verify(&repo, &own, &["--base-url", &url]).run().expect_code(2);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn scopes_are_compared_with_the_expected_ones() {
    let repo = Repo::none();
    let token = Maker::new(4).sk(32).text().to_owned();
    let scopes = |scopes: &str| Server::always(200, "", &format!(r#"{{"active":true,"scope":"{scopes}"}}"#));
    let ask = |server: &Server, expected: &str| {
        let words =
            ["--vendor", "attio", "--expect", "live", "--format", "json", "--expect-scopes", expected, "--base-url"];
        verify(&repo, &token, &words).args(&[server.url()]).run()
    };
    let server = scopes("note:read task:read-write odd");
    let run = ask(&server, "note:read-write, task:read").expect_code(1);
    let document = run.json();
    assert_eq!(document["missing"], serde_json::json!(["note:read-write"]));
    assert_eq!(document["excess"], serde_json::json!(["task:read-write", "odd"]));
    assert_eq!(document["full_admin"], false);
    ask(&server, "note:read task:read-write odd").expect_code(0);
    let admin = "object_configuration:read-write record_permission:read-write list_entry:read-write note:read-write \
                 task:read-write user_management:read webhook:read-write";
    assert_eq!(ask(&scopes(admin), "note:read").expect_code(1).json()["full_admin"], true);
    let words = ["--vendor", "attio", "--expect", "live", "--expect-scopes", "note:read", "--base-url"];
    let run = verify(&repo, &token, &words).args(&[scopes(admin).url()]).run();
    run.expect_code(1).expect_has("(full admin)").expect_has("missing: none");
    // A dead token, a vendor that does not report scopes, a list that is none, and no use for one.
    let dead = Server::always(200, "", r#"{"active":false}"#);
    ask(&dead, "note:read").expect_code(1);
    let stripe = Server::always(200, "", r#"{"object":"list"}"#);
    let key = crate::verify::token("rk_live_{alnum:24}", 4);
    let words = ["--expect", "live", "--expect-scopes", "note:read", "--base-url"];
    let run = verify(&repo, &key, &words).args(&[stripe.url()]).run();
    run.expect_code(2).expect_has("the scopes cannot be compared");
    ask(&dead, "NOTE").expect_code(2);
    verify(&repo, &token, &["--vendor", "attio", "--expect-scopes", "a:read"])
        .run()
        .expect_code(2)
        .expect_has("add --expect live");
}

#[test]
fn the_token_comes_by_standard_input_alone() {
    let repo = Repo::none();
    let token = Maker::new(5).sk(32).text().to_owned();
    let other = Maker::new(6).sk(32).text().to_owned();
    for (stdin, words, says) in [
        (String::new(), vec![], "standard input is empty"),
        ("\n".to_owned(), vec![], "standard input is empty"),
        (format!("{token}\n{other}\n"), vec![], "more than one token"),
        (format!("{token} \n"), vec![], "more than one token"),
        (format!("{token}\u{e9}"), vec![], "another shape"),
        (format!("{token}\0"), vec![], "more than one token"),
        (token.repeat(200), vec![], "more than 512 bytes"),
        (String::new(), vec![token.as_str()], "the shell's history would keep"),
        (String::new(), vec!["--token", &token], "unexpected argument"),
        (String::new(), vec!["--vendor", &token], "no such vendor"),
        (String::new(), vec!["--base-url", &token], "--base-url"),
    ] {
        let mut call = repo.keysweep_call(&["verify"]).args(&words).stdin(&stdin);
        if !words.contains(&"--vendor") {
            call = call.args(&["--vendor", "attio"]);
        }
        let run = call.run().expect_code(2).expect_has(says);
        expect_hidden(&run, &token);
        expect_hidden(&run, &other);
    }
}

#[test]
fn quiet_prints_only_what_was_not_expected() {
    let repo = Repo::none();
    let token = Maker::new(7).sk(32).text().to_owned();
    let dead = Server::always(200, "", r#"{"active":false}"#).url();
    let words = ["--quiet", "--vendor", "attio", "--base-url", &dead];
    assert_eq!(verify(&repo, &token, &words).run().expect_code(0).all(), "");
    verify(&repo, &token, &words).args(&["--expect", "live"]).run().expect_code(1).expect_has("is dead");
    let report = repo.path("report.json");
    let output = ["--format", "json", "--output", report.to_str().expect("UTF-8")];
    verify(&repo, &token, &words).args(&output).run().expect_code(2).expect_has("cannot use --quiet");
    assert_eq!(verify(&repo, &token, &words[1..]).args(&output).run().expect_code(0).all(), "");
    assert!(std::fs::read_to_string(&report).expect("the report").contains("\"dead\""));
}
