//! The steps of a rotation, for `keysweep rotate` and for the plan of a history.

use std::collections::HashSet;

use super::commands::{commands, hint};
use super::credential::Credential;
use super::deployment::{Deployment, Name, Use, Variable};
use crate::audit::client_names::public_prefix;
use crate::finding::ShownPath;

/// The number of files of one platform for which commands are printed. A monorepo may have more.
const MAX_USES: usize = 5;

/// The number of places that are printed for a variable.
const MAX_PLACES: usize = 3;

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The name in JSON.
    pub name: &'static str,
    pub says: String,
    pub list: Vec<String>,
    /// Commands for one POSIX shell, in order.
    pub run: Vec<String>,
}

impl Step {
    pub fn new(name: &'static str, says: impl Into<String>) -> Self {
        Self { name, says: says.into(), list: Vec::new(), run: Vec::new() }
    }

    #[must_use]
    pub fn list(self, list: Vec<String>) -> Self {
        Self { list, ..self }
    }

    #[must_use]
    pub fn run<S: Into<String>>(self, run: impl IntoIterator<Item = S>) -> Self {
        Self { run: run.into_iter().map(Into::into).collect(), ..self }
    }
}

const STORE: &str = "Store each new token where this repository uses it. Run the commands one at a time, at the top of the \
                     repository. They read the token without showing it and pass it on by standard input, so it is neither in the \
                     history of the shell nor among the arguments of a process.";

const VERIFY: &str = "Check that the new token works.";

const REVOKE: &str = "Revoke the old token.";

const PROVE: &str = "Check that the old token is dead. This reads it as the new one was read.";

const RECORD: &str =
    "Record the new token in the ledger, remove the entry of the old one, and forget the tokens in this shell.";

/// The build that has the command of a step.
const ONLINE: &str = "keysweep verify is part of a build with the feature online";

/// What the reader knows before the first step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heading {
    /// The titles of the credentials.
    Titles,
    /// Nothing, so that each item of the first step names its credential.
    Nothing,
}

/// The steps to rotate `credentials`, of which there must be one. `deployment` was read for the same credentials. `why` is the first
/// sentence.
pub fn steps(credentials: &[Credential], deployment: &Deployment, why: &str, heading: Heading) -> Vec<Step> {
    let all = numbered(credentials, heading);
    let create = Step::new("rotate", why).list(per_credential(&all, |one| one.phases().create));
    let mut revoke = per_credential(&all, |one| one.phases().revoke);
    // A list of one item needs no step of its own if the vendor ends the old token by itself.
    let revoke = (!revoke.is_empty()).then(|| Step::new("revoke", REVOKE).list(std::mem::take(&mut revoke)));
    let prove: Vec<String> = all.iter().flat_map(prove).collect();
    let prove = (!prove.is_empty()).then(|| Step::new("prove", PROVE).run(prove));
    let mut steps = vec![create, store(&all, deployment)];
    steps.extend(verify(&all));
    steps.extend(revoke);
    steps.extend(prove);
    steps.push(record(&all));
    steps
}

/// A credential with a slug that no other one has.
struct One<'a> {
    credential: &'a Credential,
    slug: String,
    is_only: bool,
    /// Whether items need not name the credential.
    is_clear: bool,
}

/// The steps at the vendor, before and after the new token is deployed.
#[derive(Default)]
struct Phases {
    create: Vec<String>,
    check: Vec<String>,
    revoke: Vec<String>,
}

fn numbered(credentials: &[Credential], heading: Heading) -> Vec<One<'_>> {
    let mut seen = HashSet::new();
    let mut slug = |credential: &Credential| {
        let plain = if credential.slug.is_empty() { "token" } else { &credential.slug };
        let mut slug = plain.to_owned();
        let mut number = 2;
        while !seen.insert(slug.clone()) {
            slug = format!("{plain}_{number}");
            number += 1;
        }
        slug
    };
    let is_only = credentials.len() == 1;
    let is_clear = is_only && heading == Heading::Titles;
    credentials.iter().map(|credential| One { credential, slug: slug(credential), is_only, is_clear }).collect()
}

