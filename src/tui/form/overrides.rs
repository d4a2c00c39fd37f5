//! Settings of a call beside its tool and arguments, put back into the rows.

use super::Form;
use crate::catalogue::quantity::{written_bytes, written_duration};
use crate::model::{CallRow, EdgeKind, LockKey, Snapshot, Tool};
use crate::plan;
use crate::tui::text::field::TextField;

impl Form {
    /// Puts what a call had of its own into the rows: what its tool gives every
    /// call is left to the tool, and a time of the run that has passed is left
    /// out.
    pub fn keep(&mut self, row: &CallRow, tool: &Tool, run: &Snapshot) {
        let call = &row.call;
        let own = |ours, tools| (ours != tools).then_some(ours).flatten();
        let (limits, tools) = (call.timeouts, tool.timeouts);
        let time = |time: Option<_>| time.map(written_duration).unwrap_or_default();
        let grace = (limits.grace != tools.grace).then_some(limits.grace);
        let locks = plan::own_locks(call, tool);
        let number = |number: i64| match number {
            0 => String::new(),
            number => number.to_string(),
        };
        let cores = call.claims.cpus.map(|it| it.to_string());
        let memory = call.claims.memory_bytes.map(written_bytes);
        let kept = [
            ("after", edges(row, run)),
            ("priority", number(call.priority.into())),
            ("retries", number(call.retries.into())),
            ("timeout", time(own(limits.run, tools.run))),
            ("queue_timeout", time(own(limits.queue, tools.queue))),
            ("idle_timeout", time(own(limits.idle, tools.idle))),
            ("grace", time(grace)),
            (
                "start_after",
                time(call.start_after.filter(|it| *it > run.now)),
            ),
            ("write_locks", names(&locks.write)),
            ("read_locks", names(&locks.read)),
            ("cpus", cores.unwrap_or_default()),
            ("memory", memory.unwrap_or_default()),
            ("estimate", time(own(call.estimate, tool.estimate))),
            ("group", call.group.clone().unwrap_or_default()),
        ];
        let options = self.fields.iter_mut().filter(|field| field.is_option);
        for field in options {
            if let Some((_, text)) = kept.iter().find(|(name, _)| *name == field.name()) {
                field.input = super::FieldInput::Text(Box::new(TextField::joined(text)));
            }
        }
        self.origin = super::InitialArguments::Call(row.id);
        self.begin();
    }
}

fn names(locks: &[LockKey]) -> String {
    let names: Vec<&str> = locks.iter().map(LockKey::as_str).collect();
    names.join(", ")
}

/// Returns its `after` beyond its references, which make edges of their own.
fn edges(row: &CallRow, run: &Snapshot) -> String {
    let named = row.call.after.iter().filter_map(|edge| {
        let parent = run.row(edge.call)?.name.as_str();
        match edge.on {
            EdgeKind::Ok => Some(parent.to_owned()),
            EdgeKind::Done => Some(format!("{parent}:done")),
            EdgeKind::Output => None,
        }
    });
    named.collect::<Vec<_>>().join(", ")
}
