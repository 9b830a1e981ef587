//! A parsed script, reduced to what the judgment needs.

/// A list of pipelines, in the order of the text. Both branches of a condition and the bodies of functions and loops are in it.
#[derive(Debug, Default)]
pub(super) struct Script {
    pub pipelines: Vec<Pipeline>,
}

/// Commands that are connected by pipes.
#[derive(Debug, Default)]
pub(super) struct Pipeline {
    pub stages: Vec<Stage>,
}

/// One command of a pipeline.
#[derive(Debug, Default)]
pub(super) struct Stage {
    /// `NAME=value` in front of a command, or alone.
    pub assignments: Vec<(String, Word)>,
    /// The program and its arguments. Empty for assignments alone and for groups.
    pub words: Vec<Word>,
    /// The targets of redirections that write.
    pub writes: Vec<Word>,
    /// The text of here-documents and here-strings.
    pub input: Vec<Word>,
    /// The commands of a group, a loop, a condition or a function.
    pub inner: Script,
    /// Whether the commands in `inner` run in a subshell.
    pub is_subshell: bool,
}

/// A word before expansion.
#[derive(Clone, Debug, Default)]
pub(super) struct Word {
    pub parts: Vec<Part>,
}

#[derive(Clone, Debug)]
pub(super) enum Part {
    /// Text with its quotes removed.
    Text(String),
    /// The value of a variable. `other` is a value that it has instead, as in `${X:-other}`.
    Variable { name: String, other: Option<Word>, is_quoted: bool },
    /// All elements of an array, each as a word.
    Elements(String),
    /// A part of the value of a variable, or the value in another form.
    Derived(String),
    /// The output of commands.
    Output { script: std::rc::Rc<Script>, is_quoted: bool },
    /// Arguments of a function or a script.
    Arguments,
}

impl Word {
    pub fn text(text: impl Into<String>) -> Self {
        Self { parts: vec![Part::Text(text.into())] }
    }
}
