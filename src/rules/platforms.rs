//! Platforms whose `sk_` keys have a distinctive shape.

use crate::rule::{Pattern, Rule, Validator, live, test, unnamed};

pub const WORKOS: Rule = Rule {
    id: "workos-api-key",
    vendor: "WorkOS or Highnote",
    title: "WorkOS or Highnote API key",
    patterns: &[Pattern::Prefixed {
        prefixes: &[live("sk_live_"), test("sk_test_"), live("rk_live_"), test("rk_test_")],
        // Base64 of `key_<ULID>,<25 letters>`. It is printable by design, so it need not look random, and it contains neither `+`
        // nor `/`.
        body: r"a2V5Xz[A-Za-z0-9]{40,120}={0,2}",
        validator: Validator::Base64Text,
        near: "",
    }],
    opens: "makes any API request of its environment: users, sign-in, directories (WorkOS), cards and money (Highnote)",
    mistaken_for: "a Highnote key where it is WorkOS's and the other way round: both are base64 of text that starts with key_",
    remedy: &[
        "WorkOS: Dashboard > API Keys > Create Key; Highnote: Dashboard > Developers > API Keys > Create API Key",
        "deploy it and verify a request with it",
        "revoke the old key there",
    ],
    docs: "https://workos.com/docs/reference/api-authentication",
    hits: &["sk_live_{workos}", "sk_test_{workos}"],
    misses: &["sk_live_a2V5Xz"],
};

pub const APIDECK: Rule = Rule {
    id: "apideck-api-key",
    vendor: "Apideck",
    title: "Apideck API key",
    patterns: &[Pattern::Prefixed {
        prefixes: &[live("sk_live_")],
        body: r"[A-Za-z0-9-]{93}",
        validator: Validator::RandomWhole,
        near: "",
    }],
    opens: "reads and writes every connected customer account through the Unify API",
    mistaken_for: "a key of Stripe or another vendor that has exactly 93 letters, digits and dashes",
    remedy: &[
        "Apideck dashboard > Configuration > API keys: create a key",
        "deploy it and verify a request with it",
        "revoke the old key",
    ],
    docs: "https://developers.apideck.com",
    hits: &["sk_live_{dashed:93}"],
    misses: &["sk_live_your-key-from-the-dashboard-of-the-unify-api-goes-in-here-and-nowhere-else-in-your-project-ok"],
};

pub const ELEVENLABS: Rule = Rule {
    id: "elevenlabs-api-key",
    vendor: "ElevenLabs",
    title: "ElevenLabs API key",
    patterns: &[Pattern::Prefixed {
        prefixes: &[unnamed("sk_")],
        body: r"[0-9a-f]{48}|[0-9a-f]{32}",
        validator: Validator::RandomHex,
        near: "",
    }],
    opens: "spends the workspace's credits and speaks in its voices",
    mistaken_for: "any other 32 or 48 random hex digits behind sk_, an MD5 or a home-grown key",
    remedy: &[
        "elevenlabs.io/app/settings/api-keys: Create key, with the same permissions",
        "deploy it and verify a request with it",
        "delete the old key",
    ],
    docs: "https://elevenlabs.io/docs/overview/administration/workspaces/api-keys",
    hits: &["sk_{hex:48}", "sk_{hex:32}"],
    misses: &["sk_0123456789abcdef0123456789abcdef0123456789abcdef", "sk_00000000000000000000000000000000"],
};

pub const CROSSMINT: Rule = Rule {
    id: "crossmint-server-key",
    vendor: "Crossmint",
    title: "Crossmint server-side key",
    patterns: &[Pattern::Prefixed {
        prefixes: &[live("sk_production_"), test("sk_staging_"), test("sk_development_")],
        body: r"[A-Za-z0-9]{24,250}",
        validator: Validator::LikelyRun,
        near: "",
    }],
    opens: "creates wallets, mints and pays in the project within the key's scopes",
    mistaken_for: "another service's key that spells its environment out, sk_production_ or sk_staging_",
    remedy: &[
        "Crossmint Console > API Keys > Create new key, with the same scopes",
        "deploy it and verify a request with it",
        "delete the old key",
    ],
    docs: "https://docs.crossmint.com/introduction/platform/api-keys/server-side",
    hits: &["sk_production_{alnum:216}", "sk_staging_{alnum:60}", "sk_staging_{alnum:24}"],
    misses: &["sk_staging_your_server_side_api_key_goes_here"],
};

