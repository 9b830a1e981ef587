//! What `verify` and `history --verify` share: the named vendor, and the server in its place.

use crate::error::{Error, nearest};
use crate::http::Url;
use crate::verify::vendor::Vendor;
use crate::verify::{ALL, named};

/// The vendor with the id that the user gave.
pub(super) fn vendor(id: Option<&str>) -> Result<Option<&'static Vendor>, Error> {
    let unknown = |id: &str| {
        let ids = ALL.map(|vendor| vendor.id);
        let help = format!(
            "did you mean {}? The vendors are {}",
            nearest(&id.to_ascii_lowercase(), ids.into_iter()),
            ids.join(", ")
        );
        Error::new("cannot use the value of --vendor", "no such vendor can be asked", help)
    };
    id.map(|id| named(id).ok_or_else(|| unknown(id))).transpose()
}

/// The address in `--base-url`. The error does not repeat it.
pub(super) fn base_url(text: Option<&str>) -> Result<Option<Url>, Error> {
    let refused = |cause: &str| {
        Error::new("cannot use the value of --base-url", cause, "give an address such as https://api.example.org")
    };
    let parse = |text: &str| {
        let url = Url::parse(text).map_err(refused)?;
        if url.has_query() { Err(refused("it has a query")) } else { Ok(url) }
    };
    text.map(parse).transpose()
}
