//! A server that sends one byte at a time, in each phase of a request.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use crate::probe::{probe, secret};
use crate::support::Repo;
use crate::support::token::Maker;
use crate::verify::{expect_hidden, verify};

/// Listens, and answers each connection with `start`, then with `byte` ten times a second, for a minute. Returns the port.
pub fn dripping(start: &'static [u8], byte: u8) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            _ = stream.read(&mut [0; 4096]);
            for byte in start.iter().copied().chain([byte; 600]) {
                if stream.write_all(&[byte]).is_err() {
                    break;
                }
                sleep(Duration::from_millis(100));
            }
        }
    });
    port
}

#[test]
fn a_server_that_drips_is_left_at_the_time_limit() {
    let repo = Repo::none();
    let token = Maker::new(41).sk(32).text().to_owned();
    // The record of a handshake with 16,384 bytes.
    let handshake = &[0x16, 3, 3, 0x40, 0, 2, 0, 0x3f, 0xfc][..];
    for (phase, scheme, start, byte) in [
        ("CONNECT", "proxy", &b"HTTP/1.1 200 OK\r\nx: "[..], b'a'),
        ("handshake", "https", handshake, 0),
        ("status", "http", b"HTTP/1.1 200 ", b'O'),
        ("headers", "http", b"HTTP/1.1 200 OK\r\nx: ", b'a'),
        ("body", "http", b"HTTP/1.1 200 OK\r\ncontent-length: 9000\r\n\r\n", b' '),
    ] {
        let port = dripping(start, byte);
        let call = verify(&repo, &token, &["--vendor", "attio", "--timeout", "2"]);
        let call = match scheme {
            "proxy" => call.env("HTTPS_PROXY", format!("http://127.0.0.1:{port}")),
            _ => call.args(&["--base-url".to_owned(), format!("{scheme}://localhost:{port}")]),
        };
        let began = Instant::now();
        let run = call.run().expect_code(2).expect_has("within 2 s");
        assert!(began.elapsed() < Duration::from_secs(15), "{phase}: {:?}", began.elapsed());
        expect_hidden(&run, &token);
    }
}

/// A handler that drips does not hold up `probe`, which sends several deliveries.
#[test]
fn a_handler_that_drips_is_left_at_the_time_limit() {
    let repo = Repo::none();
    let secret = secret("attio", 42);
    for (phase, start, byte) in [
        ("status", &b"HTTP/1.1 200 "[..], b'O'),
        ("headers", b"HTTP/1.1 200 OK\r\nx: ", b'a'),
        ("body", b"HTTP/1.1 200 OK\r\ncontent-length: 9000\r\n\r\n", b' '),
    ] {
        let url = format!("http://127.0.0.1:{}/webhooks", dripping(start, byte));
        let began = Instant::now();
        let call = probe(&repo, &url, "attio", &secret).args(&["--timeout", "2"]);
        let run = call.run().expect_code(2).expect_has("there was no answer within 2 s");
        assert!(began.elapsed() < Duration::from_secs(20), "{phase}: {:?}", began.elapsed());
        expect_hidden(&run, &secret);
    }
}
