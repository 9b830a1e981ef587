//! Values of packs that their vendors publish: in documentation, SDKs, samples and their own local tools.
//!
//! The list contains fingerprints of bodies, as `rules::published_values` does. To update it, run `keysweep files` with all packs
//! over the vendors' own repositories, and look at each finding. Only values that the vendor itself prints belong here, never
//! values that others made common.

use super::{PACKS, rules_of};
use crate::finding::{Fingerprint, Secret};
use crate::rule::Pattern;

/// Whether a vendor published the token, with this prefix or with another one of the packs.
pub(in crate::rules) fn is_published(token: &[u8]) -> bool {
    is_listed(token) || bodies(token).any(is_listed)
}

/// The token without each prefix of a pack that it starts with: `sk-` and `sk-proj-` leave two different bodies.
fn bodies(token: &[u8]) -> impl Iterator<Item = &[u8]> {
    let patterns = rules_of(PACKS).flat_map(|rule| rule.patterns);
    let prefixes = patterns.flat_map(|pattern| match pattern {
        Pattern::Prefixed { prefixes, .. } => *prefixes,
        Pattern::Given { .. } => &[],
    });
    prefixes.filter_map(|prefix| token.strip_prefix(prefix.literal.as_bytes()))
}

fn is_listed(text: &[u8]) -> bool {
    let fingerprint = Secret::new(text).fingerprint();
    PUBLISHED.iter().any(|&(bits, _)| Fingerprint::from_bits(bits) == fingerprint)
}

const PUBLISHED: &[(u64, &str)] = &[
    (
        0x6175_1c89_7666_636a,
        "Toss Payments, the widget's test key of its documentation and samples (tosspayments/tosspayments-sample)",
    ),
    (0x5ba3_ea70_a3ba_049d, "Toss Payments, the API's test key of its samples (tosspayments/tosspayments-sample)"),
    (0x11dd_0928_306f_7f1a, "Toss Payments, a test key of its samples (tosspayments/tosspayments-sample)"),
    (0x6f7b_948a_c4cb_01ec, "Resend, the tests of its Node SDK (resend/resend-node)"),
    (0xaee3_e12d_7346_678e, "Resend, the tests of its Node SDK (resend/resend-node)"),
    (0x921c_a184_8ee9_8ea4, "Resend, a response in its API reference; the whole token"),
    (0x1771_c2ba_ae97_8eb4, "Supabase, the local key that its CLI gives to everybody (supabase start)"),
    (0x501d_da00_fdbe_42e0, "Hugging Face, the test user of huggingface_hub against its CI server"),
    (0x1719_0f0e_7b52_9908, "Paddle, authentication in its API reference"),
];
