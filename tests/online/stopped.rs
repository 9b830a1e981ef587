//! A signal ends a command that waits for an answer, and nothing is left behind.

use std::fs;

use crate::drip::dripping;
use crate::probe::secret;
use crate::support::Repo;
use crate::support::token::Maker;
use crate::verify::expect_hidden;

#[test]
fn a_signal_ends_the_wait_for_an_answer() {
    let repo = Repo::none();
    let port = dripping(b"HTTP/1.1 200 ", b'O');
    let url = format!("http://127.0.0.1:{port}");
    let (api_token, secret) = (Maker::new(4731).sk(32).text().to_owned(), secret("attio", 4732));
    let verify = ["verify", "--vendor", "attio", "--timeout", "60", "--base-url", &url];
    let probe = ["probe", &url, "--vendor", "attio", "--timeout", "60"];
    for (signal, code) in [("HUP", 129), ("INT", 130), ("QUIT", 131), ("TERM", 143)] {
        for (args, stdin) in [(&verify[..], &api_token), (&probe, &secret)] {
            let timeout = ["--foreground", "--preserve-status", "-s", signal, "2", env!("CARGO_BIN_EXE_keysweep")];
            let call = repo.call("timeout", &[&timeout, args].concat()).env("TMPDIR", repo.base()).stdin(stdin);
            let run = call.run().expect_code(code);
            expect_hidden(&run, stdin);
            let left: Vec<_> = fs::read_dir(repo.top()).expect("list").collect();
            assert!(left.is_empty(), "{signal} {args:?}: {left:?}");
        }
    }
}
