//! The model of an answer: a status, the reason, and the places that decide it.

use crate::finding::ShownPath;

/// The result of a check. The order is that of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// The repository violates the check. Only what can be decided is a failure.
    Fail,
    /// A heuristic found something that a person must look at.
    Suspect,
    /// The repository alone cannot answer it.
    Unknown,
    Pass,
    /// The repository has nothing that the check is about.
    NotApplicable,
}

impl Status {
    pub const ALL: [Self; 5] = [Self::Fail, Self::Suspect, Self::Unknown, Self::Pass, Self::NotApplicable];

    /// The name in JSON, which scripts rely on.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Suspect => "suspect",
            Self::Unknown => "unknown",
            Self::Pass => "pass",
            Self::NotApplicable => "not-applicable",
        }
    }
}

/// The answer to a check. Its texts may quote the repository, so they must be masked before they are printed.
#[derive(Debug)]
pub struct Answer {
    pub status: Status,
    /// The reason, as a clause.
    pub why: String,
    /// The places of a failure or a suspicion, worst first.
    pub places: Vec<Place>,
    /// The step that mends it, as an imperative. Empty if there is nothing to do.
    pub help: String,
}

/// A place that makes a check fail, or that makes it suspect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub status: Status,
    /// `None` if the place is in no file.
    pub path: Option<ShownPath>,
    /// Counted from 1. `None` if it is the file as a whole.
    pub line: Option<usize>,
    pub why: String,
    pub help: String,
}

impl Place {
    pub fn fail(path: ShownPath, line: Option<usize>, why: impl Into<String>, help: impl Into<String>) -> Self {
        Self { status: Status::Fail, path: Some(path), line, why: why.into(), help: help.into() }
    }

    pub fn suspect(path: ShownPath, line: Option<usize>, why: impl Into<String>, help: impl Into<String>) -> Self {
        Self { status: Status::Suspect, path: Some(path), line, why: why.into(), help: help.into() }
    }
}

impl Answer {
    fn new(status: Status, why: impl Into<String>, help: impl Into<String>) -> Self {
        Self { status, why: why.into(), places: Vec::new(), help: help.into() }
    }

    pub fn fail(why: impl Into<String>, help: impl Into<String>) -> Self {
        Self::new(Status::Fail, why, help)
    }

    pub fn suspect(why: impl Into<String>, help: impl Into<String>) -> Self {
        Self::new(Status::Suspect, why, help)
    }

    pub fn pass(why: impl Into<String>) -> Self {
        Self::new(Status::Pass, why, "")
    }

    pub fn unknown(why: impl Into<String>, help: impl Into<String>) -> Self {
        Self::new(Status::Unknown, why, help)
    }

    pub fn not_applicable(why: impl Into<String>) -> Self {
        Self::new(Status::NotApplicable, why, "")
    }

    /// The first of the worst `places` decides. Without any, the answer is `otherwise`.
    pub fn of(mut places: Vec<Place>, otherwise: impl FnOnce() -> Answer) -> Self {
        places.sort_by_key(|place| place.status);
        places.dedup();
        match places.first() {
            None => otherwise(),
            Some(worst) => {
                let (status, why, help) = (worst.status, worst.why.clone(), worst.help.clone());
                Self { status, why, places, help }
            }
        }
    }
}
