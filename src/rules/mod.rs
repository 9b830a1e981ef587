//! The rules: tables only. A new token family is one entry here; [`example`] explains its `hits` and `misses`.

pub mod example;

mod attio;
mod body;
mod packs;
mod payments;
mod platforms;
mod published;
mod published_values;
mod sought;
pub mod vendors;
mod webhooks;

pub use packs::{PACKS, Pack, pack, pack_of, rules_of};
pub use sought::SOUGHT;

use crate::finding::{Fingerprint, Secret};
use crate::rule::Rule;

/// In the order in which they are tried: where two shapes overlap, the narrower one stands first.
pub const ALL: &[&Rule] = &[
    &attio::WEBHOOK_SECRET,
    &attio::CLIENT_SECRET,
    &attio::ACCESS_TOKEN,
    &platforms::WORKOS,
    &platforms::APIDECK,
    &platforms::LIVEBLOCKS,
    &platforms::SVIX,
    &payments::NOMOD,
    &payments::YOCO,
    &payments::CHECKOUT,
    &payments::RECHARGE,
    &platforms::CROSSMINT,
    &platforms::CARTESIA,
    &platforms::PHOTOROOM,
    &platforms::TICKET_TAILOR,
    &platforms::ELEVENLABS,
    &payments::PAYSTACK,
    &payments::STRIPE_SECRET,
    &payments::STRIPE_RESTRICTED,
    &platforms::UNNAMED,
    &webhooks::STRIPE_WEBHOOK,
    &webhooks::STANDARD_WEBHOOK,
    &webhooks::WEBHOOK_PRIVATE_KEY,
    &webhooks::PAYMONGO_WEBHOOK,
];

/// The built-in rules, and those of all packs behind them.
pub fn with_all_packs() -> Vec<&'static Rule> {
    ALL.iter().copied().chain(rules_of(PACKS)).collect()
}

/// Whether the token is one that its vendor published.
pub fn is_published(token: &[u8]) -> bool {
    let fingerprint = Secret::new(token).fingerprint();
    let of_pack = |&(bits, _): &(u64, &str)| Fingerprint::from_bits(bits) == fingerprint;
    published::is_published(token) || packs::published::PUBLISHED.iter().any(of_pack)
}
