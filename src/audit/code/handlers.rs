//! Handlers of webhooks, and whose deliveries they take.

use std::sync::LazyLock;

use regex::Regex;

use super::expressions::ascii;
use super::source::Code;

/// Whose webhooks a handler takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::audit) enum Vendor {
    Attio,
    Stripe,
    /// Svix, and all who sign as Standard Webhooks: Clerk, Resend and others.
    Svix,
}

impl Vendor {
    pub fn name(self) -> &'static str {
        match self {
            Self::Attio => "Attio",
            Self::Stripe => "Stripe",
            Self::Svix => "Svix",
        }
    }
}

/// A handler: its line, and the vendor.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::audit) struct Handler {
    pub vendor: Vendor,
    pub line: usize,
}

/// What starts a handler, by language.
static ROUTES: LazyLock<[Regex; 5]> = LazyLock::new(|| {
    [
        r#"export\s+(?:async\s+)?function\s+POST\b|export\s+const\s+POST\b|export\s+default\s+(?:async\s+)?function|export\s+default\s+(?:async\s*)?\(|NextApiRequest\b|Deno\.serve|\bserve\s*\(|defineEventHandler|export\s+(?:const|async function)\s+(?:handler|action|onRequest\w*)\b|exports\.\w+\s*=|\.(?:post|all)\s*\(\s*['"`][^'"`\n]*hook"#,
        r#"@\w+\.(?:post|route)\s*\(\s*['"][^'"\n]*hook|@csrf_exempt|def\s+\w*webhook\w*\s*\(\s*(?:self\s*,\s*)?request\b|def\s+\w*handler\s*\(\s*event\b"#,
        r#"(?:HandleFunc|Handle|POST|Post)\s*\(\s*["`][^"`\n]*hook|func\s+(?:\([^)]*\)\s*)?\w*[wW]ebhook\w*\s*\(\s*\w+\s+(?:http\.ResponseWriter|\*gin\.Context|echo\.Context|\*fiber\.Ctx)"#,
        r#"class\s+(?:\w+::)*\w*Webhooks?\w*Controller\b|\bpost\s+['"][^'"\n]*hook"#,
        r#"Route::post\s*\(\s*['"][^'"\n]*hook[^\n]*function|class\s+\w*Webhook\w*Controller\b|php://input"#,
    ]
    .map(|pattern| Regex::new(&ascii(pattern)).expect("the pattern is valid"))
});

/// A header that has the signature of a delivery, as code names it.
static HEADER: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r#"(?i-u:['"`](?:http[-_])?(?:x[-_])?(stripe|svix|attio|webhook)[-_]signature['"`])"#;
    Regex::new(pattern).expect("the pattern is valid")
});

/// The handler in a file, if there is one for a vendor that is known here.
pub(in crate::audit) fn handler(code: &Code) -> Option<Handler> {
    let path = String::from_utf8_lossy(&code.path).to_ascii_lowercase();
    let route = ROUTES[code.language as usize].find(&code.text)?;
    let header = HEADER.captures(&code.text);
    let vendor_of_header = header.as_ref().and_then(|found| vendor(&found[1].to_ascii_lowercase()));
    let names_hook = path.contains("webhook") || route.as_str().contains("hook");
    if header.is_none() && !names_hook {
        return None;
    }
    let vendor = vendor_of_header.or_else(|| vendor(&path)).or_else(|| vendor_of_text(&code.text))?;
    Some(Handler { vendor, line: code.line(route.start()) })
}

/// The vendor that a lowercase text names.
fn vendor(text: &str) -> Option<Vendor> {
    if text.contains("attio") {
        Some(Vendor::Attio)
    } else if text.contains("stripe") {
        Some(Vendor::Stripe)
    } else if ["svix", "standardwebhooks", "standard-webhooks", "clerk", "resend"]
        .iter()
        .any(|word| text.contains(word))
    {
        Some(Vendor::Svix)
    } else {
        None
    }
}

/// The vendor whose webhooks a text names. To use the API of a vendor is not enough.
fn vendor_of_text(text: &str) -> Option<Vendor> {
    static NAMES: LazyLock<[(Vendor, Regex); 3]> = LazyLock::new(|| {
        let of = |names: &str| {
            format!(
                r"(?i-u:(?:{names})[a-z_./\-]{{0,12}}(?:webhook|signature|signing)|webhooks?[a-z_./\-]{{0,12}}(?:{names}))"
            )
        };
        let attio = (Vendor::Attio, of("attio"));
        let stripe = (Vendor::Stripe, format!("{}|constructEvent|construct_event|ConstructEvent", of("stripe")));
        let svix = (Vendor::Svix, format!("{}|(?i-u:svix|standard-?webhooks)", of("clerk|resend")));
        [attio, stripe, svix].map(|(vendor, pattern)| (vendor, Regex::new(&pattern).expect("the pattern is valid")))
    });
    NAMES.iter().find(|(_, names)| names.is_match(text)).map(|(vendor, _)| *vendor)
}

/// Whether the file calls something that may verify the delivery.
pub(in crate::audit) fn may_verify_elsewhere(code: &Code) -> bool {
    static CALL: LazyLock<Regex> = LazyLock::new(|| {
        let pattern = r"(?i-u:[a-z0-9_.:]*(?:verif|validat|authenticat|signature|unwrap|isvalid|checksign|hmac|webhook)[a-z0-9_]*[?!]?\s*\(|before_action\s+:\w*(?:verif|validat|authenticat)|->middleware\s*\(|@\w*(?:verif|validat|authenticat)\w*)";
        Regex::new(&ascii(pattern)).expect("the pattern is valid")
    });
    // The definition of a handler is no call.
    let is_definition = |at: usize| {
        let before = code.bare[..at].trim_end();
        ["def", "function", "func", "class", "@"].iter().any(|word| before.ends_with(word))
    };
    CALL.find_iter(&code.bare).any(|call| !is_definition(call.start()))
}

/// Whether the code knows deliveries that come twice.
pub(in crate::audit) fn knows_idempotency(code: &Code) -> bool {
    static WORD: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i-u:idempoten|already_?processed|processed_?(?:events?|webhooks?|deliver)|dedup)")
            .expect("the pattern is valid")
    });
    WORD.is_match(&code.text)
}

/// Whether the file may be part of an analysis: no test, and not generated.
pub(crate) fn is_of_interest(path: &[u8]) -> bool {
    let path = String::from_utf8_lossy(path).to_ascii_lowercase();
    let mut parts = path.split('/').rev();
    let name = parts.next().unwrap_or_default();
    let is_test = name.contains(".test.")
        || name.contains(".spec.")
        || name.contains("_test.")
        || name.contains("_spec.")
        || name.starts_with("test_")
        || name.contains(".min.");
    let folders = ["test", "tests", "__tests__", "spec", "specs", "fixtures", "__mocks__", "testdata", "e2e"];
    !is_test && !parts.any(|part| folders.contains(&part))
}
