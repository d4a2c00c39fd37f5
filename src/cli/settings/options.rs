//! The options of `config.toml`. Their descriptions here are the reference
//! that `fanout config default` prints, and the schema.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};

use crate::model::{Cap, DEFAULT_PERIOD};
use crate::theme::ColourChoice;
use crate::tui::event_loop::motion::Motion;
use crate::tui::export::program::Program;
use crate::tui::state::CpuUnit;
use crate::tui::text::glyphs::Glyphs;

/// Options of fanout. Each may be left out; the command line wins over them.
#[derive(Debug, Clone, PartialEq, Eq, Default, JsonSchema)]
#[schemars(title = "fanout config", deny_unknown_fields)]
pub(crate) struct Options {
    /// The theme: a name, "auto" for a dark or a light one as the terminal is,
    /// or { dark = "nord", light = "solarized-light" }. `fanout theme list`
    /// names them all.
    #[schemars(extend("default" = "terminal"))]
    pub(crate) theme: Option<ThemeChoice>,
    /// Whether there may be colours: "auto" follows `NO_COLOR`,
    /// `CLICOLOR_FORCE`, `CLICOLOR`, TERM and COLORTERM; or "always", "never".
    #[schemars(extend("default" = "auto"))]
    pub(crate) color: Option<Colours>,
    /// Signs and lines: "unicode", or "ascii" where the terminal draws some of
    /// them two cells wide.
    #[schemars(extend("default" = "unicode"))]
    pub(crate) glyphs: Option<Signs>,
    /// "reduced" moves clocks once a second and nothing else by itself.
    #[schemars(extend("default" = "full"))]
    pub(crate) motion: Option<Movement>,
    /// Frames a second at most, 5 to 60. Nothing is drawn without a change.
    #[schemars(extend("default" = 30))]
    pub(crate) fps: Option<Fps>,
    /// How CPU is written: in percent of one "core", or of the "machine".
    #[schemars(extend("default" = "core"))]
    pub(crate) cpu: Option<CpuOf>,
    /// Whether the mouse is the dashboard's from the start; `M` changes it.
    #[schemars(extend("default" = true))]
    pub(crate) mouse: Option<bool>,
    /// How often CPU and memory are read, from "200ms" to "10s".
    #[schemars(extend("default" = "500ms"))]
    pub(crate) sample_period: Option<Period>,
    /// How many lanes may be busy where neither the command line nor the plan
    /// says it, 1 to 1024.
    #[schemars(extend("default" = 4))]
    pub(crate) cap: Option<DefaultCap>,
    /// Program that gets copied text on its standard input: a list of words
    /// as `command`, of which `wl-copy` or `pbcopy` may be the only one.
    /// Without it the terminal puts the text on the clipboard (OSC 52).
    #[schemars(extend("default" = {}))]
    pub(crate) clipboard: Option<Clipboard>,
    /// Program that answers for a model where a server asks for that
    /// (sampling): a list of words. It gets the request as JSON on its standard
    /// input and has 60 s to print the result as JSON. Without it such requests
    /// are declined.
    #[schemars(extend("default" = []))]
    pub(crate) sampling: Option<SamplingProgram>,
    /// Agents at work: `{ attach = true, auto_release = true }`. Whether the
    /// dashboard shows those that `fanout mcp` stands behind, and whether a
    /// call that is held or waits is let go before its agent gives up.
    #[schemars(extend("default" = {}))]
    pub(crate) agents: Option<AgentOptions>,
}

/// Options of the dashboard about agents at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AgentOptions {
    /// Whether it looks for them.
    pub(crate) attach: Option<bool>,
    /// Whether calls are let go before their agent gives up.
    pub(crate) auto_release: Option<bool>,
}

/// The names of all options.
pub(super) const NAMES: &[&str] = &[
    "$schema",
    "theme",
    "color",
    "glyphs",
    "motion",
    "fps",
    "cpu",
    "mouse",
    "sample_period",
    "cap",
    "clipboard",
    "sampling",
    "agents",
];

/// Which theme to wear.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
#[schemars(untagged)]
pub(crate) enum ThemeChoice {
    /// The theme of this name, or "auto".
    Named(String),
    /// One of two, as the terminal's background is.
    ByAppearance {
        /// On a dark background, and where it is unknown.
        dark: String,
        /// On a light background.
        light: String,
    },
}

