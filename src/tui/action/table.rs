//! The table of actions, and the enums that are made of it.

use super::Context::{
    Agent, Call, Confirm, Ending, Experiments, Form, Global, Held, Line, List, Output, Picker,
    Question, Row, Server, Timeline, Tool,
};
use super::{ActionRow, Danger};

/// Makes the enums and the table of the rows. A row is: variant, name in key
/// files, contexts, keys, label, help, and, where it has them, danger, place in
/// the footer and other words for it.
macro_rules! actions {
    (@or $default:expr) => { $default };
    (@or $default:expr, $given:expr) => { $given };
    ($(
        $(#[$doc:meta])*
        $group:ident($actions:ident) {
            $($name:ident $id:literal $contexts:tt $keys:tt $label:literal $help:literal
                $(danger $danger:ident)? $(footer $place:literal)? $(also $also:literal)?;)+
        }
    )+) => {
        /// Something a user can do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Action {
            $($(#[doc = $help] $name,)+)+
        }

        /// An action among those that are carried out in one place.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum ActionGroup {
            $($(#[$doc])* $group($actions),)+
        }

        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq)]
            pub enum $actions {
                $(#[doc = $help] $name,)+
            }
        )+

        impl Action {
            /// Every action, in the order of the table.
            pub const ALL: &[Self] = &[$($(Self::$name,)+)+];

            /// Returns the row of the table.
            pub fn row(self) -> &'static ActionRow {
                &TABLE[self as usize]
            }

            /// Returns the action among those of its group.
            pub fn group(self) -> ActionGroup {
                match self {
                    $($(Self::$name => ActionGroup::$group($actions::$name),)+)+
                }
            }
        }

        /// Every action with its row.
        pub const TABLE: &[ActionRow] = &[$($(ActionRow {
            action: Action::$name,
            id: $id,
            label: $label,
            help: $help,
            contexts: &$contexts,
            keys: &$keys,
            danger: actions!(@or Danger::None $(, Danger::$danger)?),
            footer: actions!(@or None $(, Some($place))?),
            also: actions!(@or "" $(, $also)?),
        },)+)+];
    };
}

