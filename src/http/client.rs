//! Sends one request, and reads its answer within limits.

use std::fmt;
use std::io::Read;
use std::time::{Duration, Instant};

use ureq::config::{AutoHeaderValue, Config};
use ureq::http::{self, HeaderValue};
use ureq::tls::TlsConfig;
use ureq::unversioned::transport::{ConnectProxyConnector, Connector as _, RustlsConnector, TcpConnector};
use ureq::{Agent, Timeout};

use super::deadline::DeadlineConnector;
use super::proxy;
use super::resolver::NameResolver;
use super::roots::roots;
use super::url::Url;
use crate::error::Error;

/// Answers of vendors have some kilobytes.
const LARGEST_ANSWER: u64 = 256 << 10;

/// Of the address and of the connection each, unless the whole request has less.
const LONGEST_CONNECT: Duration = Duration::from_secs(10);

/// How to reach a server.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether to use the proxy of the environment for HTTPS.
    pub with_proxy: bool,
    /// Whether to connect to this machine only. Plain HTTP always does.
    pub loopback_only: bool,
    /// The time limit of a whole request.
    pub timeout: Duration,
}

/// Sends requests to one host. Keeps no connection.
#[derive(Debug)]
pub struct Client {
    config: Config,
    resolver: NameResolver,
    timeout: Duration,
}

#[derive(Clone, Copy, Debug)]
pub enum Method<'a> {
    Get,
    Post(&'a [u8]),
}

/// A request. `Debug` does not print the values of headers.
#[derive(Clone)]
pub struct Request<'a> {
    pub method: Method<'a>,
    pub url: &'a Url,
    /// Names, and values that may be secret.
    pub headers: Vec<(&'static str, String)>,
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "request to {}", self.url)
    }
}

#[derive(Debug)]
pub struct Response {
    pub status: u16,
    /// The header `Retry-After`.
    pub retry_after: Option<String>,
    pub body: Vec<u8>,
}

impl Client {
    /// Prepares requests to the host of `url`.
    pub fn new(url: &Url, options: Options) -> Result<Self, Error> {
        let is_proxied = options.with_proxy && url.is_encrypted();
        let proxy = if is_proxied { proxy::of_environment(url.host())? } else { None };
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(proxy)
            .tls_config(TlsConfig::builder().root_certs(roots()?).build())
            .user_agent(concat!("keysweep/", env!("CARGO_PKG_VERSION")))
            .accept("application/json")
            .accept_encoding(AutoHeaderValue::None)
            .max_idle_connections(0)
            .timeout_global(Some(options.timeout))
            .timeout_resolve(Some(LONGEST_CONNECT.min(options.timeout)))
            .timeout_connect(Some(LONGEST_CONNECT.min(options.timeout)))
            .build();
        let resolver = NameResolver { loopback_only: options.loopback_only || !url.is_encrypted() };
        Ok(Self { config, resolver, timeout: options.timeout })
    }

    /// The connectors of ureq's default, in its order, with a time limit below TLS and below the request to a proxy.
    fn agent(&self) -> Agent {
        let connector =
            ().chain(ConnectProxyConnector::default())
                .chain(TcpConnector::default())
                .chain(DeadlineConnector { at: Instant::now() + self.timeout })
                .chain(RustlsConnector::default());
        Agent::with_parts(self.config.clone(), connector, self.resolver)
    }

    /// The answer, whatever its status. The error is the cause, without any header of the request.
    pub fn send(&self, request: &Request<'_>) -> Result<Response, String> {
        let agent = self.agent();
        let sent = match request.method {
            Method::Get => agent.run(prepared(request, "GET")?.body(()).map_err(|_| INVALID)?),
            Method::Post(body) => agent.run(prepared(request, "POST")?.body(body).map_err(|_| INVALID)?),
        };
        let response = sent.map_err(|error| self.cause(error))?;
        let status = response.status().as_u16();
        let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
        let retry_after = retry_after.map(ToOwned::to_owned);
        let mut body = Vec::new();
        let read = response.into_body().into_reader().take(LARGEST_ANSWER + 1).read_to_end(&mut body);
        read.map_err(|error| format!("the answer breaks off: {}", self.cause(ureq::Error::from(error))))?;
        if body.len() as u64 > LARGEST_ANSWER {
            return Err(format!("the answer has more than {} kB", LARGEST_ANSWER >> 10));
        }
        Ok(Response { status, retry_after, body })
    }

    fn cause(&self, error: ureq::Error) -> String {
        match error {
            ureq::Error::Timeout(Timeout::Resolve) => "the lookup of its name takes too long".to_owned(),
            ureq::Error::Timeout(Timeout::Connect) => "the connection takes too long".to_owned(),
            ureq::Error::Timeout(_) => format!("there was no answer within {} s", self.timeout.as_secs_f32()),
            ureq::Error::HostNotFound => "its name has no address".to_owned(),
            ureq::Error::Io(error) => error.to_string(),
            other => other.to_string(),
        }
    }
}

const INVALID: &str = "the request is not valid";

fn prepared(request: &Request<'_>, method: &str) -> Result<http::request::Builder, &'static str> {
    let mut builder = http::Request::builder().method(method).uri(request.url.uri());
    for (name, value) in &request.headers {
        let mut value = HeaderValue::from_str(value).map_err(|_| INVALID)?;
        // Nothing that logs a request logs it.
        value.set_sensitive(true);
        builder = builder.header(*name, value);
    }
    Ok(builder)
}
