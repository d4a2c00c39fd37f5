//! Runs of loads, in an environment of their own.

use std::sync::Arc;
use std::thread;

use super::environment::{RunEnvironment, servers_of};
use super::error::SessionError;
use super::live_runner::LiveRunner;
use super::load_calls::PlannedCalls;
use super::load_target::{self, EngineTarget};
use super::signals::StopRequests;
use crate::engine::{self, Command, Lifetime, Setup};
use crate::lab::load::{LoadFindings, LoadObserver, LoadRequest, conduct_load};
use crate::model::{Cap, Plan};

impl<R: StopRequests + Send> LiveRunner<R> {
    /// Does a load to its end.
    ///
    /// # Errors
    ///
    /// Its calls cannot be run at all.
    pub(crate) fn conduct_load(
        &mut self,
        plan: &Plan,
        calls: &PlannedCalls,
        request: LoadRequest,
        observer: &mut dyn LoadObserver,
    ) -> Result<LoadFindings, SessionError> {
        let warn = &mut |text: &str| observer.warned(text);
        let environment = RunEnvironment::with_servers_of(plan, calls.catalogue(), warn)?;
        let findings = self.load_in(&environment, plan, calls, request, observer);
        environment.close_servers_warning(&mut |text| observer.warned(text));
        findings
    }

    fn load_in(
        &mut self,
        environment: &RunEnvironment,
        plan: &Plan,
        calls: &PlannedCalls,
        request: LoadRequest,
        observer: &mut dyn LoadObserver,
    ) -> Result<LoadFindings, SessionError> {
        let (sender, events) = load_target::events();
        let empty = Plan {
            name: plan.name.clone(),
            ..Plan::default()
        };
        let setup = Setup {
            lifetime: Lifetime::UntilAsked,
            catalogue: Arc::clone(calls.catalogue()),
            load: Some(load_target::feed(sender.clone())),
            ..self.setup(environment, &empty, Cap::ONE)?
        };
        let start = || {
            let _inside = environment.runtime.enter();
            engine::start(setup)
        };
        let (runtime, requests, under_way) = (&self.runtime, &mut self.requests, &self.under_way);
        let engine = runtime.block_on(under_way.start(start));
        let handle = engine.handle();
        let mut target = EngineTarget {
            handle: handle.clone(),
            started: engine.started(),
            events,
            servers: servers_of(plan, calls.catalogue()),
            store: environment.store.clone(),
            catalogue: calls.catalogue(),
        };
        let (findings, attended) = thread::scope(|scope| {
            let attend = || runtime.block_on(load_target::attend(engine, requests, sender));
            let attending = scope.spawn(attend);
            let findings = conduct_load(request, calls, &mut target, observer);
            // A run that has ended needs no word.
            let _ = handle.send(Command::Shutdown);
            (findings, attending.join())
        });
        runtime.block_on(under_way.end());
        self.interruption = attended.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        Ok(findings)
    }
}
