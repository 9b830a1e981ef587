//! Judges a shell command: whether it goes round the hooks.

use std::any::Any;
use std::thread;

use super::super::{patch, protected};
use super::command::{Command, Context};
use super::environment::{Environment, is_plain_git_dir};
use super::folders::Folders;
use super::foreign;
use super::git::{self, GitStep};
use super::git_line::GitLine;
use super::git_programs;
use super::lines::lines;
use super::mentions::{may_matter, mentions_git, without_addresses};
use super::parse::{STACK, parse};
use super::programs::{
    Step, commands_in_options, is_language, is_shell, name, only_reads, reads_instructions, runs_from_sed,
    sets_variables, step, uses_arguments,
};
use super::ruling::Ruling;
use super::script::{Part, Script, Stage, Word};
use super::variables::{Variables, refused};
use super::words::{ANYTHING, PART, is_unknown, runs_download, values};

/// Commands in commands deeper than this are refused.
const MAX_DEPTH: usize = 8;

/// The expansion of an alias of git in a folder, if there is such an alias. The folder comes first.
pub(crate) type Aliases<'a> = dyn Fn(&str, &str) -> Option<String> + Sync + 'a;

/// Judges the command `text`, which runs in `folder`.
pub(crate) fn judge(text: &str, folder: &str, aliases: &Aliases<'_>) -> Option<Ruling> {
    try_judge(text, folder, aliases)
        .unwrap_or_else(|_| Some(Ruling::Refused("the command could not be read".to_owned())))
}

/// Like [`judge`], but returns a panic as an error, so that the fuzz target can distinguish it from a refusal.
pub(crate) fn try_judge(text: &str, folder: &str, aliases: &Aliases<'_>) -> thread::Result<Option<Ruling>> {
    // Most commands mention nothing that matters, so that the grammar is not needed.
    let (matters, runs_git) = may_matter(text);
    if matters { on_large_stack(text, folder, aliases, runs_git) } else { Ok(None) }
}

/// Judges on a thread of its own, since parsing and judging are recursive.
fn on_large_stack(text: &str, folder: &str, aliases: &Aliases<'_>, runs_git: bool) -> thread::Result<Option<Ruling>> {
    thread::scope(|scope| {
        let judge = || {
            let mut judge = Judge::new(text, folder, aliases, runs_git);
            judge.text(text);
            judge.ruling
        };
        let started = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, judge);
        started.map_err(|error| -> Box<dyn Any + Send> { Box::new(error) })?.join()
    })
}

#[allow(clippy::struct_excessive_bools)] // Each is another fact.
struct Judge<'a> {
    aliases: &'a Aliases<'a>,
    folders: Folders,
    /// What the environment of the next command takes from git.
    environment: Environment,
    /// Whether the whole command mentions git.
    runs_git: bool,
    /// Whether git is mentioned anywhere but in an address.
    mentions_git: bool,
    /// Whether the text of the next script is what a program downloads.
    is_from_network: bool,
    /// Whether a command `set -- …` gives the script other arguments.
    has_arguments: bool,
    depth: usize,
    ruling: Option<Ruling>,
}

impl<'a> Judge<'a> {
    fn new(text: &str, folder: &str, aliases: &'a Aliases<'a>, runs_git: bool) -> Self {
        Self {
            aliases,
            folders: Folders::new(folder),
            environment: Environment::default(),
            runs_git,
            mentions_git: runs_git && mentions_git(&without_addresses(text)),
            is_from_network: false,
            has_arguments: false,
            depth: 0,
            ruling: None,
        }
    }
}

