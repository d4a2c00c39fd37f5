//! fanout runs an agent's tool calls in parallel lanes and shows them.
//!
//! # Theory of operation
//!
//! A *plan* is read and checked whole ([`plan`], [`catalogue`]); if anything is
//! wrong with it, everything is reported at once and nothing starts. Its calls
//! go into the *engine*, one loop that alone changes what is known of a run.
//!
//! The loop selects, decides, acts. It *selects* what happened next: a user's
//! command, news of an attempt, a reading, a deadline. To *decide*, it tells
//! the scheduler ([`sched`]) and gets back what is to be done. The scheduler is
//! a pure function of the inputs so far: it has no clock, no randomness of its
//! own and no channel, so that the same inputs always give the same effects.
//! The simulator, the property tests and the replay of recorded runs rest on
//! that. To *act*, the loop starts and stops attempts ([`exec`]).
//!
//! An attempt is a process tree. Its pipes go into bounded buffers with spill
//! files beside them ([`output`]); the tool is never held up by whoever reads.
//! The outcome is fixed when the main process exits; the attempt is over when
//! its tree is known to be gone, and only then is its lane free. A stop is a
//! ladder whose clock the scheduler owns: softly first, hard after the grace.
//!
//! The loop publishes its state as a *snapshot*, at most thirty a second, in
//! which unchanged rows are shared with the one before. The dashboard
//! ([`tui`]) draws snapshots and sends commands; it never learns how a call is
//! run. Readings of CPU and memory ([`probe`]) come from a thread of their own.
//! None of these three ever waits for another.
//!
//! Two orderings look wrong and are right. A call gets its row *before* the
//! scheduler hears of it, so that nothing can happen to a call without a row.
//! And when an attempt ends with a success, its output is looked at *before*
//! the scheduler hears of the end, because a tool that promised JSON and
//! printed something else has failed, and its dependents must not start.
//!
//! # Questions of servers
//!
//! A tool server may ask while it works: its user for values, a model for an
//! answer, this program for folders. Whatever the protocol's revision, such a
//! request goes to the server's *client* (`exec/mcp/client.rs`). It answers from
//! what was given before, puts the question to the user of the dashboard, or
//! declines. The call runs on in its lane meanwhile, but its clocks stand still:
//! the scheduler hears that a question was asked and that it was answered, and
//! the time between is a wait of the call and not run time of its tool.
//!
//! # Agents at work
//!
//! A program that makes calls of its own starts `fanout mcp` in the place of a
//! server. That proxy passes every message on as it came, and listens in a
//! folder that follows from the user's id. A dashboard finds proxies there
//! ([`exec::proxy::attach`]) and gives each call a row of its run; with no
//! dashboard the proxy does all that it must alone.
//!
//! While agents are *watched*, their calls never reach the scheduler: they hold
//! no lock and count towards no cap. While they are *governed*, a call that
//! waits at its proxy is queued in the scheduler like any other, and its start
//! sends it on. It is *withdrawn* from the scheduler, which then knows nothing
//! of it, as soon as it needs nothing any more or something else decides about
//! it: a person who holds it, the proxy that lets it go before its agent gives
//! up, another dashboard. How it ended is told by its proxy alone. An agent
//! works all day, so rows of its ended calls are bounded: a new call takes the
//! place, and the number, of the one that ended first.
//!
//! # Who holds the processes
//!
//! The runner has threads and may have grown large, so it never forks. A
//! *warden*, this program executed again before anything else happens, forks
//! *supervisors*, one a lane. A supervisor has one thread, leads a session of
//! its own and adopts whatever its tool orphans; it starts the next program
//! only when nothing of the last one lives. Each hangs on a socket: its end of
//! file means that the other side died, however it died, and everything below
//! is killed. What even that cannot reach (the whole machine went down under
//! all three) stands in a ledger that the next start sweeps.
//!
//! All of that is Linux's: subreapers, parent-death signals, pidfd, `/proc`.
//! Elsewhere this library is empty, and the program says so and exits with 4:
//! a cancel that may leave processes behind would not be what it promises.
//!
//! # From a key to a cell
//!
//! A key is looked up in the one table of actions, where footer, help, palette,
//! key files and the README's list come from, too. `update(state, message)` is
//! a pure function: it changes what is selected, scrolled and typed, and says
//! what is wanted, such as `Cancel(#14)`. That goes into the engine's bounded
//! queue; a full queue is an answer, never a wait. The next snapshot shows what
//! came of it: the screen never guesses. Views take the state by reference and
//! draw into a buffer; only cells that changed are written, inside a
//! synchronized update, and nothing is drawn when nothing changed.
//!
//! All of this runs without a terminal and without processes as well: tests
//! type keys into the real loop on a [`tui::terminal::canvas`], and `fanout screenshot`
//! plays a recorded run to the real engine, in a time that jumps.
//!
//! # What must stay true
//!
//! - The cap is a number in the scheduler, never a semaphore. Raising it admits
//!   in the same step; lowering it drains and kills nothing.
//! - Nothing grows without a bound; what a bound drops is counted and shown.
//! - A number says whether it was measured or estimated (`~`); a reading that
//!   is missing is a gap, never 0.
//! - A call is *cancelled* once its tree is known to be gone, *stopping* until
//!   then; what could not be confirmed dead is an outcome of its own.
//! - What a tool or a file says is untrusted: it reaches a screen as
//!   [`output::Safe`] text only.
//! - A catalogue that was found and not given is inert until its user trusts it
//!   as it is; a tool that its server describes otherwise than before is not
//!   used until its user has seen the difference.
//! - Plans and catalogues are strict, and nothing starts with an error in them;
//!   the user's own options, keys and themes never stop a start.
//!
//! # Where to begin
//!
//! Reading: [`model::Snapshot`] has every word that matters; then
//! [`sched::Scheduler::step`], the engine's loop (`engine/run.rs`), and one
//! view. A new key of a call: its row in `plan/keys.rs`, which gives reader,
//! schema, README and form, then [`sched::CallSpec`]. A new action: its row in
//! `tui/action/table.rs`; the compiler then asks for its meaning in
//! `tui/update`, but for those of pickers and lines.
//!
//! # Use as a library
//!
//! A plan can be checked and run in virtual time, without a process:
//!
//! ```
//! use std::time::Duration;
//!
//! use fanout::catalogue::Catalogue;
//! use fanout::lab::{MachineLimits, SimulationInput, simulate};
//! use fanout::model::Policy;
//! use fanout::plan;
//!
//! let text = r#"
//!     cap = 2
//!     call = [
//!         { id = "a", tool = "echo", args = { text = "a" }, estimate = "3s" },
//!         { id = "b", tool = "echo", args = { text = "b" }, estimate = "1s" },
//!         { id = "c", tool = "echo", args = { text = "{{b.output}}" }, estimate = "1s" },
//!     ]
//! "#;
//! let tools = Catalogue::sample().expect("the sample tools");
//! let plan = plan::from_text("trip.toml", text, &tools).expect("a valid plan").plan;
//! let policy = Policy { cap: plan.cap.expect("a cap"), ..Policy::default() };
//! let machine = MachineLimits::default();
//! let run = simulate(&SimulationInput::of(&plan, tools.tools(), machine, policy, 1.0));
//! assert_eq!(run.makespan, Duration::from_secs(3));
//! ```
//!
//! The scheduler alone is stepped with what happened, and returns what to do:
//!
//! ```
//! use std::time::Duration;
//!
//! use fanout::model::{CallId, Outcome, Policy, ToolName};
//! use fanout::sched::{AttemptResult, CallSpec, Effect, Input, Scheduler, SchedulerSettings};
//! use rand_pcg::Pcg64Mcg;
//!
//! let policy = Policy::default();
//! let mut scheduler = Scheduler::new(SchedulerSettings::new(policy, Pcg64Mcg::new(1)));
//! let call = CallSpec::new(CallId::from_index(0), ToolName::new("build"));
//! let effects = scheduler.step(Duration::ZERO, Input::CallsQueued(vec![call]));
//! let [Effect::Start { id, epoch, .. }] = effects[..] else {
//!     panic!("one start")
//! };
//! scheduler.step(Duration::ZERO, Input::AttemptStarted { id, epoch });
//! let end = AttemptResult::plain(Outcome::Succeeded);
//! let effects = scheduler.step(Duration::from_secs(2), Input::AttemptEnded { id, epoch, end });
//! assert!(matches!(effects[..], [Effect::Finished { outcome: Outcome::Succeeded, .. }]));
//! assert_eq!(scheduler.open_calls(), 0);
//! ```
//!
//! Text of others reaches a screen with everything in it visible and nothing
//! obeyed:
//!
//! ```
//! use fanout::output::Safe;
//!
//! let title = Safe::new("build\u{1b}]0;owned\u{7} done");
//! assert!(!title.as_str().contains('\u{1b}'));
//! ```
//!
//! # Glossary
//!
//! - **tool**: something callable, with an input schema
//! - **catalogue**: all tools known
//! - **call**: one request to run a tool with arguments
//! - **plan**: a set of calls with dependencies
//! - **run**: one execution of a plan
//! - **attempt**: one try at a call
//! - **lane**: a slot that runs one call
//! - **cap**: how many lanes may be busy
//! - **outcome**: how a call ended
//! - **sample**: one reading of CPU and memory
//! - **policy**: cap, failure policy and order
//! - **agent**: a program that makes calls, such as Claude Code or Codex
//! - **proxy**: fanout between an agent and a server
//! - **turn**, **batch**: the calls that an agent asked for in one answer of its
//!   model
//! - **hold**: a call kept from its server by a person or a rule
//! - **step**: one cap or rate of a load
//! - **pool**, **place**: machines beside this one where calls run, and a slot
//!   of one
//! - **history**: the runs that are kept
//!
//! Inside of the library:
//!
//! - **warden**: the one process below the runner that forks; see above
//! - **supervisor**: the process between a lane and its tool that owns the
//!   tool's process tree and proves that it is gone
//! - **epoch**: number of one start of an attempt; news of an earlier start
//!   carries an earlier epoch and is ignored
//! - **ledger**: the file of processes and control groups that a run has made,
//!   by which the next start finds what a crash of everything left behind
//! - **spill**: the part of an output that is kept on disk, in a file of its call
//! - **shim**: the process that an agent starts in place of a server, and whose
//!   child the server is (`fanout mcp`); screens say *proxy*
//! - **snapshot**: an immutable picture of a run for readers such as the
//!   dashboard
//! - **stop ladder**: the steps of a stop, soft (SIGTERM), then hard (SIGKILL)
//! - **reservation**: what the scheduler keeps free for the first call that does
//!   not fit, so that smaller ones do not starve it
//!
//! # Rooms, and which rooms they may use
//!
//! | room | what happens there | uses |
//! |---|---|---|
//! | [`model`] | the words above as plain data | |
//! | [`catalogue`] | manifests, files of MCP servers, schemas, argument rules | model |
//! | [`plan`] | plan files, references, graph checks | model, catalogue |
//! | [`sched`] | the pure scheduler | model |
//! | [`output`] | bounded buffers, spill files, sanitised text, private files | model |
//! | [`probe`] | readings of the machine and of process trees | model |
//! | [`exec`] | one attempt: processes, servers, HTTP, the stop ladder; what stands between agents and servers | model, output, probe (`proxy` also sched) |
//! | [`engine`] | the loop that joins them | model, catalogue, plan, sched, output, probe, exec |
//! | [`record`] | events, plain lines, report, history | model, output |
//! | [`lab`] | simulation, bounds, forecasts; compare, sweep and load | model, sched |
//! | [`theme`] | roles of colours, theme files | |
//! | [`app`] | what several commands join: sessions, experiments, run folders, trust | all but cli, tui |
//! | [`tui`] | the dashboard | engine handle, model, catalogue, plan, output, record, lab, theme |
//! | [`cli`] | the command line: arguments in, exit code out | all |
//! | [`sample_tool`] | the programs behind the sample catalogue | |
//!
//! The binary uses `cli` alone. `tests/architecture` reads this table and
//! enforces it.

#![cfg(target_os = "linux")]

pub mod app;
pub mod catalogue;
pub mod cli;
pub mod engine;
pub mod exec;
pub mod lab;
pub mod model;
pub mod output;
pub mod plan;
pub mod probe;
pub mod record;
pub mod sched;
pub mod theme;
pub mod tui;

/// The sample tools: the programs behind the built-in catalogue.
#[path = "../sample-tools/tool/mod.rs"]
pub mod sample_tool;
