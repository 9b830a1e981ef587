//! Payment vendors that issue `sk_live_` and `sk_test_`: Stripe, and vendors that adopted its prefixes.
//!
//! Their bodies overlap, so the order in [`super::ALL`] decides: a dash or a fixed length identifies one vendor, and the rest may
//! be a key of Stripe or Clerk.

use crate::rule::{Pattern, Rule, Validator, live, test, unnamed};

pub const STRIPE_SECRET: Rule = Rule {
    id: "stripe-secret-key",
    vendor: "Stripe or Clerk",
    title: "Stripe or Clerk secret key",
    patterns: &[
        Pattern::Prefixed {
            prefixes: &[live("sk_live_"), test("sk_test_")],
            body: r"[A-Za-z0-9]{16,247}",
            validator: Validator::LikelyRun,
            near: "",
        },
        Pattern::Prefixed {
            prefixes: &[live("sk_org_")],
            body: r"(?:live_|test_)?[A-Za-z0-9]{16,247}",
            validator: Validator::LikelyRun,
            near: "",
        },
    ],
    opens: "makes any API request: charges, refunds, payouts and customer data at Stripe, all users and sessions at Clerk",
    mistaken_for: "a Clerk key where it is Stripe's and the other way round, or a key of others who took up the prefixes, Tap Payments among them",
    remedy: &[
        "Stripe: Dashboard > Developers > API keys > Rotate key beside the key, with the expiry \"now\" if the live key leaked",
        "Clerk: Dashboard > API keys > Secret keys > Add new key, and delete the old one in the end",
        "deploy the new key and verify a request with it",
        "see that the old key is gone, and review the requests made with it",
    ],
    docs: "https://docs.stripe.com/keys-best-practices",
    hits: &[
        "sk_live_{alnum:24}",
        "sk_test_{alnum:24}",
        "sk_live_51{alnum:99}",
        "sk_org_{alnum:40}",
        "sk_live_{alnum:42}",
    ],
    misses: &[
        "sk_live_REPLACE-WITH-NEW-KEY",
        "sk_test_xxxxxxxxxxxxxxxxxxxxxxxx",
        "sk_live_fake_{alnum:24}",
        "sk_live_${STRIPE_KEY}",
        "task_live_{alnum:24}",
    ],
};

pub const STRIPE_RESTRICTED: Rule = Rule {
    id: "stripe-restricted-key",
    vendor: "Stripe",
    title: "Stripe restricted key",
    patterns: &[Pattern::Prefixed {
        prefixes: &[live("rk_live_"), test("rk_test_")],
        body: r"[A-Za-z0-9]{16,247}",
        validator: Validator::LikelyRun,
        near: "",
    }],
    opens: "makes the API requests that the key was granted",
    mistaken_for: "nothing that is known: keys of the WorkOS and Highnote kind with this prefix go on with a2V5Xz and have their own rule",
    remedy: &[
        "Dashboard > Developers > API keys, section Restricted keys: Rotate key, with the expiry \"now\" if the live key leaked",
        "deploy the new key and verify a request with it",
        "narrow its permissions to what the service calls",
    ],
    docs: "https://docs.stripe.com/keys/restricted-api-keys",
    hits: &["rk_live_{alnum:24}", "rk_test_51{alnum:99}"],
    misses: &["rk_live_your_restricted_key", "work_live_{alnum:24}"],
};

pub const PAYSTACK: Rule = Rule {
    id: "paystack-secret-key",
    vendor: "Paystack",
    title: "Paystack secret key",
    patterns: &[Pattern::Prefixed {
        prefixes: &[live("sk_live_"), test("sk_test_")],
        body: r"[a-z0-9]{40}",
        validator: Validator::LikelyRun,
        near: "",
    }],
    opens: "collects payments and makes transfers from the account",
    mistaken_for: "another vendor's key of 40 lower-case letters and digits behind the same prefix; of Stripe and Clerk keys so long, one in 3 billion is such by chance",
    remedy: &[
        "Settings > API Keys & Webhooks: Generate new secret key below the live secret key",
        "choose \"now\" for the old key's expiry if the live key leaked",
        "deploy the new key and verify a request with it",
    ],
    docs: "https://paystack.com/docs/api/authentication/",
    hits: &["sk_live_{base36:40}", "sk_test_{hex:40}"],
    misses: &["sk_live_{sequence:40}"],
};

