//! Frames of those who attach to a shim.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::ShimCall;
use super::codec::{FrameError, RawFrame};
use super::words::{Mode, OnLost, Side};

/// A frame to a shim. Each command has a number, and is answered by `ok` or
/// `no` with that number.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "frame", rename_all = "kebab-case")]
pub enum DashboardFrame {
    /// The first frame; sent again to ask for another role.
    Hello(DashboardHello),
    /// A sign of life, each second from a controller.
    Beat,
    /// A frame that this version does not know.
    #[serde(skip)]
    Unknown(CommandNo),
    /// Changes what passes. Every command needs the controller's role.
    #[serde(untagged)]
    Command(Command),
}

/// Number of a command on its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommandNo(pub u64);

/// Introduction of one who attaches.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DashboardHello {
    /// Number of the command.
    pub n: CommandNo,
    /// Version of the protocol that it speaks.
    pub v: u32,
    /// Role that it asks for.
    #[serde(default)]
    pub role: Role,
    /// Whether another controller loses its role.
    #[serde(default)]
    pub takeover: bool,
    /// Its name for others to read.
    #[serde(default)]
    pub name: String,
}

/// Role of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// It reads.
    #[default]
    Watch,
    /// It may change what passes. There is one at most.
    Control,
}

/// A command of the controller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "frame", rename_all = "kebab-case")]
pub enum Command {
    /// Watch, or govern: from now on each call waits for `go`.
    Mode(SetMode),
    /// Send a waiting or held call to the server now.
    Go(GoCall),
    /// Keep calls from the server, or their answers from the agent.
    Hold(HoldCalls),
    /// Let held calls or answers go. A held call waits again where calls are
    /// governed, and is sent where they are only watched.
    Release(ReleaseCalls),
    /// Replace the arguments of a held call, or a held answer's result; the
    /// body is the new arguments or the new result.
    Edit(EditCall),
    /// Answer a call in the server's place; the body is the result. A sent
    /// call is cancelled at the server.
    Answer(AnswerCall),
    /// Cancel a call.
    Cancel(AnswerCall),
    /// Kill the server.
    Kill {
        /// Number of the command.
        n: CommandNo,
    },
}

/// Change of the mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetMode {
    /// Number of the command.
    pub n: CommandNo,
    /// The mode from now on.
    pub mode: Mode,
    /// Treatment of waiting calls when this controller is lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_lost: Option<OnLost>,
    /// Whether calls are let go before the agent gives up; so by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_release: Option<bool>,
}

/// Sends a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoCall {
    /// Number of the command.
    pub n: CommandNo,
    /// The call.
    pub call: ShimCall,
    /// Whether it takes no lock, because the user said that its tool may run
    /// beside others.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unlocked: bool,
}

/// A call, or all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Which {
    /// Every open call that the command fits.
    All,
    /// This call.
    #[serde(untagged)]
    One(ShimCall),
}

impl<'de> Deserialize<'de> for Which {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Numbers keep their text in this program's JSON, so that what serde
        // would buffer to try both forms does not come back as a number.
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        match raw.get() {
            "\"all\"" => Ok(Self::All),
            number => serde_json::from_str(number)
                .map(Self::One)
                .map_err(D::Error::custom),
        }
    }
}

/// Keeps calls or answers back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldCalls {
    /// Number of the command.
    pub n: CommandNo,
    /// The call, or `"all"`.
    pub call: Which,
    /// The call itself, or its answer when it comes.
    #[serde(default)]
    pub what: Side,
    /// Words for the row, such as `held by you`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// Lets calls or answers go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseCalls {
    /// Number of the command.
    pub n: CommandNo,
    /// The call, or `"all"`.
    pub call: Which,
    /// Held calls, or held answers.
    #[serde(default)]
    pub what: Side,
}

/// Replaces what is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditCall {
    /// Number of the command.
    pub n: CommandNo,
    /// The call.
    pub call: ShimCall,
    /// Its arguments, or its answer's result.
    #[serde(default)]
    pub what: Side,
    /// Whether it is let go once it is changed; one that cannot be changed
    /// stays held.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub release: bool,
}

/// A command about one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerCall {
    /// Number of the command.
    pub n: CommandNo,
    /// The call.
    pub call: ShimCall,
}

impl DashboardFrame {
    /// Reads the header of a frame.
    pub fn read(raw: &RawFrame) -> Result<Self, FrameError> {
        #[derive(Deserialize)]
        struct Numbered {
            #[serde(default)]
            n: CommandNo,
        }
        let command = match raw.name()?.as_ref() {
            "hello" => return raw.header().map(Self::Hello),
            "beat" => return Ok(Self::Beat),
            "mode" => Command::Mode(raw.header()?),
            "go" => Command::Go(raw.header()?),
            "hold" => Command::Hold(raw.header()?),
            "release" => Command::Release(raw.header()?),
            "edit" => Command::Edit(raw.header()?),
            "answer" => Command::Answer(raw.header()?),
            "cancel" => Command::Cancel(raw.header()?),
            "kill" => {
                let Numbered { n } = raw.header()?;
                Command::Kill { n }
            }
            _ => {
                let Numbered { n } = raw.header()?;
                return Ok(Self::Unknown(n));
            }
        };
        Ok(Self::Command(command))
    }
}

impl Command {
    /// Returns the number by which the command is answered.
    pub fn number(&self) -> CommandNo {
        match self {
            Self::Mode(it) => it.n,
            Self::Go(it) => it.n,
            Self::Hold(it) => it.n,
            Self::Release(it) => it.n,
            Self::Edit(it) => it.n,
            Self::Answer(it) | Self::Cancel(it) => it.n,
            Self::Kill { n } => *n,
        }
    }
}
