//! Writes the result of a tool to the output of its call: text as it is,
//! structured results as one JSON document, images by name, and what is not
//! understood as it came.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::decode::{AnswerBody, Decoded, ServerError, decode, described};
use crate::model::{Ending, McpOperation, Outcome};
use crate::output::{Sink, Stream};

/// Characters of a server's words that go into a reason.
const MAX_REASON_CHARS: usize = 300;

/// Bytes of the data of an error that go into the output.
const MAX_ERROR_DATA: usize = 64 << 10;

/// Writes the answer that a line holds to the output of its call; returns how
/// the call ended by it. A line that holds none is written as it is.
pub fn write_answer(line: &[u8], sink: &Sink) -> Ending {
    match decode(line) {
        Decoded::Answer(_, AnswerBody::Result(result)) => write(&result, sink),
        Decoded::Answer(_, AnswerBody::Error(error)) => error_ending(&error, sink),
        _ => {
            write_line(sink, Stream::Stdout, &String::from_utf8_lossy(line));
            misunderstood("it is no answer")
        }
    }
}

/// Writes what an operation of a server resulted in; returns how the call ended.
pub(super) fn write_of(operation: McpOperation, result: &Value, sink: &Sink) -> Ending {
    let list = |key: &str| result.get(key).and_then(Value::as_array);
    let content: Vec<Value> = match operation {
        McpOperation::CallTool => return write(result, sink),
        McpOperation::ReadResource => {
            let Some(contents) = list("contents") else {
                write_line(sink, Stream::Stdout, &result.to_string());
                return misunderstood("it has no `contents`");
            };
            let block = |it: &Value| json!({ "type": "resource", "resource": it });
            contents.iter().map(block).collect()
        }
        McpOperation::GetPrompt => {
            let Some(messages) = list("messages") else {
                write_line(sink, Stream::Stdout, &result.to_string());
                return misunderstood("it has no `messages`");
            };
            messages_content(messages)
        }
    };
    if let Some(about) = result.get("description").and_then(Value::as_str) {
        write_line(sink, Stream::Stderr, about);
    }
    write(&json!({ "content": content }), sink)
}

/// Returns the content of messages; of several each begins with its role.
fn messages_content(messages: &[Value]) -> Vec<Value> {
    let mut content = Vec::new();
    for message in messages {
        let role = message.get("role").and_then(Value::as_str);
        if messages.len() > 1 {
            let text = format!("{}:", role.unwrap_or("unknown"));
            content.push(json!({ "type": "text", "text": text }));
        }
        match message.get("content") {
            Some(Value::Array(blocks)) => content.extend(blocks.iter().cloned()),
            Some(block) => content.push(block.clone()),
            None => {}
        }
    }
    content
}

/// Writes a result to the output of its call; returns how the call ended.
pub(super) fn write(result: &Value, sink: &Sink) -> Ending {
    if !result.is_object() {
        write_line(sink, Stream::Stdout, &result.to_string());
        return misunderstood(&format!("it is {} and not an object", described(result)));
    }
    match result.get("resultType").and_then(Value::as_str) {
        Some("input_required") => {
            return Ending::refused(
                "tool error: it asks for input, and cannot be asked again here",
            );
        }
        Some("task") => {
            return Ending::refused("protocol error: it answers later, which it was not asked to");
        }
        _ => {}
    }
    let mut problem = None;
    let is_error = match result.get("isError") {
        None | Some(Value::Null) => false,
        Some(Value::Bool(is_error)) => *is_error,
        Some(other) => {
            problem = Some(format!("`isError` is {}", described(other)));
            false
        }
    };
    let content = content(result, &mut problem);
    let structured = result.get("structuredContent").filter(|it| !it.is_null());
    // A success that has both forms says the same in both; what a tool says of
    // its failure is shown whole.
    let shown = match structured {
        Some(_) if !is_error => Stream::Stderr,
        _ => Stream::Stdout,
    };
    if let Some(structured) = structured.filter(|_| !is_error) {
        write_line(sink, Stream::Stdout, &structured.to_string());
    }
    for (at, block) in content.iter().enumerate() {
        if structured.is_some_and(|structured| is_repetition(block, structured)) {
            continue;
        }
        match Block::read(block) {
            Ok(block) => block.write(sink, shown),
            Err(reason) => {
                write_line(sink, shown, &block.to_string());
                problem.get_or_insert_with(|| format!("content block {}: {reason}", at + 1));
            }
        }
    }
    if let Some(structured) = structured.filter(|_| is_error) {
        write_line(sink, Stream::Stdout, &structured.to_string());
    }
    if let Some(problem) = problem {
        return misunderstood(&problem);
    }
    if is_error {
        return tool_error(content, structured);
    }
    Ending::plain(Outcome::Succeeded)
}

