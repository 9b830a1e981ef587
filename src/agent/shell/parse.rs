//! From text to a [`Script`], by the grammar of the crate brush-parser.

use std::rc::Rc;

use brush_parser::ast::{
    AndOr, AssignmentName, AssignmentValue, Command, CommandPrefixOrSuffixItem, CompoundCommand, CompoundList,
    ExtendedTestExpr, IoFileRedirectKind, IoFileRedirectTarget, IoRedirect, ProcessSubstitutionKind, RedirectList,
    SimpleCommand, SubshellCommand,
};
use brush_parser::word::{Parameter, ParameterExpr, WordPiece, WordPieceWithSource};
use brush_parser::{Parser, ParserOptions, SourceInfo, word};

use super::expansion::{MAX_BRACES, expanded, unescaped};
use super::heredoc::{self, Document};
use super::script::{Part, Pipeline, Script, Stage, Word};

/// The parser is recursive, so deeper nesting than this is refused. A thread with [`STACK`] has room for it.
const MAX_DEPTH: usize = 100;

/// Bytes of stack for parsing and judging.
pub(super) const STACK: usize = 64 << 20;

/// A longer script is refused. The parser takes about 10 ms for 100 kB.
const MAX_LEN: usize = 1 << 20;

/// Parses a script. None if it has a fault, or is too long or too deeply nested.
pub(super) fn parse(text: &str) -> Option<Script> {
    if text.len() > MAX_LEN {
        return None;
    }
    // A tilde would hide a substitution behind it.
    let options = ParserOptions { tilde_expansion: false, ..ParserOptions::default() };
    if let Some((text, documents)) = heredoc::rewritten(text) {
        let mut reader =
            Reader { options: &options, documents: documents.into_iter().map(Some).collect(), is_valid: true };
        let script = reader.text(&text);
        if reader.is_valid && reader.documents.iter().all(Option::is_none) {
            return Some(script);
        }
    }
    let mut reader = Reader { options: &options, documents: Vec::new(), is_valid: true };
    let script = reader.text(text);
    reader.is_valid.then_some(script)
}

/// An upper limit for the depth of nesting.
fn depth(text: &str) -> usize {
    let count = |word: &str| memchr::memmem::find_iter(text.as_bytes(), word).count();
    let opened = count("(") + count("{");
    let keywords: usize = ["if", "while", "until", "for", "case", "[["].into_iter().map(count).sum();
    let backquotes = count("`") / 2;
    // Most of them are closed again. Only a text with many of them is looked at more closely.
    if opened + keywords + backquotes <= MAX_DEPTH {
        return 0;
    }
    let mut depth: usize = backquotes;
    let mut deepest = depth;
    let mut step = |opens: bool, closes: bool| {
        depth = if closes { depth.saturating_sub(1) } else { depth + usize::from(opens) };
        deepest = deepest.max(depth);
    };
    for word in text.split(|c: char| c.is_whitespace() || c == ';') {
        step(
            ["if", "while", "until", "for", "case", "[["].contains(&word),
            ["fi", "done", "esac", "]]"].contains(&word),
        );
        for byte in word.bytes() {
            step(matches!(byte, b'(' | b'{'), matches!(byte, b')' | b'}'));
        }
    }
    deepest
}

struct Reader<'o> {
    options: &'o ParserOptions,
    /// The here-documents that no here-string has named yet.
    documents: Vec<Option<Document>>,
    /// Whether everything could be read so far.
    is_valid: bool,
}

