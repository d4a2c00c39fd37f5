//! `fanout agents`: agents at work behind proxies, and their calls.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use serde_json::{Value, json};

use super::exit::{self, Exit};
use crate::app::{SessionError, start_current_thread};
use crate::exec::proxy::attach::{Attachments, ProxyEvent, ProxyNews, SeenProxy, look};
use crate::exec::proxy::frames::{Mode, ShimHello};
use crate::model::{ProxyControl, ProxyId, plural};
use crate::output::Safe;

/// The agents whose servers `fanout mcp` stands before.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  fanout agents                  which agents are at work here, on which servers
  fanout agents --follow         and their calls, as they come and end
  fanout agents --follow --json  one JSON object a line")]
pub(super) struct Agents {
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Go on, and print each call as it comes and ends
    #[arg(long)]
    follow: bool,
    /// Meet agents in this folder instead of the one of this user
    #[arg(long, value_name = "DIR")]
    via: Option<PathBuf>,
}

impl Agents {
    pub(super) fn run(self) -> Exit {
        if self.follow {
            return self.follow();
        }
        let seen = match look(self.via.as_deref()) {
            Ok(seen) => seen,
            Err(error) => return exit::cannot_run(&error),
        };
        let out = io::stdout().lock();
        exit::written(if self.json {
            exit::print_json(&as_json(&seen), out)
        } else {
            print(&seen, self.via.as_deref(), out)
        })
    }

    fn follow(self) -> Exit {
        let runtime = match start_current_thread() {
            Ok(runtime) => runtime,
            Err(error) => return exit::cannot_run(&SessionError::Runtime(error)),
        };
        let written = runtime.block_on(async {
            let (_attachments, mut news) = Attachments::begin(self.via);
            let mut known = Names::default();
            let mut out = io::stdout().lock();
            while let Some(news) = news.recv().await {
                let line = if self.json {
                    event(&news).map(|event| event.to_string())
                } else {
                    known.line(&news)
                };
                if let Some(line) = line {
                    writeln!(out, "{line}")?;
                    out.flush()?;
                }
            }
            Ok(())
        });
        exit::written(written)
    }
}

fn print(seen: &[SeenProxy], via: Option<&Path>, mut out: impl Write) -> io::Result<()> {
    if seen.is_empty() {
        let place = via.map(|via| format!(" in {}", via.display()));
        writeln!(out, "no agent is at work here{}", place.unwrap_or_default())?;
        return writeln!(
            out,
            "`fanout mcp --name NAME -- COMMAND` stands before a server"
        );
    }
    for proxy in seen {
        match &proxy.hello {
            Ok(hello) => writeln!(out, "{}", described(hello))?,
            Err(reason) => {
                let reason = Safe::new(reason);
                writeln!(out, "proxy {}: {}", proxy.pid, reason.as_str())?;
            }
        }
    }
    Ok(())
}

/// A proxy on one line.
fn described(hello: &ShimHello) -> String {
    let agent = &hello.agent;
    let name = agent.title.as_deref().or(agent.name.as_deref());
    let mut words = vec![name.unwrap_or(&agent.comm).to_owned()];
    words.extend(agent.version.clone());
    words.push(format!("(pid {}) ", agent.pid));
    words.push(format!("{}:", hello.name));
    words.push(hello.argv.join(" "));
    words.extend(hello.server_pid.map(|pid| format!("(pid {pid})")));
    let tools = hello.tools.map(|tools| plural(tools as usize, "tool"));
    let calls = Some(plural(hello.calls as usize, "call"));
    let waiting = (hello.waiting > 0).then(|| format!("{} waiting", hello.waiting));
    let mode = match hello.mode {
        Mode::Watch => "watch",
        Mode::Govern => "govern",
    };
    let controller = hello.controller.as_ref();
    let controller = controller.map(|it| format!("controlled by pid {}", it.pid));
    let facts = [tools, calls, waiting, Some(mode.to_owned()), controller];
    let facts: Vec<String> = facts.into_iter().flatten().collect();
    let line = format!("{}  {}", words.join(" "), facts.join(", "));
    Safe::new(&line).as_str().to_owned()
}

fn as_json(seen: &[SeenProxy]) -> Value {
    let proxies = seen.iter().map(|proxy| match &proxy.hello {
        Ok(hello) => hello_json(hello),
        Err(reason) => json!({"id": proxy.id, "proxy_pid": proxy.pid, "problem": reason}),
    });
    let proxies: Vec<Value> = proxies.collect();
    json!({"version": 1, "proxies": proxies})
}

