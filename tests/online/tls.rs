//! Certificates of servers are verified.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use crate::support::Repo;
use crate::support::token::Maker;
use crate::verify::{expect_hidden, verify};

/// An HTTPS server for `localhost` that answers once a connection, and writes what it reads to its standard output.
const SERVER: &str = r#"
import socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    connection = listener.accept()[0]
    try:
        with context.wrap_socket(connection, server_side=True) as stream:
            read = stream.recv(65536)
            body = b'{"active":false}'
            stream.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))
        print("read", len(read), flush=True)
    except OSError as error:
        print("refused", flush=True)
"#;

struct TlsServer {
    process: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
    port: String,
}

impl TlsServer {
    fn new(repo: &Repo) -> Self {
        let args = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
                    -addext subjectAltName=DNS:localhost \
                    -addext basicConstraints=critical,CA:FALSE -keyout key.pem -out cert.pem";
        let args: Vec<&str> = args.split_whitespace().collect();
        repo.call("openssl", &args).run().expect_code(0);
        fs::write(repo.path("server.py"), SERVER).expect("write the server");
        let mut command = Command::new("python3");
        command.args(["server.py", "cert.pem", "key.pem"]).current_dir(repo.top()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("start Python");
        let mut lines = BufReader::new(process.stdout.take().expect("piped")).lines();
        let port = lines.next().expect("a line").expect("a port");
        Self { process, lines, port }
    }

    fn next(&mut self) -> String {
        self.lines.next().expect("a line").expect("text")
    }
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_certificate_must_lead_to_a_root_and_have_the_name() {
    let repo = Repo::none();
    let token = Maker::new(21).sk(32).text().to_owned();
    let mut server = TlsServer::new(&repo);
    let ask = |host: &str| {
        let url = format!("https://{host}:{}", server.port);
        verify(&repo, &token, &["--vendor", "attio", "--timeout", "20", "--base-url"]).args(&[url])
    };
    let (ours, other) = (ask("localhost").env("SSL_CERT_FILE", repo.path("cert.pem")), ask("localhost"));
    let by_address = ask("127.0.0.1").env("SSL_CERT_FILE", repo.path("cert.pem"));
    ours.run().expect_code(0);
    assert!(server.next().starts_with("read"));
    for call in [other, by_address] {
        let run = call.run().expect_code(2).expect_has("certificate");
        expect_hidden(&run, &token);
        assert_eq!(server.next(), "refused");
    }
}

#[test]
fn roots_that_cannot_be_read_are_an_error() {
    let repo = Repo::none();
    let token = Maker::new(22).sk(32).text().to_owned();
    repo.write("empty.pem", "");
    for path in ["empty.pem", "missing.pem", "."] {
        let run = verify(&repo, &token, &["--vendor", "attio"]).env("SSL_CERT_FILE", repo.path(path)).run();
        expect_hidden(&run.expect_code(2).expect_has("cannot read the root certificates"), &token);
    }
}