actions! {
    /// Heard wherever no dialog is open.
    App(AppAction) {
        Help "app.help" [Global] ["?", "F1"] "help" "All keys of this place and everywhere" footer 90;
        Palette "app.palette" [Global] [":"] "commands" "Find anything that can be done by typing a few letters" footer 89;
        OpenFile "app.open" [Global] ["L"] "open" "Run the demo, or open a plan or MCP servers found near" footer 8 also "demo plan file servers load";
        Messages "app.messages" [Global] ["!"] "messages" "All messages so far" also "log notices";
        Quit "app.quit" [Global] ["q"] "quit" "Leave; asks first if something runs (so does Ctrl+c)" footer 91 also "exit leave";
        Back "app.back" [Global] ["Esc"] "back" "One level back; never leaves the program";
        FocusNext "focus.next" [Global] ["Tab"] "next pane" "Give the keys to the next pane";
        FocusPrevious "focus.prev" [Global] ["Shift+Tab"] "previous pane" "Give the keys to the previous pane";
        Zoom "pane.zoom" [Global] ["z"] "zoom" "The pane alone, without borders; again for all" also "full screen maximise";
        CapUp "cap.up" [Global] ["Plus", "="] "cap" "One lane more, at once" footer 61 also "parallel concurrency more lanes";
        CapDown "cap.down" [Global] ["-"] "cap" "One lane less; running calls finish" footer 60 also "sequential fewer lanes";
        CapSet "cap.set" [Global] ["C"] "set cap" "Type the number of lanes, or auto" also "parallel concurrency lanes";
        CapAuto "cap.auto" [Global] ["A"] "auto cap" "Let the cap follow what calls need and how the machine is; again to pin it";
        Govern "app.govern" [Global] ["V", "Ctrl+g"] "govern" "Let the cap, locks and rates bind agents' calls; again to watch: everything passes";
        Pause "run.pause" [Global] ["p"] "pause" "Start nothing more; again to go on" footer 50 also "hold stop wait";
        Add "call.add" [Global] ["a"] "add" "Pick a tool, give it arguments, queue the call" footer 9 also "new call tool";
        AnswerQuestion "app.answer-question" [Global] ["Q"] "answer" "Answer what a server asks: for the selected call, else the question that waits longest" footer 1 also "elicitation form";
        CancelAll "run.cancel-all" [Global] ["Ctrl+x"] "cancel all" "Cancel every call that has not ended; asks first" danger EndsMany;
        CpuUnit "cpu.unit" [Global] ["%"] "cpu unit" "CPU in percent of one core, or of the machine" also "percent cores";
        Freeze "app.freeze" [Global] ["Z"] "freeze" "Keep the screen as it is, to read it; calls run on. Again to go on" also "pause screen still";
        Machine "app.machine" [Global] ["U"] "machine" "Each core, memory, swap, load, network and disks of the machine" also "top cores memory";
        Welcome "app.welcome" [Global] ["W"] "first steps" "The card that a new user sees: four steps to begin with";
        Theme "app.theme" [Global] ["T"] "theme" "Pick a theme; the screen shows each at once" also "colours colors dark light";
        Mouse "app.mouse-toggle" [Global] ["M"] "mouse" "The mouse for fanout, or for the terminal to select text" also "select text";
        Redraw "app.redraw" [Global] ["Ctrl+l"] "redraw" "Redraw the whole screen";
        Suspend "app.suspend" [Global] ["Ctrl+z"] "suspend" "Back to the shell; calls stand still until fg";
    }
    /// Shows a screen.
    Screen(ScreenAction) {
        ScreenLanes "screen.lanes" [Global] ["1"] "lanes" "What runs now";
        ScreenQueue "screen.queue" [Global] ["2"] "queue" "Every call in a table" also "table all calls";
        ScreenCatalogue "screen.catalogue" [Global] ["3"] "catalogue" "What tools there are" also "tools list";
        ScreenTimeline "screen.timeline" [Global] ["4"] "timeline" "The run as bars over time" also "gantt bars";
        ScreenExperiments "screen.experiments" [Global] ["5"] "experiments" "How long the plan takes at other caps, measured" also "compare sweep benchmark";
        ScreenServers "screen.servers" [Global] ["8"] "servers" "The tool servers, their standard error, and their messages" also "mcp rpc json-rpc messages protocol raw";
        ScreenAgents "screen.agents" [Global] ["9"] "agents" "Agents at work, their servers, and the messages between them" also "claude codex wire rpc";
    }
    /// Moves in lists and in anything that scrolls.
    List(ListAction) {
        Down "list.down" [List] ["j", "Down"] "down" "One row down";
        Up "list.up" [List] ["k", "Up"] "up" "One row up";
        Top "list.top" [List] ["g g", "Home"] "top" "To the first row";
        Bottom "list.bottom" [List] ["G", "End"] "bottom" "To the last row; in the output, follow it";
        PageDown "list.page-down" [List] ["PageDown", "Ctrl+d"] "page down" "One page down";
        PageUp "list.page-up" [List] ["PageUp", "Ctrl+u"] "page up" "One page up";
        Filter "list.filter" [List] ["/"] "filter" "Only calls with these words in name, arguments or reason; tool:, state:, reason:, >5s ask for one thing; in messages of a call: search them" footer 55 also "find narrow";
    }
    /// Concerns the selected call, or the list it is in.
    Call(CallAction) {
        Sort "list.sort" [Call] ["s"] "sort" "Sort by the next column: number, name, tool, state, time, CPU, memory, wait";
        SortReverse "list.sort-reverse" [Call] ["S"] "reverse" "Turn the order round";
        Scope "list.scope" [Call] ["O"] "all/waiting" "All calls in the table, or those that wait";
        Columns "list.columns" [Call] ["|"] "columns" "Choose the columns of the table";
        Mark "list.mark" [Call] ["Space"] "mark" "Mark the call, to cancel or run several at once" footer 54 also "select several";
        Open "call.open" [Call] ["Enter"] "output" "Read what the call prints" footer 40 also "stdout stderr log print";
        Detail "call.detail" [Call] ["d"] "details" "Arguments and their sources, attempts, waits, CPU, memory and disk" footer 62 also "argv command why hang pid";
        Copy "call.copy" [Call] ["y"] "copy" "Copy the output; in a tree, the part at the cursor" footer 63 also "clipboard yank";
        CopyAs "call.copy-as" [Call] ["Y"] "copy as" "Copy as text, as JSON, as a `fanout call` line, or as the command that ran";
        Edit "call.open-editor" [Call] ["e"] "editor" "The output in $VISUAL or $EDITOR, as a copy; raw bytes where the pane is raw" footer 64;
        Page "call.open-pager" [Call] ["v"] "pager" "The output in $PAGER, made safe for the terminal" footer 65;
        Cancel "call.cancel" [Call] ["x"] "cancel" "Cancel by SIGTERM, and SIGKILL after the grace; an agent's call by telling its server. Press twice" danger Ends footer 20 also "stop abort terminate";
        Kill "call.kill" [Call] ["X"] "kill" "Kill at once; of an agent's call its server, too, after asking" danger Ends also "force sigkill";
        Rerun "call.rerun" [Call] ["r"] "run again" "Run an ended call again, as a new call" footer 30 also "retry repeat again";
        EditRerun "call.edit-rerun" [Call] ["E"] "edit" "Change the call's arguments and run it again; of an agent's call that is held, or of its answer: change it and let it go" footer 31 also "change arguments";
        MoveDown "call.move-down" [Call] ["J"] "later" "Let a waiting call start after the next one";
        MoveUp "call.move-up" [Call] ["K"] "earlier" "Let a waiting call start before the one above";
        RunNext "call.next" [Call] ["P"] "start next" "Start a waiting call before all others";
    }
    /// Heard in the output pane.
    Output(OutputAction) {
        Follow "out.follow" [Output] ["f"] "follow" "Stay at the end as lines arrive, or stop" footer 41;
        Wrap "out.wrap" [Output] ["w"] "wrap" "Wrap long lines, or cut them" footer 42;
        Streams "out.streams" [Output] ["o"] "streams" "Both streams, only stdout, only stderr" footer 43;
        Search "out.search" [Output] ["/"] "search" "Lines that match a regular expression, as it is typed" footer 39 also "grep find";
        NextMatch "out.next" [List] ["n"] "next" "To the next line that matches; with nothing searched for, to the next call that failed" also "failure error failed";
        PreviousMatch "out.prev" [List] ["N"] "before" "To the matching line before, or to the failed call before";
        OnlyMatches "out.only" [Output] ["&"] "only matches" "Show only the lines that match, or all" footer 44;
        Times "out.times" [Output] ["t"] "times" "When each line was completed" footer 45;
        OutputForm "out.form" [Output] ["F"] "form" "As text, its JSON as a tree, or every byte" footer 46 also "json tree raw jsonl";
        OutputScope "out.scope" [Output] ["c"] "whose" "The call's output, all calls' in plan order, or as it comes" footer 47;
        Left "out.left" [Output] ["Left"] "left" "Sideways to the left";
        Right "out.right" [Output] ["Right"] "right" "Sideways to the right";
    }
    /// Heard in the timeline.
    Timeline(TimelineAction) {
        CursorLeft "time.left" [Timeline] ["Left"] "cursor" "The cursor to the left" footer 33;
        CursorRight "time.right" [Timeline] ["Right"] "cursor" "The cursor to the right";
        ZoomIn "time.zoom-in" [Timeline] ["]"] "zoom in" "Half as much time" footer 35;
        ZoomOut "time.zoom-out" [Timeline] ["["] "zoom out" "Twice as much time" footer 34;
        Fit "time.fit" [Timeline] ["0"] "fit" "The whole run" footer 36;
        TimelineRows "time.rows" [Timeline] ["m"] "lanes/calls" "A row for each lane, or for each call" footer 32;
        EarlierRun "time.before" [Timeline] ["b"] "earlier run" "An earlier run of the same plan on the same scale: the last, each before it, none" footer 37;
    }
    /// Concerns a run that has ended.
    Ending(EndingAction) {
        TakeChoice "end.take" [Ending] ["Enter"] "do it" "Do what is marked: run the plan again, write a report, show the timeline, compare" footer 8;
        RunAgain "end.again" [Ending] ["Ctrl+r"] "run again" "Run the whole plan again, as new calls" also "rerun repeat";
        WriteReport "end.report" [Ending] ["Ctrl+w"] "report" "Write the report of the run as JSON into the current folder" also "save json export";
    }
    /// Concerns the selected tool.
    Tool(ToolAction) {
        UseTool "tool.use" [Tool] ["Enter"] "call it" "Fill the tool's form and queue the call" footer 10;
    }
    /// Heard on the screen of experiments.
    Experiments(ExperimentsAction) {
        Compare "lab.compare" [Experiments] ["b"] "compare" "Run the plan one call at a time and at the cap in force, and compare; asks first" footer 10 also "parallel sequential speed-up";
        Sweep "lab.sweep" [Experiments] ["B"] "sweep" "Find the cap that is worth using by running the plan at many; asks first" footer 11 also "tune best cap concurrency";
        LoadCall "lab.load" [Call, Tool] ["l"] "load" "Call it again and again with the same arguments, at the cap in force; + and - change it. Asks first" also "benchmark percentiles rate";
        ExportResults "lab.export" [Experiments] ["Y"] "export" "Write what is known as JSON, CSV and an SVG chart" footer 13 also "svg csv chart";
        ShowStage "lab.stage" [Experiments] ["F"] "full size" "The comparison at full size, to be read from afar" footer 13 also "stage big screen audience";
        ResultEarlier "lab.earlier" [Experiments] ["["] "result before" "The result before: those of this session stay, and a sweep that was stopped before it";
        ResultLater "lab.later" [Experiments] ["]"] "next result" "The result after";
        StopExperiment "lab.stop" [Experiments] ["x"] "stop" "Stop the experiment; what is known stays. Again kills" danger EndsMany footer 12;
    }
    /// Concerns the selected server.
    Server(ServerAction) {
        ServerStart "server.start" [Server] ["u"] "start" "Start the server and list its tools" footer 10;
        ServerStop "server.stop" [Server] ["D"] "stop" "Close the server; asks first if calls are in flight" danger EndsMany footer 11;
        ServerRestart "server.restart" [Server] ["b"] "restart" "Close the server and start it again" danger EndsMany footer 12;
        ServerTools "server.tools" [Server] ["Enter"] "its tools" "The server's tools in the catalogue; signs in where the server asks for it" footer 13;
        ServerAccept "server.accept" [Server] ["m"] "use changed" "Use tools that the server describes otherwise than before; asks first";
    }
    /// Concerns calls that agents make, and their servers.
    Agent(AgentAction) {
        Hold "agent.hold" [Call] ["h"] "hold" "Hold an agent's call, or the answer of one that was sent; again to let it go" footer 21;
        Answer "agent.answer" [Call] ["R"] "answer" "Answer an agent's call by hand; its server does not get it" footer 22;
        ReleaseAll "agent.release-all" [Call, Agent] ["H"] "let all go" "Let every call and answer go that is held (resume)" footer 23;
        Intercept "agent.intercept" [Call, Agent] ["i"] "intercept" "Type which calls are held as they come: mem.create_*  agent:cx1  !ro" footer 24;
        InterceptSwitch "agent.intercept-switch" [Call, Agent] ["I"] "intercept on" "Hold the calls of the pattern as they come, or no more";
        AgentCalls "agent.calls" [Agent] ["Enter"] "its calls" "The calls of the agent, or of the server" footer 10;
        TakeControl "agent.take-control" [Agent] ["B"] "take control" "Take the control of agents' calls from another dashboard; asks first";
        KillServer "agent.kill-server" [Agent] ["D"] "kill server" "Kill the server; its open calls end. Asks first" danger EndsMany footer 25;
    }
    /// Heard in fields of one line and in lists that are narrowed by typing.
    Field(FieldAction) {
        Take "field.take" [Line, Picker] ["Enter"] "take" "Take what is typed or marked" footer 10;
        MarkNext "field.next" [Picker] ["Down", "Ctrl+n"] "next" "Mark the next row" footer 11;
        MarkPrevious "field.prev" [Picker] ["Up", "Ctrl+p"] "previous" "Mark the row before";
    }
    /// Answers a question of a server.
    Question(QuestionAction) {
        SendAnswer "question.send" [Question] ["F2", "Ctrl+s"] "send" "Send what is typed, or open the page that is asked for" footer 7;
        DeclineQuestion "question.decline" [Question] ["F3"] "decline" "Tell the server that you do not want to say" footer 8;
        LeaveQuestion "question.leave" [Question] ["F8"] "leave it" "Tell the server that you left the question without an answer" footer 15;
    }
    /// Heard in forms.
    Form(FormAction) {
        Submit "form.submit" [Form] ["F2", "Ctrl+s"] "queue" "Queue the call" footer 10;
        SendHeld "held.send" [Held] ["F2", "Ctrl+s"] "send" "Let it go as it is typed here" footer 10;
        KeepHeld "held.keep" [Held] ["F3"] "keep held" "Take what is typed, and hold it further" footer 11;
        SubmitFirst "form.submit-first" [Form] ["F3"] "run now" "Queue the call before all others" footer 11;
        ToggleRaw "form.raw" [Form] ["F4"] "form/JSON" "The arguments as rows, or as one JSON text" footer 12;
        ClearForm "form.clear" [Form] ["F5"] "clear" "Take all arguments away" footer 13;
        RecallForm "form.recall" [Form] ["F6"] "as last time" "What the tool was given last, in all rows; Up recalls one row" footer 15;
        CopyForm "form.copy" [Form] ["F7"] "copy" "Copy the arguments as JSON, or as a `fanout call` line for a shell" footer 14;
        FieldNext "form.next" [Form] ["Tab"] "next row" "Next row; checks the one that is left" footer 9;
        FieldPrevious "form.prev" [Form] ["Shift+Tab"] "row before" "The row before";
        FieldDown "form.down" [Row] ["Down"] "next row" "Next row";
        FieldUp "form.up" [Row] ["Up"] "row before" "The row before; in an empty row, what the tool was given last";
        Close "field.close" [Line, Picker, Form] ["Esc"] "back" "Back, without taking it" footer 89;
    }
    /// Answers a question.
    Confirm(ConfirmAction) {
        Accept "confirm.accept" [Confirm] ["Enter"] "choose" "Take the marked answer" footer 10;
        ChoiceNext "confirm.next" [Confirm] ["Tab", "Right", "Down", "l", "j"] "next" "Mark the next answer" footer 11;
        ChoicePrevious "confirm.prev" [Confirm] ["Shift+Tab", "Left", "Up", "h", "k"] "previous" "Mark the answer before";
        Yes "confirm.yes" [Confirm] ["y"] "yes" "Do it" footer 12;
        No "confirm.no" [Confirm] ["n", "Esc", "q"] "no" "Leave everything as it is" footer 13;
    }
}
