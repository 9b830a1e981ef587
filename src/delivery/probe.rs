//! Sends the deliveries, and judges the answers.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::scheme::{Header, Key, Message, Scheme};
use crate::error::Error;
use crate::http::{Client, Method, Options, Request, Url};
use crate::random::Dice;

/// The libraries of Stripe and Svix refuse deliveries that are older than five minutes.
const STALE: u64 = 3600;

/// What is wrong with a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing.
    Good,
    /// The body was changed after it was signed.
    Tampered,
    /// It has no signature.
    Unsigned,
    /// It was signed an hour ago.
    Stale,
    /// It is the good one again.
    Repeated,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Tampered => "tampered",
            Self::Unsigned => "unsigned",
            Self::Stale => "stale",
            Self::Repeated => "repeated",
        }
    }
}

/// A delivery that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub kind: Kind,
    pub http: u16,
    /// Whether the handler did what it should. None if the answer does not tell.
    pub held: Option<bool>,
    pub why: &'static str,
}

/// Where to send deliveries, and how.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    pub url: &'a Url,
    pub allow_remote: bool,
    pub timeout: Duration,
}

/// Sends one delivery of each kind. `secret` is the key of the handler. Without it, a key is made up, which the handler cannot know.
pub fn probe(
    scheme: &Scheme,
    secret: Option<Key>,
    dice: &mut Dice,
    target: Target<'_>,
) -> Result<Vec<Delivery>, Error> {
    let is_known = secret.is_some();
    let key = secret.unwrap_or_else(|| scheme.made_up(dice));
    let Target { url, allow_remote, timeout } = target;
    let client = Client::new(url, Options { with_proxy: false, loopback_only: !allow_remote, timeout })?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let id = format!("{:016x}{:016x}", dice.roll(), dice.roll());
    let send = |kind| {
        let (headers, body) = delivery(scheme, &key, kind, &id, now);
        let sent = client.send(&Request { method: Method::Post(body.as_bytes()), url, headers });
        let help = "start the handler, and check the address; an address elsewhere needs https and --allow-remote";
        sent.map(|response| response.status).map_err(|cause| Error::new(format!("cannot probe {url}"), cause, help))
    };
    let good = send(Kind::Good)?;
    let accepts = is_known.then(|| is_success(good));
    let mut deliveries = vec![judged(Kind::Good, good, accepts)];
    let kinds = [Kind::Tampered, Kind::Unsigned, Kind::Stale, Kind::Repeated];
    for kind in kinds.into_iter().filter(|kind| *kind != Kind::Stale || scheme.signs_time) {
        deliveries.push(judged(kind, send(kind)?, accepts));
    }
    Ok(deliveries)
}

/// The headers and the body of a delivery.
fn delivery(scheme: &Scheme, key: &Key, kind: Kind, id: &str, now: u64) -> (Vec<Header>, String) {
    // A handler that remembers ids must not know those of the wrong deliveries.
    let id = if matches!(kind, Kind::Good | Kind::Repeated) { id.to_owned() } else { format!("{}{id}", kind.name()) };
    let time = if kind == Kind::Stale { now.saturating_sub(STALE) } else { now };
    let body = scheme.body(&id, time);
    let key = (kind != Kind::Unsigned).then_some(key);
    let headers = scheme.headers(key, &Message { id: &id, time, body: &body });
    let sent = if kind == Kind::Tampered { body.replacen("keysweep.probe", "keysweep.prove", 1) } else { body };
    (headers, sent)
}

fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