pub const CARTESIA: Rule = Rule {
    id: "cartesia-api-key",
    vendor: "Cartesia",
    title: "Cartesia API key",
    patterns: &[
        // Older keys are nanoids.
        Pattern::Prefixed {
            prefixes: &[unnamed("sk_car_")],
            body: r"[A-Za-z0-9_-]{21}",
            validator: Validator::Base64url,
            near: "",
        },
        Pattern::Prefixed {
            prefixes: &[live("sk_car_admin_"), unnamed("sk_car_")],
            body: r"[A-Za-z0-9_]{20,64}",
            validator: Validator::RandomWhole,
            near: "",
        },
    ],
    opens: "spends the account's speech credits",
    mistaken_for: "a home-grown sk_ key with the label car",
    remedy: &["play.cartesia.ai/keys: create a key", "deploy it and verify a request with it", "delete the old key"],
    docs: "https://docs.cartesia.ai/use-the-api/api-conventions",
    hits: &["sk_car_{word:20}", "sk_car_{alnum:22}", "sk_car_{urlsafe:21}"],
    misses: &["sk_car_list_for_each_entry_safe"],
};

pub const PHOTOROOM: Rule = Rule {
    id: "photoroom-api-key",
    vendor: "Photoroom",
    title: "Photoroom API key",
    patterns: &[Pattern::Prefixed {
        prefixes: &[live("sk_pr_")],
        body: r"[A-Za-z0-9-]{1,64}_[0-9a-fA-F]{40}",
        validator: Validator::LikelyRun,
        near: "",
    }],
    opens: "edits images at the account's cost (the sandbox form is the live key with sandbox_ in front)",
    mistaken_for: "a home-grown sk_ key with the label pr and 40 hex digits, a SHA-1 among them",
    remedy: &[
        "app.photoroom.com/api-dashboard: create a key",
        "deploy it and verify a request with it",
        "delete the old key",
    ],
    docs: "https://docs.photoroom.com/image-editing-api-plus-plan/sandbox-mode",
    hits: &["sk_pr_default_{hex:40}", "x-api-key: sandbox_sk_pr_shop_{hex:40}"],
    misses: &["sk_pr_default_0000000000000000000000000000000000000000"],
};

pub const TICKET_TAILOR: Rule = Rule {
    id: "ticket-tailor-api-key",
    vendor: "Ticket Tailor",
    title: "Ticket Tailor API key",
    patterns: &[Pattern::Prefixed {
        prefixes: &[live("sk_")],
        body: r"[0-9]{3,7}_[0-9]{3,8}_[0-9a-f]{32}",
        validator: Validator::LikelyRun,
        near: "",
    }],
    opens: "reads and writes the events and orders of one box office",
    mistaken_for: "nothing that is known",
    remedy: &[
        "Box office settings > API > Generate a new key",
        "deploy it and verify a request with it",
        "delete the old key",
    ],
    docs: "https://developers.tickettailor.com/docs/api/ticket-tailor-api",
    hits: &["sk_{digits:4}_{digits:6}_{hex:32}", "sk_{digits:4}_{digits:7}_{hex:32}"],
    misses: &["sk_1234_567890_00000000000000000000000000000000"],
};

pub const LIVEBLOCKS: Rule = Rule {
    id: "liveblocks-secret-key",
    vendor: "Liveblocks",
    title: "Liveblocks secret key",
    patterns: &[Pattern::Prefixed {
        prefixes: &[live("sk_prod_"), test("sk_dev_")],
        body: r"[A-Za-z0-9_-]{64}",
        validator: Validator::Base64url,
        near: "",
    }],
    opens: "signs in as any user and reads and writes every room of the project",
    mistaken_for: "a home-grown key of 64 characters behind the same prefix",
    remedy: &[
        "Liveblocks dashboard > the project > API keys: roll the secret key",
        "deploy the new key and verify a request with it",
        "see that the old key is refused",
    ],
    docs: "https://liveblocks.io/docs/authentication",
    hits: &["sk_prod_{base64url:48}", "sk_dev_{base64url:48}"],
    misses: &["sk_dev_your-secret-key-goes-in-here-and-nowhere-else-in-your-project-ok0"],
};

