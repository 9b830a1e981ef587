//! What is to be rotated: a kind of token, its vendor, and the vendor's steps.

use crate::audit::names::words;
use crate::rule::{Issues, Rule, Vendor};
use crate::rules::vendors::VENDORS;
use crate::rules::with_all_packs;

/// The vendors whose keys `keysweep verify` can ask about.
const VERIFIABLE: &[&str] = &["Attio", "Stripe", "Clerk", "ElevenLabs", "Paystack", "Svix", "Resend", "WorkOS"];

/// The use of a token. Names of variables show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    Key,
    OauthClient,
    Webhook,
}

impl Class {
    fn of_rule(rule: &Rule) -> Self {
        match rule.id {
            id if id.contains("webhook") => Self::Webhook,
            id if id.contains("client-secret") => Self::OauthClient,
            _ => Self::Key,
        }
    }

    fn of_name(words: &[String]) -> Self {
        let has = |wanted: &str| words.iter().any(|word| word == wanted);
        match () {
            () if has("webhook") || has("webhooks") || has("signing") || has("whsec") => Self::Webhook,
            () if has("client") && has("secret") => Self::OauthClient,
            () => Self::Key,
        }
    }
}

/// A kind of token that is to be rotated.
#[derive(Clone, Debug)]
pub struct Credential {
    /// A noun phrase: `Attio access token`.
    pub title: String,
    /// A part of the names of shell variables: `attio_access_token`.
    pub slug: String,
    pub class: Class,
    /// The steps at the vendor, in order, each as an imperative.
    pub remedy: Vec<&'static str>,
    /// The URL of the vendor's documentation, or empty.
    pub docs: &'static str,
    /// The name of the vendor for `keysweep verify --vendor`, if that command can ask.
    pub verify: Option<String>,
    /// Names of the vendor in names of variables: lower-case words, joined by `_`.
    vendor_words: Vec<String>,
}

impl Credential {
    /// The credential of a finding. `likely` are the vendors that are named near it, which is a guess.
    pub fn of_finding(title: String, rule: &Rule, likely: &[&'static Vendor], remedy: Vec<&'static str>) -> Self {
        let of_rule = vendors_of(rule);
        let likely: Vec<&str> = likely.iter().map(|vendor| vendor.name).collect();
        // Only the shape of a token decides which vendor is asked about it, never its surroundings.
        let only = if is_shared(rule) { None } else { of_rule.first().copied() };
        let names = if likely.is_empty() { &of_rule } else { &likely };
        Self::new(title, Class::of_rule(rule), remedy, (rule.docs, only), names)
    }

    fn new(
        title: String,
        class: Class,
        remedy: Vec<&'static str>,
        (docs, vendor): (&'static str, Option<&str>),
        names: &[&str],
    ) -> Self {
        let can_verify = |name: &&str| class == Class::Key && VERIFIABLE.contains(name);
        let slug = words(title.split(',').next().unwrap_or_default()).join("_");
        Self {
            slug,
            title,
            class,
            remedy,
            docs,
            verify: vendor.filter(can_verify).map(str::to_ascii_lowercase),
            vendor_words: names.iter().flat_map(|name| words_of(name)).collect(),
        }
    }

    /// Names of the vendor: lower-case words, joined by `_`.
    pub(super) fn vendor_words(&self) -> impl Iterator<Item = &str> {
        self.vendor_words.iter().map(String::as_str)
    }

    pub fn is_key(&self) -> bool {
        self.class == Class::Key
    }

    /// Whether a variable, a secret or a parameter with this name may hold the token.
    pub fn may_be_in(&self, name: &str) -> bool {
        let words = words(name);
        let joined = format!("_{}_", words.join("_"));
        Class::of_name(&words) == self.class
            && self.vendor_words.iter().any(|word| joined.contains(&format!("_{word}_")))
    }
}

/// The names of the vendors that issue tokens of a rule: `Stripe or Clerk`.
fn vendors_of(rule: &Rule) -> Vec<&'static str> {
    let names = rule.vendor.split(", ").flat_map(|part| part.split(" or "));
    names.filter(|name| !name.is_empty() && !name.starts_with("another ")).collect()
}

/// Whether several vendors issue tokens of this rule.
fn is_shared(rule: &Rule) -> bool {
    rule.vendor.contains(" or ")
}

fn known(name: &str) -> Option<&'static Vendor> {
    VENDORS.iter().find(|vendor| vendor.name.eq_ignore_ascii_case(name))
}

/// The words that refer to a vendor, in the form of the words of a name.
fn words_of(name: &str) -> Vec<String> {
    let listed = known(name).map_or(&[][..], |vendor| vendor.words);
    let own = [name.to_ascii_lowercase(), name.to_ascii_lowercase().replace(' ', "")];
    let all = listed.iter().map(|word| (*word).to_owned()).chain(own);
    let mut all: Vec<String> = all.map(|word| words(&word).join("_")).filter(|word| !word.is_empty()).collect();
    all.sort();
    all.dedup();
    all
}

