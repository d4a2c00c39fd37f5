//! Events of attempts: they started, printed, were sampled, ended.

use std::sync::Arc;
use std::time::Duration;

use super::aside::Completion;
use super::run::EngineLoop;
use super::snapshot_lists::FEW;
use crate::exec::AttemptEvent;
use crate::model::{
    Asked, CallId, CallSample, Ending, Epoch, EventKind, Inspection, LoadSample, MeasureSource,
    OutputKind, Pace, RemoteStatus, ToolAction, WaitReason,
};
use crate::probe::{ProbeReading, Subject, Target};
use crate::sched::{AttemptResult, Input, ResourceUsage};

/// CPU time so short that it does not matter how much of it was seen, in
/// milliseconds.
const BARELY_MS: u64 = 50;

/// The most by which a sample, which counts in ticks of 10 ms a process, is
/// above an account of the same time, in milliseconds.
const ROUNDING_MS: u64 = 50;

impl EngineLoop {
    /// Handles an event of an attempt.
    pub(super) fn attempt_changed(&mut self, event: AttemptEvent) {
        match event {
            AttemptEvent::Started { call, epoch, pid } => self.attempt_started(call, epoch, pid),
            AttemptEvent::RemoteChanged {
                call,
                epoch,
                remote,
            } => self.remote_changed(call, epoch, remote),
            AttemptEvent::Ended {
                call,
                epoch,
                ending,
            } => self.attempt_ended(call, epoch, ending),
        }
    }

    fn attempt_started(&mut self, id: CallId, epoch: Epoch, pid: Option<u32>) {
        let Some(attempt) = self.inflight.get_mut(id, epoch) else {
            return;
        };
        attempt.pid = pid;
        self.update_probe_targets();
        let now = self.clock.now();
        if let Some(launch) = self.rows.edit(id).and_then(|row| row.launch.as_mut()) {
            Arc::make_mut(launch).pid = pid;
        }
        if let Some(row) = self.rows.get(id)
            && let Some(attempt) = row.attempts.last()
        {
            let what = EventKind::CallStarted {
                call: id,
                attempt: attempt.attempt,
                lane: attempt.lane,
                args: Arc::clone(&row.args),
                argv: attempt.argv.clone(),
                pid,
            };
            self.record(now, what);
        }
        self.step(now, Input::AttemptStarted { id, epoch });
        self.sync_state(id, now);
    }

    fn remote_changed(&mut self, id: CallId, epoch: Epoch, remote: RemoteStatus) {
        if self.inflight.get(id, epoch).is_none() {
            return;
        }
        let before = self.rows.get(id).and_then(|row| row.remote?.asks);
        if let Some(row) = self.rows.edit(id) {
            row.remote = Some(remote);
        }
        if before != remote.asks {
            self.question_changed(id, epoch, remote.asks);
        }
        self.mark();
    }

    /// Notes that the server of a call waits for an answer, or waits no more:
    /// that time is not its tool's.
    fn question_changed(&mut self, id: CallId, epoch: Epoch, asks: Option<Asked>) {
        let now = self.clock.now();
        let reason = asks.map(|what| WaitReason::Asks { what });
        if let Some(attempt) = self.rows.edit(id).and_then(|row| row.attempts.last_mut()) {
            match asks {
                Some(_) => attempt.asked.begin(now),
                None => attempt.asked.end(now),
            }
        }
        self.rows.set_wait(id, reason.clone(), now);
        let input = match reason {
            Some(reason) => {
                let what = EventKind::CallWaiting {
                    call: id,
                    reason,
                    ended: None,
                };
                self.record(now, what);
                Input::QuestionAsked { id, epoch }
            }
            None => Input::QuestionAnswered { id, epoch },
        };
        self.step(now, input);
    }

    /// Takes the end of an attempt. A success whose tool promised JSON is final
    /// only once its output is known to be that.
    fn attempt_ended(&mut self, id: CallId, epoch: Epoch, ending: Ending) {
        let Some(row) = self.rows.get(id) else {
            return;
        };
        let call = Arc::clone(&row.call);
        let is_json = self.launcher.output_kind(&call) == OutputKind::Json;
        if !ending.outcome.is_success() || !is_json {
            self.attempt_settled(id, epoch, ending);
        } else if self.inflight.check(id, epoch, ending.clone()) {
            self.check_output_aside(&call, epoch, ending);
        }
    }

    /// Takes the result of work that was done aside.
    pub(super) fn handle_completion(&mut self, completion: Completion) {
        let now = self.clock.now();
        match completion {
            Completion::Prepared { attempt, prepared } => {
                let prepared = prepared.map(|prepared| *prepared);
                if let Some(input) = self.launch(attempt, prepared, now) {
                    self.step(now, input);
                }
                self.mark();
            }
            Completion::OutputChecked {
                call,
                epoch,
                ending,
            } => self.attempt_settled(call, epoch, ending),
            Completion::AnswerWritten { call, ending } => self.end_proxied(call, ending),
            Completion::LocksResolved { call, locks } => {
                self.resolving.remove(&call);
                self.step(now, Input::LocksResolved { id: call, locks });
            }
            Completion::ToolsListed {
                catalogue,
                problems,
            } => self.take_catalogue(catalogue, &problems),
            Completion::Admitted(admitted) => self.admitted(admitted.map(|call| *call)),
        }
    }

