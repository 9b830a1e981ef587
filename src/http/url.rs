//! The address of a request.

use std::fmt;

use ureq::http::Uri;

/// An absolute `https` or `http` address without a user name, a password or a fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    uri: Uri,
}

impl Url {
    /// Parses an address. The error is the cause, and does not repeat the text, which may contain a token.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let uri: Uri = text.parse().map_err(|_| "it is not an address such as https://example.org")?;
        if text.contains('#') {
            return Err("it has a fragment, which is never sent");
        }
        if !matches!(uri.scheme_str(), Some("https" | "http")) {
            return Err("it starts with neither https:// nor http://");
        }
        match uri.authority() {
            Some(authority) if authority.as_str().contains('@') => Err("it has a user name or a password"),
            // The crate accepts a port that is no number.
            Some(authority) if authority.as_str().len() != authority.host().len() && authority.port_u16().is_none() => {
                Err("its port is not a number below 65,536")
            }
            Some(authority) if !authority.host().is_empty() => Ok(Self { uri }),
            _ => Err("it names no host"),
        }
    }

    pub fn is_encrypted(&self) -> bool {
        self.uri.scheme_str() == Some("https")
    }

    /// The name or the address of the host, an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        self.uri.host().unwrap_or_default()
    }

    pub fn has_query(&self) -> bool {
        self.uri.query().is_some()
    }

    /// The address with `path` appended. `path` starts with a slash.
    #[must_use]
    pub fn join(&self, path: &str) -> Self {
        let text = self.uri.to_string();
        let uri = format!("{}{path}", text.trim_end_matches('/')).parse().expect("a path appended to an address");
        Self { uri }
    }

    pub(super) fn uri(&self) -> &Uri {
        &self.uri
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.uri, f)
    }
}

/// The address in the brackets of an IPv6 host, and any other host as it is.
pub(super) fn unbracketed(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_with_parts_that_requests_lack_are_refused() {
        for text in [
            "",
            "example.org",
            "ftp://example.org",
            "https://",
            "https:///x",
            "//example.org",
            "https://example.org/#x",
            "https://a@example.org",
            "https://example.org:x",
            "https://example.org:70000",
            "https://exa mple.org",
            "file:///etc/passwd",
        ] {
            assert!(Url::parse(text).is_err(), "{text}");
        }
        let with_password = ["https://a", ":b@example.org"].concat();
        assert!(Url::parse(&with_password).is_err());
    }

    #[test]
    fn a_path_is_appended() {
        for (base, joined) in [
            ("https://example.org", "https://example.org/v2/self"),
            ("https://example.org/", "https://example.org/v2/self"),
            ("http://127.0.0.1:1/a/", "http://127.0.0.1:1/a/v2/self"),
        ] {
            assert_eq!(Url::parse(base).expect("an address").join("/v2/self").to_string(), joined);
        }
        assert_eq!(unbracketed(Url::parse("http://[::1]:80/").expect("an address").host()), "::1");
    }
}