fn hello_json(hello: &ShimHello) -> Value {
    json!({
        "id": hello.id,
        "proxy_pid": hello.shim_pid,
        "protocol_version": hello.v,
        "agent": {
            "name": hello.agent.name,
            "title": hello.agent.title,
            "version": hello.agent.version,
            "pid": hello.agent.pid,
            "comm": hello.agent.comm,
        },
        "session": hello.session,
        "cwd": hello.cwd,
        "server": {
            "name": hello.name,
            "pid": hello.server_pid,
            "argv": hello.argv,
            "protocol": hello.protocol,
            "tools": hello.tools,
            "lock": hello.lock,
        },
        "mode": hello.mode,
        "controller": hello.controller.as_ref().map(|it| json!({"pid": it.pid, "name": it.name})),
        "watch_only": hello.watch_only,
        "calls": hello.calls,
        "waiting": hello.waiting,
        "problem": null,
    })
}

/// News as a line of JSON; `None` where it is of no interest.
fn event(news: &ProxyNews) -> Option<Value> {
    let mut event = match &news.event {
        ProxyEvent::Described(hello, _) => json!({"event": "proxy", "proxy": hello_json(hello)}),
        ProxyEvent::CallCame(call) => json!({
            "event": "call", "call": call.call, "tool": call.tool, "args": call.args,
            "read_only": call.read_only, "request_id": call.request_id,
        }),
        ProxyEvent::CallMoved(call) => json!({
            "event": "state", "call": call.call, "state": call.state, "why": call.why,
        }),
        ProxyEvent::CallEnded(call) => json!({
            "event": "end", "call": call.call, "outcome": call.outcome,
            "is_error": call.is_error, "reason": call.reason,
        }),
        ProxyEvent::Lost(lost) => {
            json!({"event": "lost", "frames": lost.frames, "bytes": lost.bytes})
        }
        ProxyEvent::ServerEnded(how) => json!({"event": "server-ended", "how": how}),
        ProxyEvent::Gone(why) => json!({"event": "gone", "why": why}),
        ProxyEvent::Blind(why) => json!({"event": "problem", "why": why}),
        ProxyEvent::ToolsListed(_)
        | ProxyEvent::ArgumentsKnown(..)
        | ProxyEvent::Progressed(..)
        | ProxyEvent::AnsweredLate(_)
        | ProxyEvent::Passed(_)
        | ProxyEvent::Refused { .. } => return None,
    };
    event["number"] = news.proxy.0.into();
    Some(event)
}

/// Names of proxies and calls, for lines that people read.
#[derive(Default)]
struct Names {
    proxies: std::collections::BTreeMap<ProxyId, String>,
    tools: std::collections::BTreeMap<(ProxyId, u64), Arc<str>>,
}

impl Names {
    fn line(&mut self, news: &ProxyNews) -> Option<String> {
        let proxy = news.proxy;
        if let ProxyEvent::Described(hello, control) = &news.event {
            return self.described(proxy, hello, control);
        }
        let of = self.proxies.get(&proxy).cloned().unwrap_or_default();
        let tool = |names: &Self, call: u64| {
            let tool = names.tools.get(&(proxy, call)).cloned();
            format!("{} #{call}", tool.unwrap_or_default())
        };
        let text = match &news.event {
            ProxyEvent::CallCame(call) => {
                self.tools
                    .insert((proxy, call.call.0), Arc::clone(&call.tool));
                format!("{of}: {} came", tool(self, call.call.0))
            }
            ProxyEvent::CallEnded(call) => {
                let outcome = json!(call.outcome);
                let outcome = outcome.as_str().unwrap_or_default().to_owned();
                let name = tool(self, call.call.0);
                self.tools.remove(&(proxy, call.call.0));
                let reason = call.reason.as_deref().map(|it| format!(": {it}"));
                format!("{of}: {name} {outcome}{}", reason.unwrap_or_default())
            }
            ProxyEvent::CallMoved(call) => {
                let why = call.why.as_deref()?;
                format!("{of}: {} {why}", tool(self, call.call.0))
            }
            ProxyEvent::Lost(lost) => format!("{of}: {} news were lost", lost.frames),
            ProxyEvent::ServerEnded(how) => format!("{of}: server ended: {how}"),
            ProxyEvent::Gone(why) => {
                self.proxies.remove(&proxy);
                self.tools.retain(|(of, _), _| *of != proxy);
                format!("{of}: {why}")
            }
            ProxyEvent::Blind(why) => why.to_string(),
            _ => return None,
        };
        Some(Safe::new(&text).as_str().to_owned())
    }

    fn described(
        &mut self,
        proxy: ProxyId,
        hello: &ShimHello,
        control: &ProxyControl,
    ) -> Option<String> {
        let name = format!("{}/{}", hello.agent.pid, hello.name);
        let is_new = self.proxies.insert(proxy, name).is_none();
        let mut line = is_new.then(|| described(hello))?;
        if let ProxyControl::WatchOnly { why } = control {
            line.push_str(", ");
            line.push_str(Safe::new(why).as_str());
        }
        Some(line)
    }
}
