//! Agents and their servers: who is there, and in what role we are.

use std::sync::Arc;

use super::mark;
use crate::engine::run::EngineLoop;
use crate::exec::proxy::frames::{Mode, ShimHello};
use crate::exec::proxy::lock_key::is_same_lock;
use crate::model::{
    AgentMark, AgentMode, AgentRow, CallSample, History, LostMessages, ProxiedServer,
    ProxiedServerState, ProxyControl, ProxyId, ServerName,
};
use crate::probe::{Subject, Target};

/// Readings kept of a server: two minutes at the default period.
const SAMPLES_KEPT: usize = 240;

/// Agents that left and are still shown; of more, the first to leave is
/// forgotten with its servers.
const LEFT_KEPT: usize = 8;

impl EngineLoop {
    /// Takes a proxy's description of itself.
    pub(super) fn proxy_described(
        &mut self,
        proxy: ProxyId,
        hello: &ShimHello,
        control: ProxyControl,
    ) {
        let before = self.agents.server(proxy).map(|it| it.control.clone());
        if before.is_none() {
            self.add_server(proxy, hello);
        }
        let pid_before = self.agents.server(proxy).and_then(|it| it.pid);
        self.describe(proxy, hello, control.clone());
        if pid_before != hello.server_pid {
            self.update_probe_targets();
        }
        self.control_changed(proxy, &before.unwrap_or_default(), control);
        self.mark();
    }

    fn describe(&mut self, proxy: ProxyId, hello: &ShimHello, control: ProxyControl) {
        let other = self.same_lock(proxy, &hello.lock);
        let same = other.map(|it| it.full_name().into());
        // The scheduler knows a lock by one name, whatever its agents call it.
        let lock = match other {
            Some(other) => other.lock.clone(),
            None => (!hello.lock.is_empty()).then(|| Arc::from(hello.lock.as_str())),
        };
        let Some(server) = self.agents.server_mut(proxy) else {
            return;
        };
        if server.pid.is_some() && server.pid != hello.server_pid {
            server.samples = Arc::new(History::new(SAMPLES_KEPT));
        }
        server.pid = hello.server_pid;
        server.protocol = hello.protocol.as_deref().map(Arc::from);
        server.mode = match hello.mode {
            Mode::Watch => AgentMode::Watch,
            Mode::Govern => AgentMode::Govern,
        };
        server.control = control;
        server.lock = lock;
        server.same_lock_as = same;
        if matches!(server.state, ProxiedServerState::Gone { .. }) {
            server.state = ProxiedServerState::Running;
        }
        let mark = server.agent.clone();
        if let Some(agent) = self.agents.agent_mut(&mark) {
            let identity = &hello.agent;
            if let Some(title) = identity.name.as_deref().map(mark::title) {
                agent.title = identity.title.as_deref().unwrap_or(title).into();
            }
            if let Some(version) = &identity.version {
                agent.version = Some(version.as_str().into());
            }
            if let Some(session) = &hello.session {
                agent.session = Some(session.as_str().into());
            }
            agent.left = None;
        }
    }

    /// Another server whose calls take the same lock.
    fn same_lock(&self, proxy: ProxyId, lock: &str) -> Option<&ProxiedServer> {
        let is_same = |it: &ProxiedServer| {
            let theirs = it.lock.as_deref();
            it.proxy != proxy && it.is_attached() && theirs.is_some_and(|it| is_same_lock(it, lock))
        };
        let others = self.agents.shown.servers.iter();
        others.map(AsRef::as_ref).find(|it| is_same(it))
    }

    fn add_server(&mut self, proxy: ProxyId, hello: &ShimHello) {
        let agent = self.agent_of(hello);
        let server = ProxiedServer {
            proxy,
            agent,
            name: ServerName::new(hello.name.as_str()),
            command: hello.argv.join(" ").into(),
            proxy_pid: hello.shim_pid,
            pid: None,
            protocol: None,
            state: ProxiedServerState::Running,
            mode: AgentMode::Watch,
            control: ProxyControl::Free,
            lock: None,
            same_lock_as: None,
            tools: Arc::default(),
            calls: hello.calls,
            open_calls: 0,
            held: 0,
            lost: LostMessages::default(),
            samples: Arc::new(History::new(SAMPLES_KEPT)),
            wire: Arc::new(History::new(ProxiedServer::WIRE_KEPT)),
        };
        let agents = self.agents.edit();
        agents.servers.push(Arc::new(server));
        let place = |it: &ProxiedServer| {
            let agents = agents.agents.iter();
            agents.into_iter().position(|agent| agent.mark == it.agent)
        };
        let mut servers = std::mem::take(&mut agents.servers);
        servers.sort_by_cached_key(|it| (place(it), it.name.clone(), it.proxy));
        agents.servers = servers;
    }

