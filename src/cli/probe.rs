//! `keysweep probe`: sends test deliveries to a webhook handler.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::time::Duration;

use super::args::ProbeArgs;
use super::one_token::Taker;
use super::options::Common;
use super::{code, output};
use crate::delivery::probe::{Delivery, Kind, Promises, Target, probe};
use crate::delivery::scheme::{ALL, Key, Scheme};
use crate::detect::Detector;
use crate::error::{Error, nearest};
use crate::http::Url;
use crate::random::Dice;
use crate::report::{self, ProbeReport};
use crate::rules;

const CONTEXT: &str = "cannot use the secret";

const TAKER: Taker = Taker { context: CONTEXT, how: "printf %s \"$SECRET\" | keysweep probe URL --vendor VENDOR" };

pub(super) fn run(args: &ProbeArgs, common: &Common) -> Result<u8, Error> {
    let scheme = scheme(&args.vendor)?;
    let url = Url::parse(&args.url).map_err(|cause| {
        Error::new("cannot use the address of the handler", cause, "give it in full: http://localhost:3000/webhooks")
    })?;
    let secret = secret(scheme)?;
    let is_made_up = secret.is_none();
    output::announce("the good delivery is real for the handler, which does with it what it does with every delivery");
    let mut dice = Dice::new(RandomState::new().hash_one(0_u8));
    let timeout = Duration::from_secs(args.timeout.seconds);
    let target = Target { url: &url, allow_remote: args.allow_remote, timeout };
    let deliveries = probe(scheme, secret, &mut dice, target)?;
    let (address, promises) = (output::safe(&url.to_string()), Promises::of(&deliveries));
    let report = ProbeReport { scheme, address: &address, deliveries: &deliveries, promises, is_made_up };
    let exit = exit(&deliveries);
    let format = args.format.format.unwrap_or_default().into();
    let is_silent = common.quiet && format == report::DocumentFormat::Human && exit == code::CLEAN;
    output::write(
        common,
        |style, out| {
            if is_silent { Ok(()) } else { report::write_probe(&report, format, style, out) }
        },
    )?;
    Ok(exit)
}

fn scheme(id: &str) -> Result<&'static Scheme, Error> {
    let ids = ALL.map(|scheme| scheme.id);
    ALL.into_iter().find(|scheme| scheme.id.eq_ignore_ascii_case(id)).ok_or_else(|| {
        let help = format!("did you mean {}? The vendors are {}", nearest(id, ids.into_iter()), ids.join(", "));
        Error::new("cannot use the value of --vendor", "deliveries of no such vendor can be made", help)
    })
}

/// The key of the secret on standard input. None if there is no input.
fn secret(scheme: &Scheme) -> Result<Option<Key>, Error> {
    let Some(secret) = TAKER.read_if_given()? else { return Ok(None) };
    // From here on, no message can contain the secret, whatever its shape.
    output::know_tokens(&Arc::new(Detector::for_tokens(rules::ALL, &[&secret])));
    let key = std::str::from_utf8(&secret).ok().and_then(|secret| scheme.key(secret));
    let refused = || {
        let cause = format!("it is not a secret of {}'s webhooks", scheme.name);
        Error::new(CONTEXT, cause, "copy it from the settings of the webhook, with its prefix whsec_ if it has one")
    };
    key.map(Some).ok_or_else(refused)
}

/// Whether a repeated delivery was done twice cannot be seen, so it only counts if it is refused.
fn exit(deliveries: &[Delivery]) -> u8 {
    if deliveries.iter().any(|one| one.held == Some(false)) {
        return code::FOUND;
    }
    let is_open = |one: &Delivery| one.held.is_none() && one.kind != Kind::Repeated;
    if deliveries.iter().any(is_open) { code::TROUBLE } else { code::CLEAN }
}
