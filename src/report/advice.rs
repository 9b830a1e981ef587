//! What a report says about a token: its vendor, what it opens, and how to replace it.

use crate::finding::Finding;
use crate::rule::Severity;

/// `a live Stripe secret key`. If several vendors issue the shape and the text names some of them, `a live secret key, probably
/// of PAY.JP`.
pub(super) fn title(finding: &Finding) -> String {
    let end = if finding.likely.is_empty() { "" } else { "," };
    let title = format!("{}{end}", name(finding));
    let article = if title.starts_with(['A', 'E', 'I', 'O', 'U', 'a', 'e', 'i', 'o']) { "an" } else { "a" };
    format!("{article} {title}")
}

/// The same without the article.
pub(super) fn name(finding: &Finding) -> String {
    let kind = kind(finding);
    match finding.severity {
        Severity::High => format!("live {kind}"),
        Severity::Medium => kind,
        Severity::Low => format!("test {kind}"),
    }
}

/// The same without the environment.
pub(super) fn kind(finding: &Finding) -> String {
    if finding.likely.is_empty() {
        return finding.rule.title.to_owned();
    }
    let kind = if is_webhook(finding) { "webhook signing secret" } else { "secret key" };
    format!("{kind}, probably of {}", likely_vendors(finding))
}

fn is_webhook(finding: &Finding) -> bool {
    finding.rule.id.contains("webhook")
}

/// `PAY.JP`, `Stripe or Clerk`.
fn likely_vendors(finding: &Finding) -> String {
    finding.likely.iter().map(|vendor| vendor.name).collect::<Vec<_>>().join(" or ")
}

/// A sentence that calls the vendor a guess, if it is one.
pub(super) fn guess(finding: &Finding) -> Option<String> {
    let vendors = likely_vendors(finding);
    let why = "the name near the token suggests it; several vendors issue tokens of this shape";
    (!vendors.is_empty()).then(|| format!("{vendors} is a guess: {why}"))
}

/// What a holder of the token can do, as a clause that follows "it".
pub(super) fn opens(finding: &Finding) -> String {
    match (finding.severity, &finding.likely[..]) {
        (Severity::Low, _) => {
            "is a test key: it opens the test environment and its test data, no live data and no money".to_owned()
        }
        (_, []) => finding.rule.opens.to_owned(),
        (_, vendors) => vendors.iter().map(|vendor| vendor.opens).collect::<Vec<_>>().join(", or "),
    }
}

/// How to replace the token, step by step.
pub(super) fn remedy(finding: &Finding) -> Vec<&'static str> {
    match &finding.likely[..] {
        [] => finding.rule.remedy.to_vec(),
        vendors => vendors.iter().flat_map(|vendor| vendor.remedy).copied().collect(),
    }
}

/// Findings with the same key have the same advice.
pub(super) fn key(finding: &Finding) -> (&'static str, Vec<&'static str>) {
    (finding.rule.id, finding.likely.iter().map(|vendor| vendor.name).collect())
}
