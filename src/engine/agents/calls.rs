//! Calls of agents as they come: each gets a row.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::watch::{AgentTally, ENDED_KEPT, OpenBatch, OpenCall};
use crate::catalogue;
use crate::engine::run::EngineLoop;
use crate::exec::proxy::attach::CallFacts;
use crate::exec::proxy::frames::ShimCall;
use crate::model::{
    Access, AgentMark, Batch, Call, CallId, CallName, CallOrigin, LockKey, LockSet, Patience,
    ProxiedCall, ProxiedRoute, ProxiedServer, ProxyId, ToolAction, ToolName,
};

/// Bytes of arguments that every row keeps, and the ended calls that keep more.
const SMALL_BYTES: usize = 8 << 10;
const LARGE_KEPT: usize = 64;

/// Bytes that a value takes at least.
const VALUE_BYTES: usize = size_of::<Value>();

/// Calls that come within this time of one another were asked for together.
const BATCH: Duration = Duration::from_millis(50);

impl EngineLoop {
    /// Gives a call a row.
    pub(super) fn call_came(&mut self, proxy: ProxyId, facts: CallFacts) {
        if self.known_call(proxy, facts.call).is_some() {
            return;
        }
        let Some(server) = self.agents.server(proxy).cloned() else {
            return;
        };
        let now = self.clock.now();
        let came = now.saturating_sub(facts.age);
        let id = self.place_for_call();
        let tally = self.agents.tallies.entry(server.agent.clone()).or_default();
        tally.calls += 1;
        let number = tally.calls;
        let batch = batch_of(tally, &facts, &mut self.agents.last_batch);
        tally.open.insert(id);
        let tool = ToolName::new(format!("{}.{}", server.name, facts.tool));
        let args = facts.args.clone().unwrap_or_default();
        let Locked { access, locks } = self.locks_of(&server, &tool, facts.read_only, &args);
        let mut call = Call::new(id, name_of(&server.agent, number), tool, args);
        call.origin = CallOrigin::Agent;
        call.locks = locks;
        self.register(&Arc::new(call), came);
        let proxied = proxied_call(&server, facts, access, batch, now);
        let open = OpenCall {
            proxy,
            call: proxied.1,
            is_scheduled: false,
            is_placed: false,
            is_ending: false,
        };
        self.agents.calls.insert((proxy, open.call), id);
        self.agents.open.insert(id, open);
        if let Some(row) = self.rows.edit(id) {
            row.are_args_resolved = true;
            row.proxied = Some(Arc::new(proxied.0));
        }
        if let Some(server) = self.agents.server_mut(proxy) {
            server.calls += 1;
            server.open_calls += 1;
        }
    }

    /// The number of a new call: the next one, or that of the call that ended
    /// first where there are too many.
    fn place_for_call(&mut self) -> CallId {
        let oldest = match self.agents.ended.len() {
            0..ENDED_KEPT => None,
            _ => self.agents.ended.pop_front(),
        };
        let Some(oldest) = oldest else {
            return CallId::from_index(self.rows.len());
        };
        self.agents.calls.remove(&(oldest.proxy, oldest.call));
        self.agents.large.retain(|id| *id != oldest.id);
        self.rows.vacate(oldest.id);
        self.launcher.outputs.store().forget(oldest.id);
        if let Some(log) = &self.agents.protocol_log {
            log.forget(oldest.id);
        }
        self.agents.edit().forgotten_calls += 1;
        oldest.id
    }

    /// The locks of a call: those that the catalogue names for its tool, else
    /// that of its server, shared where the tool says that it only reads.
    fn locks_of(
        &self,
        server: &ProxiedServer,
        tool: &ToolName,
        read_only: Option<bool>,
        args: &Value,
    ) -> Locked {
        let catalogue = &self.launcher.catalogue;
        let assumed = catalogue.assumed_tool(tool);
        let known = catalogue.get(tool).or(assumed.as_ref());
        if let Some(known) = known
            && let ToolAction::Mcp { access, .. } = &known.action
            && matches!(access, Access::Keyed | Access::Relaxed)
        {
            let locks = catalogue::locks(known, args);
            return Locked {
                access: *access,
                locks,
            };
        }
        let key = server.lock.as_deref().unwrap_or(server.name.as_str());
        let key = LockKey::new(&format!("server:{key}"));
        let mut locks = LockSet::default();
        let access = match read_only {
            Some(true) => Access::ReadOnly,
            Some(false) => Access::NotReadOnly,
            None => Access::Unannotated,
        };
        match access {
            Access::ReadOnly => locks.read.push(key),
            _ => locks.write.push(key),
        }
        Locked { access, locks }
    }

    /// Puts the arguments of a call in the place of those that it had.
    pub(super) fn arguments_known(&mut self, proxy: ProxyId, call: ShimCall, args: Arc<Value>) {
        let id = self.known_call(proxy, call);
        let Some(row) = id.and_then(|id| self.rows.edit(id)) else {
            return;
        };
        row.args = Arc::clone(&args);
        if row.call.args.is_null() {
            Arc::make_mut(&mut row.call).args = args;
        }
    }

