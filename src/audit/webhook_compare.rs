//! Signatures of webhooks: verified at all, and compared in constant time.

use super::check::Check;
use super::model::{Answer, Place};
use super::subject::Subject;
use super::webhooks::Verified;

pub(super) const CHECK: Check = Check {
    name: "webhook-compare",
    rule: "webhook signatures are verified, in constant time",
    explanation: "\
A heuristic over JavaScript, TypeScript, Python, Go, Ruby and PHP, tests left out. It looks for handlers of Attio, Stripe and all who
sign as Svix does, and for digests of an HMAC that ==, === or a function such as bytes.Equal compares. Comparing lengths is fine.
So are timingSafeEqual, compare_digest, hmac.Equal, hash_equals, secure_compare, and the verification of a vendor's library.
A file that a handler imports is read as well.

suspect: a handler does not verify its deliveries, or a comparison ends at the first difference, which an attacker can measure.
unknown: a handler calls something that may verify, more than one import away.",
    run,
};

fn run(subject: &Subject<'_>) -> Answer {
    let webhooks = subject.webhooks();
    let leaky = webhooks.leaky.iter().map(|(path, line)| {
        let why = "a digest is compared in a time that depends on the first difference";
        let help =
            "compare with crypto.timingSafeEqual, hmac.compare_digest, hmac.Equal, secure_compare or hash_equals";
        Place::suspect(subject.shown(path), Some(*line), why, help)
    });
    let unverified = webhooks.handlers.iter().filter(|one| one.verified == Verified::No).map(|one| {
        let why = format!("the handler of {}'s webhooks does not verify the signature", one.vendor.name());
        let help = "verify the signature of the raw body before anything else";
        Place::suspect(subject.shown(&one.path), Some(one.line), why, help)
    });
    Answer::of(unverified.chain(leaky).collect(), || {
        let unclear: Vec<String> = webhooks
            .handlers
            .iter()
            .filter(|one| one.verified == Verified::Unclear)
            .map(|one| String::from_utf8_lossy(&one.path).into_owned())
            .collect();
        match (unclear.first(), webhooks.handlers.len() + webhooks.verifying) {
            (Some(first), _) => Answer::unknown(
                format!("it is not clear from {first} and the files it imports how it verifies"),
                "check that it verifies the signature of the raw body in constant time",
            ),
            (None, 0) => Answer::not_applicable("there is no handler of webhooks"),
            (None, _) => Answer::pass("signatures are verified in constant time"),
        }
    })
}