    fn attempt_settled(&mut self, id: CallId, epoch: Epoch, ending: Ending) {
        self.update_output(id);
        let now = self.clock.now();
        let store = self.launcher.outputs.store();
        self.recorder.last_output(store, id, now);
        if let Some(input) = self.end_attempt(id, epoch, ending, now) {
            self.step(now, input);
        }
    }

    /// Notes that an attempt has ended and how; `None` if that was known
    /// already. The step that follows is at the same time, so that the lane is
    /// free from the moment the attempt is said to have ended.
    pub(super) fn end_attempt(
        &mut self,
        id: CallId,
        epoch: Epoch,
        ending: Ending,
        now: Duration,
    ) -> Option<Input> {
        if !self.inflight.remove(id, epoch) {
            return None;
        }
        self.hazards.ended(id);
        self.rows.set_wait(id, None, now);
        self.update_probe_targets();
        let ending = self.with_sampled_cpu(id, ending);
        let end = AttemptResult {
            used: self.used(id, &ending),
            ..AttemptResult::from(&ending)
        };
        if let Some(row) = self.rows.edit(id) {
            let peak = ending.peak_rss_bytes.map(|peak| peak.value);
            row.peak_rss_bytes = row.peak_rss_bytes.max(peak);
            if let Some(attempt) = row.attempts.last_mut() {
                row.started.get_or_insert(attempt.started);
                attempt.asked.end(now);
                attempt.ended = Some(now);
                attempt.ending = Some(ending);
            }
        }
        Some(Input::AttemptEnded { id, epoch, end })
    }

    /// Raises a CPU time that is not exact to that of the last sample. The system
    /// keeps no account of children that their parent ignores: what a sample saw
    /// beyond the account shows that there were some.
    fn with_sampled_cpu(&self, id: CallId, mut ending: Ending) -> Ending {
        let sample = self.last_sample(id);
        if let (Some(cpu), Some(sample)) = (&mut ending.cpu_ms, sample) {
            let is_beyond = sample.cpu_ms > cpu.value + cpu.value / 10 + ROUNDING_MS;
            if is_beyond || cpu.source == MeasureSource::Sampled {
                cpu.value = cpu.value.max(sample.cpu_ms);
                cpu.source = MeasureSource::Sampled;
            }
        }
        ending
    }

    /// Returns the last sample of an attempt's tree, of which nothing may be left
    /// since. Samples of an earlier attempt say nothing of this one.
    fn last_sample(&self, id: CallId) -> Option<&CallSample> {
        let row = self.rows.get(id)?;
        match row.attempts.as_slice() {
            [_only] => row.samples.iter().flatten().next_back(),
            _ => row.samples.latest(),
        }
    }

    /// Returns the CPU time and memory of an attempt. The time it waited for a
    /// core is known where its last reading saw most of what it did.
    fn used(&self, id: CallId, ending: &Ending) -> Option<ResourceUsage> {
        let cpu_ms = ending.cpu_ms?.value;
        let sample = self.rows.get(id).and_then(|row| row.samples.latest());
        let waited = sample.and_then(|sample| {
            let is_most = sample.cpu_ms * 2 >= cpu_ms || cpu_ms <= BARELY_MS;
            let scale = cpu_ms as f64 / sample.cpu_ms.max(1) as f64;
            let waited_ms = sample.waited_ms.filter(|_| is_most)? as f64;
            Some(Duration::from_secs_f64(
                waited_ms * scale.clamp(1.0, 2.0) / 1000.0,
            ))
        });
        Some(ResourceUsage {
            cpu: Duration::from_millis(cpu_ms),
            waited,
            peak_rss_bytes: ending.peak_rss_bytes.map(|peak| peak.value),
        })
    }

    /// Tells the probe which process trees matter now.
    pub(super) fn update_probe_targets(&mut self) {
        let calls = self.inflight.processes().map(|(call, epoch, pid)| Target {
            subject: Subject::Call(call, epoch),
            pid,
        });
        let servers = self.servers.targets();
        let targets = calls.chain(servers).chain(self.agents.targets());
        self.sampling.set_targets(targets.collect());
    }