impl Reader<'_> {
    fn text(&mut self, text: &str) -> Script {
        if depth(text) > MAX_DEPTH {
            self.is_valid = false;
            return Script::default();
        }
        let parsed = Parser::new(text.as_bytes(), self.options, &SourceInfo::default()).parse_program();
        match parsed {
            Ok(program) => {
                Script { pipelines: program.complete_commands.iter().flat_map(|list| self.list(list)).collect() }
            }
            Err(_) => {
                self.is_valid = false;
                Script::default()
            }
        }
    }

    fn list(&mut self, list: &CompoundList) -> Vec<Pipeline> {
        let mut pipelines = Vec::new();
        for item in &list.0 {
            let more = item.0.additional.iter().map(|next| match next {
                AndOr::And(pipeline) | AndOr::Or(pipeline) => pipeline,
            });
            for pipeline in std::iter::once(&item.0.first).chain(more) {
                pipelines.push(Pipeline { stages: pipeline.seq.iter().map(|command| self.command(command)).collect() });
            }
        }
        pipelines
    }

    fn script(&mut self, list: &CompoundList) -> Script {
        Script { pipelines: self.list(list) }
    }

    fn command(&mut self, command: &Command) -> Stage {
        match command {
            Command::Simple(simple) => self.simple(simple),
            Command::Compound(compound, redirects) => self.compound(compound, redirects.as_ref()),
            Command::Function(function) => self.compound(&function.body.0, function.body.1.as_ref()),
            Command::ExtendedTest(test) => {
                let mut words = Vec::new();
                self.test(test, &mut words);
                mentioned(words)
            }
        }
    }

    fn test(&mut self, test: &ExtendedTestExpr, words: &mut Vec<Word>) {
        match test {
            ExtendedTestExpr::And(one, other) | ExtendedTestExpr::Or(one, other) => {
                self.test(one, words);
                self.test(other, words);
            }
            ExtendedTestExpr::Not(one) | ExtendedTestExpr::Parenthesized(one) => self.test(one, words),
            ExtendedTestExpr::UnaryTest(_, word) => words.extend(self.words(&word.value)),
            ExtendedTestExpr::BinaryTest(_, one, other) => {
                words.extend(self.words(&one.value));
                words.extend(self.words(&other.value));
            }
        }
    }

    fn compound(&mut self, compound: &CompoundCommand, redirects: Option<&RedirectList>) -> Stage {
        let mut stage = Stage::default();
        let inner = &mut stage.inner;
        match compound {
            CompoundCommand::Arithmetic(command) => {
                let word = self.arithmetic(&command.expr.value);
                return mentioned(vec![word]);
            }
            CompoundCommand::ArithmeticForClause(command) => {
                let parts = [&command.initializer, &command.condition, &command.updater].into_iter().flatten();
                let words = parts.map(|expr| self.arithmetic(&expr.value)).collect();
                let stage = mentioned(words);
                inner.pipelines.push(Pipeline { stages: vec![stage] });
                inner.pipelines.extend(self.list(&command.body.0));
            }
            CompoundCommand::BraceGroup(group) => *inner = self.script(&group.0),
            CompoundCommand::Subshell(subshell) => {
                *inner = self.script(&subshell.0);
                stage.is_subshell = true;
            }
            CompoundCommand::ForClause(command) => {
                for word in
                    command.values.iter().flatten().flat_map(|value| self.words(&value.value)).collect::<Vec<_>>()
                {
                    stage.assignments.push((command.variable_name.clone(), word));
                }
                *inner = self.script(&command.body.0);
            }
            CompoundCommand::CaseClause(command) => {
                let words = self.words(&command.value.value);
                let mentioned = mentioned(words);
                inner.pipelines.push(Pipeline { stages: vec![mentioned] });
                for list in command.cases.iter().filter_map(|case| case.cmd.as_ref()) {
                    inner.pipelines.extend(self.list(list));
                }
            }
            CompoundCommand::IfClause(command) => {
                inner.pipelines.extend(self.list(&command.condition));
                inner.pipelines.extend(self.list(&command.then));
                for branch in command.elses.iter().flatten() {
                    inner.pipelines.extend(branch.condition.iter().flat_map(|list| self.list(list)));
                    inner.pipelines.extend(self.list(&branch.body));
                }
            }
            CompoundCommand::WhileClause(command) | CompoundCommand::UntilClause(command) => {
                inner.pipelines.extend(self.list(&command.0));
                inner.pipelines.extend(self.list(&command.1.0));
            }
        }
        for redirect in redirects.iter().flat_map(|list| &list.0) {
            self.redirect(redirect, &mut stage);
        }
        stage
    }

    fn simple(&mut self, command: &SimpleCommand) -> Stage {
        let mut stage = Stage::default();
        for item in command.prefix.iter().flat_map(|prefix| &prefix.0) {
            self.item(item, true, &mut stage);
        }
        if let Some(name) = &command.word_or_name {
            stage.words.extend(self.words(&name.value));
        }
        for item in command.suffix.iter().flat_map(|suffix| &suffix.0) {
            self.item(item, false, &mut stage);
        }
        stage
    }

    fn item(&mut self, item: &CommandPrefixOrSuffixItem, is_prefix: bool, stage: &mut Stage) {
        match item {
            CommandPrefixOrSuffixItem::IoRedirect(redirect) => self.redirect(redirect, stage),
            CommandPrefixOrSuffixItem::Word(word) => stage.words.extend(self.words(&word.value)),
            CommandPrefixOrSuffixItem::AssignmentWord(assignment, word) => {
                // Behind `export` and others it is an argument as well.
                if !is_prefix {
                    stage.words.extend(self.words(&word.value));
                }
                let name = match &assignment.name {
                    AssignmentName::VariableName(name) => name,
                    AssignmentName::ArrayElementName(name, index) => {
                        self.is_valid &= !runs_commands(index);
                        name
                    }
                };
                let values: Vec<&str> = match &assignment.value {
                    AssignmentValue::Scalar(value) => vec![&value.value],
                    AssignmentValue::Array(values) => values.iter().map(|(_, value)| value.value.as_str()).collect(),
                };
                for value in values {
                    let value = self.word(value);
                    stage.assignments.push((name.clone(), value));
                }
            }
            CommandPrefixOrSuffixItem::ProcessSubstitution(kind, subshell) => {
                let word = self.process(kind, subshell);
                stage.words.push(word);
            }
        }
    }

    /// `<(…)` or `>(…)`. The commands of the latter read from a pipe, so an empty command is in front of them.
    fn process(&mut self, kind: &ProcessSubstitutionKind, subshell: &SubshellCommand) -> Word {
        let mut script = self.script(&subshell.0);
        if matches!(kind, ProcessSubstitutionKind::Write) {
            script.pipelines.iter_mut().for_each(|pipeline| pipeline.stages.insert(0, Stage::default()));
        }
        Word { parts: vec![Part::Output { script: Rc::new(script), is_quoted: true }] }
    }

    fn redirect(&mut self, redirect: &IoRedirect, stage: &mut Stage) {
        match redirect {
            IoRedirect::OutputAndError(word, _) => stage.writes.extend(self.words(&word.value)),
            IoRedirect::HereString(_, word) => {
                let named = heredoc::number(&word.value).and_then(|number| self.documents.get_mut(number)?.take());
                let word = match named {
                    Some(Document { text, expands: true }) => self.quoted(&text),
                    Some(Document { text, expands: false }) => Word::text(text),
                    None => self.word(&word.value),
                };
                stage.input.push(word);
            }
            IoRedirect::HereDocument(_, document) => {
                let text = &document.doc.value;
                let word = if document.requires_expansion { self.quoted(text) } else { Word::text(text) };
                stage.input.push(word);
            }
            IoRedirect::File(_, kind, target) => {
                let writes = !matches!(kind, IoFileRedirectKind::Read | IoFileRedirectKind::DuplicateInput);
                match target {
                    IoFileRedirectTarget::Filename(word) | IoFileRedirectTarget::Duplicate(word) => {
                        let words = self.words(&word.value);
                        if writes { stage.writes.extend(words) } else { stage.input.extend(words) }
                    }
                    IoFileRedirectTarget::ProcessSubstitution(kind, subshell) => {
                        let word = self.process(kind, subshell);
                        stage.input.push(word);
                    }
                    IoFileRedirectTarget::Fd(_) => {}
                }
            }
        }
    }

    /// The words that a word with braces stands for.
    fn words(&mut self, text: &str) -> Vec<Word> {
        if !(text.contains('{') && (text.contains(',') || text.contains(".."))) {
            return vec![self.word(text)];
        }
        let Ok(Some(pieces)) = word::parse_brace_expansions(text, self.options) else { return vec![self.word(text)] };
        let texts = expanded(&pieces);
        self.is_valid &= texts.len() <= MAX_BRACES;
        texts.iter().take(MAX_BRACES).map(|text| self.word(text)).collect()
    }

    fn word(&mut self, text: &str) -> Word {
        // The grammar takes a sixth of the time of all words, and most of them are plain.
        if !text.is_empty() && text.bytes().all(is_plain) {
            return Word::text(text);
        }
        let Ok(pieces) = word::parse(text, self.options) else {
            self.is_valid = false;
            return Word::default();
        };
        let mut parts = Vec::new();
        self.pieces(&pieces, false, &mut parts);
        Word { parts }
    }

    /// Text that expands like text in double quotes.
    fn quoted(&mut self, text: &str) -> Word {
        if !text.contains(['$', '`']) {
            return Word::text(text);
        }
        self.word(&format!("\"{}\"", text.replace('"', "\\\"")))
    }

    fn arithmetic(&mut self, text: &str) -> Word {
        self.quoted(text)
    }

    fn pieces(&mut self, pieces: &[WordPieceWithSource], is_quoted: bool, parts: &mut Vec<Part>) {
        for piece in pieces {
            match &piece.piece {
                WordPiece::Text(text) | WordPiece::SingleQuotedText(text) | WordPiece::TildePrefix(text) => {
                    parts.push(Part::Text(text.clone()));
                }
                WordPiece::AnsiCQuotedText(text) => parts.push(Part::Text(unescaped(text))),
                WordPiece::DoubleQuotedSequence(inner) | WordPiece::GettextDoubleQuotedSequence(inner) => {
                    parts.push(Part::Text(String::new()));
                    self.pieces(inner, true, parts);
                }
                WordPiece::EscapeSequence(text) => {
                    let rest = text.strip_prefix('\\').unwrap_or(text);
                    parts.push(Part::Text(rest.strip_prefix('\n').unwrap_or(rest).to_owned()));
                }
                WordPiece::CommandSubstitution(text) => parts.push(self.output(text, is_quoted)),
                WordPiece::BackquotedCommandSubstitution(text) => {
                    let text = text.replace("\\`", "`").replace("\\\\", "\\").replace("\\$", "$");
                    parts.push(self.output(&text, is_quoted));
                }
                WordPiece::ParameterExpansion(expansion) => {
                    let part = self.expansion(expansion, is_quoted);
                    parts.push(part);
                }
                WordPiece::ArithmeticExpression(expr) => {
                    // The result is a number, but commands in it run.
                    let word = self.arithmetic(&expr.value);
                    let outputs = word.parts.into_iter().filter(|part| matches!(part, Part::Output { .. }));
                    parts.extend(outputs);
                    parts.push(Part::Text("0".to_owned()));
                }
            }
        }
    }

    fn output(&mut self, text: &str, is_quoted: bool) -> Part {
        Part::Output { script: Rc::new(self.text(text)), is_quoted }
    }

    fn expansion(&mut self, expansion: &ParameterExpr, is_quoted: bool) -> Part {
        // Patterns, offsets and indexes are not parsed. Commands in them would run unseen.
        let is_parsed = matches!(
            expansion,
            ParameterExpr::UseDefaultValues { .. }
                | ParameterExpr::AssignDefaultValues { .. }
                | ParameterExpr::UseAlternativeValue { .. }
        );
        self.is_valid &= is_parsed || !runs_commands(&format!("{expansion:?}"));
        let (parameter, other) = match expansion {
            ParameterExpr::Parameter { parameter, indirect: false }
            | ParameterExpr::IndicateErrorIfNullOrUnset { parameter, .. } => (parameter, None),
            ParameterExpr::UseDefaultValues { parameter, default_value: other, .. }
            | ParameterExpr::AssignDefaultValues { parameter, default_value: other, .. }
            | ParameterExpr::UseAlternativeValue { parameter, alternative_value: other, .. } => {
                (parameter, other.as_deref().map(|text| self.word(text)))
            }
            ParameterExpr::ParameterLength { .. } => return Part::Text("0".to_owned()),
            other => return Part::Derived(derived_from(other)),
        };
        match parameter {
            Parameter::NamedWithAllIndices { name, .. } if other.is_none() => Part::Elements(name.clone()),
            Parameter::Named(name)
            | Parameter::NamedWithIndex { name, .. }
            | Parameter::NamedWithAllIndices { name, .. } => Part::Variable { name: name.clone(), other, is_quoted },
            // Its value is not known, but the other one is.
            _ if other.is_some() => Part::Variable { name: "@".to_owned(), other, is_quoted },
            Parameter::Positional(_) => Part::Arguments,
            Parameter::Special(special) => match special {
                word::SpecialParameter::AllPositionalParameters { .. } => Part::Arguments,
                _ => Part::Text("0".to_owned()),
            },
        }
    }
}

