//! `keysweep verify`: asks a vendor about one token.

use std::sync::Arc;
use std::time::Duration;

use super::args::{Expected, VerifyArgs};
use super::one_token::Taker;
use super::options::Common;
use super::vendor::{base_url, vendor};
use super::{code, output};
use crate::detect::Detector;
use crate::error::Error;
use crate::finding::Secret;
use crate::report::{self, DocumentFormat, VerificationReport};
use crate::rules;
use crate::verify::answer::Status;
use crate::verify::ask::{Asked, Refusal, ask, choose};
use crate::verify::scopes::{Comparison, compare, is_full_admin, parse};

const CONTEXT: &str = "cannot ask about the token";

const TAKER: Taker = Taker { context: CONTEXT, how: "printf %s \"$TOKEN\" | keysweep verify" };

pub(super) fn run(args: &VerifyArgs, common: &Common) -> Result<u8, Error> {
    TAKER.refuse_arguments(&args.typed)?;
    let wanted = vendor(args.vendor.as_deref())?;
    let base = base_url(args.base_url.as_deref())?;
    let expected = expected_scopes(args)?;
    let token = TAKER.read()?;
    // From here on, no message can contain the token, whatever its shape.
    output::know_tokens(&Arc::new(Detector::for_tokens(rules::ALL, &[&token])));
    let refused = |Refusal { cause, help }| Error::new(CONTEXT, cause, help);
    let token = String::from_utf8(token).map_err(|_| Error::new(CONTEXT, "it is not text", "check the token"))?;
    let vendor = choose(&token, wanted).map_err(refused)?;
    let mut asked = ask(vendor, &token, base.as_ref(), Duration::from_secs(args.timeout.seconds))?;
    if let Some(scopes) = &mut asked.verdict.scopes {
        for scope in scopes {
            hide_echo(scope, &token);
        }
    }
    let secret = Secret::new(token.as_bytes());
    let comparison = expected.as_ref().map(|expected| compared(&asked, expected));
    if comparison == Some(None) && asked.verdict.status == Status::Live {
        asked.verdict.why += "; the scopes cannot be compared, since the answer does not have them";
    }
    asked.verdict.why = output::safe(&asked.verdict.why);
    let address = output::safe(&asked.url.to_string());
    let held = is_as_expected(args.expect, &asked, comparison.as_ref());
    let report = VerificationReport {
        vendor,
        fingerprint: secret.fingerprint(),
        redacted: secret.redact(prefix_len(&token)),
        address: &address,
        http: asked.http,
        verdict: &asked.verdict,
        is_full_admin: asked.verdict.scopes.as_deref().is_some_and(is_full_admin),
        should_be_dead: args.expect == Expected::Dead,
        comparison: comparison.as_ref().and_then(Option::as_ref),
    };
    let format = args.format.format.unwrap_or_default().into();
    let is_silent = common.quiet && format == DocumentFormat::Human && held == Some(true);
    output::write(
        common,
        |style, out| {
            if is_silent { Ok(()) } else { report::write_verification(&report, format, style, out) }
        },
    )?;
    Ok(match held {
        Some(true) => code::CLEAN,
        Some(false) => code::FOUND,
        None => code::TROUBLE,
    })
}

fn expected_scopes(args: &VerifyArgs) -> Result<Option<Vec<String>>, Error> {
    let Some(list) = &args.expect_scopes else { return Ok(None) };
    let refused = |cause: &str, help: &str| Error::new("cannot use the value of --expect-scopes", cause, help);
    if args.expect == Expected::Dead {
        return Err(refused("a dead token has no scopes", "add --expect live"));
    }
    if list.trim().is_empty() {
        let help = "keysweep scopes lists the scopes that the code needs; if it finds none, leave out --expect-scopes";
        return Err(refused("it is empty", help));
    }
    let example = "give scopes such as \"note:read task:read-write\"";
    parse(list).map(Some).ok_or_else(|| refused("it is not a list of scopes", example))
}

/// Hides a scope that repeats a part of the token: a server may answer with what it was sent.
fn hide_echo(scope: &mut String, token: &str) {
    /// No name of a scope has so many bytes of a token by chance.
    const PART: usize = 8;
    let repeats = token.as_bytes().windows(PART).any(|part| scope.as_bytes().windows(PART).any(|other| other == part));
    if repeats || output::safe(scope) != *scope {
        "(a part of the token)".clone_into(scope);
    }
}

/// The difference to the expected scopes. None if the vendor does not report the scopes of a live token.
fn compared(asked: &Asked, expected: &[String]) -> Option<Comparison> {
    asked.verdict.scopes.as_ref().map(|granted| compare(granted, expected))
}

/// None if the answer does not tell.
fn is_as_expected(expect: Expected, asked: &Asked, comparison: Option<&Option<Comparison>>) -> Option<bool> {
    match (asked.verdict.status, expect) {
        (Status::Unknown | Status::NotAsked, _) => None,
        (Status::Dead, expect) => Some(expect == Expected::Dead),
        (Status::Live, Expected::Dead) => Some(false),
        (Status::Live, Expected::Live) => match comparison {
            None => Some(true),
            Some(comparison) => comparison.as_ref().map(|one| one.missing.is_empty() && one.excess.is_empty()),
        },
    }
}

/// The length of what may be shown of the front of a token: its prefix, if it has one.
fn prefix_len(token: &str) -> usize {
    ["sk_live_", "sk_test_", "rk_live_", "rk_test_", "sk_org_", "testsk_", "appsk_", "integsk_", "sk_", "re_"]
        .iter()
        .find(|prefix| token.starts_with(**prefix))
        .map_or(0, |prefix| prefix.len())
}
