//! The roles: meanings of pieces of the screen, never their looks.

macro_rules! roles {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// Meaning of a piece of the screen. A theme gives each role its style.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Role {
            $($(#[$doc])* $variant,)*
        }

        impl Role {
            /// Every role, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name theme files use.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

roles! {
    /// The background of the screen.
    Bg = "bg",
    /// Ordinary text.
    Fg = "fg",
    /// Text that matters less.
    Muted = "muted",
    /// Lines around a pane.
    Border = "border",
    /// Lines around the pane that takes the keys.
    BorderFocus = "border.focus",
    /// The name of a pane.
    Title = "title",
    /// Emphasis that means no state.
    Accent = "accent",
    /// The selected row.
    Selection = "selection",
    /// A match of a search.
    Match = "match",
    /// A key in the footer and the help.
    KeyHint = "key.hint",
    /// A call that waits for its first start.
    Queued = "state.queued",
    /// A call whose start was ordered.
    Starting = "state.starting",
    /// A call that runs.
    Running = "state.running",
    /// A call that waits for another attempt.
    Retrying = "state.retrying",
    /// A call that is being stopped.
    Stopping = "state.stopping",
    /// A call that succeeded.
    Done = "state.done",
    /// A call that failed.
    Failed = "state.failed",
    /// A call that took too long.
    Timeout = "state.timeout",
    /// A call that a user ended.
    Cancelled = "state.cancelled",
    /// A call that never started.
    Skipped = "state.skipped",
    /// A success that left processes behind.
    Leaked = "state.leaked",
    /// A call of which something may still live.
    Unconfirmed = "state.unconfirmed",
    /// A call of whose end nothing is known.
    Lost = "state.lost",
    /// A gauge that reads low.
    MeterLow = "meter.low",
    /// A gauge that reads middling.
    MeterMid = "meter.mid",
    /// A gauge that reads high.
    MeterHigh = "meter.high",
    /// The empty part of a gauge.
    MeterTrack = "meter.track",
    /// First series of a chart.
    Series1 = "series.1",
    /// Second series of a chart.
    Series2 = "series.2",
    /// Third series of a chart.
    Series3 = "series.3",
    /// Fourth series of a chart.
    Series4 = "series.4",
    /// A key of a JSON object.
    JsonKey = "json.key",
    /// A JSON string.
    JsonString = "json.string",
    /// A JSON number.
    JsonNumber = "json.number",
    /// `true`, `false` or `null`.
    JsonLiteral = "json.literal",
    /// Brackets, commas and colons of JSON.
    JsonPunct = "json.punct",
    /// A line of standard error.
    LogStderr = "log.stderr",
    /// A line that only the second of two texts has.
    DiffAdd = "diff.add",
    /// A line that only the first of two texts has.
    DiffDel = "diff.del",
    /// A message that informs.
    ToastInfo = "toast.info",
    /// A message that warns.
    ToastWarn = "toast.warn",
    /// A message of something that went wrong.
    ToastError = "toast.error",
    /// An action that cannot be taken back.
    Danger = "danger",
}

impl Role {
    /// The role a theme file means; `_` and `-` are taken for one another.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.replace('_', "-");
        Self::ALL.iter().copied().find(|role| role.name() == name)
    }
}