    /// The agent that a proxy belongs to: that of another proxy of the same
    /// process, or a new one.
    fn agent_of(&mut self, hello: &ShimHello) -> AgentMark {
        let pid = (hello.agent.pid > 0).then_some(hello.agent.pid);
        let mut known = self.agents.shown.agents.iter();
        if let Some(known) = known.find(|it| pid.is_some() && it.pid == pid) {
            return known.mark.clone();
        }
        let name = hello.agent.name.as_deref().unwrap_or(&hello.agent.comm);
        let letters = mark::letters(name);
        let taken = self.agents.tallies.keys();
        let taken = taken.filter_map(|mark| mark.as_str().strip_prefix(letters.as_str()));
        let last = taken.filter_map(|number| number.parse::<u32>().ok()).max();
        let mark = AgentMark::new(format!("{letters}{}", last.unwrap_or(0) + 1));
        let row = AgentRow {
            mark: mark.clone(),
            title: mark::title(name).into(),
            version: None,
            pid,
            cwd: hello.cwd.as_str().into(),
            session: None,
            left: None,
        };
        self.agents.tallies.entry(mark.clone()).or_default();
        let agents = &mut self.agents.edit().agents;
        let present = agents.iter().take_while(|it| it.left.is_none()).count();
        agents.insert(present, Arc::new(row));
        mark
    }

    /// A proxy is connected no more: its calls go on without us, or are over.
    pub(super) fn proxy_gone(&mut self, proxy: ProxyId, why: &Arc<str>) {
        for id in self.agents.open_at(proxy) {
            self.end_lost(id, why);
        }
        let Some(server) = self.agents.server_mut(proxy) else {
            return;
        };
        server.state = ProxiedServerState::Gone {
            why: Arc::clone(why),
        };
        server.control = ProxyControl::Free;
        server.pid = None;
        let mark = server.agent.clone();
        self.agent_may_have_left(&mark);
        self.update_probe_targets();
        self.mark();
    }

    /// Puts an agent behind the others once the last of its servers has gone.
    fn agent_may_have_left(&mut self, mark: &AgentMark) {
        let now = self.clock.now();
        if self
            .agents
            .shown
            .servers_of(mark)
            .any(|it| it.is_attached())
        {
            return;
        }
        if let Some(agent) = self.agents.agent_mut(mark) {
            agent.left = Some(now);
        }
        let agents = self.agents.edit();
        let is_it = |it: &Arc<AgentRow>| it.mark == *mark;
        if let Some(place) = agents.agents.iter().position(is_it) {
            let agent = agents.agents.remove(place);
            agents.agents.push(agent);
        }
        let left = agents.agents.iter().filter(|it| it.left.is_some());
        let beyond = left.count().saturating_sub(LEFT_KEPT);
        let gone = agents.agents.iter().filter(|it| it.left.is_some());
        let gone: Vec<AgentMark> = gone.take(beyond).map(|it| it.mark.clone()).collect();
        agents.agents.retain(|it| !gone.contains(&it.mark));
        agents.servers.retain(|it| !gone.contains(&it.agent));
        for mark in gone {
            self.agents.tallies.remove(&mark);
        }
    }
}

impl super::AgentWatch {
    /// The process trees of servers that run.
    pub(in crate::engine) fn targets(&self) -> impl Iterator<Item = Target> {
        let servers = self.shown.servers.iter();
        servers.filter_map(|server| {
            Some(Target {
                subject: Subject::ProxiedServer(server.proxy),
                pid: server.pid?,
            })
        })
    }

    /// Adds a reading of a server's tree; `None` is a gap.
    pub(in crate::engine) fn add_sample(&mut self, proxy: ProxyId, sample: Option<CallSample>) {
        if let Some(server) = self.server_mut(proxy) {
            Arc::make_mut(&mut server.samples).push(sample);
        }
    }
}
