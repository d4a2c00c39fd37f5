//! The table itself.

use super::{Action, Context, Danger, Entry};

const fn row(
    action: Action,
    id: &'static str,
    contexts: &'static [Context],
    keys: &'static [&'static str],
    label: &'static str,
    help: &'static str,
) -> Entry {
    Entry {
        action,
        id,
        label,
        help,
        contexts,
        keys,
        danger: Danger::None,
        footer: None,
    }
}

impl Entry {
    const fn footer(mut self, place: u8) -> Self {
        self.footer = Some(place);
        self
    }

    const fn danger(mut self, danger: Danger) -> Self {
        self.danger = danger;
        self
    }
}

use Action as A;
use Context::{
    Call, Confirm, Experiments, Form, Global, Line, List, Output, Picker, Row, Server, Timeline,
    Tool,
};

/// Everything a user can do.
#[rustfmt::skip]
pub const TABLE: &[Entry] = &[
    row(A::Help, "app.help", &[Global], &["?", "F1"], "help", "All keys of this place and everywhere").footer(90),
    row(A::Palette, "app.palette", &[Global], &[":"], "commands", "Find anything that can be done by typing a few letters").footer(89),
    row(A::Messages, "app.messages", &[Global], &["!"], "messages", "Everything that was said"),
    row(A::Quit, "app.quit", &[Global], &["q"], "quit", "Leave; asks first if something runs (so does Ctrl+c)").footer(91),
    row(A::Back, "app.back", &[Global], &["Esc"], "back", "One level back; never leaves the program"),
    row(A::FocusNext, "focus.next", &[Global], &["Tab"], "next pane", "Give the keys to the next pane"),
    row(A::FocusPrevious, "focus.prev", &[Global], &["Shift+Tab"], "previous pane", "Give the keys to the previous pane"),
    row(A::Zoom, "pane.zoom", &[Global], &["z"], "zoom", "The pane alone, without borders; again for all"),
    row(A::CapUp, "cap.up", &[Global], &["Plus", "="], "cap", "One lane more, at once").footer(61),
    row(A::CapDown, "cap.down", &[Global], &["-"], "cap", "One lane less; running calls finish").footer(60),
    row(A::CapSet, "cap.set", &[Global], &["C"], "set cap", "Type the number of lanes, or auto"),
    row(A::CapAuto, "cap.auto", &[Global], &["A"], "auto cap", "Let the cap follow what calls need and how the machine is; again to pin it"),
    row(A::Pause, "run.pause", &[Global], &["p"], "pause", "Start nothing more; again to go on").footer(50),
    row(A::Add, "call.add", &[Global], &["a"], "add", "Pick a tool, give it arguments, queue the call").footer(9),
    row(A::CancelAll, "run.cancel-all", &[Global], &["Ctrl+x"], "cancel all", "Cancel every call that has not ended; asks first").danger(Danger::EndsMany),
    row(A::CpuUnit, "cpu.unit", &[Global], &["%"], "cpu unit", "CPU in percent of one core, or of the machine"),
    row(A::Machine, "app.machine", &[Global], &["U"], "machine", "Each core, memory, swap, load, network and disks of the machine"),
    row(A::Welcome, "app.welcome", &[Global], &["W"], "first steps", "The card that a new user sees: three steps to begin with"),
    row(A::Theme, "app.theme", &[Global], &["T"], "theme", "Pick a theme; the screen shows each at once"),
    row(A::Mouse, "app.mouse-toggle", &[Global], &["M"], "mouse", "The mouse for fanout, or for the terminal to select text"),
    row(A::Redraw, "app.redraw", &[Global], &["Ctrl+l"], "redraw", "Draw the whole screen anew"),
    row(A::Suspend, "app.suspend", &[Global], &["Ctrl+z"], "suspend", "Back to the shell; calls stand still until fg"),

    row(A::ScreenLanes, "screen.lanes", &[Global], &["1"], "lanes", "What runs now"),
    row(A::ScreenQueue, "screen.queue", &[Global], &["2"], "queue", "Every call in a table"),
    row(A::ScreenCatalogue, "screen.catalogue", &[Global], &["3"], "catalogue", "What tools there are"),
    row(A::ScreenTimeline, "screen.timeline", &[Global], &["4"], "timeline", "The run as bars over time"),
    row(A::ScreenExperiments, "screen.experiments", &[Global], &["5"], "experiments", "How long the plan takes at other caps, measured"),
    row(A::ScreenServers, "screen.servers", &[Global], &["8"], "servers", "The tool servers: what they say, and what was said to them"),

    row(A::Down, "list.down", &[List], &["j", "Down"], "down", "One row down"),
    row(A::Up, "list.up", &[List], &["k", "Up"], "up", "One row up"),
    row(A::Top, "list.top", &[List], &["g g", "Home"], "top", "To the first row"),
    row(A::Bottom, "list.bottom", &[List], &["G", "End"], "bottom", "To the last row; in the output, follow it"),
    row(A::PageDown, "list.page-down", &[List], &["PageDown", "Ctrl+d"], "page down", "One page down"),
    row(A::PageUp, "list.page-up", &[List], &["PageUp", "Ctrl+u"], "page up", "One page up"),
    row(A::Filter, "list.filter", &[List], &["/"], "filter", "Only calls whose number, name, tool or state has a text").footer(55),
    row(A::Sort, "list.sort", &[Call], &["s"], "sort", "Sort by the next column"),
    row(A::SortReverse, "list.sort-reverse", &[Call], &["S"], "reverse", "Turn the order round"),
    row(A::Scope, "list.scope", &[Call], &["O"], "all/waiting", "All calls in the table, or those that wait"),
    row(A::Mark, "list.mark", &[Call], &["Space"], "mark", "Mark the call, to cancel or run several at once").footer(54),

    row(A::Open, "call.open", &[Call], &["Enter"], "output", "Read what the call prints").footer(40),
    row(A::Detail, "call.detail", &[Call], &["d"], "details", "Arguments and their sources, attempts, waits, CPU, memory and disk").footer(62),
    row(A::Copy, "call.copy", &[Call], &["y"], "copy", "Copy the output; in a tree, the part at the cursor").footer(63),
    row(A::CopyAs, "call.copy-as", &[Call], &["Y"], "copy as", "Copy as text, as JSON, or as a `fanout call` line for a shell"),
    row(A::Edit, "call.open-editor", &[Call], &["e"], "editor", "The output in $VISUAL or $EDITOR, as a copy; raw bytes where the pane is raw").footer(64),
    row(A::Page, "call.open-pager", &[Call], &["v"], "pager", "The output in $PAGER, made safe for the terminal").footer(65),
    row(A::Cancel, "call.cancel", &[Call], &["x"], "cancel", "Cancel by SIGTERM, and SIGKILL after the grace; press twice").danger(Danger::Ends).footer(20),
    row(A::Kill, "call.kill", &[Call], &["X"], "kill", "Kill at once").danger(Danger::Ends),
    row(A::Rerun, "call.rerun", &[Call], &["r"], "run again", "Run an ended call again, as a new call").footer(30),
    row(A::EditRerun, "call.edit-rerun", &[Call], &["E"], "edit", "Change the call's arguments and run it again").footer(31),
    row(A::MoveDown, "call.move-down", &[Call], &["J"], "later", "Let a waiting call start after the next one"),
    row(A::MoveUp, "call.move-up", &[Call], &["K"], "earlier", "Let a waiting call start before the one above"),
    row(A::RunNext, "call.next", &[Call], &["t"], "start next", "Start a waiting call before all others"),

    row(A::Follow, "out.follow", &[Output], &["f"], "follow", "Stay at the end as lines arrive, or stop").footer(41),
    row(A::Wrap, "out.wrap", &[Output], &["w"], "wrap", "Wrap long lines, or cut them").footer(42),
    row(A::Streams, "out.streams", &[Output], &["o"], "streams", "Both streams, only stdout, only stderr").footer(43),
    row(A::Search, "out.search", &[Output], &["/"], "search", "Lines that match a regular expression, as it is typed").footer(39),
    row(A::NextMatch, "out.next", &[Output], &["n"], "next match", "To the next line that matches"),
    row(A::PreviousMatch, "out.prev", &[Output], &["N"], "match before", "To the matching line before"),
    row(A::OnlyMatches, "out.only", &[Output], &["&"], "only matches", "Show only the lines that match, or all").footer(44),
    row(A::Times, "out.times", &[Output], &["t"], "times", "When each line was completed").footer(45),
    row(A::OutputForm, "out.form", &[Output], &["i"], "form", "As text, its JSON as a tree, or every byte").footer(46),
    row(A::OutputScope, "out.scope", &[Output], &["c"], "whose", "The call's output, all calls' in plan order, or as it comes").footer(47),
    row(A::Left, "out.left", &[Output], &["h", "Left"], "left", "Sideways to the left"),
    row(A::Right, "out.right", &[Output], &["l", "Right"], "right", "Sideways to the right"),

    row(A::CursorLeft, "time.left", &[Timeline], &["h", "Left"], "cursor", "The cursor to the left").footer(33),
    row(A::CursorRight, "time.right", &[Timeline], &["l", "Right"], "cursor", "The cursor to the right"),
    row(A::ZoomIn, "time.zoom-in", &[Timeline], &["]"], "zoom in", "Half as much time").footer(35),
    row(A::ZoomOut, "time.zoom-out", &[Timeline], &["["], "zoom out", "Twice as much time").footer(34),
    row(A::Fit, "time.fit", &[Timeline], &["0"], "fit", "The whole run").footer(36),
    row(A::TimelineRows, "time.rows", &[Timeline], &["m"], "lanes/calls", "A row for each lane, or for each call").footer(32),
    row(A::EarlierRun, "time.before", &[Timeline], &["b"], "earlier run", "An earlier run of the same plan on the same scale: the last, each before it, none").footer(37),
    row(A::UseTool, "tool.use", &[Tool], &["Enter"], "call it", "Fill the tool's form and queue the call").footer(10),

    row(A::Compare, "lab.compare", &[Experiments], &["b"], "compare", "Run the plan one call at a time and at the cap in force, and compare; asks first").footer(10),
    row(A::Sweep, "lab.sweep", &[Experiments], &["B"], "sweep", "Find the cap that is worth using by running the plan at many; asks first").footer(11),
    row(A::ExportResults, "lab.export", &[Experiments], &["Y"], "export", "Write what is known as JSON, CSV and an SVG chart").footer(13),
    row(A::ResultEarlier, "lab.earlier", &[Experiments], &["["], "result before", "The result before: those of this session stay, and a sweep that was stopped before it"),
    row(A::ResultLater, "lab.later", &[Experiments], &["]"], "next result", "The result after"),
    row(A::StopExperiment, "lab.stop", &[Experiments], &["x"], "stop", "Stop the experiment; what is known stays. Again kills").danger(Danger::EndsMany).footer(12),

    row(A::ServerStart, "server.start", &[Server], &["s"], "start", "Start the server and list its tools").footer(10),
    row(A::ServerStop, "server.stop", &[Server], &["x"], "stop", "Close the server; asks first if calls are in flight").danger(Danger::EndsMany).footer(11),
    row(A::ServerRestart, "server.restart", &[Server], &["r"], "restart", "Close the server and start it again").danger(Danger::EndsMany).footer(12),
    row(A::ServerTools, "server.tools", &[Server], &["Enter"], "its tools", "The server's tools in the catalogue").footer(13),
    row(A::ServerAccept, "server.accept", &[Server], &["c"], "use changed", "Use tools that the server describes otherwise than before; asks first"),

    row(A::Take, "field.take", &[Line, Picker], &["Enter"], "take", "Take what is typed or marked").footer(10),
    row(A::MarkNext, "field.next", &[Picker], &["Down", "Ctrl+n"], "next", "Mark the next row").footer(11),
    row(A::MarkPrevious, "field.prev", &[Picker], &["Up", "Ctrl+p"], "previous", "Mark the row before"),
    row(A::Submit, "form.submit", &[Form], &["F2", "Ctrl+s"], "queue", "Queue the call").footer(10),
    row(A::SubmitFirst, "form.submit-first", &[Form], &["F3"], "run now", "Queue the call before all others").footer(11),
    row(A::ToggleRaw, "form.raw", &[Form], &["F4"], "form/JSON", "The arguments as rows, or as one JSON text").footer(12),
    row(A::ClearForm, "form.clear", &[Form], &["F5"], "clear", "Nothing but what the tool's schema says in the place of all arguments").footer(13),
    row(A::CopyForm, "form.copy", &[Form], &["F7"], "copy", "Copy the arguments as JSON, or as a `fanout call` line for a shell").footer(14),
    row(A::FieldNext, "form.next", &[Form], &["Tab"], "next row", "Next row; checks the one that is left").footer(9),
    row(A::FieldPrevious, "form.prev", &[Form], &["Shift+Tab"], "row before", "The row before"),
    row(A::FieldDown, "form.down", &[Row], &["Down"], "next row", "Next row"),
    row(A::FieldUp, "form.up", &[Row], &["Up"], "row before", "The row before"),
    row(A::Close, "field.close", &[Line, Picker, Form], &["Esc"], "back", "Back, without taking it").footer(89),

    row(A::Accept, "confirm.accept", &[Confirm], &["Enter"], "choose", "Take the marked answer").footer(10),
    row(A::ChoiceNext, "confirm.next", &[Confirm], &["Tab", "Right", "Down", "l", "j"], "next", "Mark the next answer").footer(11),
    row(A::ChoicePrevious, "confirm.prev", &[Confirm], &["Shift+Tab", "Left", "Up", "h", "k"], "previous", "Mark the answer before"),
    row(A::Yes, "confirm.yes", &[Confirm], &["y"], "yes", "Do it").footer(12),
    row(A::No, "confirm.no", &[Confirm], &["n", "Esc", "q"], "no", "Leave everything as it is").footer(13),
];
