//! The root certificates that a server's certificate must lead to.

use std::sync::Arc;

use ureq::tls::{PemItem, RootCerts, parse_pem};

use crate::error::Error;
use crate::regular_file;

/// The certificates in the file that `SSL_CERT_FILE` names, or those of Mozilla in the program.
pub(super) fn roots() -> Result<RootCerts, Error> {
    let Some(path) = std::env::var_os("SSL_CERT_FILE").filter(|path| !path.is_empty()) else {
        return Ok(RootCerts::WebPki);
    };
    let refused = |cause: String| {
        let context = format!("cannot read the root certificates in {}", std::path::Path::new(&path).display());
        Error::new(context, cause, "correct or unset the variable SSL_CERT_FILE")
    };
    let pem = regular_file::read(std::path::Path::new(&path)).map_err(|err| refused(err.to_string()))?;
    let certificates: Vec<_> = parse_pem(&pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if certificates.is_empty() {
        return Err(refused("it has no certificate".to_owned()));
    }
    Ok(RootCerts::Specific(Arc::new(certificates)))
}
