//! Names of variables: which of them are for secrets, and which vendors' keys are secret.

/// Vendors whose API keys must stay on a server. Keys of others, such as Firebase or Google Maps, are made for browsers.
const SECRET_VENDORS: &[&str] = &[
    "attio",
    "svix",
    "clerk",
    "resend",
    "openai",
    "anthropic",
    "elevenlabs",
    "sendgrid",
    "mailgun",
    "postmark",
    "twilio",
    "github",
    "gitlab",
    "slack",
    "notion",
    "airtable",
    "hubspot",
    "replicate",
    "groq",
    "cohere",
    "mistral",
    "deepseek",
    "perplexity",
    "pinecone",
    "paystack",
    "paymongo",
    "workos",
    "liveblocks",
    "crossmint",
    "cartesia",
    "klaviyo",
];

/// Words of names whose value is meant to be public, or is no secret.
const HARMLESS: &[&str] = &[
    "publishable",
    "public",
    "anon",
    "site",
    "csrf",
    "xsrf",
    "count",
    "max",
    "limit",
    "length",
    "expires",
    "expiry",
    "ttl",
    "url",
    "uri",
    "endpoint",
    "name",
    "path",
    "file",
    "header",
    "prefix",
    "hint",
    "type",
    "algorithm",
];

/// The lowercase words of `ATTIO_API_KEY`, `attioApiKey` or `attio-api-key`.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut is_start = true;
    let mut was_lower = false;
    for letter in name.chars() {
        if !letter.is_ascii_alphanumeric() {
            is_start = true;
            continue;
        }
        if is_start || (was_lower && letter.is_ascii_uppercase()) {
            words.push(String::new());
        }
        (is_start, was_lower) = (false, letter.is_ascii_lowercase() || letter.is_ascii_digit());
        if let Some(word) = words.last_mut() {
            word.push(letter.to_ascii_lowercase());
        }
    }
    words
}

fn has(words: &[String], wanted: &str) -> bool {
    words.iter().any(|word| word == wanted)
}

fn has_pair(words: &[String], first: &str, second: &str) -> bool {
    words.windows(2).any(|pair| pair[0] == first && pair[1] == second)
}

/// Whether the name is that of a variable for a secret: `ATTIO_API_KEY`, `stripeSecretKey`, `WEBHOOK_SECRET`.
pub(crate) fn is_secret(name: &str) -> bool {
    let words = words(name);
    let is_harmless = words.iter().any(|word| HARMLESS.contains(&word.as_str()))
        || words.last().is_some_and(|last| last == "id" || last == "version");
    let names_secret = has(&words, "secret")
        || has(&words, "token")
        || has(&words, "apikey")
        || has_pair(&words, "api", "key")
        || has_pair(&words, "secret", "key")
        || has_pair(&words, "private", "key")
        || has_pair(&words, "access", "key")
        || has_pair(&words, "signing", "key")
        || has_pair(&words, "service", "role");
    names_secret && !is_harmless
}

/// Whether a public variable with this name, without its prefix, is most likely given a secret.
pub(super) fn is_secret_although_public(name: &str) -> bool {
    let words = words(name);
    if !is_secret(name) {
        return false;
    }
    has(&words, "secret")
        || has_pair(&words, "private", "key")
        || has_pair(&words, "service", "role")
        || words.iter().any(|word| SECRET_VENDORS.contains(&word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_into_words() {
        for name in ["ATTIO_API_KEY", "attioApiKey", "attio-api-key", "AttioApiKey"] {
            assert_eq!(words(name), ["attio", "api", "key"], "{name}");
        }
    }

    #[test]
    fn names_of_secrets_are_known() {
        for name in ["ATTIO_API_KEY", "STRIPE_SECRET_KEY", "webhookSecret", "apiKey", "SUPABASE_SERVICE_ROLE_KEY"] {
            assert!(is_secret(name), "{name}");
        }
        for name in ["STRIPE_PUBLISHABLE_KEY", "KEY_ID", "SECRET_ID", "csrfToken", "MAX_TOKEN_COUNT", "PUBLIC_KEY"] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn keys_for_browsers_are_innocent() {
        for name in ["ATTIO_API_KEY", "STRIPE_SECRET_KEY", "OPENAI_API_KEY", "WEBHOOK_SECRET"] {
            assert!(is_secret_although_public(name), "{name}");
        }
        for name in ["FIREBASE_API_KEY", "STRIPE_PUBLISHABLE_KEY", "STRIPE_KEY", "MAPBOX_TOKEN", "SUPABASE_ANON_KEY"] {
            assert!(!is_secret_although_public(name), "{name}");
        }
    }
}
