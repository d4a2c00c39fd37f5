//! The client's part in the conversation with one server: it answers what the
//! server asks of its user, of a model, and about folders.
//!
//! It must not know how the requests of the server travel.

use std::sync::Arc;

use rmcp::model::ClientCapabilities;
use serde_json::{Map, Value, json};

use super::pending_request::PendingRequest;
use super::questions::Questions;
use super::sampling::{Sampling, SamplingError};
use crate::exec::browser;
use crate::model::{
    Asked, ClientSettings, Question, QuestionKind, QuestionReply, ServerName, with_defaults,
};
use crate::output::ProtocolLog;

/// Number of a method that is not offered, in JSON-RPC.
pub(super) const METHOD_NOT_FOUND: i64 = -32601;
/// Number of parameters that cannot be used, in JSON-RPC.
const INVALID_PARAMS: i64 = -32602;
/// Number that the protocol has for a request which the user rejects.
pub(super) const REJECTED: i64 = -1;

/// The client's part in the conversation with one server.
pub(super) struct Client {
    pub(super) server: ServerName,
    pub(super) settings: ClientSettings,
    pub(super) sampling: Option<Sampling>,
    pub(super) questions: Arc<Questions>,
    pub(super) protocol_log: ProtocolLog,
}

/// Reason why a request of a server is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: i64,
    pub(super) message: String,
}

impl Refusal {
    pub(super) fn new(code: i64, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

/// Request of a server, and the calls that wait for its answer.
pub(super) struct Ask<'a> {
    pub(super) method: &'a str,
    pub(super) params: &'a Value,
    pub(super) calls: &'a [Arc<PendingRequest>],
}

impl Ask<'_> {
    /// Writes a line to standard error of each call.
    fn tell(&self, text: &str) {
        for call in self.calls {
            call.write(&format!("{text}\n"));
        }
    }

    /// Writes to each call what the server asks, and whether it is known that it
    /// is about this call.
    fn tell_question(&self, server: &ServerName, message: &str) {
        self.tell(&format!("{server} asks: {message}"));
        if self.calls.len() > 1 {
            let count = self.calls.len();
            self.tell(&format!(
                "it does not say for which of its {count} calls: the clocks of all stand still"
            ));
        }
    }

    fn text(&self, key: &str) -> &str {
        self.params
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }
}

impl Client {
    /// Returns what a server is told that this client does.
    pub(super) fn capabilities(&self) -> ClientCapabilities {
        let mut offered = json!({
            "elicitation": { "form": {}, "url": {} },
            "roots": {},
        });
        if self.sampling.is_some()
            && let Some(offered) = offered.as_object_mut()
        {
            offered.insert("sampling".to_owned(), json!({}));
        }
        serde_json::from_value(offered).unwrap_or_default()
    }

    /// Keeps a line of the server's log beside its standard error.
    pub(super) fn log(&self, line: &str) {
        self.protocol_log.add_stderr(&self.server, line.as_bytes());
    }

    /// Answers a request of the server.
    pub(super) async fn answer(&self, ask: &Ask<'_>) -> Result<Value, Refusal> {
        match ask.method {
            "ping" => Ok(json!({})),
            "roots/list" => Ok(self.roots()),
            "elicitation/create" => self.question(ask).await,
            "sampling/createMessage" => self.sample(ask).await,
            _ => Err(Refusal::new(METHOD_NOT_FOUND, "not offered by this client")),
        }
    }

    fn roots(&self) -> Value {
        let roots = self.settings.roots.iter().map(|path| {
            let path = path.display().to_string();
            let name = path.rsplit('/').next().unwrap_or_default().to_owned();
            let escaped = percent_encoding::utf8_percent_encode(&path, PATH);
            json!({ "uri": format!("file://{escaped}"), "name": name })
        });
        json!({ "roots": roots.collect::<Vec<_>>() })
    }

    async fn question(&self, ask: &Ask<'_>) -> Result<Value, Refusal> {
        let kind = match ask.params.get("mode").and_then(Value::as_str) {
            Some("url") => QuestionKind::Page {
                url: ask.text("url").to_owned(),
            },
            None | Some("form") => {
                let schema = ask.params.get("requestedSchema").cloned();
                let schema = schema.filter(Value::is_object).ok_or_else(|| {
                    Refusal::new(INVALID_PARAMS, "`requestedSchema` is no JSON Schema")
                })?;
                QuestionKind::Form {
                    schema: Arc::new(schema),
                }
            }
            Some(other) => {
                let message = format!("the mode `{other}` is not offered by this client");
                return Err(Refusal::new(INVALID_PARAMS, message));
            }
        };
        let message = ask.text("message");
        ask.tell_question(&self.server, message);
        let page = match &kind {
            QuestionKind::Page { url } => Some(url.clone()),
            QuestionKind::Form { .. } => None,
        };
        let reply = match self.prepared(&kind, ask) {
            Some(reply) => reply,
            None => self.ask_user(message, kind, ask).await,
        };
        if let (Some(url), QuestionReply::Accepted(_)) = (&page, &reply) {
            show_page(url, ask);
        }
        Ok(match reply {
            QuestionReply::Accepted(Some(values)) => {
                json!({ "action": "accept", "content": values })
            }
            QuestionReply::Accepted(None) => json!({ "action": "accept" }),
            QuestionReply::Declined => json!({ "action": "decline" }),
            QuestionReply::Cancelled => json!({ "action": "cancel" }),
        })
    }