impl Judge<'_> {
    fn refuse(&mut self, reason: impl Into<String>) {
        if !matches!(self.ruling, Some(Ruling::Refused(_))) {
            self.ruling = Some(Ruling::Refused(reason.into()));
        }
    }

    fn ask(&mut self, reason: impl Into<String>) {
        self.ruling.get_or_insert(Ruling::Ask(reason.into()));
    }

    /// Judges a text as a script. A text that is no script is refused if it mentions git.
    fn text(&mut self, text: &str) {
        // The first bytes of both, which are faster to look for.
        let may_be_open = memchr::memmem::find(text.as_bytes(), b"\xef\xbf").is_some();
        let is_open = may_be_open && text.contains([ANYTHING, PART]) && (self.runs_git || mentions_git(text));
        // As with `curl … | sh`, what a downloaded script does is not known.
        if self.is_from_network && !self.mentions_git && text.trim_matches(ANYTHING).trim().is_empty() {
            return;
        }
        if is_open || self.depth >= MAX_DEPTH {
            return self.refuse("it is not clear which command this runs; write it out");
        }
        let Some(script) = parse(text) else { return self.unreadable(text) };
        self.depth += 1;
        let variables = Variables::of(&script);
        self.script(&script, Context { variables: &variables, runs_git: self.runs_git });
        self.depth -= 1;
    }

    fn unreadable(&mut self, text: &str) {
        if mentions_git(text) {
            self.refuse("the command could not be read, and it mentions git; write it more plainly");
        } else {
            self.foreign(text);
        }
    }

    /// A text in another language.
    fn foreign(&mut self, text: &str) {
        match foreign::ruling(text) {
            Some(Ruling::Refused(reason)) => self.refuse(reason),
            Some(Ruling::Ask(reason)) => self.ask(reason),
            None => {}
        }
    }

    fn script(&mut self, script: &Script, context: Context<'_>) {
        for pipeline in &script.pipelines {
            for at in 0..pipeline.stages.len() {
                self.stage(Command::of(pipeline, at, context));
            }
        }
    }

    /// Judges the commands of a subshell. The variables that it sets and the folders that it changes to end with it.
    fn subshell(&mut self, script: &Script, context: Context<'_>) {
        let (environment, folders) = (self.environment.clone(), self.folders.clone());
        self.script(script, context);
        (self.environment, self.folders) = (environment, folders);
    }

    fn stage(&mut self, command: Command<'_>) {
        let Command { stage, context, .. } = command;
        for word in stage
            .words
            .iter()
            .chain(&stage.writes)
            .chain(&stage.input)
            .chain(stage.assignments.iter().map(|(_, word)| word))
        {
            self.outputs(word, context);
        }
        // Variables in front of a command are for this command alone, unless the command sets variables.
        let is_for_command = stage.words.first().is_some_and(|word| !sets_variables(word));
        let environment = is_for_command.then(|| self.environment.clone());
        for (name, word) in &stage.assignments {
            for value in values(word, context.variables) {
                self.variable(name, &value, context);
            }
        }
        for path in stage.writes.iter().flat_map(|word| values(word, context.variables)) {
            self.written(&path);
        }
        let was_from_network = std::mem::replace(&mut self.is_from_network, runs_download(stage));
        for words in lines(stage, context.variables) {
            self.words(&words, command);
        }
        self.is_from_network = was_from_network;
        if stage.is_subshell {
            self.subshell(&stage.inner, context);
        } else {
            self.script(&stage.inner, context);
        }
        if let Some(environment) = environment.filter(|_| !stage.assignments.is_empty()) {
            self.environment = environment;
        }
    }

    /// Judges the commands whose output is part of the word.
    fn outputs(&mut self, word: &Word, context: Context<'_>) {
        for part in &word.parts {
            match part {
                Part::Output { script, .. } => self.subshell(script, context),
                Part::Variable { other: Some(other), .. } => self.outputs(other, context),
                _ => {}
            }
        }
    }

    fn variable(&mut self, name: &str, value: &str, context: Context<'_>) {
        let known = (!is_unknown(value)).then_some(value);
        if is_unknown(name) && context.runs_git {
            return self.refuse("it is not clear which variable this sets; write its name out");
        }
        if let Some(reason) = refused(name, known, context.runs_git) {
            self.refuse(reason);
        }
        self.environment.set(name, value);
        if git_programs::is_program_variable(name) {
            self.text(value);
        } else if name == "GIT_WORK_TREE" || name.starts_with("GIT_TRACE") {
            self.written(value);
        }
    }

    fn written(&mut self, path: &str) {
        if let Some(noun) = self.folders.protected(path) {
            self.ask(format!("it writes to {noun}"));
        }
    }

    /// Judges one command line.
    fn words(&mut self, words: &[String], command: Command<'_>) {
        let context = command.context;
        let Some(program) = words.first() else { return };
        if is_unknown(program) {
            return self.unknown_program(words, context);
        }
        match step(words) {
            Step::Git(args) => {
                self.git(&args, context);
                self.patched("git", command);
            }
            Step::Program { variables, words: inner } => self.wrapped(words, &variables, &inner, command),
            Step::WithInput(words) => self.with_input(&words, command),
            Step::ScriptWithArguments(text) if context.runs_git && uses_arguments(&text) => {
                self.refuse("it is not clear what this script does with its arguments; write them into the script");
            }
            Step::Script(text) | Step::ScriptWithArguments(text) => self.text(&text),
            Step::ScriptFromInput => self.input(command),
            Step::Foreign(text) => {
                self.foreign(&text);
                self.instructions(command);
            }
            Step::Sets(args) => {
                let is_plain = args.first().is_some_and(|arg| !arg.starts_with(['-', '+']));
                self.has_arguments |= name(program) == "set" && (is_plain || args.iter().any(|arg| arg == "--"));
                self.sets(&args, context);
            }
            Step::Unsets(names) => names.iter().for_each(|name| self.environment.unset(name)),
            Step::ChangesFolder(folder) => {
                if !self.folders.change(folder.as_deref()) {
                    self.refuse("it changes the folder too often; run fewer commands at a time");
                }
            }
            Step::Uninstalls(what) => self.ask(format!("`{what}` takes the protection away")),
            Step::Reads => self.read(words, command),
            Step::Other => self.other(words, command),
        }
    }

    /// A program that starts another one, after setting variables.
    fn wrapped(&mut self, words: &[String], variables: &[(String, String)], inner: &[String], command: Command<'_>) {
        let program = name(&words[0]);
        // `command export` changes the environment of what follows, `env` only that of its own command.
        let is_lasting = matches!(program.as_str(), "command" | "builtin");
        let before = self.environment.clone();
        self.environment.started_by(&program, &words[1..]);
        for (name, value) in variables {
            self.variable(name, value, command.context);
        }
        self.words(inner, command);
        if !is_lasting {
            self.environment = before;
        }
    }

    /// A program that is not known, or that may write.
    fn other(&mut self, words: &[String], command: Command<'_>) {
        let program = name(&words[0]);
        self.changed(&words[1..]);
        if program == "find"
            && let Some(noun) = words[1..].iter().find_map(|word| protected::noun_of_pattern(word))
        {
            self.ask(format!("it may change {noun}"));
        }
        for text in commands_in_options(&words[1..]).into_iter().filter(|text| mentions_git(text)) {
            self.text(text.trim_start_matches('!'));
        }
        if reads_instructions(&program) {
            self.instructions(command);
        }
        self.patched(&program, command);
        self.embedded(words, command);
    }

    /// What a program that is not a shell reads from standard input and runs.
    fn instructions(&mut self, command: Command<'_>) {
        for text in command.input().iter().chain(&command.printed_before()) {
            self.foreign(text);
        }
    }

    /// The files that a patch on standard input changes.
    fn patched(&mut self, program: &str, command: Command<'_>) {
        if program != "patch" && program != "git" {
            return;
        }
        for text in command.input() {
            patch::diff_paths(&text).for_each(|path| self.written(path));
        }
    }

    /// A program that only reads. Its output may become the arguments of one that does not.
    fn read(&mut self, words: &[String], command: Command<'_>) {
        if words.first().is_some_and(|program| name(program) == "sed") {
            // The command `w` of sed writes a file.
            if words[1..].iter().any(|word| runs_from_sed(word)) {
                return self.refuse("sed runs a command that mentions git; run git itself");
            }
            let script = words[1..].iter().find(|word| !word.starts_with('-') && word.contains('w'));
            if let Some(noun) = script.and_then(|script| protected::mentioned(script)) {
                return self.ask(format!("it may change {noun}"));
            }
        }
        if command.feeds_arguments() {
            self.changed(&words[1..]);
        }
    }

    /// The words may name files that the command changes.
    fn changed(&mut self, words: &[String]) {
        if let Some(noun) = self.folders.changed(words) {
            self.ask(format!("it may change {noun}"));
        }
    }

    /// A git, a shell or a language behind a program that is not known.
    fn embedded(&mut self, words: &[String], command: Command<'_>) {
        let runs =
            |word: &String| name(word) == "git" || git::is_command(&name(word)) || is_shell(word) || is_language(word);
        if let Some(from) = words.iter().skip(1).position(runs) {
            // `uv run env HUSKY=0 git commit`
            for (name, value) in words[1..=from].iter().filter_map(|word| word.split_once('=')) {
                self.variable(name, value, command.context);
            }
            self.words(&words[from + 1..], command);
        }
    }

    /// A program whose name is not known may be git.
    fn unknown_program(&mut self, words: &[String], context: Context<'_>) {
        if self.has_arguments && context.runs_git && words.iter().all(|word| word.contains(ANYTHING)) {
            return self.refuse("it is not clear which command `set` made of its arguments; write it out");
        }
        let is_git = words[0].contains(ANYTHING) || words.get(1).is_some_and(|word| word == "commit" || word == "push");
        let step = git::judge(&words[1..]);
        if is_git && matches!(step, GitStep::Refused(_)) {
            self.refuse("it is not clear which program this runs, and it has options that skip hooks");
        }
        self.changed(&words[1..]);
    }

    fn git(&mut self, args: &[String], context: Context<'_>) {
        let line = GitLine::of(args);
        let of_settings = line.settings.iter().filter_map(|setting| git_programs::of_setting(setting));
        for program in of_settings.chain(git_programs::of_command(line.command, line.args)) {
            self.text(&program);
        }
        self.surroundings(&line);
        match git::judge_line(&line) {
            GitStep::Fine => {}
            GitStep::Refused(reason) => self.refuse(reason),
            GitStep::Asked(reason) => self.ask(reason),
            GitStep::Script(text) => self.text(&text),
            GitStep::Program(words) => {
                self.words(&words, Command::alone(&Stage::default(), context));
            }
            GitStep::Changes(words) => self.changed(&words),
            GitStep::Alias(alias, args) => self.alias(&alias, &args, &line),
        }
    }

    /// Where a command of git works, and whether it finds the hooks there.
    fn surroundings(&mut self, line: &GitLine<'_>) {
        if let Some(noun) = line.work_tree.and_then(|path| self.folders.protected(path)) {
            self.ask(format!("it may change {noun}"));
        }
        if line.args.iter().any(|arg| arg.starts_with("ext::")) {
            self.refuse("`ext::` runs a program that transfers commits");
        }
        if !git::runs_hooks(line.command) {
            return;
        }
        if let Some(reason) = self.environment.hidden.clone() {
            self.refuse(reason);
        }
        let option = line.git_dir.filter(|path| !is_plain_git_dir(path));
        let reason = option.map(|_| "`--git-dir` names another repository, which may have no hooks".to_owned());
        if let Some(reason) = reason.or_else(|| self.environment.other_repository.clone()) {
            self.ask(reason);
        }
    }

    /// Expands an alias in every folder in which the command may run, and judges each expansion.
    fn alias(&mut self, alias: &str, args: &[String], line: &GitLine<'_>) {
        let args = args.iter().map(|arg| format!("'{}'", arg.replace('\'', r"'\''"))).collect::<Vec<_>>().join(" ");
        let mut judged = Vec::new();
        for value in self.folders.after(&line.folders).iter().filter_map(|folder| (self.aliases)(folder, alias)) {
            if judged.contains(&value) {
                continue;
            }
            match value.strip_prefix('!') {
                Some(script) => self.text(&format!("{script} {args}")),
                None => self.text(&format!("git {value} {args}")),
            }
            judged.push(value);
        }
    }

    /// A program whose further arguments are read from standard input.
    fn with_input(&mut self, words: &[String], command: Command<'_>) {
        if command.context.runs_git && words.iter().any(|word| is_shell(word)) {
            return self.refuse(
                "a shell runs the output of another command; run the commands themselves, so that they can be seen",
            );
        }
        let has_hooked = words.get(1).is_some_and(|word| git::runs_hooks(word));
        if has_hooked && matches!(git::judge(&words[1..]), GitStep::Refused(_)) {
            return self.refuse("it is not clear which program this runs, and it has options that skip hooks");
        }
        let is_git = words.iter().any(|word| name(word) == "git");
        if is_git && !only_reads(words) {
            // The arguments of these commands are files or ids, and no option of theirs skips a hook.
            let fine = [
                "add", "blame", "log", "show", "diff", "grep", "ls-files", "rm", "checkout", "restore", "cat-file",
                "branch",
            ];
            if !words.iter().any(|word| fine.contains(&word.as_str())) {
                return self.refuse("it is not clear which options git gets from xargs; write them out");
            }
        }
        self.words(words, command);
    }

    /// A shell that runs its standard input.
    fn input(&mut self, command: Command<'_>) {
        for text in command.input() {
            self.text(&text);
        }
        if !command.is_fed() || (command.reads_download() && !self.mentions_git) {
            return;
        }
        if command.context.runs_git || command.reads_encoded() {
            self.refuse(
                "a shell runs the output of another command; run the commands themselves, so that they can be seen",
            );
        }
    }

    /// `export NAME=value`, `read NAME` and the like.
    fn sets(&mut self, args: &[String], context: Context<'_>) {
        for arg in args.iter().filter(|arg| !arg.starts_with('-')) {
            match arg.split_once('=') {
                Some((name, value)) => self.variable(name.trim_end_matches('+'), value, context),
                None if is_unknown(arg) => {}
                None => self.variable(arg, &ANYTHING.to_string(), context),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Dice;

    /// Texts that use each part of the grammar.
    const SEEDS: &[&str] = &[
        "git commit -m \"$(cat <<'EOF'\nit's (x\nEOF\n)\" && git push",
        "for x in {a,b{1..3}} $'\\x2dn'; do git commit \"$x\" ${y:-$(echo n)} ${z#*/}; done",
        "f() { case $1 in a|b) [[ -n $x ]] && (( i++ ));; esac; }; f <(ls) > >(tee x) 2>&1 <<< `pwd`",
        "HOME=/tmp env -i X=1 sudo -H sh -c 'eval \"$0\"' | xargs -I% git -C a --git-dir=b % | sed '1e git x' ",
        "cat <<-A <<\"B\"\n\tx $(git y)\n\tA\nz\nB\n",
    ];

    #[test]
    fn any_text_is_judged_without_a_panic() {
        let mut dice = Dice::new(21);
        let mut pick = |len: usize| usize::try_from(dice.roll() % len.max(1) as u64).unwrap_or_default();
        for round in 0..3_000 {
            let mut text: Vec<char> = SEEDS[round % SEEDS.len()].chars().collect();
            for _ in 0..=pick(4) {
                let (from, to) = (pick(text.len()), pick(text.len()));
                match pick(4) {
                    0 if text.len() > 1 => drop(text.remove(from)),
                    1 => text.insert(from, ['"', '\'', '(', ')', '{', '$', '`', '\\', '\n', ANYTHING, 'é'][pick(11)]),
                    2 => text.swap(from, to),
                    _ => text.truncate(from + 1),
                }
            }
            let text: String = text.into_iter().collect();
            let judged = on_large_stack(&text, ".", &|_, _| None, true);
            assert!(judged.is_ok(), "{text:?}");
        }
    }
}