    /// Takes readings of the machine and of running calls.
    pub(super) fn take_reading(&mut self, reading: &ProbeReading) {
        let now = self.clock.now();
        let wants_all = self.recorder.takes_reading();
        if let Some(sample) = &reading.machine
            && wants_all
        {
            let sample = sample.clone();
            self.record(now, EventKind::MachineSampled { sample });
        }
        let skipped = self.recorder.skipped_readings();
        self.sampling.add(reading, skipped);
        self.take_inspection(reading);
        self.record_load(reading, now);
        for tree in &reading.trees {
            let sample = tree.sample;
            match &tree.subject {
                Subject::Call(call, epoch) => {
                    let is_current = self.take_sample(*call, *epoch, sample);
                    if let Some(sample) = sample.filter(|_| is_current && wants_all) {
                        let call = *call;
                        self.record(now, EventKind::CallSampled { call, sample });
                    }
                }
                Subject::Server(name) => self.servers.add_sample(name, sample),
                Subject::ProxiedServer(proxy) => self.agents.add_sample(*proxy, sample),
            }
        }
        if let Some(reading) = self.sampling.machine_reading(reading) {
            self.step(now, Input::MachineRead(reading));
        }
        self.mark();
    }

    /// Takes the look at the processes of the call that a user asks about.
    fn take_inspection(&mut self, reading: &ProbeReading) {
        let asked = self.sampling.inspected_call();
        self.inspection = asked.zip(reading.inspection.as_ref()).map(|(call, found)| {
            Arc::new(Inspection {
                call,
                processes: found.processes.clone(),
                further: found.further,
            })
        });
    }

    /// Looks at the processes of a call from the next reading on; of one on a
    /// server at those of the server.
    pub(super) fn inspect(&mut self, call: Option<CallId>) {
        self.inspection = None;
        let subject = call.and_then(|call| self.subject_of(call));
        self.sampling.inspect(call.zip(subject));
        self.mark();
    }

    fn subject_of(&self, call: CallId) -> Option<Subject> {
        if let Some(epoch) = self.inflight.epoch(call) {
            let is_process = self.inflight.get(call, epoch)?.pid.is_some();
            if is_process {
                return Some(Subject::Call(call, epoch));
            }
        }
        let row = self.rows.get(call)?;
        match &row.proxied {
            Some(proxied) => Some(Subject::ProxiedServer(proxied.proxy)),
            None => match &self.launcher.catalogue.get(&row.call.tool)?.action {
                ToolAction::Mcp { server, .. } => Some(Subject::Server(server.clone())),
                _ => None,
            },
        }
    }

    /// Keeps how busy the run is at a reading.
    fn record_load(&mut self, reading: &ProbeReading, now: Duration) {
        let counts = self.rows.counts();
        let machine = reading.machine.as_ref();
        let load = LoadSample {
            at: now,
            cap: self.cap_log.auto.map_or(self.policy.cap, |auto| auto.lanes),
            running: counts.busy() as u32,
            queued: (counts.queued + counts.retrying) as u32,
            pressure: machine.and_then(|it| it.pressure),
            pace: Pace::default(),
        };
        self.cap_log.record_load(load);
    }

    /// Takes a reading of a call; whether it is of its current attempt.
    fn take_sample(&mut self, call: CallId, epoch: Epoch, sample: Option<CallSample>) -> bool {
        let is_current = self.inflight.get(call, epoch).is_some();
        if is_current {
            self.rows.add_sample(call, sample);
        }
        is_current
    }

    /// Notes the output of calls since the last look. While the recorder
    /// is behind, it gets none of it, and the latest once it has caught up.
    pub(super) fn collect_output(&mut self) {
        self.warn_of_disk();
        let store = self.launcher.outputs.store();
        self.recorder.postponed_output(store, self.clock.now());
        for id in self.launcher.outputs.store().take_changed() {
            self.update_output(id);
            let Some(epoch) = self.inflight.epoch(id) else {
                continue;
            };
            let row = self.rows.get(id);
            if row.is_some_and(|row| row.call.timeouts.idle.is_some()) {
                self.step(self.clock.now(), Input::OutputSeen { id, epoch });
            }
        }
    }

    /// Says so, once, if the disk keeps no more output.
    fn warn_of_disk(&mut self) {
        if self.is_disk_problem_shown {
            return;
        }
        if let Some(problem) = self.launcher.outputs.store().problem() {
            self.is_disk_problem_shown = true;
            self.notify(&format!("long outputs are not kept on disk: {problem}"));
        }
    }

    pub(super) fn update_output(&mut self, id: CallId) {
        let stat = self.launcher.outputs.store().stat(id);
        if self.rows.get(id).is_none_or(|row| row.output == stat) {
            return;
        }
        let now = self.clock.now();
        if let Some(row) = self.rows.edit(id) {
            let has_grown = stat.stdout_bytes + stat.stderr_bytes > 0;
            row.printed = has_grown.then_some(now);
            row.output = stat;
        }
        let store = self.launcher.outputs.store();
        self.recorder.output(store, id, self.clock.now());
        self.mark();
    }

    /// Asks again why calls wait, if they are few enough to do so at every step.
    pub(super) fn refresh_waits_if_few(&mut self, now: Duration) {
        let counts = self.rows.counts();
        if counts.queued + counts.retrying <= FEW {
            self.refresh_waits(now);
        }
    }

    /// Asks again why every waiting call waits.
    pub(super) fn refresh_waits(&mut self, now: Duration) {
        for id in self.scheduler.queue() {
            self.refresh_wait(id, now, None);
        }
    }
}
