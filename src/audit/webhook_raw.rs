//! Signatures of webhooks: over the bytes that were delivered.

use super::check::Check;
use super::code::handlers::Vendor;
use super::model::{Answer, Place};
use super::subject::Subject;
use super::webhooks::Verified;

pub(super) const CHECK: Check = Check {
    name: "webhook-raw",
    rule: "the signature is verified over the raw body",
    explanation: "\
A heuristic, over the files of webhook-compare. A body that was parsed and serialized again may have other bytes than the vendor
signed. Attio signs the body alone, without a timestamp: a handler that signs \"timestamp.body\" refuses every delivery.

suspect: the input of a verification is the result of JSON.stringify, json.dumps, json_encode, json.Marshal or to_json, or a
handler of Attio adds a timestamp to it.",
    run,
};

fn run(subject: &Subject<'_>) -> Answer {
    let webhooks = subject.webhooks();
    let reserialized = webhooks.reserialized.iter().map(|(path, line)| {
        let why = "the signature is verified over a body that was parsed and serialized again";
        Place::suspect(subject.shown(path), Some(*line), why, "read the raw body, verify it, and parse it then")
    });
    let of_attio = webhooks.handlers.iter().filter(|one| one.vendor == Vendor::Attio);
    let stamped = of_attio.flat_map(|one| &one.stamped).map(|(path, line)| {
        let why = "Attio signs the raw body alone, so an HMAC over a timestamp never matches a delivery";
        Place::suspect(subject.shown(path), Some(*line), why, "compute the HMAC over the raw body only")
    });
    Answer::of(reserialized.chain(stamped).collect(), || {
        let unclear = webhooks.handlers.iter().any(|one| one.verified == Verified::Unclear);
        match (webhooks.verifying, unclear) {
            (0, true) => Answer::unknown("it is not clear how the handlers verify", "see webhook-compare"),
            (0, false) => Answer::not_applicable("nothing here verifies a signature"),
            (_, _) => Answer::pass("no verification serializes the body again"),
        }
    })
}