/// Returns the ending of a call that the server answered with an error of the
/// protocol, and writes what does not fit into its reason.
pub(super) fn error_ending(error: &ServerError, sink: &Sink) -> Ending {
    let short = excerpt(&error.message);
    if short != error.message {
        write_line(sink, Stream::Stderr, &error.message);
    }
    if let Some(data) = error.data.as_ref().filter(|data| !data.is_null()) {
        let mut data = data.to_string();
        let end = data.floor_char_boundary(data.len().min(MAX_ERROR_DATA));
        if end < data.len() {
            data.truncate(end);
            data.push('…');
        }
        write_line(sink, Stream::Stderr, &format!("data of the error: {data}"));
    }
    failed(format!("protocol error {}: {short}", error.code))
}

/// Returns the blocks of a result.
fn content<'r>(result: &'r Value, problem: &mut Option<String>) -> &'r [Value] {
    match result.get("content") {
        // Servers leave it out where there is none.
        None | Some(Value::Null) => &[],
        Some(Value::Array(blocks)) => blocks,
        Some(other) => {
            *problem = Some(format!("`content` is {} and not a list", described(other)));
            std::slice::from_ref(other)
        }
    }
}

fn tool_error(content: &[Value], structured: Option<&Value>) -> Ending {
    let text = content.iter().find_map(|block| block.get("text")?.as_str());
    let text = text.map(str::to_owned);
    let text = text.or_else(|| structured.map(Value::to_string));
    let text = text.as_deref().unwrap_or("without text");
    failed(format!("tool error: {}", excerpt(text)))
}

fn misunderstood(problem: &str) -> Ending {
    failed(format!(
        "protocol error: its result is not understood: {problem}"
    ))
}

fn failed(reason: String) -> Ending {
    Ending {
        reason: Some(reason),
        ..Ending::plain(Outcome::Failed)
    }
}

/// Whether a block says in text what the structured result says.
fn is_repetition(block: &Value, structured: &Value) -> bool {
    let text = block.get("text").and_then(Value::as_str);
    text.is_some_and(|text| {
        serde_json::from_str::<Value>(text).is_ok_and(|value| value == *structured)
    })
}

/// One block of content.
#[derive(Debug, PartialEq)]
enum Block<'b> {
    Text(&'b str),
    /// Text of a resource, and its name.
    Resource(&'b str, String),
    /// Anything that is no text, by its name.
    Named(String),
    /// Content in base64 that can be saved, by its name and its media type.
    Media {
        name: String,
        media: &'b str,
        data: &'b str,
    },
    /// Of a kind that is not known here.
    Unknown(&'b Value),
}

impl<'b> Block<'b> {
    fn read(block: &'b Value) -> Result<Self, String> {
        if !block.is_object() {
            return Err(format!("it is {} and not an object", described(block)));
        }
        match text_in(block, "type")? {
            "text" => Ok(Self::Text(text_in(block, "text")?)),
            kind @ ("image" | "audio") => {
                let data = text_in(block, "data")?;
                let media = optional(block, "mimeType")?.unwrap_or("of unknown type");
                let name = format!("{kind} {media}, {} bytes", decoded_len(data));
                Ok(Self::Media { name, media, data })
            }
            "resource_link" => {
                let (name, uri) = (text_in(block, "name")?, text_in(block, "uri")?);
                let media = optional(block, "mimeType")?.unwrap_or("of unknown type");
                Ok(Self::Named(format!("[resource {name} <{uri}>, {media}]")))
            }
            "resource" => {
                let resource = block.get("resource").unwrap_or(&Value::Null);
                if !resource.is_object() {
                    return Err(format!("`resource` is {}", described(resource)));
                }
                let uri = text_in(resource, "uri")?;
                let media = optional(resource, "mimeType")?.unwrap_or("of unknown type");
                let named = |bytes: usize| format!("[resource <{uri}>, {media}, {bytes} bytes]");
                if let Some(text) = optional(resource, "text")? {
                    return Ok(Self::Resource(text, named(text.len())));
                }
                let data = text_in(resource, "blob")?;
                let name = format!("resource <{uri}>, {media}, {} bytes", decoded_len(data));
                Ok(Self::Media { name, media, data })
            }
            _ => Ok(Self::Unknown(block)),
        }
    }

    fn write(&self, sink: &Sink, stream: Stream) {
        match self {
            Self::Text(text) => write_line(sink, stream, text),
            Self::Resource(text, name) => {
                write_line(sink, Stream::Stderr, name);
                write_line(sink, stream, text);
            }
            Self::Named(name) => write_line(sink, stream, name),
            Self::Media { name, media, data } => {
                let bytes = STANDARD.decode(data);
                let is_kept = bytes.is_ok_and(|bytes| sink.attach(media, &bytes));
                let lost = if is_kept { "" } else { ", not kept" };
                write_line(sink, stream, &format!("[{name}{lost}]"));
            }
            Self::Unknown(block) => write_line(sink, stream, &block.to_string()),
        }
    }
}

fn text_in<'v>(value: &'v Value, key: &str) -> Result<&'v str, String> {
    optional(value, key)?.ok_or_else(|| format!("it has no `{key}`"))
}

