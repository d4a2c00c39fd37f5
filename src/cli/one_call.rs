//! One call of a tool that the command line names: its server is started, its
//! arguments are checked.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::arguments;
use super::exit::{self, Exit};
use super::options::{AnswerOptions, CatalogueOptions, ProtocolOption};
use crate::app::{RunEnvironment, Session, Untrusted};
use crate::catalogue::Catalogue;
use crate::model::{Plan, Tool, ToolName};
use crate::output::Safe;
use crate::plan::{self, Draft};

/// Makes arguments for a tool, or says why not.
type MakeOthers<'w> = dyn Fn(&Tool) -> Result<Map<String, Value>, String> + 'w;

/// A tool and its arguments as they were typed.
#[derive(Clone, Copy)]
pub(super) struct OneCall<'w> {
    /// The tool.
    pub(super) tool: &'w str,
    /// All arguments as one JSON object.
    pub(super) whole: Option<&'w str>,
    /// Pairs that stand over it.
    pub(super) pairs: &'w [String],
    /// Makes arguments that stand over both.
    pub(super) others: Option<&'w MakeOthers<'w>>,
}

impl OneCall<'_> {
    /// Makes everything ready for the call; its server is started for it.
    pub(super) fn prepare(
        self,
        catalogue: &CatalogueOptions,
        protocol: &ProtocolOption,
        answers: &AnswerOptions,
    ) -> Result<Session, Exit> {
        let catalogue = catalogue.load(Untrusted::End);
        let catalogue = catalogue.and_then(|catalogue| {
            let answers = answers.read()?;
            Ok(answers.given_to(protocol.applied(&catalogue), None)?)
        });
        let mut catalogue = Arc::new(catalogue.map_err(exit::not_opened)?);
        let environment = RunEnvironment::prepare(&catalogue);
        let environment = environment.map_err(|error| exit::cannot_run(&error))?;
        if let Some(server) = catalogue.unlisted_server(&ToolName::new(self.tool)) {
            let servers = [server.name.clone()];
            let connected = environment.connect(Catalogue::clone(&catalogue), &servers);
            catalogue = Arc::new(connected.map_err(exit::not_opened)?);
        }
        let plan = self.plan(&catalogue).and_then(|plan| {
            let used = plan.calls.iter().map(|call| &call.tool);
            let reviewed = environment.review(&catalogue, used);
            reviewed.map(|()| plan).map_err(exit::not_opened)
        });
        match plan {
            Ok(plan) => Ok(Session::new(environment, plan, catalogue)),
            Err(exit) => {
                environment.close_servers();
                Err(exit)
            }
        }
    }

    /// A plan of this one call.
    fn plan(self, catalogue: &Catalogue) -> Result<Plan, Exit> {
        let name = ToolName::new(self.tool);
        let Some(tool) = catalogue.get(&name) else {
            if let Some((server, reason)) = catalogue.unusable_server_of(&name) {
                let text = format!("server {server} is not usable: {reason}");
                exit::complain(Safe::new(&text).as_str());
                return Err(Exit::Invalid);
            }
            let hint = catalogue
                .suggest(self.tool)
                .map(|near| format!("; did you mean \"{near}\"?"))
                .unwrap_or_default();
            exit::complain(&format!("unknown tool {:?}{hint}", self.tool));
            return Err(Exit::Invalid);
        };
        let pairs = arguments::of_operation(tool, self.pairs);
        let mut args = arguments::parse(tool, self.whole, &pairs)
            .map_err(|error| exit::usage_text(&error.to_string()))?;
        if let (Some(others), Value::Object(args)) = (self.others, &mut args) {
            args.extend(others(tool).map_err(|error| exit::usage_text(&error))?);
        }
        let draft = Draft {
            args: plan::escape_all(&args),
            ..Draft::new(name)
        };
        let call = plan::admit(draft, &BTreeMap::new(), catalogue).map_err(|problems| {
            for problem in problems {
                exit::complain(&problem.to_string());
            }
            Exit::Invalid
        })?;
        Ok(Plan {
            name: self.tool.to_owned(),
            calls: vec![Arc::new(call)],
            ..Plan::default()
        })
    }
}
