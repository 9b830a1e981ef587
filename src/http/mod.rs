//! HTTPS requests: the one place that opens a connection, for the commands that ask a vendor or send to a webhook handler.
//!
//! - TLS is rustls. Its root certificates are Mozilla's and part of the program, since a static program runs on systems and in
//!   containers without any. The variable `SSL_CERT_FILE` names a file that replaces them, as for OpenSSL and Go.
//! - A redirect is an answer like any other: it is never followed, so a request reaches no other host.
//! - Plain HTTP goes to this machine only, as decided by the address that is connected to.
//! - Every request has a time limit, and every answer a limit of its size.

mod client;
mod deadline;
#[cfg(any(target_os = "linux", test))]
mod dns;
#[cfg(any(target_os = "linux", test))]
mod hosts;
mod proxy;
mod resolver;
mod roots;
mod url;

pub use client::{Client, Method, Options, Request, Response};
pub use url::Url;
