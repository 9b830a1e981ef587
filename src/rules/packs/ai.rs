//! Keys of model providers.

use crate::rule::{Pattern, Rule, Validator, live, unnamed};

pub static OPENAI: Rule = Rule {
    id: "openai-api-key",
    vendor: "OpenAI",
    title: "OpenAI API key",
    patterns: &[
        // Base64 of "OpenAI" in the middle, and as many characters on either side.
        Pattern::Prefixed {
            prefixes: &[live("sk-proj-"), live("sk-svcacct-"), live("sk-admin-"), live("sk-None-")],
            body: r"[A-Za-z0-9_-]{74}T3BlbkFJ[A-Za-z0-9_-]{74}|[A-Za-z0-9_-]{58}T3BlbkFJ[A-Za-z0-9_-]{58}|[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}",
            validator: Validator::RandomWhole,
            near: "",
        },
        // The oldest user keys, some of them after a name that the user chose.
        Pattern::Prefixed {
            prefixes: &[live("sk-")],
            body: r"(?:[a-z0-9-]{1,40}-)?[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}",
            validator: Validator::RandomWhole,
            near: "",
        },
        // Future bodies of these prefixes: base64url, up to a word after a dash.
        Pattern::Prefixed {
            prefixes: &[live("sk-proj-"), live("sk-svcacct-"), live("sk-admin-")],
            body: r"[A-Za-z0-9_-]{64,250}",
            validator: Validator::Base64url,
            near: "",
        },
        Pattern::Prefixed {
            prefixes: &[live("sk-proj-"), live("sk-svcacct-"), live("sk-admin-")],
            body: r"[A-Za-z0-9_-]{32,250}",
            validator: Validator::LikelyRun,
            near: "",
        },
    ],
    opens: "calls models at the project's cost and reads its files and threads; sk-admin- manages the organization's projects, users and keys",
    mistaken_for: "nothing that is known",
    remedy: &[
        "platform.openai.com/api-keys: create a new secret key in the same project, with the same permissions (for sk-admin-: Organization settings > Admin keys)",
        "deploy it and verify a request with it",
        "delete the old key there, by its trash can: it stops working at once",
        "review the usage page for requests that are not yours",
    ],
    docs: "https://help.openai.com/en/articles/9047852-how-can-i-delete-my-api-key",
    hits: &[
        "sk-proj-{urlsafe:74}T3BlbkFJ{urlsafe:74}",
        "sk-svcacct-{urlsafe:74}T3BlbkFJ{urlsafe:74}",
        "sk-admin-{urlsafe:58}T3BlbkFJ{urlsafe:58}",
        "sk-proj-{alnum:20}T3BlbkFJ{alnum:20}",
        "sk-{alnum:20}T3BlbkFJ{alnum:20}",
        "sk-my-bot-{alnum:20}T3BlbkFJ{alnum:20}",
        "OPENAI_API_KEY=sk-proj-{alnum:48}",
    ],
    misses: &[
        "sk-proj-your-key-goes-here-and-nowhere-else",
        "sk-proj-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "task-proj-{alnum:48}",
        "sk-admin-{sequence:48}",
    ],
};

pub static ANTHROPIC: Rule = Rule {
    id: "anthropic-api-key",
    vendor: "Anthropic",
    title: "Anthropic API key",
    patterns: &[
        Pattern::Prefixed {
            prefixes: &[
                live("sk-ant-api03-"),
                live("sk-ant-admin01-"),
                live("sk-ant-oat01-"),
                live("sk-ant-ort01-"),
                live("sk-ant-sid01-"),
                live("sk-ant-sid02-"),
            ],
            body: r"[A-Za-z0-9_-]{93}AA",
            validator: Validator::RandomWhole,
            near: "",
        },
        // Other kinds and versions.
        Pattern::Prefixed {
            prefixes: &[live("sk-ant-")],
            body: r"[a-z]{3,8}[0-9]{2}-[A-Za-z0-9_-]{64,128}",
            validator: Validator::Base64url,
            near: "",
        },
    ],
    opens: "calls models at the workspace's cost; admin01 manages the organization's members, workspaces and keys; oat01, ort01 and sid01 act as the person who signed in",
    mistaken_for: "nothing that is known",
    remedy: &[
        "platform.claude.com/settings/keys: create a new key in the same workspace (for admin01: Settings > Admin keys)",
        "deploy it and verify a request with it",
        "delete the old key there, in the menu beside it; for oat01, ort01 and sid01 sign out of all sessions in the account's settings",
        "review the usage page for requests that are not yours",
    ],
    docs: "https://support.anthropic.com/en/articles/8384961-what-should-i-do-if-i-suspect-my-api-key-has-been-compromised",
    hits: &[
        "sk-ant-api03-{urlsafe:93}AA",
        "sk-ant-admin01-{urlsafe:93}AA",
        "CLAUDE_CODE_OAUTH_TOKEN=sk-ant-oat01-{urlsafe:93}AA",
        "sk-ant-ort01-{urlsafe:93}AA",
        "sk-ant-sid01-{urlsafe:86}-{urlsafe:6}AA",
        "sk-ant-api04-{alnum:100}",
    ],
    misses: &[
        "sk-ant-api03-your-key-goes-here-and-nowhere-else-in-your-whole-project-or-anybody-finds-it-there",
        "sk-ant-api03-...",
        "task-ant-api03-{alnum:93}AA",
    ],
};

