//! The proxy of the environment, as curl reads it. A proxy is asked to connect to the vendor (`CONNECT`), and sees neither the
//! request nor the token, which TLS encrypts.

use ureq::Proxy;

use super::url::unbracketed;
use crate::error::Error;

/// In the order in which they are read. Variables for plain HTTP have no effect: that goes to this machine only.
const VARIABLES: [&str; 4] = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];

/// The proxy for `host`. An error names the variable and not its value, which may have a password.
pub(super) fn of_environment(host: &str) -> Result<Option<Proxy>, Error> {
    of(host, |name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
}

fn of(host: &str, variable: impl Fn(&str) -> Option<String>) -> Result<Option<Proxy>, Error> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let Some((name, value)) = VARIABLES.iter().find_map(|name| Some((name, set(name)?))) else { return Ok(None) };
    if ["no_proxy", "NO_PROXY"].into_iter().find_map(set).is_some_and(|list| is_excepted(host, &list)) {
        return Ok(None);
    }
    let refused = |cause: &str| {
        let help = format!("set {name} to an address such as http://proxy.example.org:3128, or unset it");
        Error::new(format!("cannot use the proxy that the variable {name} names"), cause, help)
    };
    match value.split_once("://") {
        Some(("http" | "https", _)) | None => {}
        Some(_) => return Err(refused("its address starts with neither http:// nor https://")),
    }
    Proxy::new(&value).map(Some).map_err(|_| refused("it is not an address"))
}

/// Whether the list has the host, a domain above it, or `*`.
fn is_excepted(host: &str, list: &str) -> bool {
    let host = unbracketed(host).to_ascii_lowercase();
    list.split(',').map(|entry| entry.trim().to_ascii_lowercase()).any(|entry| {
        let domain = entry.trim_start_matches("*.").trim_start_matches('.');
        entry == "*"
            || host == domain
            || (!domain.is_empty() && host.strip_suffix(domain).is_some_and(|front| front.ends_with('.')))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(variables: &[(&str, &str)]) -> Result<Option<String>, Error> {
        let get = |name: &str| variables.iter().find(|(one, _)| *one == name).map(|(_, value)| (*value).to_owned());
        Ok(of("api.example.org", get)?.map(|proxy| format!("{}:{}", proxy.host(), proxy.port())))
    }

    #[test]
    fn the_first_variable_that_is_set_counts() {
        let proxy = |variables: &[(&str, &str)]| chosen(variables).expect("a usable proxy");
        assert_eq!(proxy(&[]), None);
        assert_eq!(proxy(&[("HTTP_PROXY", "http://a:1")]), None);
        assert_eq!(proxy(&[("ALL_PROXY", "http://a:1"), ("HTTPS_PROXY", "http://b:2")]).as_deref(), Some("b:2"));
        assert_eq!(proxy(&[("https_proxy", ""), ("all_proxy", "b:3")]).as_deref(), Some("b:3"));
        for list in ["*", "x, API.example.org", ".example.org", "example.org", "*.example.org"] {
            assert_eq!(proxy(&[("HTTPS_PROXY", "http://a:1"), ("NO_PROXY", list)]), None, "{list}");
        }
        for list in ["", "ample.org", "other.example.org", "example.org.", ","] {
            assert!(proxy(&[("HTTPS_PROXY", "http://a:1"), ("no_proxy", list)]).is_some(), "{list}");
        }
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_not_bypassed() {
        for value in ["socks5://a:1", "http://a b", "http://a:x:y", "ftp://a"] {
            let error = chosen(&[("HTTPS_PROXY", value)]).expect_err(value);
            assert!(!error.to_string().contains(value), "{error}");
        }
    }
}
