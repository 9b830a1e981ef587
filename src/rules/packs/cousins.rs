//! Platforms whose keys look much like `sk_` keys.

use crate::rule::{Pattern, Rule, Validator, live, test};

pub static SUPABASE_SECRET: Rule = Rule {
    id: "supabase-secret-key",
    vendor: "Supabase",
    title: "Supabase secret key",
    patterns: &[Pattern::Prefixed {
        prefixes: &[live("sb_secret_")],
        // 16 bytes in base64url, and a checksum.
        body: r"[A-Za-z0-9_-]{22}_[A-Za-z0-9_-]{8}",
        validator: Validator::RandomWhole,
        near: "",
    }],
    opens: "reads and writes the project's whole database and storage, past row level security",
    mistaken_for: "nothing that is known: the publishable half starts with sb_publishable_, and is no secret",
    remedy: &[
        "Supabase dashboard, the project's Settings > API Keys: create a new secret key",
        "deploy it and verify a request with it",
        "delete the old key there: it stops working at once",
    ],
    docs: "https://supabase.com/docs/guides/security/rotate-leaked-api-keys",
    hits: &["sb_secret_{urlsafe:22}_{urlsafe:8}"],
    misses: &["sb_publishable_{urlsafe:22}_{urlsafe:8}", "sb_secret_xxxxxxxxxxxxxxxxxxxxxx_xxxxxxxx"],
};

pub static SUPABASE_TOKEN: Rule = Rule {
    id: "supabase-access-token",
    vendor: "Supabase",
    title: "Supabase personal access token",
    patterns: &[Pattern::Prefixed {
        prefixes: &[live("sbp_oauth_"), live("sbp_v0_"), live("sbp_")],
        body: r"[0-9a-f]{40}",
        validator: Validator::RandomHex,
        near: "",
    }],
    opens: "manages every organization and project of its owner: it reads their keys, runs SQL and deletes them",
    mistaken_for: "nothing that is known",
    remedy: &[
        "supabase.com/dashboard/account/tokens: generate a new token with the same scope",
        "deploy it and verify it: supabase projects list",
        "delete the old token there",
    ],
    docs: "https://supabase.com/docs/guides/platform/personal-access-tokens",
    hits: &["sbp_{hex:40}", "sbp_oauth_{hex:40}", "sbp_v0_{hex:40}"],
    misses: &["sbp_0102030405060708090a0b0c0d0e0f1011121314x", "sbp_0000000000000000000000000000000000000000"],
};

pub static TOSS: Rule = Rule {
    id: "toss-secret-key",
    vendor: "Toss Payments",
    title: "Toss Payments secret key",
    patterns: &[Pattern::Prefixed {
        prefixes: &[live("live_sk_"), live("live_gsk_"), test("test_sk_"), test("test_gsk_")],
        body: r"(?:docs_)?[A-Za-z0-9]{24,64}",
        validator: Validator::LikelyRun,
        near: "",
    }],
    opens: "confirms, cancels and reads payments of the store; a test key, those of its test environment only",
    mistaken_for: "a home-grown key behind a name that ends in live_ or test_",
    remedy: &[
        "developers.tosspayments.com, API keys: issue the secret key anew",
        "deploy it and verify a request with it",
        "see that the old key is refused, and review the payments and cancels made with it",
    ],
    docs: "https://docs.tosspayments.com/reference/using-api/api-keys",
    hits: &[
        "test_sk_{alnum:28}",
        "live_sk_{alnum:28}",
        "test_gsk_{alnum:24}",
        "live_gsk_{alnum:32}",
        "test_gsk_docs_{alnum:24}",
    ],
    misses: &[
        "test_sk_your_secret_key_here",
        "test_sk_xxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "live_sk_{sequence:28}",
        "test_ck_{alnum:28}",
    ],
};