pub static OPENROUTER: Rule = Rule {
    id: "openrouter-api-key",
    vendor: "OpenRouter",
    title: "OpenRouter API key",
    patterns: &[Pattern::Prefixed {
        prefixes: &[live("sk-or-v1-")],
        body: r"[0-9a-f]{64}",
        validator: Validator::RandomHex,
        near: "",
    }],
    opens: "calls any model that OpenRouter has, at the account's cost; a provisioning key makes and deletes other keys",
    mistaken_for: "nothing that is known",
    remedy: &[
        "openrouter.ai/settings/keys: create a new key with the same limit",
        "deploy it and verify a request with it",
        "delete the old key there",
    ],
    docs: "https://openrouter.ai/docs/api-reference/authentication",
    hits: &["sk-or-v1-{hex:64}", "OPENROUTER_API_KEY=sk-or-v1-{hex:64}"],
    misses: &[
        concat!("sk-or-v1", "-0000000000000000000000000000000000000000000000000000000000000000"),
        "sk-or-v1-<your-key>",
        "desk-or-v1-{hex:64}",
    ],
};

pub static CEREBRAS: Rule = Rule {
    id: "cerebras-api-key",
    vendor: "Cerebras",
    title: "Cerebras API key",
    patterns: &[Pattern::Prefixed {
        prefixes: &[live("csk-")],
        body: r"[a-z0-9]{48}",
        validator: Validator::RandomWhole,
        near: "",
    }],
    opens: "calls models at the account's cost",
    mistaken_for: "a home-grown key of 48 small letters and digits behind csk-",
    remedy: &[
        "cloud.cerebras.ai, API Keys: create a new key",
        "deploy it and verify a request with it",
        "delete the old key there",
    ],
    docs: "https://inference-docs.cerebras.ai/quickstart",
    hits: &["csk-{base36:48}"],
    misses: &["csk-{sequence:48}", "csk-your-api-key-goes-here"],
};

pub static DEEPSEEK: Rule = Rule {
    id: "deepseek-api-key",
    vendor: "DeepSeek or Alibaba Cloud",
    title: "DeepSeek or Alibaba Cloud Model Studio API key",
    patterns: &[Pattern::Prefixed {
        prefixes: &[unnamed("sk-")],
        body: r"[0-9a-f]{32}",
        validator: Validator::RandomHex,
        near: "",
    }],
    opens: "calls models at the account's cost",
    mistaken_for: "a DeepSeek key where it is Alibaba Cloud's and the other way round, or an MD5 digest behind sk-",
    remedy: &[
        "DeepSeek: platform.deepseek.com/api_keys, create a new key; Alibaba Cloud: Model Studio console > API keys",
        "deploy it and verify a request with it",
        "delete the old key there",
    ],
    docs: "https://api-docs.deepseek.com/",
    hits: &["sk-{hex:32}", "DEEPSEEK_API_KEY=sk-{hex:32}"],
    misses: &["sk-00000000000000000000000000000000", "sk-{hex:40}", "sk-{hex:64}", "sk-{uuid}", "risk-{hex:32}"],
};

