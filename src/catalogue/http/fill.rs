//! Builds the request of an attempt from its template and resolved arguments.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use url::Url;

use super::parts::{Part, TemplateError, parts, variables_of};
use super::url::{UrlProblem, UrlTemplate, encoded};
use crate::catalogue::command::as_text;
use crate::model::{
    AttemptId, AttemptNo, BodyTemplate, CallId, Epoch, HttpRequest, RequestTemplate, Secret,
};

/// Variables of the environment.
pub type Variables = BTreeMap<String, String>;

/// Reason arguments cannot be turned into a request. The call fails without one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// A text of the manifest cannot be cut into its parts.
    #[error("the tool's request has {0}")]
    Template(#[from] TemplateError),
    /// The URL of the manifest is invalid.
    #[error("the tool's URL is wrong: {0}")]
    Url(#[from] UrlProblem),
    /// A place needs an argument that has no value.
    #[error("the argument `{argument}` has no value, and the request needs one")]
    Missing {
        /// The argument.
        argument: String,
    },
    /// A variable of the environment is not set.
    #[error("the variable `{variable}` is not set")]
    Unset {
        /// The variable.
        variable: String,
    },
    /// A value between two slashes that would lead to another path.
    #[error("the argument `{argument}` is {value:?}, which leads to another place of the service")]
    Elsewhere {
        /// The argument.
        argument: String,
        /// The value.
        value: String,
    },
    /// A line break or another control character, which no header can hold.
    #[error("the header `{header}` would hold a control character")]
    Control {
        /// The header.
        header: String,
    },
}

/// Makes the request of an attempt. `args` are resolved and fit the tool's
/// schema.
pub fn request(
    written: &RequestTemplate,
    args: &Value,
    variables: &Variables,
    attempt: AttemptId,
) -> Result<HttpRequest, RequestError> {
    let filler = Filler {
        args,
        variables,
        used: RefCell::default(),
    };
    let url = filler.url(&written.url)?;
    let parsed = Url::parse(&url).map_err(UrlProblem::from)?;
    let mut headers = Vec::new();
    for (name, value) in &written.headers {
        if let Some(value) = filler.header(name, value)? {
            headers.push((name.clone(), Secret::new(value)));
        }
    }
    let is_typed = |(name, _): &(String, _)| name.eq_ignore_ascii_case("content-type");
    let (body, kind) = match &written.body {
        BodyTemplate::None => (None, None),
        BodyTemplate::Text(text) if is_form(written) => (Some(filler.form(text)?), None),
        BodyTemplate::Text(text) => (Some(filler.text(text)?), Some("text/plain; charset=utf-8")),
        BodyTemplate::Json(value) => {
            let value = filler.json(value)?.unwrap_or_default();
            (Some(value.to_string()), Some("application/json"))
        }
    };
    if let Some(kind) = kind
        && !headers.iter().any(is_typed)
    {
        headers.push(("content-type".to_owned(), Secret::new(kind)));
    }
    let used = filler.used.into_inner();
    Ok(HttpRequest {
        call: attempt.call,
        attempt: attempt.number,
        epoch: attempt.epoch,
        method: written.method,
        host: parsed.host_str().unwrap_or_default().to_owned(),
        url: Secret::new(url),
        headers,
        body: body.map(Secret::new),
        secrets: used.into_iter().map(Secret::new).collect(),
        is_repeatable: written.method.is_idempotent(),
    })
}

/// Returns the reason these arguments cannot be turned into a request, whatever
/// the environment.
pub fn dry_run(written: &RequestTemplate, args: &Value) -> Option<RequestError> {
    let names = variables_of(written).into_iter();
    let variables = names.map(|name| (name.to_owned(), "set".to_owned()));
    let start = AttemptId {
        call: CallId::MIN,
        number: AttemptNo(1),
        epoch: Epoch(0),
    };
    request(written, args, &variables.collect(), start).err()
}

/// Whether the body is a form, in which values are encoded as in a query.
fn is_form(written: &RequestTemplate) -> bool {
    kind(written).is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
}

/// The content type that a request names.
pub(super) fn kind(written: &RequestTemplate) -> Option<String> {
    let mut headers = written.headers.iter();
    let named = headers.find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    named.map(|(_, kind)| kind.to_ascii_lowercase())
}

struct Filler<'f> {
    args: &'f Value,
    variables: &'f Variables,
    /// Values of variables that the request contains.
    used: RefCell<BTreeSet<String>>,
}

