//! Families other than `sk_` and `whsec_`. They are off until a configuration names their pack: `[rules] packs = ["ai"]`.
//!
//! A rule of a pack is a table entry like every other rule. These rules are statics, since [`pack_of`] compares addresses: if a
//! pack is off, a custom rule may have the id of one of its rules.

mod ai;
mod ai_tools;
mod cousins;
pub(super) mod published;

use crate::rule::Rule;

/// A named set of rules.
#[derive(Debug)]
pub struct Pack {
    /// The name for `packs` in the configuration.
    pub name: &'static str,
    /// Its purpose, as a clause that follows the name and a colon.
    pub about: &'static str,
    /// If two shapes overlap, the narrower one is first.
    pub rules: &'static [&'static Rule],
}

/// All packs, in the order in which their rules are tried. No two packs share a shape.
pub static PACKS: &[Pack] = &[
    Pack {
        name: "ai",
        about: "keys of model providers (`sk-` and others) and of tools around models",
        rules: &[
            &ai::OPENAI,
            &ai::ANTHROPIC,
            &ai::OPENROUTER,
            &ai_tools::LANGFUSE,
            &ai::CEREBRAS,
            &ai::DEEPSEEK,
            &ai::UNNAMED,
            &ai::GROQ,
            &ai::XAI,
            &ai::PERPLEXITY,
            &ai::NVIDIA,
            &ai_tools::PINECONE,
            &ai_tools::LANGSMITH,
            &ai_tools::HUGGING_FACE,
            &ai_tools::REPLICATE,
            &ai_tools::TAVILY,
        ],
    },
    Pack {
        name: "cousins",
        about: "keys of platforms that write theirs much like `sk_`",
        rules: &[
            &cousins::SUPABASE_SECRET,
            &cousins::SUPABASE_TOKEN,
            &cousins::TOSS,
            &cousins::RESEND,
            &cousins::POLAR_TOKEN,
            &cousins::POLAR_WEBHOOK,
            &cousins::PADDLE,
        ],
    },
];

/// The pack with this name.
pub fn pack(name: &str) -> Option<&'static Pack> {
    PACKS.iter().find(|pack| pack.name == name)
}

/// The rules of these packs, in their order.
pub fn rules_of<'p>(packs: impl IntoIterator<Item = &'p Pack>) -> impl Iterator<Item = &'static Rule> {
    packs.into_iter().flat_map(|pack| pack.rules).copied()
}

/// The pack of this rule. A custom rule is in none, whatever its id is.
pub fn pack_of(rule: &Rule) -> Option<&'static Pack> {
    PACKS.iter().find(|pack| pack.rules.iter().any(|other| std::ptr::eq(*other, rule)))
}