/// Whether a byte means nothing but itself in every place of a word.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_./:,=@%+".contains(&byte)
}

/// A command that does nothing with `words`. Their substitutions still run.
fn mentioned(words: Vec<Word>) -> Stage {
    Stage { words: std::iter::once(Word::text(":")).chain(words).collect(), ..Stage::default() }
}

/// Whether the text has a command substitution.
fn runs_commands(text: &str) -> bool {
    text.contains("$(") || text.contains('`')
}

/// The variable that an expansion takes its value from. Empty if its name is not known.
fn derived_from(expansion: &ParameterExpr) -> String {
    let (ParameterExpr::RemoveSmallestSuffixPattern { parameter, indirect: false, .. }
    | ParameterExpr::RemoveLargestSuffixPattern { parameter, indirect: false, .. }
    | ParameterExpr::RemoveSmallestPrefixPattern { parameter, indirect: false, .. }
    | ParameterExpr::RemoveLargestPrefixPattern { parameter, indirect: false, .. }
    | ParameterExpr::Substring { parameter, indirect: false, .. }
    | ParameterExpr::LowercasePattern { parameter, indirect: false, .. }
    | ParameterExpr::UppercasePattern { parameter, indirect: false, .. }) = expansion
    else {
        return String::new();
    };
    match parameter {
        Parameter::Named(name) => name.clone(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_reads_plain_words_as_text() {
        let options = ParserOptions { tilde_expansion: false, ..ParserOptions::default() };
        let plain: Vec<u8> = (0..128).filter(|byte| is_plain(*byte)).collect();
        for (one, other) in plain.iter().flat_map(|one| plain.iter().map(move |other| (*one, *other))) {
            let text: String = [b'a', one, other, one].map(char::from).iter().collect();
            for text in [&text[..], &text[1..]] {
                let pieces = word::parse(text, &options).expect(text);
                let is_text = matches!(pieces.as_slice(), [WordPieceWithSource { piece: WordPiece::Text(read), .. }] if read == text);
                assert!(is_text, "{text}: {pieces:?}");
            }
        }
    }
}
