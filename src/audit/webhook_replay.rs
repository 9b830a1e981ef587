//! Replayed deliveries of webhooks.

use super::check::Check;
use super::code::handlers::Vendor;
use super::model::{Answer, Place};
use super::subject::Subject;
use super::webhooks::{HandlerFacts, Verified};

pub(super) const CHECK: Check = Check {
    name: "webhook-replay",
    rule: "a webhook delivery that is sent again has no effect",
    explanation: "\
A heuristic, over the handlers of webhook-compare, by vendor. Stripe and Svix sign a timestamp, which their libraries check. Attio
signs none: each delivery has an Idempotency-Key, and a handler that remembers it is protected.

suspect: a handler of Stripe or Svix verifies by an HMAC of its own and compares no timestamp with the time; a handler of Attio
has nothing about idempotency, nor do the files that it imports.
unknown: it is not clear how a handler verifies.",
    run,
};

fn run(subject: &Subject<'_>) -> Answer {
    let handlers = &subject.webhooks().handlers;
    let places = handlers.iter().filter_map(|one| place(one, subject)).collect();
    Answer::of(places, || {
        let known: Vec<&HandlerFacts> = handlers.iter().filter(|one| one.verified != Verified::No).collect();
        match known.iter().find(|one| one.vendor != Vendor::Attio && one.verified == Verified::Unclear) {
            _ if known.is_empty() => Answer::not_applicable("there is no handler of webhooks that verifies them"),
            Some(unclear) => Answer::unknown(
                format!("it is not clear how {} verifies", String::from_utf8_lossy(&unclear.path)),
                "check that it compares the signed timestamp with the time",
            ),
            None => Answer::pass("timestamps, or idempotency keys, protect from replays"),
        }
    })
}

fn place(one: &HandlerFacts, subject: &Subject<'_>) -> Option<Place> {
    let is_by_hand = matches!(one.verified, Verified::Here | Verified::ByHelper) && !one.by_library;
    let (why, help) = match one.vendor {
        Vendor::Attio if !one.knows_idempotency => (
            "the handler of Attio's webhooks does not use the Idempotency-Key".to_owned(),
            "remember the header Idempotency-Key, and skip deliveries that are known",
        ),
        Vendor::Stripe | Vendor::Svix if is_by_hand && !one.checks_time => (
            format!("the handler of {}'s webhooks does not check the signed timestamp", one.vendor.name()),
            "refuse deliveries that are older than five minutes, or use the vendor's library",
        ),
        _ => return None,
    };
    Some(Place::suspect(subject.shown(&one.path), Some(one.line), why, help))
}
