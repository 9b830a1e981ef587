//! Webhook signing secrets of the Standard Webhooks kind, `whsec_` and base64, and the variants of vendors.

use crate::rule::{Pattern, Rule, Validator, unnamed};

/// Base64 or base64url of up to 75 bytes, or hex of up to 128 digits. [`Validator::EncodedKey`] finds the end.
pub(super) const BODY: &str = r"[A-Za-z0-9+/_-]{20,172}={0,2}";

pub const STRIPE_WEBHOOK: Rule = Rule {
    id: "stripe-webhook-secret",
    vendor: "Stripe or Svix",
    title: "Stripe or Svix webhook signing secret",
    patterns: &[Pattern::Prefixed {
        prefixes: &[unnamed("whsec_")],
        body: r"[0-9a-f]{64}|[A-Za-z0-9]{32}",
        validator: Validator::EncodedKey,
        near: "",
    }],
    opens: "forges webhook events that your receiver takes for the vendor's",
    mistaken_for: "a secret of Svix's kind where it is Stripe's and the other way round, since base64 of 24 bytes is 32 characters as well, or Abyssale's 64 hex digits",
    remedy: &[
        "Stripe: Dashboard > Developers > Webhooks > the endpoint > Roll secret, the old one ending now if it leaked; Svix: rotate the endpoint's secret in the portal",
        "deploy the new secret",
        "send a test event and see it verified",
    ],
    docs: "https://docs.stripe.com/webhooks",
    hits: &["whsec_{alnum:32}", "whsec_{hex:64}"],
    misses: &[
        "whsec_your_secret_here",
        "whsec_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "whsec_0000000000000000000000000000000000000000000000000000000000000000",
    ],
};

pub const STANDARD_WEBHOOK: Rule = Rule {
    id: "webhook-secret",
    vendor: "Svix, Clerk, Resend, OpenAI, Supabase or another sender of Standard Webhooks",
    title: "webhook signing secret",
    patterns: &[Pattern::Prefixed {
        prefixes: &[unnamed("whsec_")],
        body: BODY,
        validator: Validator::EncodedKey,
        near: "",
    }],
    opens: "forges webhook deliveries that your receiver takes for the vendor's",
    mistaken_for: "the secret of any other sender of Standard Webhooks, or a home-grown one",
    remedy: &[
        "replace the endpoint in the sender's webhook settings, or rotate its secret (Svix signs with the old one for 24 hours more)",
        "deploy the new secret",
        "send a test event and see it verified",
        "delete the old endpoint",
    ],
    docs: "https://docs.svix.com/consuming-webhooks/",
    hits: &[
        "whsec_{base64:32}",
        "v1,whsec_{base64:32}",
        "whsec_{base64url:32}",
        "whsec_{hex:48}",
        "whsec_{base64:64}",
        "whsec_{base64:75}",
        "whsec_{base64-hex:64}",
        "v1,whsec_{base64-uuid}",
    ],
    misses: &[
        "whsec_{base64-of:test_signing_secret}",
        "whsec_secret_from_the_dashboard_settings",
        "WHSEC_PREFIX = \"whsec_\"",
        "whsec_<your-signing-secret-goes-here>",
    ],
};

pub const WEBHOOK_PRIVATE_KEY: Rule = Rule {
    id: "webhook-private-key",
    vendor: "Svix, Supabase or another sender of Standard Webhooks",
    title: "webhook private signing key",
    patterns: &[Pattern::Prefixed {
        prefixes: &[unnamed("whsk_")],
        body: r"[A-Za-z0-9+/]{42,88}={0,2}",
        validator: Validator::EncodedKey,
        near: "",
    }],
    opens: "signs webhook deliveries as the sender, for every receiver",
    mistaken_for: "nothing that is known: the public half starts with whpk_, and is no secret",
    remedy: &[
        "generate a new key pair at the sender",
        "publish the new public key (whpk_) to the receivers",
        "retire the old pair",
    ],
    docs: "https://www.standardwebhooks.com/",
    hits: &["whsk_{base64:64}", "whsk_{base64-hex:64}", "v1a,whpk_{base64:32}:whsk_{base64:64}"],
    misses: &["whpk_{base64:32}"],
};

pub const PAYMONGO_WEBHOOK: Rule = Rule {
    id: "paymongo-webhook-secret",
    vendor: "PayMongo",
    title: "PayMongo webhook secret",
    patterns: &[Pattern::Prefixed {
        prefixes: &[unnamed("whsk_")],
        body: r"[A-Za-z0-9]{24}",
        validator: Validator::LikelyRun,
        near: "",
    }],
    opens: "forges webhook events that your receiver takes for PayMongo's",
    mistaken_for: "a home-grown webhook secret behind the same prefix",
    remedy: &[
        "create a new webhook with the same URL and events in the PayMongo dashboard (Developers > Webhooks) or its API",
        "deploy its secret",
        "trigger an event and see its signature verified",
        "disable the old webhook",
    ],
    docs: "https://developers.paymongo.com/docs/creating-webhook",
    hits: &["whsk_{alnum:24}"],
    misses: &["whsk_xxxxxxxxxxxxxxxxxxxxxxxx", "whsk_your_webhook_secret_here"],
};