impl One<'_> {
    fn new_variable(&self) -> String {
        format!("new_{}", self.slug)
    }

    fn old_variable(&self) -> String {
        format!("old_{}", self.slug)
    }

    /// Splits the vendor's steps at the one that deploys, for which this repository has commands.
    fn phases(&self) -> Phases {
        let mut phases = Phases::default();
        let mut is_deployed = false;
        for step in &self.credential.remedy {
            let is_check = ["verify", "send ", "trigger ", "run one "].iter().any(|start| step.starts_with(start));
            if step.starts_with("deploy") {
                is_deployed = true;
                phases.check.extend(step.split_once(" and ").map(|(_, rest)| rest.to_owned()));
            } else if !is_deployed {
                phases.create.push((*step).to_owned());
            } else if is_check {
                phases.check.push((*step).to_owned());
            } else {
                phases.revoke.push((*step).to_owned());
            }
        }
        if self.is_clear && !self.credential.docs.is_empty() {
            phases.create.push(format!("documentation: {}", self.credential.docs));
        }
        phases
    }
}

/// The items of a step: of one credential each, of several joined behind its title.
fn per_credential(all: &[One<'_>], items: impl Fn(&One<'_>) -> Vec<String>) -> Vec<String> {
    let list = all.iter().flat_map(|one| match items(one) {
        items if items.is_empty() || one.is_clear => items,
        items => vec![format!("{}: {}", one.credential.title, items.join("; "))],
    });
    list.collect()
}

/// Reads a token into a shell variable without showing it.
fn read(variable: &str) -> String {
    format!("printf '{variable}: '; stty -echo; IFS= read -r {variable}; stty echo; echo")
}