pub const CHECKOUT: Rule = Rule {
    id: "checkout-secret-key",
    vendor: "Checkout.com",
    title: "Checkout.com secret key",
    patterns: &[
        Pattern::Prefixed {
            prefixes: &[live("sk_live_"), test("sk_test_"), test("sk_sbox_"), unnamed("sk_")],
            body: r"(?i-u)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
            validator: Validator::RandomHex,
            near: "",
        },
        // The last of the 27 base32 letters may be a symbol. The vendor's own SDKs use this expression.
        Pattern::Prefixed {
            prefixes: &[test("sk_sbox_"), unnamed("sk_")],
            body: r"[a-z2-7]{26}[a-z2-7*#$=]",
            validator: Validator::RandomWhole,
            near: "",
        },
        Pattern::Prefixed {
            prefixes: &[test("sk_sbox_")],
            body: r"[A-Za-z0-9]{24,64}",
            validator: Validator::LikelyRun,
            near: "",
        },
    ],
    opens: "takes, refunds and reads payments within the key's scopes (all of them by default)",
    mistaken_for: "any other service's UUID behind sk_, or 27 letters of base32 there",
    remedy: &[
        "Dashboard > Developers > Keys > Create a new key, with the same scopes",
        "deploy it and verify a request with it",
        "delete the old key (the owner of the account can)",
    ],
    docs: "https://www.checkout.com/docs/resources/api-authentication/api-keys",
    hits: &["sk_{uuid}", "sk_test_{uuid}", "sk_sbox_{base32:27}", "'sk_sbox_{base32:26}='", "sk_sbox_{alnum:30}"],
    misses: &["sk_00000000-0000-0000-0000-000000000000", "task_{uuid}", "sk_12345678-1234-1234-1234-123456789012"],
};

pub const RECHARGE: Rule = Rule {
    id: "recharge-api-token",
    vendor: "Recharge",
    title: "Recharge API token",
    patterns: &[Pattern::Prefixed {
        prefixes: &[test("sk_test_"), live("sk_")],
        body: r"[0-9]{1,2}x[0-9]_[0-9a-fA-F]{64}",
        validator: Validator::LikelyRun,
        near: "",
    }],
    opens: "reads and writes the store's subscriptions, customers and orders",
    mistaken_for: "nothing that is known",
    remedy: &[
        "Apps > API tokens in the merchant portal: create a token with the same scopes",
        "deploy it and verify a request with it",
        "delete the old token",
    ],
    docs: "https://docs.rechargepayments.com/docs/recharge-api-key",
    hits: &["sk_1x1_{hex:64}", "sk_test_10x3_{hex:64}"],
    misses: &["sk_1x1_0000000000000000000000000000000000000000000000000000000000000000"],
};

pub const NOMOD: Rule = Rule {
    id: "nomod-secret-key",
    vendor: "Nomod",
    title: "Nomod secret key",
    patterns: &[Pattern::Prefixed {
        prefixes: &[live("sk_live_"), test("sk_test_")],
        body: r"[A-Za-z0-9]{8}\.[A-Za-z0-9]{32}",
        validator: Validator::RandomWhole,
        near: "",
    }],
    opens: "creates payment links, reads charges and refunds them",
    mistaken_for: "nothing that is known",
    remedy: &[
        "create a new API key in the Nomod dashboard",
        "deploy it and verify a request with it",
        "delete the old key there",
    ],
    docs: "https://nomod.com/docs/api-reference/introduction",
    hits: &["sk_live_{alnum:8}.{alnum:32}", "sk_test_{alnum:8}.{alnum:32}"],
    misses: &["sk_live_00000000.00000000000000000000000000000000"],
};

pub const YOCO: Rule = Rule {
    id: "yoco-secret-key",
    vendor: "Yoco",
    title: "Yoco secret key",
    patterns: &[Pattern::Prefixed {
        prefixes: &[live("sk_live_"), test("sk_test_")],
        body: r"[0-9a-f]{8}[A-Za-z0-9]{7}[0-9a-f]{13}",
        validator: Validator::RandomHex,
        near: "",
    }],
    opens: "takes and refunds payments through the account",
    mistaken_for: "another vendor's key of 28 letters and digits that has the same shape by chance",
    remedy: &[
        "create a new key in the Yoco app's developer section (Sales > Payment gateway)",
        "deploy it and verify a request with it",
        "have Yoco revoke the old key",
    ],
    docs: "https://developer.yoco.com/online/resources/integration-keys",
    hits: &["sk_live_{hex:8}{alnum:7}{hex:13}", "sk_test_{hex:8}{alnum:7}{hex:13}"],
    misses: &["sk_live_0000000000000000000000000000"],
};