pub const SVIX: Rule = Rule {
    id: "svix-api-key",
    vendor: "Svix",
    title: "Svix API key",
    patterns: &[
        // The region is part of the key.
        Pattern::Prefixed {
            prefixes: &[unnamed("sk_"), test("testsk_"), live("appsk_"), live("integsk_")],
            body: r"[A-Za-z0-9_-]{32}\.(?:us|eu|in|ca|au)",
            validator: Validator::Base64url,
            near: "",
        },
        Pattern::Prefixed {
            prefixes: &[test("testsk_"), live("appsk_"), live("integsk_")],
            body: r"[A-Za-z0-9_-]{32}",
            validator: Validator::Base64url,
            near: "",
        },
    ],
    opens: "sends and reads webhooks: of every application with sk_, of one with appsk_ and integsk_",
    mistaken_for: "another vendor's key, or a home-grown one, of 32 characters behind the same prefix",
    remedy: &[
        "Svix dashboard > API Access: create a key in the same environment",
        "deploy it and verify a request with it",
        "expire the old key",
    ],
    docs: "https://docs.svix.com/quickstart",
    hits: &[
        "sk_{base64url:24}.eu",
        "testsk_{base64url:24}.us",
        "appsk_{base64url:24}.eu",
        "integsk_{base64url:24}.in",
        "testsk_{base64url:24}",
    ],
    misses: &["testsk_your-testing-key-from-the-dash.eu", "mytestsk_{alnum:32}.eu"],
};

/// Tokens that no other rule covers: the guide's shape for Attio, and keys of all vendors without a distinctive shape.
pub const UNNAMED: Rule = Rule {
    id: "sk-token",
    vendor: "Attio or another vendor",
    title: "token of the sk_ shape",
    patterns: &[
        // 32 bytes in base64url, after the name of the service.
        Pattern::Prefixed {
            prefixes: &[live("sk_live_"), test("sk_test_")],
            body: r"[A-Za-z][A-Za-z0-9]{1,23}_[A-Za-z0-9_-]{43}",
            validator: Validator::Base64url,
            near: "",
        },
        Pattern::Prefixed {
            prefixes: &[
                live("sk_live_"),
                live("sk_prod_"),
                live("sk_production_"),
                live("sk_org_"),
                test("sk_test_"),
                test("sk_dev_"),
                test("sk_development_"),
                test("sk_staging_"),
                test("sk_sandbox_"),
                test("sk_sbox_"),
            ],
            body: super::body::DASHED_BODY,
            validator: Validator::LikelyRun,
            near: "",
        },
        Pattern::Prefixed {
            prefixes: &[unnamed("sk_")],
            body: super::body::DASHED_BODY,
            validator: Validator::RandomRun,
            near: "",
        },
    ],
    opens: "opens what its vendor lets it: at Attio the workspace's CRM records, without an expiry date",
    mistaken_for: "a key of another of those who write theirs like this, Attio, IEX, Klaviyo, Baremetrics and home-grown services, or a random identifier that starts with sk_",
    remedy: &[
        "create a new token at its vendor with the same scopes (Attio: Workspace settings > Developers > Access tokens)",
        "deploy it",
        "verify it (Attio: GET https://api.attio.com/v2/self answers 200 with \"active\": true in the body)",
        "delete the old token",
    ],
    docs: "https://docs.attio.com/rest-api/guides/authentication",
    hits: &[
        "sk_{alnum:20}",
        "sk_{alnum:24}",
        "sk_prod_{alnum:24}",
        "sk_dev_{alnum:40}",
        "sk_{base36:24}",
        "sk_live_acme_{alnum:32}",
        "sk_live_acme_{base64url:32}",
        "sk_{word:32}",
    ],
    misses: &[
        "sk_your_token_here",
        "sk_dev_abc123",
        "sk_prod_xyz",
        "sk_X509_NAME_ENTRY_new_null",
        "sk_stream_kill_queues",
        "sk_buff__safe_rcu_or_null",
        "qtask_{alnum:24}",
        "sk_{sequence:28}",
        "sk_getUserByIdFromDatabase2",
        "sk_<token>",
        "sk_{{ token }}",
        "sk_X509V3ExtensionMethods2free",
        "sk_1234567890abcdef1234567890",
        "sk_PKCS12_SAFEBAG_value",
        "module.py,sha256=sk_{alnum:40},1346",
    ],
};
