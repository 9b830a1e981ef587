//! Names are looked up without the modules of the C library, which a static program cannot load.
#![cfg(target_os = "linux")]

use crate::server::Server;
use crate::support::Repo;
use crate::support::token::Maker;
use crate::verify::{expect_hidden, verify};

/// Ways to a mount namespace: as any user, or as root where the system does not let others.
const NAMESPACES: [&[&str]; 2] = [&["unshare", "-rm"], &["sudo", "-n", "unshare", "-m"]];

/// Runs the program where `/etc` has these files. The C library would not read `/etc/hosts` there.
#[test]
fn names_are_found_whatever_modules_the_system_has() {
    let repo = Repo::none();
    let token = Maker::new(31).sk(32).text().to_owned();
    let server = Server::always(200, "", r#"{"active":false}"#);
    repo.write(
        "nsswitch.conf",
        "passwd: files systemd\nhosts: mymachines mdns4_minimal [NOTFOUND=return] resolve [!UNAVAIL=return] dns\n",
    );
    repo.write("hosts", "127.0.0.1 api.attio.example\n");
    repo.write("resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n");
    let is_allowed = |words: &&&[&str]| repo.call(words[0], &words[1..]).args(&["true"]).run().code == Some(0);
    let namespace =
        NAMESPACES.iter().find(is_allowed).expect("this test needs user namespaces, or sudo without a password");
    let script = "set -e; for name in nsswitch.conf hosts resolv.conf; do mount --bind $name /etc/$name; done\n\
                  grep -q mymachines /etc/nsswitch.conf; exec \"$@\"";
    let program = env!("CARGO_BIN_EXE_keysweep");
    for (host, code, says) in
        [("api.attio.example", 0, "is dead"), ("other.attio.example", 2, "no name server answers")]
    {
        let url = format!("http://{host}:{}", server.address.port());
        let words = [program, "verify", "--vendor", "attio", "--timeout", "5", "--base-url", &url];
        let call = repo.call(namespace[0], &namespace[1..]).args(&["sh", "-c", script, "sh"]).args(&words);
        let run = call.stdin(&token).run().expect_code(code).expect_has(says);
        expect_hidden(&run, &token);
    }
    assert_eq!(server.requests().len(), 1);
    // Outside, the name means nothing.
    let url = format!("http://api.attio.example:{}", server.address.port());
    verify(&repo, &token, &["--vendor", "attio", "--timeout", "3", "--base-url", &url]).run().expect_code(2);
}
