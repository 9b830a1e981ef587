//! Attio. The security guide behind this tool names `sk_…` and `whsec_…`; Attio's OpenAPI, and the SDKs built on it, use 64
//! lowercase hex digits without a prefix. These rules cover both. The first needs Attio's name on the line or the line above. The
//! second needs a name near Attio's that says that the value is a secret, since a Homebrew formula called attio.rb is full of
//! `sha256 "<64 hex>"`.

use crate::rule::{Pattern, Rule, TokenEncoding, Validator, live, test, unnamed};

/// The token: 64 hex digits in one case. Attio writes lowercase; some tools convert it to uppercase.
macro_rules! token {
    () => {
        r"(?P<token>(?-i:[0-9a-f]{64}|[0-9A-F]{64}))"
    };
}

/// The text between a name and its value: punctuation, line breaks, the words of configuration files, letters in front of a quote
/// (`r#"…"#`, `%q(…)`), options of commands, and other settings of the same secret: `type = string`, `--repo me/app`.
macro_rules! between {
    () => {
        concat!(
            r"(?:[^a-z0-9]|\b(?:value|parametervalue|plaintext_value|body|bearer|token|default|data|str|string|string_?data|secret|secret_string|text|or|get|env|from|literal|echo|is|production|preview|development|x?3d|x22|u0022|quot|[bfrqu]{1,2})\b",
            r#"|-[wp]\b|-[a-z][ \t]+(?:"[^"\n]*"|'[^'\n]*'|[a-z$][a-z0-9_./-]*)"#,
            r#"|\b(?:type|scope|sync|sensitive|nullable|enabled|description|repo|env|app|org|region|overwrite)\b["']?[ \t:=]+(?:"[^"\n]*"|'[^'\n]*'|[a-z][a-z0-9_./-]*))"#,
            r"*?",
        )
    };
}

/// A name, followed by its value.
macro_rules! given {
    ($name:literal) => {
        concat!(r"(?i-u)(?:", $name, r")[a-z0-9_.-]{0,16}", between!(), token!())
    };
}

/// A value, followed by its name: a pair, one command, or a pipe into the command that stores it.
macro_rules! named_behind {
    ($name:literal) => {
        concat!(
            r#"(?i-u)(?:\b(?:value|body|secret[_-]string)\b[^a-z0-9\n]{1,8}|\b(?:echo|printf)\b[^\n|;&]{0,16}?|[ \t]-w[ \t]{1,4}["']?)"#,
            token!(),
            r#"(?:[\s"',\\]{1,24}(?:--)?(?:name|key)\b[^a-z0-9\n]{1,6}[a-z0-9_./-]{0,24}?"#,
            r#"|["']?(?:[ \t]+-[a-z][ \t]+[^\s-][^\s]{0,40}){0,3}?[ \t]+-s[ \t]+["']?[a-z0-9_./-]{0,24}?"#,
            r#"|(?:\\n)?["' ]{0,3}\| ?(?:vercel|gcloud|gh|wrangler|npx|fly|flyctl|heroku|kubectl|vault|aws|doppler)\b[^\n|;&]{0,80}?)"#,
            r"(?:",
            $name,
            r")"
        )
    };
}

/// A complete name that says what its value is for, but not whose it is: `API_KEY`, `accessToken`, `CRM_TOKEN`, but not
/// `page_token` or `HUBSPOT_API_KEY`. A plain `key` is often the key of a cache.
macro_rules! generic_name {
    () => {
        concat!(
            r"(?:^|[^a-z0-9_-]|--)",
            r"(?:(?:my|our|the|at|crm|app|api|x|default|main|prod|production|dev|development|staging|live|vite|next_public|react_app|public|workspace|rest|http|client)[_-]?){0,3}",
            r"(?:api[_-]?(?:key|token|secret)|(?:access|auth|bearer)[_-]?(?:key|token)|token|pat|authorization|(?-i:KEY))",
            r"(?:[_-](?:prod|production|dev|development|staging|test|live|value))?",
        )
    };
}