/// The names of all vendors of the tables, sorted.
pub fn vendor_names() -> Vec<&'static str> {
    let of_rules = with_all_packs().into_iter().flat_map(vendors_of);
    let mut names: Vec<&str> = VENDORS.iter().map(|vendor| vendor.name).chain(of_rules).collect();
    names.sort_unstable_by_key(|name| name.to_ascii_lowercase());
    names.dedup();
    names
}

/// The kinds of token that a vendor issues. Empty if no table has the vendor. The case of the name does not matter.
pub fn of_vendor(name: &str) -> Vec<Credential> {
    let Some(name) = vendor_names().into_iter().find(|known| known.eq_ignore_ascii_case(name)) else {
        return Vec::new();
    };
    let entry = known(name);
    let mut found: Vec<Credential> = Vec::new();
    for rule in with_all_packs() {
        let is_open = rule.vendor.contains("another ");
        if is_open || !vendors_of(rule).contains(&name) {
            continue;
        }
        let class = Class::of_rule(rule);
        let (title, remedy) = match entry.filter(|_| is_shared(rule)) {
            Some(entry) => (title_of(name, class), entry.remedy),
            None if is_shared(rule) => (title_of(name, class), rule.remedy),
            None => (rule.title.to_owned(), rule.remedy),
        };
        found.push(Credential::new(title, class, remedy.to_vec(), (rule.docs, Some(name)), &[name]));
    }
    for class in entry.iter().flat_map(|entry| classes(entry.issues)) {
        if !found.iter().any(|known| known.class == class) {
            let remedy = entry.map_or(&[][..], |entry| entry.remedy).to_vec();
            found.push(Credential::new(title_of(name, class), class, remedy, ("", Some(name)), &[name]));
        }
    }
    // Vendors that only a rule for several senders names.
    if found.is_empty() {
        let rules = with_all_packs().into_iter().filter(|rule| vendors_of(rule).contains(&name));
        found.extend(rules.map(|rule| {
            let class = Class::of_rule(rule);
            Credential::new(title_of(name, class), class, rule.remedy.to_vec(), (rule.docs, Some(name)), &[name])
        }));
    }
    found.sort_by_key(|one| one.class);
    found
}

fn title_of(vendor: &str, class: Class) -> String {
    let noun = match class {
        Class::Key => "secret key",
        Class::Webhook => "webhook signing secret",
        Class::OauthClient => "client secret",
    };
    format!("{vendor} {noun}")
}

fn classes(issues: Issues) -> Vec<Class> {
    match issues {
        Issues::Keys => vec![Class::Key],
        Issues::Webhooks => vec![Class::Webhook],
        Issues::Both => vec![Class::Key, Class::Webhook],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titles(name: &str) -> Vec<String> {
        of_vendor(name).into_iter().map(|one| one.title).collect()
    }

    #[test]
    fn every_vendor_of_the_tables_has_steps() {
        for name in vendor_names() {
            let found = of_vendor(name);
            assert!(!found.is_empty(), "{name}");
            for one in found {
                assert!(
                    !one.remedy.is_empty() && !one.slug.is_empty() && !one.vendor_words.is_empty(),
                    "{name}: {one:?}"
                );
                assert!(one.slug.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'), "{one:?}");
            }
        }
        assert!(of_vendor("nobody").is_empty());
    }

    #[test]
    fn a_vendor_has_each_kind_once() {
        assert_eq!(titles("attio"), ["Attio access token", "Attio OAuth client secret", "Attio webhook secret"]);
        assert_eq!(titles("CLERK"), ["Clerk secret key", "Clerk webhook signing secret"]);
        assert_eq!(titles("pay.jp"), ["PAY.JP secret key"]);
        assert_eq!(titles("Hugging Face"), ["Hugging Face access token"]);
    }

    #[test]
    fn names_of_variables_are_those_of_the_vendor_and_the_class() {
        let all = of_vendor("attio");
        let may = |name: &str| all.iter().filter(|one| one.may_be_in(name)).map(|one| &*one.title).collect::<Vec<_>>();
        assert_eq!(may("ATTIO_API_KEY"), ["Attio access token"]);
        assert_eq!(may("/crm/attio-api-key"), ["Attio access token"]);
        assert_eq!(may("NEXT_ATTIO_WEBHOOK_SECRET"), ["Attio webhook secret"]);
        assert_eq!(may("attioClientSecret"), ["Attio OAuth client secret"]);
        assert!(may("PATTION_API_KEY").is_empty() && may("STRIPE_API_KEY").is_empty());
    }

    #[test]
    fn a_shape_that_several_vendors_share_decides_no_vendor() {
        for rule in with_all_packs() {
            let one = Credential::of_finding(rule.title.to_owned(), rule, &[], rule.remedy.to_vec());
            assert!(one.verify.is_none() || !rule.vendor.contains(" or "), "{}", rule.id);
        }
    }
}