fn store(all: &[One<'_>], deployment: &Deployment) -> Step {
    let mut list: Vec<String> = deployment.variables.iter().map(variable).collect();
    list.extend(platforms(deployment));
    if deployment.uses.is_empty() {
        list.push("no file shows a platform that keysweep knows: store it where the program runs".to_owned());
    }
    let (mut run, mut deploy) = (Vec::new(), Vec::new());
    for (index, one) in all.iter().enumerate() {
        let variable = one.new_variable();
        run.push(read(&variable));
        for place in uses(deployment) {
            let names = names_in(place, index, deployment);
            // A platform with environment variables needs the only token, under a name that a person knows.
            if names.is_empty() && !(one.is_only && place.platform.has_variables()) {
                continue;
            }
            let commands = commands(place, &names, &variable);
            run.extend(commands.store);
            deploy.extend(commands.deploy);
        }
    }
    run.extend(deploy);
    let mut seen = HashSet::new();
    run.retain(|command| seen.insert(command.clone()));
    Step::new("store", STORE).list(list).run(run)
}

/// The first files of each platform.
fn uses(deployment: &Deployment) -> impl Iterator<Item = &Use> {
    let all = &deployment.uses;
    let before = |at: usize| all[..at].iter().filter(|one| one.platform == all[at].platform).count();
    all.iter().enumerate().filter(move |(at, _)| before(*at) < MAX_USES).map(|(_, one)| one)
}

/// The names under which a platform stores the credential with this index. A build would publish the new token under a public name, so
/// these are without the prefix.
fn names_in(place: &Use, index: usize, deployment: &Deployment) -> Vec<Name> {
    let names: Vec<Name> = if place.platform.has_variables() {
        let variables = deployment.variables.iter().filter(|one| one.credential == index);
        let name =
            |one: &Variable| Name { credential: index, text: one.name.clone(), container: None, namespace: None };
        variables.map(name).collect()
    } else {
        place.names.iter().filter(|name| name.credential == index).cloned().collect()
    };
    let mut private: Vec<Name> = Vec::new();
    for name in names {
        let name = Name { text: private_name(&name.text).to_owned(), ..name };
        if !private.contains(&name) {
            private.push(name);
        }
    }
    private
}

/// The name without the prefix of a public variable.
fn private_name(name: &str) -> &str {
    &name[public_prefix(name).map_or(0, str::len)..]
}

/// One item for each platform: its files, and a hint.
fn platforms(deployment: &Deployment) -> Vec<String> {
    let mut items: Vec<(super::Platform, bool, Vec<&ShownPath>)> = Vec::new();
    for one in &deployment.uses {
        let is_named = one.platform.has_variables() || !one.names.is_empty();
        match items.iter_mut().find(|(platform, named, _)| (*platform, *named) == (one.platform, is_named)) {
            Some((_, _, paths)) => paths.push(&one.path),
            None => items.push((one.platform, is_named, vec![&one.path])),
        }
    }
    let item = |(platform, is_named, paths): &(super::Platform, bool, Vec<&ShownPath>)| {
        let shown: Vec<String> = paths.iter().take(MAX_PLACES).map(|path| path_text(path)).collect();
        let more = more(paths.len(), shown.len());
        let hint = if *is_named { hint(*platform) } else { "no name of this token is in it, so look there" };
        format!("{} ({}{more}); {hint}", platform.name(), shown.join(", "))
    };
    items.iter().map(item).collect()
}

fn variable(one: &Variable) -> String {
    let places = one.places.iter().take(MAX_PLACES);
    let shown: Vec<String> =
        places.map(|(path, line)| format!("{}:{line}", path_text(&ShownPath::from_masked(path.clone())))).collect();
    let places = format!("{}: {}{}", one.name, shown.join(", "), more(one.places.len(), shown.len()));
    match private_name(&one.name) {
        private if private == one.name => places,
        private => format!(
            "{places}; a build copies the value of such a name into the code that every browser downloads, so first rename it to \
             {private} and read it on the server only"
        ),
    }
}

fn more(all: usize, shown: usize) -> String {
    if all > shown { format!(" and {} more", all - shown) } else { String::new() }
}

/// A path on one line.
fn path_text(path: &ShownPath) -> String {
    let text = String::from_utf8_lossy(path.as_bytes()).into_owned();
    text.chars()
        .flat_map(
            |letter| if crate::detect::is_unsafe(letter) { letter.escape_default().collect() } else { vec![letter] },
        )
        .collect()
}

fn verify(all: &[One<'_>]) -> Option<Step> {
    let by_hand = |one: &One<'_>| if one.credential.verify.is_some() { Vec::new() } else { one.phases().check };
    let mut list = per_credential(all, by_hand);
    let run: Vec<String> = all.iter().filter_map(|one| ask(one, &one.new_variable(), "live")).collect();
    if !run.is_empty() {
        list.push(ONLINE.to_owned());
    }
    (!list.is_empty()).then(|| Step::new("verify", VERIFY).list(list).run(run))
}

/// Asks the vendor about the token, if `keysweep verify` can.
fn ask(one: &One<'_>, variable: &str, expected: &str) -> Option<String> {
    let vendor = one.credential.verify.as_ref()?;
    Some(format!("printf %s \"${variable}\" | keysweep verify --vendor {vendor} --expect {expected}"))
}

fn prove(one: &One<'_>) -> Vec<String> {
    let old = one.old_variable();
    ask(one, &old, "dead").map(|command| vec![read(&old), command]).unwrap_or_default()
}

fn record(all: &[One<'_>]) -> Step {
    let add =
        all.iter().map(|one| format!("printf %s \"${}\" | keysweep ledger add --owner OWNER", one.new_variable()));
    let forget = all.iter().flat_map(|one| {
        let old = one.credential.verify.as_ref().map(|_| one.old_variable());
        std::iter::once(one.new_variable()).chain(old)
    });
    let forget = format!("unset {}", forget.collect::<Vec<_>>().join(" "));
    Step::new("record", RECORD).run(add.chain([forget]))
}