    /// Keeps the arguments of an ended call. Of those that are large only the
    /// latest are kept: an agent works all day.
    pub(super) fn keep_arguments(&mut self, id: CallId) {
        let row = self.rows.get(id);
        if !row.is_some_and(|row| is_large(&row.args, &mut { SMALL_BYTES })) {
            return;
        }
        self.agents.large.push_back(id);
        if self.agents.large.len() <= LARGE_KEPT {
            return;
        }
        let oldest = self.agents.large.pop_front();
        if let Some(row) = oldest.and_then(|id| self.rows.edit(id)) {
            let told = format!("left out: large arguments are kept for {LARGE_KEPT} ended calls");
            row.args = Arc::new(Value::String(told));
            Arc::make_mut(&mut row.call).args = Arc::clone(&row.args);
        }
    }

    /// Changes what a row says of an agent's call.
    pub(super) fn edit_proxied(&mut self, id: CallId, edit: impl FnOnce(&mut ProxiedCall)) {
        let Some(row) = self.rows.edit(id) else {
            return;
        };
        if let Some(proxied) = &mut row.proxied {
            edit(Arc::make_mut(proxied));
        }
        self.mark();
    }

    /// Counts again what is held.
    pub(super) fn count_held(&mut self, proxy: ProxyId) {
        let held = |id: &CallId| {
            let row = self.rows.get(*id);
            row.and_then(|row| row.proxied.as_ref())
                .is_some_and(|proxied| proxied.is_held())
        };
        let here = self
            .agents
            .open_at(proxy)
            .iter()
            .filter(|id| held(id))
            .count();
        let Some(server) = self.agents.server_mut(proxy) else {
            return;
        };
        server.held = here;
        let agents = self.agents.edit();
        agents.held = agents.servers.iter().map(|it| it.held).sum();
    }
}

/// Whether a value takes more than the bytes that are left. It is looked at no
/// further than that.
fn is_large(value: &Value, left: &mut usize) -> bool {
    let own = match value {
        Value::String(text) => text.len(),
        _ => VALUE_BYTES,
    };
    *left = left.saturating_sub(own);
    match value {
        _ if *left == 0 => true,
        Value::Array(items) => items.iter().any(|item| is_large(item, left)),
        Value::Object(fields) => fields.iter().any(|(name, item)| {
            *left = left.saturating_sub(name.len());
            is_large(item, left)
        }),
        _ => false,
    }
}

/// Locks of a call, and the reason for them.
struct Locked {
    access: Access,
    locks: LockSet,
}

/// A name that no call of a plan can have taken: plans are read before agents
/// are found, and names of later calls avoid those that are taken.
fn name_of(agent: &AgentMark, number: u64) -> CallName {
    CallName::new(format!("{agent}-{number}"))
}

/// The batch of a call that comes now. It goes by the wall clock: the call may
/// have come before the run began.
fn batch_of(tally: &mut AgentTally, facts: &CallFacts, last: &mut u32) -> Batch {
    let came = SystemTime::now() - facts.age;
    let is_with = |batch: &OpenBatch| came <= batch.since + BATCH;
    let number = match &tally.batch {
        Some(batch) if is_with(batch) => batch.number,
        _ => {
            *last += 1;
            let number = *last;
            // Only what comes while nothing is open can grow.
            tally.batch = tally.open.is_empty().then_some(OpenBatch {
                number,
                since: came,
            });
            number
        }
    };
    Batch {
        number,
        turn: turn(facts.meta.as_deref()),
    }
}

/// The turn that an agent names itself.
fn turn(meta: Option<&Value>) -> Option<Arc<str>> {
    let turn = meta?.get("x-codex-turn-metadata")?;
    // Codex writes it as a text that holds JSON.
    let read: Option<Value> = turn.as_str().and_then(|it| serde_json::from_str(it).ok());
    let turn = read.as_ref().unwrap_or(turn);
    turn.get("turn_id")?.as_str().map(Arc::from)
}

/// The id under which an agent keeps a call in its own transcript.
fn transcript_id(meta: Option<&Value>) -> Option<Arc<str>> {
    let meta = meta?;
    let id = meta
        .get("claudecode/toolUseId")
        .or_else(|| meta.get("callId"));
    id?.as_str().map(Arc::from)
}

fn proxied_call(
    server: &ProxiedServer,
    facts: CallFacts,
    access: Access,
    batch: Batch,
    now: Duration,
) -> (ProxiedCall, ShimCall) {
    // It may have come before the run's clock began.
    let waits = |limit: Duration| (now + limit).saturating_sub(facts.age);
    let gives_up = facts.limit.filter(|_| !facts.is_prolonged);
    let route = ProxiedRoute {
        agent: server.agent.clone(),
        proxy: server.proxy,
        server: server.name.clone(),
    };
    let call = ProxiedCall {
        request_id: facts.request_id,
        access,
        batch: Some(batch),
        patience: Patience {
            limit: facts.limit,
            is_prolonged: facts.is_prolonged,
            gives_up_at: gives_up.map(waits),
            let_go_at: None,
        },
        transcript_id: transcript_id(facts.meta.as_deref()),
        meta: facts.meta,
        ..ProxiedCall::new(route, facts.tool)
    };
    (call, facts.call)
}
