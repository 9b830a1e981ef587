//! The model of an agent: its events, its tools, and the functions that read and write its JSON.

use serde_json::{Map, Value};

use super::event::{Event, Moment, ToolKind};
use super::settings::Settings;
use super::verdict::{Answer, Verdict};

/// What keysweep can do about a token at an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The agent does not go on.
    Blocks,
    /// The agent does not go on, or asks a person where only a person may decide.
    BlocksOrAsks,
    /// The agent goes on with the token masked.
    Masks,
    /// The agent masks the results of MCP servers only, and passes on a note about others.
    MasksMcp,
}

impl Effect {
    /// Whether the agent can be kept from going on.
    pub fn blocks(self) -> bool {
        matches!(self, Effect::Blocks | Effect::BlocksOrAsks)
    }
}

/// An event of an agent that keysweep understands.
#[derive(Debug)]
pub struct KnownEvent {
    pub name: &'static str,
    pub moment: Moment,
    pub effect: Effect,
    /// Whether `keysweep install --agent` registers for it.
    pub installed: bool,
}

/// An agent with documented hooks.
#[derive(Debug)]
pub struct Agent {
    /// The name on the command line.
    pub name: &'static str,
    /// The name for people.
    pub title: &'static str,
    /// The document that describes the hooks.
    pub document: &'static str,
    /// The day on which that document was read.
    pub read_on: &'static str,
    pub events: &'static [KnownEvent],
    /// The kinds of the agent's tools. A tool that is not named is [`ToolKind::Other`].
    pub(super) tools: &'static [(&'static str, ToolKind)],
    /// Whether the JSON is from this agent, for calls that do not name it.
    pub(super) recognizes: fn(&Map<String, Value>) -> bool,
    pub(super) read: fn(&Agent, Map<String, Value>) -> Event,
    pub(super) answer: fn(&Event, Verdict) -> Answer,
    pub settings: Settings,
    /// An event with this name that has the text in it, as the agent would send it.
    pub(super) sample: fn(&str, &str) -> Value,
}

impl Agent {
    pub fn read(&self, json: Map<String, Value>) -> Event {
        (self.read)(self, json)
    }

    pub fn answer(&self, event: &Event, verdict: Verdict) -> Answer {
        (self.answer)(event, verdict)
    }

    pub(super) fn moment(&self, event: &str) -> Moment {
        self.event(event).map_or(Moment::Other, |known| known.moment)
    }

    /// Whether the event can be blocked. Unknown events cannot: at the end of a turn, a block makes an agent go on for ever.
    pub fn can_block(&self, event: &str) -> bool {
        self.event(event).is_some_and(|known| known.effect.blocks())
    }

    pub(super) fn tool_kind(&self, tool: &str) -> ToolKind {
        self.tools.iter().find(|(name, _)| *name == tool).map_or(ToolKind::Other, |(_, kind)| *kind)
    }

    fn event(&self, name: &str) -> Option<&KnownEvent> {
        self.events.iter().find(|event| event.name == name)
    }
}