pub static RESEND: Rule = Rule {
    id: "resend-api-key",
    vendor: "Resend",
    title: "Resend API key",
    patterns: &[Pattern::Prefixed {
        prefixes: &[live("re_")],
        body: r"[A-Za-z0-9]{8}_[A-Za-z0-9]{24}",
        validator: Validator::RandomWhole,
        near: "",
    }],
    opens: "sends mail as the account's domains; with full access it reads what was sent and manages domains and keys",
    mistaken_for: "a random identifier of 8 and 24 characters behind re_",
    remedy: &[
        "resend.com/api-keys: create a new API key with the same permission and domain",
        "deploy it and verify a request with it",
        "remove the old key there",
    ],
    docs: "https://resend.com/docs/dashboard/api-keys/introduction",
    hits: &["re_{alnum:8}_{alnum:24}", "RESEND_API_KEY=re_{alnum:8}_{alnum:24}"],
    misses: &[
        "re_compiled_patternsForEverySubmatch",
        "re_compiled_pattern_cache_by_name",
        "store_{alnum:8}_{alnum:24}",
        "re_xxxxxxxx_xxxxxxxxxxxxxxxxxxxxxxxx",
    ],
};

pub static POLAR_TOKEN: Rule = Rule {
    id: "polar-access-token",
    vendor: "Polar",
    title: "Polar access token",
    patterns: &[Pattern::Prefixed {
        prefixes: &[
            live("polar_oat_"),
            live("polar_pat_"),
            live("polar_at_u_"),
            live("polar_at_o_"),
            live("polar_rt_u_"),
            live("polar_rt_o_"),
            live("polar_cs_"),
            live("polar_crt_"),
            live("polar_us_"),
            live("polar_cst_"),
            live("polar_mst_"),
        ],
        // 37 random characters and a checksum.
        body: r"[A-Za-z0-9]{43}",
        validator: Validator::RandomWhole,
        near: "",
    }],
    opens: "reads and writes an organization's products, customers and orders (oat), does what its owner can (pat, at, rt, us), or acts as an OAuth client (cs, crt) or a customer (cst, mst)",
    mistaken_for: "a token of the sandbox, which is written alike",
    remedy: &[
        "Polar dashboard, the organization's Settings > Developers: create a new token with the same scopes (for polar_cs_: the OAuth client's settings)",
        "deploy it and verify a request with it",
        "delete the old token there",
    ],
    docs: "https://polar.sh/docs/integrate/oat",
    hits: &["polar_oat_{alnum:43}", "polar_pat_{alnum:43}", "polar_at_u_{alnum:43}", "polar_cs_{alnum:43}"],
    misses: &[
        "polar_oat_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "polar_oat_your_token_here",
        "polar_ci_{alnum:43}",
    ],
};

pub static POLAR_WEBHOOK: Rule = Rule {
    id: "polar-webhook-secret",
    vendor: "Polar",
    title: "Polar webhook secret",
    patterns: &[Pattern::Prefixed {
        prefixes: &[live("polar_whs_")],
        body: r"[A-Za-z0-9]{43}",
        validator: Validator::RandomWhole,
        near: "",
    }],
    opens: "forges webhook events that your receiver takes for Polar's",
    mistaken_for: "a secret of the sandbox, which is written alike; newer secrets of Polar's start with whsec_",
    remedy: &[
        "Polar dashboard, the organization's Settings > Webhooks: reset the endpoint's secret",
        "deploy the new secret",
        "send a test event and see it verified",
    ],
    docs: "https://polar.sh/docs/integrate/webhooks/endpoints",
    hits: &["polar_whs_{alnum:43}"],
    misses: &["polar_whs_your_secret_here"],
};

pub static PADDLE: Rule = Rule {
    id: "paddle-api-key",
    vendor: "Paddle",
    title: "Paddle API key",
    patterns: &[Pattern::Prefixed {
        prefixes: &[live("pdl_live_apikey_"), test("pdl_sdbx_apikey_")],
        // The id, the secret and a checksum. This is the vendor's own expression.
        body: r"[a-z0-9]{26}_[A-Za-z0-9]{22}_[A-Za-z0-9]{3}",
        validator: Validator::RandomWhole,
        near: "",
    }],
    opens: "makes the API requests that the key's permissions allow: products, prices, customers, refunds",
    mistaken_for: "nothing that is known",
    remedy: &[
        "Paddle > Developer tools > Authentication: create a new API key with the same permissions",
        "deploy it and verify a request with it",
        "revoke the old key there",
    ],
    docs: "https://developer.paddle.com/api-reference/about/authentication",
    hits: &["pdl_live_apikey_{base36:26}_{alnum:22}_{alnum:3}", "pdl_sdbx_apikey_{base36:26}_{alnum:22}_{alnum:3}"],
    misses: &["pdl_live_apikey_xxxxxxxxxxxxxxxxxxxxxxxxxx_xxxxxxxxxxxxxxxxxxxxxx_xxx"],
};