impl<'de> Deserialize<'de> for ThemeChoice {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Both {
            dark: String,
            light: String,
        }
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = ThemeChoice;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("the name of a theme or { dark = \"…\", light = \"…\" }")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<ThemeChoice, E> {
                Ok(ThemeChoice::Named(name.to_owned()))
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<ThemeChoice, A::Error> {
                let both = Both::deserialize(de::value::MapAccessDeserializer::new(map))?;
                let Both { dark, light } = both;
                Ok(ThemeChoice::ByAppearance { dark, light })
            }
        }
        from.deserialize_any(Visitor)
    }
}

/// Makes an enum of words that stands for the values of another type.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident => $target:ty { $($(#[$word_doc:meta])* $word:ident => $value:expr,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
        #[serde(rename_all = "lowercase")]
        pub(crate) enum $name {
            $($(#[$word_doc])* $word,)*
        }

        impl From<$name> for $target {
            fn from(word: $name) -> Self {
                match word {
                    $($name::$word => $value,)*
                }
            }
        }
    };
}

words! {
    /// Whether there may be colours.
    Colours => ColourChoice {
        /// As the terminal and the environment say.
        Auto => ColourChoice::Auto,
        /// Always.
        Always => ColourChoice::Always,
        /// Never.
        Never => ColourChoice::Never,
    }
}

words! {
    /// Which signs are drawn.
    Signs => Glyphs {
        /// Box drawing, blocks and signs.
        Unicode => Glyphs::Unicode,
        /// Printable ASCII only.
        Ascii => Glyphs::Ascii,
    }
}

words! {
    /// How much moves by itself.
    Movement => Motion {
        /// Clocks count tenths where they matter.
        Full => Motion::Full,
        /// Clocks move once a second.
        Reduced => Motion::Reduced,
    }
}

words! {
    /// Unit that CPU is written in percent of.
    CpuOf => CpuUnit {
        /// One core: two busy cores are 200 %.
        Core => CpuUnit::Core,
        /// All cores together.
        Machine => CpuUnit::Machine,
    }
}

/// Frames a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
pub(crate) struct Fps(#[schemars(range(min = 5, max = 60))] pub(crate) u32);

impl<'de> Deserialize<'de> for Fps {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let fps = i64::deserialize(from).ok();
        let fps = fps.and_then(|fps| u32::try_from(fps).ok());
        let fps = fps.filter(|fps| (5..=60).contains(fps));
        fps.map(Self)
            .ok_or_else(|| de::Error::custom("expected a number from 5 to 60"))
    }
}

/// A cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
pub(crate) struct DefaultCap(#[schemars(with = "u32", range(min = 1, max = 1024))] pub(crate) Cap);

impl<'de> Deserialize<'de> for DefaultCap {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let lanes = i64::deserialize(from).ok();
        let lanes = lanes.and_then(|lanes| u32::try_from(lanes).ok());
        let lanes = lanes.filter(|lanes| *lanes <= Cap::MAX).and_then(Cap::new);
        lanes
            .map(Self)
            .ok_or_else(|| de::Error::custom("expected a number from 1 to 1024"))
    }
}

/// How text gets onto the clipboard.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Clipboard {
    /// The program and its arguments; no shell is between.
    pub(crate) command: Option<ClipboardCommand>,
}

/// The words of a command.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
pub(crate) struct ClipboardCommand(
    #[schemars(with = "Vec<String>", length(min = 1))] pub(crate) Program,
);

impl<'de> Deserialize<'de> for ClipboardCommand {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let words = Vec::<String>::deserialize(from).unwrap_or_default();
        let program = Program::of_words(words);
        let program = program.map_err(|_empty| de::Error::custom("expected a list of words"))?;
        Ok(Self(program))
    }
}

/// The words of the program that answers for a model; none where there is none.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
pub(crate) struct SamplingProgram(pub(crate) Vec<String>);

impl<'de> Deserialize<'de> for SamplingProgram {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let words = Vec::<String>::deserialize(from).ok();
        let words = words.filter(|words| words.first().is_none_or(|it| !it.is_empty()));
        let words = words.ok_or_else(|| de::Error::custom("expected a list of words"))?;
        Ok(Self(words))
    }
}

/// Time between two readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
pub(crate) struct Period(#[schemars(with = "String")] pub(crate) Duration);

impl Default for Period {
    fn default() -> Self {
        Self(DEFAULT_PERIOD)
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from).unwrap_or_default();
        let parser = jiff::fmt::friendly::SpanParser::new();
        let period = parser.parse_unsigned_duration(text.trim()).ok();
        let bounds = Duration::from_millis(200)..=Duration::from_secs(10);
        let period = period.filter(|period| bounds.contains(period)).map(Self);
        period.ok_or_else(|| de::Error::custom("expected a time from \"200ms\" to \"10s\""))
    }
}