    /// Returns the reply that needs nobody: values that were given before, or
    /// a refusal where nobody sees the question.
    fn prepared(&self, kind: &QuestionKind, ask: &Ask<'_>) -> Option<QuestionReply> {
        if let (QuestionKind::Form { schema }, Some(given)) = (kind, &self.settings.answers) {
            return match self.fitting(schema, given) {
                Ok(values) => {
                    ask.tell("answered as it was given before");
                    Some(QuestionReply::Accepted(Some(values)))
                }
                Err(problem) => {
                    ask.tell(&format!(
                        "declined: the answer that was given for {} does not fit: {problem}",
                        self.server
                    ));
                    Some(QuestionReply::Declined)
                }
            };
        }
        if self.questions.is_attended() {
            return None;
        }
        ask.tell(match kind {
            QuestionKind::Form { .. } => {
                "declined: nobody can be asked here; `--answer FILE` gives an answer"
            }
            QuestionKind::Page { .. } => "declined: nobody can be asked here to open a page",
        });
        Some(QuestionReply::Declined)
    }

    /// Returns those of the given values that the schema names, with its
    /// defaults, if they fit.
    fn fitting(
        &self,
        schema: &Value,
        given: &Map<String, Value>,
    ) -> Result<Map<String, Value>, String> {
        let fields = schema.get("properties").and_then(Value::as_object);
        let is_asked = |name: &str| fields.is_some_and(|fields| fields.contains_key(name));
        let named = given.iter().filter(|(name, _)| is_asked(name));
        let named = named.map(|(name, value)| (name.clone(), value.clone()));
        let values = Value::Object(with_defaults(schema, named.collect()));
        let problems = self.questions.check(schema, &values);
        match (problems.is_empty(), values) {
            (true, Value::Object(values)) => Ok(values),
            _ => Err(problems.join("; ")),
        }
    }

    async fn ask_user(&self, message: &str, kind: QuestionKind, ask: &Ask<'_>) -> QuestionReply {
        let calls = ask.calls.iter().filter_map(|call| call.call()).collect();
        let question = Question {
            id: crate::model::QuestionId(0),
            server: self.server.clone(),
            calls,
            message: message.to_owned(),
            kind,
        };
        let asked = question.asked();
        let _waiting: Vec<_> = ask.calls.iter().map(|call| call.asks(asked)).collect();
        let reply = self.questions.ask(|id| Question { id, ..question }).await;
        ask.tell(match &reply {
            QuestionReply::Accepted(_) => "you answered",
            QuestionReply::Declined => "you declined",
            QuestionReply::Cancelled => "you left the question",
        });
        reply
    }

    async fn sample(&self, ask: &Ask<'_>) -> Result<Value, Refusal> {
        ask.tell(&format!("{} asks for the answer of a model", self.server));
        let Some(sampling) = &self.sampling else {
            let reason = "declined: no program answers for a model (`sampling` in config.toml)";
            ask.tell(reason);
            return Err(Refusal::new(REJECTED, "declined by the user"));
        };
        let _waiting: Vec<_> = ask.calls.iter().map(|it| it.asks(Asked::Model)).collect();
        sampling
            .answer(ask.params)
            .await
            .map_err(|error: SamplingError| {
                ask.tell(&format!("the sampling program {error}"));
                Refusal::new(REJECTED, "the client has no answer of a model")
            })
    }
}

/// Opens a page that the user agreed to open.
fn show_page(url: &str, ask: &Ask<'_>) {
    let is_page = url.starts_with("https://") || url.starts_with("http://");
    let told = if is_page && browser::open(url) {
        "your browser is asked to open"
    } else {
        "no browser can be started: open this page yourself:"
    };
    ask.tell(&format!("{told} {url}"));
}

/// Bytes of a path that cannot stand in a URL as they are.
const PATH: &percent_encoding::AsciiSet = &percent_encoding::CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}');
