//! Which vendor may be asked about a token, and the request to it.

use std::time::Duration;

use serde_json::Value;

use super::answer::Verdict;
use super::vendor::{Header, Vendor};
use super::vendors::{ALL, named_by_shape};
use crate::error::Error;
use crate::http::{Client, Method, Options, Request, Response, Url};

/// Why no vendor may be asked, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub cause: String,
    pub help: String,
}

/// The vendor that may be asked: the one that the shape of `token` names alone, or the one that the user named. A vendor that
/// does not issue tokens of this shape would only learn it.
pub fn choose(token: &str, wanted: Option<&'static Vendor>) -> Result<&'static Vendor, Refusal> {
    let refused = |cause: String, help: String| Err(Refusal { cause, help });
    if token.starts_with("whsec_") || token.starts_with("whsk_") {
        let cause = "it is a webhook secret, which signs deliveries and opens no API";
        return refused(cause.to_owned(), "test the handler of the webhook with keysweep probe".to_owned());
    }
    match (named_by_shape(token), wanted) {
        (Some(own), None) => Ok(own),
        (Some(own), Some(wanted)) if own.id == wanted.id => Ok(own),
        (Some(own), Some(wanted)) => refused(
            format!("its shape is that of {}, and {} would learn it", own.name, wanted.name),
            format!("give --vendor {}, or leave the option out", own.id),
        ),
        (None, Some(wanted)) if (wanted.may_be)(token) => Ok(wanted),
        (None, Some(wanted)) => refused(
            format!("{} issues tokens of another shape: {}", wanted.name, wanted.shape),
            "check the token and the vendor".to_owned(),
        ),
        (None, None) => {
            let fitting: Vec<&str> = ALL.iter().filter(|one| (one.may_be)(token)).map(|one| one.id).collect();
            if fitting.is_empty() {
                let cause = "no vendor that keysweep can ask issues tokens of this shape";
                return refused(
                    cause.to_owned(),
                    format!("keysweep can ask {}", ALL.map(|vendor| vendor.name).join(", ")),
                );
            }
            let cause = "its shape does not name one vendor, and another one would learn it";
            refused(
                cause.to_owned(),
                format!("name the vendor that issued it, such as --vendor {}", fitting.join(" or ")),
            )
        }
    }
}

/// What a vendor answered.
#[derive(Debug)]
pub struct Asked {
    pub url: Url,
    /// None if there was no answer.
    pub http: Option<u16>,
    pub verdict: Verdict,
}

/// Fails if no request could be sent to any vendor, or to `base`, because of the proxy or the root certificates.
pub fn check_connection(base: Option<&Url>) -> Result<(), Error> {
    let any = || Url::parse((ALL[0].base)("")).expect("the addresses of the table are valid");
    let options = Options { with_proxy: true, loopback_only: false, timeout: Duration::from_secs(1) };
    Client::new(&base.cloned().unwrap_or_else(any), options).map(drop)
}

/// Asks `vendor`, or the server at `base` in its place. An error is one of the proxy or the root certificates: no request is sent.
pub fn ask(vendor: &Vendor, token: &str, base: Option<&Url>, timeout: Duration) -> Result<Asked, Error> {
    let own = || Url::parse((vendor.base)(token)).expect("the addresses of the table are valid");
    let url = base.cloned().unwrap_or_else(own).join(vendor.path);
    let client = Client::new(&url, Options { with_proxy: true, loopback_only: false, timeout })?;
    let header = match vendor.header {
        Header::Bearer => ("authorization", format!("Bearer {token}")),
        Header::Named(name) => (name, token.to_owned()),
    };
    let sent = client.send(&Request { method: Method::Get, url: &url, headers: vec![header] });
    Ok(match sent {
        Ok(response) => {
            let verdict = judge(vendor, &response);
            Asked { url, http: Some(response.status), verdict }
        }
        Err(cause) => {
            let verdict = Verdict::unknown(format!("no answer from {}: {cause}", url.host()));
            Asked { url, http: None, verdict }
        }
    })
}

/// What an answer means. Only answers that the vendor documents mean something.
fn judge(vendor: &Vendor, response: &Response) -> Verdict {
    let (name, status) = (vendor.name, response.status);
    match status {
        300..=399 => Verdict::unknown(format!("{name} answered {status}, a redirect, which is not followed")),
        429 => Verdict::unknown(format!("{name} answered 429: too many requests{}", wait(response))),
        500.. => Verdict::unknown(format!("{name} answered {status}: it has a problem of its own{}", wait(response))),
        _ => match serde_json::from_slice::<Value>(&response.body) {
            Ok(body) => (vendor.judge)(status, &body).unwrap_or_else(|| {
                Verdict::unknown(format!("{name} answered {status} in a way that its documents do not describe"))
            }),
            Err(_) => Verdict::unknown(format!("{name} answered {status} with something other than JSON")),
        },
    }
}

/// When to ask again. A date is left out, as is everything else that a server could write there.
fn wait(response: &Response) -> String {
    let seconds = response.retry_after.as_deref().and_then(|text| text.trim().parse::<u32>().ok());
    seconds.map_or_else(String::new, |seconds| format!("; it asks to wait {seconds} s"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Dice;
    use crate::rules::example::expand;
    use crate::verify::answer::Status;
    use crate::verify::named;

    fn chosen(template: &str, vendor: Option<&str>) -> Result<&'static str, String> {
        let token = expand(template, &mut Dice::new(8));
        let vendor = vendor.map(|id| named(id).expect("a vendor"));
        let refused = |refusal: Refusal| format!("{}; {}", refusal.cause, refusal.help);
        choose(&token, vendor).map(|vendor| vendor.id).map_err(|refusal| {
            assert!(!refusal.cause.contains(&token) && !refusal.help.contains(&token));
            refused(refusal)
        })
    }

    #[test]
    fn the_shape_or_the_user_names_the_vendor() {
        assert_eq!(chosen("rk_live_{alnum:24}", None), Ok("stripe"));
        assert_eq!(chosen("rk_live_{alnum:24}", Some("stripe")), Ok("stripe"));
        assert_eq!(chosen("sk_live_{alnum:24}", Some("clerk")), Ok("clerk"));
        assert_eq!(chosen("sk_{alnum:32}", Some("attio")), Ok("attio"));
        for (template, vendor, says) in [
            ("sk_live_{alnum:24}", None, "--vendor attio or stripe or clerk"),
            ("rk_live_{alnum:24}", Some("attio"), "its shape is that of Stripe"),
            ("sk_live_{alnum:24}", Some("paystack"), "40 lowercase letters and digits"),
            ("whsec_{base64:32}", Some("svix"), "keysweep probe"),
            ("acme_{alnum:32}", None, "no vendor that keysweep can ask"),
        ] {
            let refused = chosen(template, vendor).expect_err(template);
            assert!(refused.contains(says), "{refused}");
        }
    }

    fn verdict(vendor: &str, status: u16, body: &str) -> Status {
        let response = Response { status, retry_after: Some("x".to_owned()), body: body.as_bytes().to_vec() };
        judge(named(vendor).expect("a vendor"), &response).status
    }

    /// The answers of the vendors' documents.
    #[test]
    fn documented_answers_decide() {
        for (vendor, status, body, wanted) in [
            ("attio", 200, r#"{"active":true,"scope":"a:read"}"#, Status::Live),
            ("attio", 200, r#"{"active":false}"#, Status::Dead),
            ("attio", 400, r#"{"status_code":400}"#, Status::Unknown),
            ("attio", 401, r#"{"status_code":401}"#, Status::Unknown),
            ("attio", 403, r#"{"status_code":403}"#, Status::Live),
            ("stripe", 200, r#"{"object":"list","data":[]}"#, Status::Live),
            ("stripe", 401, r#"{"error":{"type":"invalid_request_error"}}"#, Status::Dead),
            ("stripe", 403, r#"{"error":{"type":"invalid_request_error"}}"#, Status::Live),
            ("stripe", 404, r#"{"error":{}}"#, Status::Unknown),
            ("clerk", 200, r#"{"keys":[]}"#, Status::Live),
            ("clerk", 401, r#"{"errors":[{"code":"clerk_key_invalid"}]}"#, Status::Dead),
            ("elevenlabs", 200, r#"{"tier":"free"}"#, Status::Live),
            ("elevenlabs", 401, r#"{"detail":{"status":"invalid_api_key"}}"#, Status::Dead),
            ("elevenlabs", 401, r#"{"detail":{"status":"missing_permissions"}}"#, Status::Live),
            ("elevenlabs", 401, r#"{"detail":{"status":"detected_unusual_activity"}}"#, Status::Unknown),
            ("paystack", 200, r#"{"status":true,"data":{}}"#, Status::Live),
            ("paystack", 401, r#"{"status":false,"message":"Invalid key"}"#, Status::Dead),
            ("svix", 200, r#"{"data":[],"done":true}"#, Status::Live),
            ("svix", 401, r#"{"code":"authentication_failed"}"#, Status::Dead),
            ("resend", 200, r#"{"object":"list","data":[]}"#, Status::Live),
            ("resend", 401, r#"{"statusCode":401,"name":"restricted_api_key"}"#, Status::Live),
            ("resend", 400, r#"{"name":"validation_error","message":"API key is invalid"}"#, Status::Dead),
            ("resend", 403, r#"{"name":"invalid_api_key"}"#, Status::Dead),
            ("resend", 401, r#"{"name":"missing_api_key"}"#, Status::Unknown),
            ("workos", 200, r#"{"object":"list","data":[]}"#, Status::Live),
            ("workos", 401, r#"{"message":"Unauthorized"}"#, Status::Dead),
            ("workos", 403, r#"{"message":"Forbidden"}"#, Status::Live),
        ] {
            assert_eq!(verdict(vendor, status, body), wanted, "{vendor} {status} {body}");
        }
    }

    #[test]
    fn all_other_answers_decide_nothing() {
        for vendor in ALL {
            for (status, body) in [
                (200, "<html>"),
                (200, "{}"),
                (200, ""),
                (200, "null"),
                (401, "Unauthorized"),
                (401, "{}"),
                (404, "{}"),
                (429, r#"{"active":true}"#),
                (302, r#"{"active":false}"#),
                (503, r#"{"error":{}}"#),
            ] {
                assert_eq!(verdict(vendor.id, status, body), Status::Unknown, "{} {status} {body}", vendor.id);
            }
        }
    }
}