pub static UNNAMED: Rule = Rule {
    id: "sk-dash-token",
    vendor: "Stability AI, Moonshot AI, SiliconFlow, LiteLLM or another vendor",
    title: "token of the sk- shape",
    patterns: &[
        // 16 bytes in base64url: keys from a proxy such as LiteLLM.
        Pattern::Prefixed {
            prefixes: &[unnamed("sk-")],
            body: r"[A-Za-z0-9_-]{22}",
            validator: Validator::RandomRun,
            near: "",
        },
        // The body must contain a letter that is not a hex digit: a digest after `sk-` is the name of a file or of a branch.
        Pattern::Prefixed {
            prefixes: &[unnamed("sk-")],
            body: r"(?:[A-Za-z][A-Za-z0-9]{1,11}-){0,2}[0-9a-fA-F]*[G-Zg-z][A-Za-z0-9]*",
            validator: Validator::RandomRun,
            near: "",
        },
    ],
    opens: "opens what its vendor lets it: most who write their keys like this sell calls of models",
    mistaken_for: "a random identifier that starts with sk-",
    remedy: &[
        "create a new key at its vendor (platform.stability.ai/account/keys, platform.moonshot.ai/console/api-keys, cloud.siliconflow.cn/account/ak, or the proxy's /key/generate)",
        "deploy it and verify a request with it",
        "delete the old key",
    ],
    docs: "https://platform.stability.ai/docs/getting-started/authentication",
    hits: &["sk-{alnum:48}", "sk-{base36:48}", "sk-{base64url:16}", "sk-live-{alnum:32}", "sk-{alnum:24}"],
    misses: &[
        "sk-circle sk-circle12 sk-cube-grid sk-folding-cube-wrapper sk-three-bounce-delay-2",
        "sk-your-api-key-goes-here",
        "sk-{hex:40}",
        "sk-{hex:64}",
        "sk-cache-{hex:40}",
        "sk-{uuid}",
        "feature/sk-1234-add-payment-provider-integration",
        "task-{alnum:48}",
        "module.py,sha256=sk-{alnum:40},1346",
        "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "sk-{sequence:48}",
    ],
};

pub static GROQ: Rule = Rule {
    id: "groq-api-key",
    vendor: "Groq",
    title: "Groq API key",
    patterns: &[Pattern::Prefixed {
        prefixes: &[live("gsk_")],
        body: r"[A-Za-z0-9]{52}",
        validator: Validator::RandomWhole,
        near: "",
    }],
    opens: "calls models at the organization's cost",
    mistaken_for: "a home-grown key of 52 letters and digits behind gsk_",
    remedy: &[
        "console.groq.com/keys: create a new key in the same project",
        "deploy it and verify a request with it",
        "delete the old key there",
    ],
    docs: "https://console.groq.com/docs/quickstart",
    hits: &["gsk_{alnum:52}", "gsk_{alnum:20}WGdyb3FY{alnum:24}"],
    misses: &["gsk_your_api_key_goes_here", "gsk_{sequence:52}", "msgsk_{alnum:52}"],
};

pub static XAI: Rule = Rule {
    id: "xai-api-key",
    vendor: "xAI",
    title: "xAI API key",
    patterns: &[Pattern::Prefixed {
        prefixes: &[live("xai-")],
        body: r"[A-Za-z0-9]{80}",
        validator: Validator::RandomWhole,
        near: "",
    }],
    opens: "calls models at the team's cost",
    mistaken_for: "nothing that is known",
    remedy: &[
        "console.x.ai, the team's API Keys: create a new key with the same endpoints and models",
        "deploy it and verify a request with it",
        "delete the old key there",
    ],
    docs: "https://docs.x.ai/docs/tutorial",
    hits: &["xai-{alnum:80}"],
    misses: &["xai-your-api-key-goes-here", "xai-{sequence:80}"],
};

pub static PERPLEXITY: Rule = Rule {
    id: "perplexity-api-key",
    vendor: "Perplexity",
    title: "Perplexity API key",
    patterns: &[Pattern::Prefixed {
        prefixes: &[live("pplx-")],
        body: r"[A-Za-z0-9]{48}",
        validator: Validator::RandomWhole,
        near: "",
    }],
    opens: "calls models at the account's cost, and makes and revokes keys of the same account",
    mistaken_for: "nothing that is known",
    remedy: &[
        "console.perplexity.ai, API Keys: create a new key",
        "deploy it and verify a request with it",
        "revoke the old key there, or by POST https://api.perplexity.ai/revoke_auth_token",
    ],
    docs: "https://docs.perplexity.ai/guides/api-key-management",
    hits: &["pplx-{alnum:48}", "pplx-{hex:48}"],
    misses: &["pplx-your-api-key", "pplx-{sequence:48}"],
};

pub static NVIDIA: Rule = Rule {
    id: "nvidia-api-key",
    vendor: "NVIDIA",
    title: "NVIDIA API key",
    patterns: &[Pattern::Prefixed {
        prefixes: &[live("nvapi-")],
        body: r"[A-Za-z0-9_-]{64}",
        validator: Validator::Base64url,
        near: "",
    }],
    opens: "calls models and pulls containers at the account's cost",
    mistaken_for: "nothing that is known",
    remedy: &[
        "build.nvidia.com/settings/api-keys, or org.ngc.nvidia.com/setup/api-keys: generate a new key",
        "deploy it and verify a request with it",
        "delete the old key there",
    ],
    docs: "https://docs.nvidia.com/ngc/latest/ngc-user-guide.html",
    hits: &["nvapi-{base64url:48}"],
    misses: &[concat!("nvapi", "-your-key-goes-in-here-and-nowhere-else-in-your-project-or-repository0")],
};
