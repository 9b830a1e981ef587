//! Keys of services for building, hosting, observing and feeding models.

use crate::rule::{Pattern, Rule, Validator, live, unnamed};

pub static LANGFUSE: Rule = Rule {
    id: "langfuse-secret-key",
    vendor: "Langfuse",
    title: "Langfuse secret key",
    patterns: &[Pattern::Prefixed {
        prefixes: &[live("sk-lf-")],
        body: r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        validator: Validator::RandomHex,
        near: "",
    }],
    opens: "reads and writes the project's traces, which hold what users asked, with the public key beside it",
    mistaken_for: "nothing that is known",
    remedy: &[
        "Langfuse, the project's Settings > API Keys: create new API keys",
        "deploy both halves and verify a request with them",
        "delete the old keys there",
    ],
    docs: "https://langfuse.com/faq/all/where-are-langfuse-api-keys",
    hits: &["sk-lf-{uuid}"],
    misses: &["sk-lf-00000000-0000-0000-0000-000000000000", "pk-lf-{uuid}"],
};

pub static PINECONE: Rule = Rule {
    id: "pinecone-api-key",
    vendor: "Pinecone",
    title: "Pinecone API key",
    patterns: &[Pattern::Prefixed {
        prefixes: &[live("pcsk_")],
        body: r"[A-Za-z0-9]{5,6}_[A-Za-z0-9]{62,64}",
        validator: Validator::RandomWhole,
        near: "",
    }],
    opens: "reads, writes and deletes the project's indexes",
    mistaken_for: "nothing that is known",
    remedy: &[
        "app.pinecone.io, the project's API keys: create a new key with the same permissions",
        "deploy it and verify a request with it",
        "delete the old key there, in the menu beside it",
    ],
    docs: "https://docs.pinecone.io/guides/projects/manage-api-keys",
    hits: &["pcsk_{alnum:6}_{alnum:63}", "pcsk_{alnum:5}_{alnum:63}"],
    misses: &[
        "pcsk_your_api_key_goes_here",
        "pcsk_xxxxxx_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    ],
};

pub static LANGSMITH: Rule = Rule {
    id: "langsmith-api-key",
    vendor: "LangSmith",
    title: "LangSmith API key",
    patterns: &[Pattern::Prefixed {
        prefixes: &[live("lsv2_pt_"), live("lsv2_sk_")],
        body: r"[0-9a-f]{32}_[0-9a-f]{10}",
        validator: Validator::RandomHex,
        near: "",
    }],
    opens: "reads and writes traces, data sets and prompts: lsv2_pt_ as its owner, lsv2_sk_ as a service",
    mistaken_for: "nothing that is known",
    remedy: &[
        "smith.langchain.com, Settings > API Keys: create a new key of the same type and scope",
        "deploy it and verify a request with it",
        "delete the old key there, by its trash can",
    ],
    docs: "https://docs.langchain.com/langsmith/create-account-api-key",
    hits: &["lsv2_pt_{hex:32}_{hex:10}", "lsv2_sk_{hex:32}_{hex:10}"],
    misses: &["lsv2_pt_00000000000000000000000000000000_0000000000", "lsv2_pt_your_api_key_goes_here"],
};

pub static HUGGING_FACE: Rule = Rule {
    id: "hugging-face-token",
    vendor: "Hugging Face",
    title: "Hugging Face access token",
    patterns: &[Pattern::Prefixed {
        prefixes: &[unnamed("hf_"), live("api_org_")],
        body: r"[A-Za-z]{34}",
        validator: Validator::RandomWhole,
        near: "",
    }],
    opens: "reads or writes the models, data sets and spaces that its owner can; api_org_ those of an organization",
    mistaken_for: "another random run of exactly 34 letters behind hf_",
    remedy: &[
        "huggingface.co/settings/tokens: create a new token with the same role and scope",
        "deploy it and verify it: GET https://huggingface.co/api/whoami-v2 answers 200",
        "delete the old token there, or choose Invalidate and refresh in its menu",
    ],
    docs: "https://huggingface.co/docs/hub/security-tokens",
    hits: &["hf_{letters:34}", "HF_TOKEN=hf_{letters:34}", "api_org_{letters:34}"],
    misses: &[
        "hf_hub_download hf_transfer_enabled_by_default",
        "hf_modelForSequenceClassificationTests",
        "hf_getPretrainedModelConfigurationByNam",
        "hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "shelf_{letters:34}",
    ],
};

pub static REPLICATE: Rule = Rule {
    id: "replicate-api-token",
    vendor: "Replicate",
    title: "Replicate API token",
    patterns: &[Pattern::Prefixed {
        prefixes: &[unnamed("r8_")],
        body: r"[A-Za-z0-9]{37}",
        validator: Validator::RandomWhole,
        near: "",
    }],
    opens: "runs models at the account's cost and reads its predictions",
    mistaken_for: "another random run of exactly 37 letters and digits behind r8_",
    remedy: &[
        "replicate.com/account/api-tokens: create a new token",
        "deploy it and verify a request with it",
        "disable the old token there",
    ],
    docs: "https://replicate.com/docs/topics/security/api-tokens",
    hits: &["r8_{alnum:37}"],
    misses: &["r8_your_token_here", "r8_{sequence:37}", "char8_{alnum:37}"],
};

pub static TAVILY: Rule = Rule {
    id: "tavily-api-key",
    vendor: "Tavily",
    title: "Tavily API key",
    patterns: &[Pattern::Prefixed {
        prefixes: &[live("tvly-prod-"), unnamed("tvly-dev-"), unnamed("tvly-")],
        body: r"[A-Za-z0-9]{32}",
        validator: Validator::RandomWhole,
        near: "",
    }],
    opens: "searches and crawls at the account's cost",
    mistaken_for: "nothing that is known",
    remedy: &[
        "app.tavily.com, API Keys: delete or revoke the leaked key",
        "generate a new key there",
        "deploy it and verify a request with it",
    ],
    docs: "https://docs.tavily.com/documentation/best-practices/api-key-management",
    hits: &["tvly-{alnum:32}", "tvly-dev-{alnum:32}", "tvly-prod-{alnum:32}"],
    misses: &["tvly-YOUR_API_KEY", "tvly-dev-{sequence:32}"],
};
