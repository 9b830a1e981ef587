//! Values that vendors print in their documentation: they open nothing, and tutorials are full of them.

use crate::finding::Fingerprint;

/// By fingerprint, since the values themselves would trip every scanner on this repository.
/// `printf %s "$VALUE" | sha256sum | cut -c1-16`
const PUBLISHED: &[(u64, &str)] = &[
    (0x2caf_c097_0149_a84f, "Stripe, the test key of its API reference"),
    (0xf2d6_ca16_5150_33e5, "Stripe, the test key of its older guides"),
    (0x0aae_5ca4_7407_e925, "Tap Payments, its testing keys"),
    (0x13e9_42ac_1ec6_6a7a, "WorkOS, an error message of its Node SDK"),
    (0x7e8d_e44e_a9ec_f6d5, "Stripe, a sample key of its API reference"),
    (0x2d1f_7723_aabc_5c7a, "Stripe, a sample key of its API reference"),
    (0x69e5_a07c_cf06_bc5a, "Stripe, a sample key of its older guides"),
    (0xce5d_b258_282b_9663, "Svix, how to verify a webhook by hand"),
    (0x96ad_2ccd_8146_2a76, "Svix, how to verify a webhook"),
    (0x2dd7_45ff_9912_76ae, "Ada, webhook documentation"),
    (0xea35_10ee_279d_a291, "Stripe CLI, sample output of listen"),
    (0xda38_1115_4d59_c426, "Attio, the webhook secret of its OpenAPI (the SHA-256 of the letter a)"),
];

/// Whether the token is one that its vendor published.
pub fn is_published(fingerprint: Fingerprint) -> bool {
    PUBLISHED.iter().any(|&(bits, _)| Fingerprint::from_bits(bits) == fingerprint)
}
