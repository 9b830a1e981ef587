//! `history --verify`: asks vendors about the tokens that were found.

use std::collections::HashMap;
use std::time::Duration;

use super::args::HistoryArgs;
use super::output;
use super::vendor::{base_url, vendor};
use crate::error::{Error, counted};
use crate::history::provenance::Provenance;
use crate::http::Url;
use crate::secrets::Secrets;
use crate::verify::answer::{Status, Verification, Verifications};
use crate::verify::ask::check_connection;
use crate::verify::several::{Candidate, Request, verify};
use crate::verify::vendor::Vendor;

/// Of one request. `verify` has an option for it.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The request of the user.
pub(super) struct Wanted {
    vendor: Option<&'static Vendor>,
    base: Option<Url>,
}

impl Wanted {
    /// None without `--verify`. Errors appear before the scan and not after it.
    pub fn of(args: &HistoryArgs) -> Result<Option<Self>, Error> {
        let online = &args.online;
        let wanted = Self { vendor: vendor(online.vendor.as_deref())?, base: base_url(online.base_url.as_deref())? };
        if online.verify {
            check_connection(wanted.base.as_ref())?;
        }
        Ok(online.verify.then_some(wanted))
    }

    /// Asks about the reported tokens. `secrets` has them, and keeps them no longer because of this.
    pub fn ask(self, provenances: &[Provenance], secrets: &Secrets) -> Result<Asked, Error> {
        let reported: HashMap<_, _> = provenances.iter().map(|one| (one.finding.fingerprint, one.at_head)).collect();
        let candidates = secrets.tokens(|token| reported.contains_key(&token)).into_iter().map(|hit| Candidate {
            fingerprint: hit.fingerprint,
            at_head: reported[&hit.fingerprint],
            severity: hit.severity,
            token: hit.token,
        });
        let request = Request { vendor: self.vendor, base: self.base.as_ref(), timeout: TIMEOUT };
        let mut verifications = verify(candidates.collect(), request)?;
        for verification in verifications.values_mut() {
            verification.verdict.why = output::safe(&verification.verdict.why);
        }
        Ok(Asked { verifications, is_vendor_named: self.vendor.is_some() })
    }
}

/// What the vendors said.
pub(super) struct Asked {
    verifications: Verifications,
    is_vendor_named: bool,
}

impl Asked {
    /// Adds the help for tokens whose vendor was not asked, and an error if a vendor gave no answer that decides.
    pub fn reported(self, notes: &mut Vec<String>, failed: &mut Option<Error>) -> Verifications {
        let count = |is: &dyn Fn(&Verification) -> bool| self.verifications.values().filter(|one| is(one)).count();
        let unasked = count(&|one| one.vendor.is_none());
        if unasked > 0 && !self.is_vendor_named {
            notes.push(format!(
                "no vendor was asked about {}: --vendor names the one that issued tokens of a shared shape, and each of them is \
                 then sent to it",
                counted(unasked, "token")
            ));
        }
        let unknown = count(&|one| one.verdict.status == Status::Unknown);
        if unknown > 0 {
            let context = format!("cannot verify {}", counted(unknown, "token"));
            let help = "see the reasons in the report, and try again";
            *failed = Some(Error::new(context, "the answers of their vendors do not tell", help));
        }
        self.verifications
    }
}
