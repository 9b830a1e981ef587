//! The vendors that can be asked, one a file.

mod attio;
mod clerk;
mod elevenlabs;
mod paystack;
mod resend;
mod stripe;
mod svix;
mod workos;

use super::vendor::Vendor;

/// All of them, in the order of the documents.
pub const ALL: [&Vendor; 8] = [
    &attio::ATTIO,
    &stripe::STRIPE,
    &clerk::CLERK,
    &elevenlabs::ELEVENLABS,
    &paystack::PAYSTACK,
    &svix::SVIX,
    &resend::RESEND,
    &workos::WORKOS,
];

/// The vendor with this id. People write the names of vendors in any case.
pub fn named(id: &str) -> Option<&'static Vendor> {
    ALL.into_iter().find(|vendor| vendor.id.eq_ignore_ascii_case(id.trim()))
}

/// The vendor that the shape of `token` names, if it names one alone.
pub fn named_by_shape(token: &str) -> Option<&'static Vendor> {
    ALL.into_iter().find(|vendor| (vendor.is_own)(token))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Dice;
    use crate::rules::example::expand;

    fn made(template: &str) -> String {
        expand(template, &mut Dice::new(7))
    }

    fn of_shape(template: &str) -> Option<&'static str> {
        named_by_shape(&made(template)).map(|vendor| vendor.id)
    }

    #[test]
    fn a_shape_that_several_vendors_issue_names_none() {
        for template in [
            "sk_live_{alnum:24}",
            "sk_live_51{alnum:99}",
            "sk_live_{base36:40}",
            "sk_live_{workos}",
            "rk_live_{workos}",
            "sk_{hex:48}",
            "sk_{hex:32}",
            "sk_{alnum:24}",
            "sk_prod_{alnum:32}",
            "testsk_{base64url:24}",
            "sk_{base64url:24}.xx",
            "whsec_{base64:32}",
            "{hex:64}",
        ] {
            assert_eq!(of_shape(template), None, "{template}");
        }
        assert_eq!(of_shape("rk_live_{alnum:24}"), Some("stripe"));
        assert_eq!(of_shape("sk_org_{alnum:40}"), Some("stripe"));
        assert_eq!(of_shape("sk_{base64url:24}.eu"), Some("svix"));
        assert_eq!(of_shape("re_{alnum:8}_{alnum:24}"), Some("resend"));
    }

    #[test]
    fn the_case_of_a_name_does_not_matter() {
        for name in ["workos", "WorkOS", "WORKOS", " workos "] {
            assert_eq!(named(name).map(|vendor| vendor.id), Some("workos"), "{name}");
        }
        assert!(named("work os").is_none() && named("").is_none());
    }

    #[test]
    fn a_vendor_issues_what_its_shape_alone_names() {
        for template in
            ["rk_test_{alnum:24}", "sk_org_live_{alnum:24}", "appsk_{base64url:24}.au", "re_{alnum:8}_{alnum:24}"]
        {
            let token = made(template);
            let own: Vec<_> = ALL.iter().filter(|vendor| (vendor.is_own)(&token)).collect();
            assert_eq!(own.len(), 1, "{template}");
            assert!((own[0].may_be)(&token), "{template}");
        }
    }

    #[test]
    fn a_vendor_is_not_asked_for_another_shape() {
        for (id, yes, no) in [
            (
                "attio",
                &["sk_{alnum:24}", "sk_prod_{alnum:32}", "{hex:64}"][..],
                &["whsec_{base64:32}", "rk_live_{alnum:24}", "{hex:40}"][..],
            ),
            (
                "stripe",
                &["sk_live_{alnum:24}", "rk_test_51{alnum:99}"],
                &["sk_{alnum:24}", "sk_live_{uuid}", "sk_live_{workos}"],
            ),
            ("clerk", &["sk_live_{alnum:42}"], &["sk_{alnum:42}", "rk_live_{alnum:24}"]),
            ("elevenlabs", &["sk_{hex:48}", "sk_{hex:32}"], &["sk_{hex:40}", "sk_live_{hex:48}"]),
            ("paystack", &["sk_test_{base36:40}"], &["sk_test_{alnum:24}"]),
            ("svix", &["testsk_{base64url:24}", "sk_{base64url:24}.us"], &["sk_{alnum:20}", "sk_{base64url:24}.evil"]),
            ("resend", &["re_{alnum:8}_{alnum:24}"], &["re_{alnum:40}"]),
            ("workos", &["sk_live_{workos}"], &["sk_live_{alnum:24}"]),
        ] {
            let vendor = named(id).expect("a vendor");
            let is_taken = |template: &&&str| (vendor.may_be)(&made(template));
            assert_eq!(yes.iter().filter(|one| !is_taken(one)).collect::<Vec<_>>(), Vec::<&&str>::new(), "{id}");
            assert_eq!(no.iter().filter(is_taken).collect::<Vec<_>>(), Vec::<&&str>::new(), "{id}");
        }
    }

    /// A token can choose among fixed hosts only.
    #[test]
    fn every_host_is_the_vendors_own() {
        for vendor in ALL {
            for token in ["", "sk_x.eu", "sk_x.evil.example", "sk_x./../", "sk_x.us.eu"] {
                let base = (vendor.base)(token);
                let host = base.strip_prefix("https://").expect("HTTPS");
                let domain = format!("{}.", vendor.id);
                assert!(host.starts_with("api.") && host.contains(&domain) && !host.contains('/'), "{base}");
            }
            assert!(vendor.path.starts_with('/') && vendor.source.starts_with("https://"), "{}", vendor.id);
        }
    }
}