/// `accepts` is whether the handler accepted the good delivery. None if it cannot know the key of that one.
fn judged(kind: Kind, http: u16, accepts: Option<bool>) -> Delivery {
    let (held, why) = match (kind, http) {
        // No handler, or none for POST; or one that wants to wait.
        (_, 404 | 405 | 408 | 429) => (None, "the handler was not reached, or did not look at it"),
        (Kind::Good, 200..=299) if accepts.is_none() => (Some(false), "accepted with a made-up secret"),
        (Kind::Good, 400..=499) if accepts.is_none() => (None, "refused, since the secret is made up"),
        (Kind::Good | Kind::Repeated, 200..=299) if kind == Kind::Good => (Some(true), "accepted"),
        (Kind::Repeated, 200..=299) => (None, "accepted again; whether it was done twice cannot be seen from outside"),
        (Kind::Repeated, 409) => (Some(true), "recognized"),
        (Kind::Repeated, 400..=499) if accepts != Some(true) => (None, "refused, like the first time"),
        (Kind::Good | Kind::Repeated, 400..=499) => (Some(false), "refused"),
        (_, 200..=299) => (Some(false), "accepted"),
        (_, 400..=499) if accepts == Some(false) => (None, "refused, but so is the good one"),
        (_, 400..=499) => (Some(true), "refused"),
        (_, 500..) => (None, "the handler failed"),
        _ => (None, "the answer is a redirect, or no answer to a delivery"),
    };
    Delivery { kind, http, held, why }
}

/// What several deliveries show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Promises {
    /// Whether the handler verifies signatures.
    pub signature: Option<bool>,
    /// Whether it refuses old deliveries. None as well if the vendor signs no time.
    pub replay: Option<bool>,
}

impl Promises {
    pub fn of(deliveries: &[Delivery]) -> Self {
        let held = |kinds: &[Kind]| {
            let held = deliveries.iter().filter(|one| kinds.contains(&one.kind)).map(|one| one.held);
            let held: Vec<_> = held.collect();
            let is_kept = !held.is_empty() && !held.contains(&None);
            if held.contains(&Some(false)) { Some(false) } else { is_kept.then_some(true) }
        };
        let is_refused = |one: &Delivery| one.kind == Kind::Good && one.held == Some(false) && !is_success(one.http);
        let signature = if deliveries.iter().any(is_refused) {
            // Its secret may be another one, so that it refuses everything.
            held(&[Kind::Tampered, Kind::Unsigned]).filter(|is_kept| !is_kept)
        } else {
            held(&[Kind::Good, Kind::Tampered, Kind::Unsigned])
        };
        Self { signature, replay: held(&[Kind::Stale]) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(kind: Kind, http: u16, accepts: Option<bool>) -> Option<bool> {
        judged(kind, http, accepts).held
    }

    #[test]
    fn a_handler_that_refuses_everything_shows_nothing() {
        let of = |good, tampered, unsigned, accepts: Option<bool>| {
            let kinds = [(Kind::Good, good), (Kind::Tampered, tampered), (Kind::Unsigned, unsigned)];
            let deliveries = kinds.map(|(kind, http)| judged(kind, http, accepts));
            Promises::of(&deliveries).signature
        };
        assert_eq!(of(401, 401, 401, Some(false)), None);
        assert_eq!(of(401, 200, 401, Some(false)), Some(false));
        assert_eq!(of(200, 401, 401, Some(true)), Some(true));
        assert_eq!(of(200, 401, 401, None), Some(false));
    }

    #[test]
    fn an_answer_is_judged_by_the_delivery_and_the_good_one() {
        let (yes, no) = (Some(true), Some(false));
        for (kind, http, accepts, wanted) in [
            (Kind::Good, 204, yes, yes),
            (Kind::Good, 400, no, no),
            (Kind::Good, 500, no, None),
            (Kind::Good, 200, None, no),
            (Kind::Good, 401, None, None),
            (Kind::Tampered, 400, yes, yes),
            (Kind::Tampered, 200, yes, no),
            (Kind::Tampered, 200, None, no),
            (Kind::Tampered, 400, no, None),
            (Kind::Tampered, 401, None, yes),
            (Kind::Unsigned, 500, yes, None),
            (Kind::Unsigned, 404, None, None),
            (Kind::Unsigned, 302, yes, None),
            (Kind::Stale, 200, yes, no),
            (Kind::Stale, 422, yes, yes),
            (Kind::Repeated, 200, yes, None),
            (Kind::Repeated, 409, yes, yes),
            (Kind::Repeated, 400, yes, no),
            (Kind::Repeated, 401, None, None),
        ] {
            assert_eq!(held(kind, http, accepts), wanted, "{kind:?} {http} {accepts:?}");
        }
    }
}