/// The names that code, shells and configuration use for Attio.
const WORDS: &[&str] = &["attio", "ATTIO", "Attio"];

/// The host of its API.
const ADDRESS: &[&str] = &["attio.com", "ATTIO.COM"];

/// How far [`named_behind`] looks in front of such a name: a word, the value, and the command in between.
const NAMED_BEHIND: usize = 240;

pub const ACCESS_TOKEN: Rule = Rule {
    id: "attio-access-token",
    vendor: "Attio",
    title: "Attio access token",
    patterns: &[
        Pattern::Prefixed {
            prefixes: &[
                live("sk_live_"),
                live("sk_prod_"),
                live("sk_production_"),
                test("sk_test_"),
                test("sk_dev_"),
                test("sk_staging_"),
                unnamed("sk_"),
            ],
            body: super::body::DASHED_BODY,
            validator: Validator::LikelyRun,
            near: "attio",
        },
        Pattern::Given {
            words: WORDS,
            before: 0,
            after: 240,
            pattern: given!(
                r"api[^a-z0-9]{0,8}key|attio[^a-z0-9]{0,12}(?:key|secret|pat\b)|token|bearer|authorization|api[_-]?secret|password"
            ),
            written: TokenEncoding::Plain,
        },
        Pattern::Given {
            words: WORDS,
            before: NAMED_BEHIND,
            after: 40,
            pattern: named_behind!(r"attio[a-z0-9_./-]{0,16}?(?:api[._-]?key|token)|attio[._/-]?(?:key|secret|pat)\b"),
            written: TokenEncoding::Plain,
        },
        // A client created with it: `new AttioClient("…")`, `attio.New("…")`, `attio.auth("…")`.
        Pattern::Given {
            words: WORDS,
            before: 0,
            after: 120,
            pattern: concat!(
                r"(?i-u)attio(?:[_.:]{0,2}(?:client|api|sdk|crm|new|auth|authenticate|connect|configure|init|login|set_?(?:auth|key|token))){0,4}",
                r#"\([ \t{]{0,6}(?:["']?(?:auth|key|token)["']?[ \t]{0,2}[:=][ \t]{0,2})?["'`]"#,
                token!()
            ),
            written: TokenEncoding::Plain,
        },
        // Only Attio's name, in capitals: `ATTIO=…`.
        Pattern::Given {
            words: &["ATTIO"],
            before: 1,
            after: 80,
            pattern: concat!(r#"(?-u)(?:^|[^A-Za-z0-9_])ATTIO[ \t]?=[ \t]?["']?"#, token!()),
            written: TokenEncoding::Plain,
        },
        // One of several secrets: `KEYS = { attio: "…" }`, or `[tokens]` and `attio = "…"` below it. In a table of digests the
        // same line contains a digest.
        Pattern::Given {
            words: WORDS,
            before: 300,
            after: 90,
            pattern: concat!(
                r#"(?i-u)(?:key|token|secret|credential|password)s?["'\]]?(?:[ \t]*:[ \t]*[a-z<>,. \[\]]{1,40}=|[ \t]*(?::=|=>|[:=]))?[ \t]*(?:dict|map|new[ \t]+map)?[{(\[]{0,2}\s*"#,
                r#"(?:["']?[a-z0-9_-]{1,24}["']?[ \t]*(?:=>|[:=])[ \t]*["'`]?[^"'`\n,]{0,120}["'`]?,?\s+){0,8}?"#,
                r#"["']?\battio["']?[ \t]*(?:=>|[:=])[ \t]*["'`]?"#,
                token!()
            ),
            written: TokenEncoding::Plain,
        },
        // The same, set one at a time: `keys["attio"] = "…"`, `TOKENS.attio = "…"`.
        Pattern::Given {
            words: WORDS,
            before: 24,
            after: 90,
            pattern: concat!(
                r#"(?i-u)(?:key|token|secret|credential|password)s?(?:\.(?:set|put|add))?[\[.(]{1,2}[:"'`]{0,2}attio["'`]?[\])]?[ \t]*[=,:][ \t]*["'`]?"#,
                token!()
            ),
            written: TokenEncoding::Plain,
        },
        // A generic name, a few lines from the address: `API_KEY = "…"` above `BASE_URL = "https://api.attio.com"`.
        Pattern::Given {
            words: ADDRESS,
            before: 500,
            after: 500,
            pattern: concat!("(?i-u)", generic_name!(), between!(), token!()),
            written: TokenEncoding::Plain,
        },
        // A client created with it, beside the address.
        Pattern::Given {
            words: ADDRESS,
            before: 500,
            after: 500,
            pattern: concat!(r#"(?i-u)\b[a-z_]{0,16}client\([ \t\n]{0,8}["'`]"#, token!()),
            written: TokenEncoding::Plain,
        },
        // A header, on the line of the address or a few lines from it.
        Pattern::Given {
            words: ADDRESS,
            before: 500,
            after: 500,
            pattern: concat!(r"(?i-u)\bbearer[^a-z0-9\n]{1,8}", token!()),
            written: TokenEncoding::Plain,
        },
        // The user name of a request without a password: curl's `-u`, an address, `.netrc`, arguments of libraries.
        Pattern::Given {
            words: ADDRESS,
            before: 500,
            after: 500,
            pattern: concat!(
                r#"(?i-u)(?:[\s"'`,](?:-[a-z]{0,4}u|-a|--user|--auth)[\s"',=\\]{0,8}|\blogin[ \t]{1,8}|\b(?:username|auth|httpbasicauth)\b[^a-z0-9]{1,8})"#,
                token!()
            ),
            written: TokenEncoding::Plain,
        },
        Pattern::Given {
            words: ADDRESS,
            before: 100,
            after: 10,
            pattern: concat!(r"(?i-u)://", token!(), r"(?::[^\s/@:]{0,16})?@[a-z0-9.]{0,8}attio\.com"),
            written: TokenEncoding::Plain,
        },
        Pattern::Given {
            words: ADDRESS,
            before: 500,
            after: 500,
            pattern: r"(?i-u)\bbasic[^a-z0-9\n]{1,8}(?P<token>(?-i:[A-Za-z0-9+/]{87}=|[A-Za-z0-9+/]{87}))",
            written: TokenEncoding::BasicAuth,
        },
    ],
    opens: "reads and writes the workspace's CRM records within the token's scopes, and never expires",
    mistaken_for: "another vendor's sk_ key near Attio's name, or, without a prefix, any 64 hex digits given to such a name, a SHA-256 or a webhook secret among them",
    remedy: &[
        "create a new token with the same scopes in Workspace settings > Developers > Access tokens",
        "deploy it",
        "verify that GET https://api.attio.com/v2/self answers 200 with \"active\": true in the body (a dead token answers 200 too)",
        "delete the old token: Attio cannot rotate one in place",
    ],
    docs: "https://docs.attio.com/rest-api/guides/authentication",
    hits: &[
        "ATTIO_API_KEY=sk_{alnum:24}",
        "ATTIO_API_KEY=sk_prod_{alnum:32}",
        "const attioApiKey = \"{hex:64}\";",
        "ATTIO_ACCESS_TOKEN: '{hex:64}'",
        "process.env.ATTIO_API_KEY || \"{hex:64}\"",
        "- name: ATTIO_TOKEN\n  value: {hex:64}\n",
        "gh secret set ATTIO_API_KEY --body \"{hex:64}\"",
        "attio:\n  api_key: {hex:64}\n",
        "attio.api.key={hex:64}",
        "variable \"attio_api_key\" {\n  type    = string\n  default = \"{hex:64}\"\n}",
        "{\"value\": \"{hex:64}\", \"name\": \"ATTIO_API_KEY\"}",
        "echo -n \"{hex:64}\" | gcloud secrets create attio-api-key --data-file=-",
        "new AttioClient(\"{hex:64}\")",
        "curl -u {hex64-colon} https://api.attio.com/v2/self",
        "https://{hex64-colon}@api.attio.com/v2/self",
        "curl https://api.attio.com/v2/self \\\n  -H \"Authorization: Bearer {hex:64}\"",
        "curl -H 'Authorization: Basic {basic-hex:64}' https://api.attio.com/v2/self",
    ],
    misses: &[
        "ATTIO_API_KEY=sk_your_token_here",
        "# attio.rb\nurl \"https://github.com/attio/cli\"\nsha256 \"{hex:64}\"",
        "ATTIO_API_KEY=\nDATABASE_ID={hex:64}",
        "attio commit {hex:64}",
        "- name: CHECKSUM\n  value: {hex:64}\n- name: ATTIO_API_KEY\n  valueFrom: a",
        "ATTIO_API_KEY=0000000000000000000000000000000000000000000000000000000000000000",
    ],
};

pub const CLIENT_SECRET: Rule = Rule {
    id: "attio-client-secret",
    vendor: "Attio",
    title: "Attio OAuth client secret",
    patterns: &[
        Pattern::Given {
            words: WORDS,
            before: 0,
            after: 240,
            pattern: given!(r"client[^a-z0-9]{0,8}secret"),
            written: TokenEncoding::Plain,
        },
        Pattern::Given {
            words: WORDS,
            before: NAMED_BEHIND,
            after: 40,
            pattern: named_behind!(r"attio[a-z0-9_./-]{0,16}?client[._-]?secret"),
            written: TokenEncoding::Plain,
        },
    ],
    opens: "lets its finder trade authorization codes for tokens as your app",
    mistaken_for: "any other 64 hex digits given to the name of a client secret of Attio's, a SHA-256 among them",
    remedy: &[
        "open the app in Attio's developer dashboard and generate a new client secret",
        "deploy it",
        "run one OAuth sign-in through it",
        "remove the old secret",
    ],
    docs: "https://docs.attio.com/rest-api/guides/authentication",
    hits: &["ATTIO_CLIENT_SECRET={hex:64}", "attioClientSecret: \"{hex:64}\""],
    misses: &["ATTIO_CLIENT_ID={hex:64}"],
};

pub const WEBHOOK_SECRET: Rule = Rule {
    id: "attio-webhook-secret",
    vendor: "Attio",
    title: "Attio webhook secret",
    patterns: &[
        Pattern::Prefixed {
            prefixes: &[unnamed("whsec_")],
            body: super::webhooks::BODY,
            validator: Validator::EncodedKey,
            near: "attio",
        },
        Pattern::Given {
            words: WORDS,
            before: 0,
            after: 240,
            pattern: given!(r"webhook[a-z0-9_. -]{0,12}secret|sign(?:ing|ature)[^a-z0-9]{0,8}secret"),
            written: TokenEncoding::Plain,
        },
        Pattern::Given {
            words: WORDS,
            before: NAMED_BEHIND,
            after: 40,
            pattern: named_behind!(
                r"attio[a-z0-9_./-]{0,16}?(?:webhook[a-z0-9_.-]{0,12}|sign(?:ing|ature)[._-]?)secret"
            ),
            written: TokenEncoding::Plain,
        },
    ],
    opens: "forges webhook deliveries that your receiver takes for Attio's",
    mistaken_for: "another vendor's webhook secret near Attio's name, or any other 64 hex digits given to such a name",
    remedy: &[
        "create a second webhook with the same URL and subscriptions (POST /v2/webhooks)",
        "deploy its secret",
        "trigger an event and see its signature verified",
        "delete the old webhook",
    ],
    docs: "https://docs.attio.com/rest-api/guides/webhooks",
    hits: &[
        "ATTIO_WEBHOOK_SECRET=whsec_{base64:32}",
        "ATTIO_WEBHOOK_SECRET={hex:64}",
        "attioWebhookSecret: \"{hex:64}\"",
    ],
    misses: &["# ATTIO_WEBHOOK_SECRET=whsec_your_secret_here", "attio-signature: {hex:64}"],
};
