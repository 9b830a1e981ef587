//! From the name of a host to the addresses that are connected to.

use std::io;
use std::net::{IpAddr, SocketAddr};

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use super::url::unbracketed;

/// More addresses of a host are not tried.
const MOST_ADDRESSES: usize = 16;

/// Resolves a name once, and only to this machine if that is required. The connection is made to the resolved addresses, so a
/// name cannot have another address when it is connected to.
#[derive(Clone, Copy, Debug)]
pub(super) struct NameResolver {
    pub loopback_only: bool,
}

impl Resolver for NameResolver {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let host = unbracketed(uri.host().unwrap_or_default());
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
        let found = match host.parse() {
            Ok(address) => vec![address],
            Err(_) => lookup(host, uri, config, timeout)?,
        };
        if let Some(other) = found.iter().find(|address| self.loopback_only && !address.to_canonical().is_loopback()) {
            let cause = format!("{host} has the address {other}, which is not that of this machine");
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, cause).into());
        }
        let mut addresses = self.empty();
        found.iter().take(MOST_ADDRESSES).for_each(|address| addresses.push(SocketAddr::new(*address, port)));
        if addresses.is_empty() { Err(Error::HostNotFound) } else { Ok(addresses) }
    }
}

/// Names of this machine (RFC 6761), then those in `/etc/hosts`, then those that name servers know.
#[cfg(target_os = "linux")]
fn lookup(host: &str, _: &Uri, _: &Config, timeout: NextTimeout) -> Result<Vec<IpAddr>, Error> {
    use std::time::{Duration, Instant};

    use super::dns::NameServers;
    use super::hosts;

    let read = |path| std::fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let found = hosts::addresses(&read("/etc/hosts"), host.trim_end_matches('.'));
    if !found.is_empty() {
        return Ok(found);
    }
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    if name == "localhost" || name.ends_with(".localhost") {
        return Ok(vec![std::net::Ipv4Addr::LOCALHOST.into(), std::net::Ipv6Addr::LOCALHOST.into()]);
    }
    // An hour is longer than any other limit of a request.
    let limit = (*timeout.after).min(Duration::from_secs(3600));
    Ok(NameServers::parse(&read("/etc/resolv.conf")).lookup(host, Instant::now() + limit)?)
}

/// The system's own lookup.
#[cfg(not(target_os = "linux"))]
fn lookup(_: &str, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<Vec<IpAddr>, Error> {
    let found = ureq::unversioned::resolver::DefaultResolver::default().resolve(uri, config, timeout)?;
    Ok(found.iter().map(SocketAddr::ip).collect())
}