impl Filler<'_> {
    fn argument(&self, name: &str) -> Option<&Value> {
        self.args.get(name).filter(|value| !value.is_null())
    }

    fn value(&self, part: Part<'_>) -> Result<Cow<'_, str>, RequestError> {
        match part {
            Part::Text(text) => Ok(Cow::Owned(text.to_owned())),
            Part::Argument(name) => {
                let value = self.argument(name).map(as_text);
                value.ok_or_else(|| RequestError::Missing {
                    argument: name.to_owned(),
                })
            }
            Part::Variable(name) => {
                let value = self.variables.get(name);
                let value = value.ok_or_else(|| RequestError::Unset {
                    variable: name.to_owned(),
                })?;
                self.used.borrow_mut().insert(value.clone());
                Ok(Cow::Borrowed(value))
            }
        }
    }

    /// Joins parts, with values encoded by `encode`.
    fn joined(
        &self,
        parts: &[Part<'_>],
        encode: impl Fn(&str) -> String,
    ) -> Result<String, RequestError> {
        let mut filled = String::new();
        for part in parts {
            let value = self.value(*part)?;
            match part {
                Part::Text(text) => filled.push_str(text),
                Part::Argument(_) | Part::Variable(_) => filled.push_str(&encode(&value)),
            }
        }
        Ok(filled)
    }

    fn url(&self, text: &str) -> Result<String, RequestError> {
        let template = UrlTemplate::parse(text)?;
        let mut url = template.origin.to_owned();
        for segment in &template.segments {
            let plain = self.joined(segment, str::to_owned)?;
            let hole = segment.iter().find_map(|part| match part {
                Part::Argument(name) | Part::Variable(name) => Some(*name),
                Part::Text(_) => None,
            });
            if let Some(hole) = hole
                && ["", ".", ".."].contains(&plain.as_str())
            {
                return Err(RequestError::Elsewhere {
                    argument: hole.to_owned(),
                    value: plain,
                });
            }
            url.push('/');
            url.push_str(&self.joined(segment, encoded)?);
        }
        let mut sign = '?';
        for pair in template.pairs.iter().filter(|pair| !self.is_left_out(pair)) {
            url.push(sign);
            url.push_str(&self.joined(pair, encoded)?);
            sign = '&';
        }
        Ok(url)
    }

    /// Whether it is `name=` with one optional argument that has no value.
    fn is_left_out(&self, pair: &[Part<'_>]) -> bool {
        match pair {
            [Part::Text(name), Part::Argument(argument)] => {
                name.ends_with('=') && self.argument(argument).is_none()
            }
            _ => false,
        }
    }

    /// The value of a header; `None` where it is one optional argument that
    /// has no value.
    fn header(&self, name: &str, text: &str) -> Result<Option<String>, RequestError> {
        let parts = parts(text)?;
        if let [Part::Argument(argument)] = parts[..]
            && self.argument(argument).is_none()
        {
            return Ok(None);
        }
        let value = self.joined(&parts, str::to_owned)?;
        if value.chars().any(char::is_control) {
            return Err(RequestError::Control {
                header: name.to_owned(),
            });
        }
        Ok(Some(value))
    }

    fn text(&self, text: &str) -> Result<String, RequestError> {
        self.joined(&parts(text)?, str::to_owned)
    }

    fn form(&self, text: &str) -> Result<String, RequestError> {
        let mut form = String::new();
        for pair in text.split('&') {
            let parts = parts(pair)?;
            if self.is_left_out(&parts) {
                continue;
            }
            if !form.is_empty() {
                form.push('&');
            }
            form.push_str(&self.joined(&parts, encoded)?);
        }
        Ok(form)
    }

    /// A JSON value filled; `None` where it is one optional argument that has
    /// no value.
    fn json(&self, value: &Value) -> Result<Option<Value>, RequestError> {
        Ok(Some(match value {
            Value::String(text) => match parts(text)?[..] {
                [Part::Argument(name)] => return Ok(self.argument(name).cloned()),
                _ => Value::String(self.text(text)?),
            },
            Value::Array(items) => {
                let items = items.iter().map(|item| self.json(item));
                let items: Result<Vec<_>, _> = items.filter_map(Result::transpose).collect();
                Value::Array(items?)
            }
            Value::Object(table) => {
                let mut filled = Map::new();
                for (key, item) in table {
                    if let Some(item) = self.json(item)? {
                        filled.insert(key.clone(), item);
                    }
                }
                Value::Object(filled)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::Method;

    fn written(url: &str) -> RequestTemplate {
        RequestTemplate {
            method: Method::Post,
            url: url.to_owned(),
            headers: Vec::new(),
            body: BodyTemplate::None,
        }
    }

    fn filled(written: &RequestTemplate, args: &Value) -> Result<HttpRequest, RequestError> {
        let variables = [("KEY", "s3/cret"), ("LINE", "a\r\nb: c")];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let start = AttemptId {
            call: CallId::MIN,
            number: AttemptNo(1),
            epoch: Epoch(1),
        };
        request(written, args, &BTreeMap::from(variables), start)
    }

    fn url(template: &str, args: &Value) -> Result<String, RequestError> {
        filled(&written(template), args).map(|request| request.url.reveal().to_owned())
    }

    #[test]
    fn values_are_encoded_by_where_they_stand() {
        let nasty = "a/../b?c=d&e#f %2e\\é{{x}}${KEY}";
        let args = json!({"x": nasty, "list": [1, "&"], "n": -1.5});
        let safe = "a%2F..%2Fb%3Fc%3Dd%26e%23f%20%252e%5C%C3%A9%7B%7Bx%7D%7D%24%7BKEY%7D";
        assert_eq!(
            url("https://h/p/{{x}}/q?a={{x}}&n={{n}}&l={{list}}", &args),
            Ok(format!(
                "https://h/p/{safe}/q?a={safe}&n=-1.5&l=%5B1%2C%22%26%22%5D"
            ))
        );
        let keyed = filled(&written("https://h/?k=${KEY}"), &json!({})).expect("a request");
        assert_eq!(keyed.url.reveal(), "https://h/?k=s3%2Fcret");
        assert_eq!(keyed.secrets, [Secret::new("s3/cret")]);
        assert!(!format!("{keyed:?}").contains("s3"), "{keyed:?}");
    }

    #[test]
    fn a_value_does_not_change_the_path() {
        for value in ["", ".", ".."] {
            let error = url("https://h/users/{{x}}/data", &json!({"x": value}));
            assert!(
                matches!(error, Err(RequestError::Elsewhere { .. })),
                "{error:?}"
            );
        }
        url("https://h/.{{x}}", &json!({"x": "."})).expect_err("two dots");
        assert_eq!(
            url("https://h/v{{x}}", &json!({"x": ""})),
            Ok("https://h/v".to_owned())
        );
    }

    #[test]
    fn what_is_optional_is_left_out_and_the_rest_is_needed() {
        let template = "https://h/s?q={{q}}&limit={{limit}}";
        assert_eq!(
            url(template, &json!({"limit": 3})),
            Ok("https://h/s?limit=3".to_owned())
        );
        let missing = RequestError::Missing {
            argument: "id".to_owned(),
        };
        assert_eq!(url("https://h/{{id}}", &json!({})), Err(missing));
        let unset = RequestError::Unset {
            variable: "NONE".to_owned(),
        };
        assert_eq!(url("https://h/${NONE}", &json!({})), Err(unset));
    }

    #[test]
    fn headers_hold_no_line_breaks() {
        let mut request = written("https://h");
        request.headers = vec![
            ("A".to_owned(), "x {{v}}".to_owned()),
            ("B".to_owned(), "{{none}}".to_owned()),
        ];
        let made = filled(&request, &json!({"v": "é"})).expect("a request");
        assert_eq!(
            made.headers,
            [("A".to_owned(), Secret::new("x é"))].to_vec()
        );
        let control = RequestError::Control {
            header: "A".to_owned(),
        };
        let broken = filled(&request, &json!({"v": "a\r\nEvil: 1"}));
        assert_eq!(broken, Err(control.clone()));
        request.headers[0].1 = "${LINE}".to_owned();
        assert_eq!(filled(&request, &json!({})), Err(control));
    }

    #[test]
    fn bodies_keep_their_form() {
        let mut request = written("https://h");
        let args = json!({"t": "a&b=\"c\"", "n": [1], "k": "${KEY}"});
        request.body = BodyTemplate::Json(json!({
            "t": "<{{t}}>", "n": "{{n}}", "none": "{{none}}", "k": "{{k}}", "l": ["{{none}}", 2],
        }));
        let made = filled(&request, &args).expect("a request");
        let sent: Value = serde_json::from_str(made.body.expect("a body").reveal()).expect("JSON");
        assert_eq!(
            sent,
            json!({"t": "<a&b=\"c\">", "n": [1], "k": "${KEY}", "l": [2]})
        );
        assert_eq!(
            made.headers,
            [("content-type".to_owned(), Secret::new("application/json"))].to_vec()
        );
        request.headers = vec![(
            "Content-Type".to_owned(),
            "application/x-www-form-urlencoded".to_owned(),
        )];
        request.body = BodyTemplate::Text("t={{t}}&none={{none}}&n={{n}}".to_owned());
        let made = filled(&request, &args).expect("a request");
        let body = made.body.expect("a body");
        assert_eq!(body.reveal(), "t=a%26b%3D%22c%22&n=%5B1%5D");
    }
}