fn optional<'v>(value: &'v Value, key: &str) -> Result<Option<&'v str>, String> {
    match value.get(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(format!("`{key}` is {} and not a text", described(other))),
    }
}

fn write_line(sink: &Sink, stream: Stream, text: &str) {
    sink.write(stream, text.as_bytes());
    if !text.ends_with('\n') {
        sink.write(stream, b"\n");
    }
}

/// Returns the number of bytes that a text in base64 stands for.
fn decoded_len(base64: &str) -> usize {
    let padding = base64
        .bytes()
        .rev()
        .take_while(|byte| *byte == b'=')
        .count();
    (base64.len() / 4 * 3).saturating_sub(padding)
}

/// Returns the first line, within bounds.
fn excerpt(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let mut letters = line.chars();
    let mut kept: String = letters.by_ref().take(MAX_REASON_CHARS).collect();
    if letters.next().is_some() || text.lines().nth(1).is_some() {
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AttemptNo, CallId};
    use crate::output::{Bounds, Store};

    /// Ending, stdout and bytes of stderr that a result came to.
    struct Written {
        ending: Ending,
        stdout: String,
        stderr_bytes: u64,
    }

    fn written(result: &Value) -> Written {
        let store = Store::new(None, Bounds::default());
        let sink = store.sink(CallId::MIN, AttemptNo(1));
        let ending = write(result, &sink);
        sink.finish();
        let printed = store.result(CallId::MIN).bytes;
        Written {
            ending,
            stdout: String::from_utf8(printed).expect("text"),
            stderr_bytes: store.stat(CallId::MIN).stderr_bytes,
        }
    }

    #[test]
    fn images_are_named_and_not_dumped_and_resources_are_handed_over() {
        let written = written(&json!({ "content": [
            { "type": "text", "text": "one" },
            { "type": "image", "data": "QUJDRA==", "mimeType": "image/png" },
            { "type": "resource", "resource": { "uri": "demo://x", "mimeType": "text/plain", "text": "body" } },
            { "type": "resource", "resource": { "uri": "demo://y", "blob": "QUJDRA==" } },
        ] }));
        assert_eq!(written.ending.outcome, Outcome::Succeeded);
        assert_eq!(
            written.stdout,
            "one\n[image image/png, 4 bytes]\nbody\n[resource <demo://y>, of unknown type, 4 bytes]\n"
        );
        let name = "[resource <demo://x>, text/plain, 4 bytes]\n";
        assert_eq!(written.stderr_bytes, name.len() as u64);
    }

    #[test]
    fn images_can_be_saved_and_what_is_no_base64_is_said_not_to_be_kept() {
        let store = Store::new(None, Bounds::default());
        let sink = store.sink(CallId::MIN, AttemptNo(1));
        let result = json!({ "content": [
            { "type": "image", "data": "QUJDRA==", "mimeType": "image/png" },
            { "type": "audio", "data": "***", "mimeType": "audio/wav" },
        ] });
        write(&result, &sink);
        sink.finish();
        let kept = store.attachments(CallId::MIN);
        let [image] = kept.as_slice() else {
            panic!("{kept:?}");
        };
        assert_eq!((image.extension(), &*image.bytes), ("png", &b"ABCD"[..]));
        let printed = String::from_utf8(store.result(CallId::MIN).bytes).expect("text");
        assert!(printed.ends_with("bytes, not kept]\n"), "{printed}");
    }

    #[test]
    fn resources_and_prompts_are_written_as_text() {
        let text = |operation, result: &Value| {
            let store = Store::new(None, Bounds::default());
            let sink = store.sink(CallId::MIN, AttemptNo(1));
            let ending = write_of(operation, result, &sink);
            sink.finish();
            assert_eq!(ending.outcome, Outcome::Succeeded, "{ending:?}");
            String::from_utf8(store.result(CallId::MIN).bytes).expect("text")
        };
        let resource = json!({ "contents": [{ "uri": "demo://x", "text": "body" }] });
        assert_eq!(text(McpOperation::ReadResource, &resource), "body\n");
        let one = json!({ "role": "user", "content": { "type": "text", "text": "ask" } });
        let two = json!({ "role": "assistant", "content": { "type": "text", "text": "told" } });
        let prompt = json!({ "description": "About", "messages": [one] });
        assert_eq!(text(McpOperation::GetPrompt, &prompt), "ask\n");
        let prompt = json!({ "messages": [one, two] });
        assert_eq!(
            text(McpOperation::GetPrompt, &prompt),
            "user:\nask\nassistant:\ntold\n"
        );
    }

    #[test]
    fn a_structured_result_is_the_output_and_its_repetition_is_left_out() {
        let written = written(&json!({
            "content": [
                { "type": "text", "text": "{\"b\": 2, \"a\": 1}" },
                { "type": "text", "text": "note" },
            ],
            "structuredContent": { "a": 1, "b": 2 },
        }));
        assert_eq!(written.stdout, "{\"a\":1,\"b\":2}\n");
        assert_eq!(written.stderr_bytes, 5);
    }

    #[test]
    fn an_error_of_the_tool_is_a_failure_in_its_words() {
        let written = written(&json!({
            "isError": true,
            "content": [{ "type": "text", "text": "no such path\nmore" }],
        }));
        assert_eq!(written.ending.outcome, Outcome::Failed);
        let reason = written.ending.reason.as_deref();
        assert_eq!(reason, Some("tool error: no such path…"));
        assert_eq!(written.stdout, "no such path\nmore\n");
    }

    #[test]
    fn the_structured_content_of_an_error_is_kept() {
        let structured = json!({ "line": 3, "message": "expected `;`" });
        let both = written(&json!({
            "isError": true,
            "content": [{ "type": "text", "text": "it does not compile" }],
            "structuredContent": structured,
        }));
        let line = "{\"line\":3,\"message\":\"expected `;`\"}";
        assert_eq!(both.stdout, format!("it does not compile\n{line}\n"));
        let reason = both.ending.reason.as_deref();
        assert_eq!(reason, Some("tool error: it does not compile"));
        let only = written(&json!({ "isError": true, "structuredContent": structured }));
        assert_eq!(only.stdout, format!("{line}\n"));
        assert_eq!(only.ending.reason, Some(format!("tool error: {line}")));
    }

    #[test]
    fn content_of_an_unknown_kind_is_shown_as_it_came() {
        let written = written(&json!({ "content": [
            { "type": "hologram", "x": 1 }, { "type": "text", "text": "kept" },
        ] }));
        assert_eq!(written.ending.outcome, Outcome::Succeeded);
        assert_eq!(written.stdout, "{\"type\":\"hologram\",\"x\":1}\nkept\n");
    }

    #[test]
    fn a_result_that_is_not_understood_is_shown_and_fails_with_the_reason() {
        let text = json!({ "type": "text", "text": "kept" });
        for (result, stdout, reason) in [
            (
                json!({ "content": [{ "type": "text", "text": 42 }, text] }),
                "{\"type\":\"text\",\"text\":42}\nkept\n",
                "content block 1: `text` is the number 42 and not a text",
            ),
            (
                json!({ "content": [{ "type": "text" }] }),
                "{\"type\":\"text\"}\n",
                "content block 1: it has no `text`",
            ),
            (
                json!({ "content": [text, 7] }),
                "kept\n7\n",
                "content block 2: it is the number 7 and not an object",
            ),
            (
                json!({ "content": "text" }),
                "\"text\"\n",
                "`content` is the text \"text\" and not a list",
            ),
            (
                json!({ "content": [text], "isError": "true" }),
                "kept\n",
                "`isError` is the text \"true\"",
            ),
            (
                json!("fine"),
                "\"fine\"\n",
                "it is the text \"fine\" and not an object",
            ),
            (Value::Null, "null\n", "it is null and not an object"),
        ] {
            let written = written(&result);
            assert_eq!(written.ending.outcome, Outcome::Failed, "{result}");
            assert_eq!(written.stdout, stdout, "{result}");
            let told = format!("protocol error: its result is not understood: {reason}");
            assert_eq!(written.ending.reason, Some(told), "{result}");
        }
        assert_eq!(written(&json!({})).ending.outcome, Outcome::Succeeded);
    }
}
