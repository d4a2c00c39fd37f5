//! What a server answers, as the output of a call: text as it is, structured
//! results as one JSON document, and everything that is neither by name.

use rmcp::model::{CallToolResult, ContentBlock, ErrorData, ResourceContents};
use serde_json::Value;

use crate::model::{Ending, Outcome};
use crate::output::{Sink, Stream};

/// Characters of a server's words that become a reason.
const MAX_REASON_CHARS: usize = 300;

/// Writes a result to the output of its call, and says how the call ended.
pub(super) fn write(result: &CallToolResult, sink: &Sink) -> Ending {
    let is_error = result.is_error == Some(true);
    match result.structured_content.as_ref().filter(|_| !is_error) {
        Some(structured) => {
            let mut line = structured.to_string();
            line.push('\n');
            sink.write(Stream::Stdout, line.as_bytes());
            for block in &result.content {
                if !is_repetition(block, structured) {
                    sink.write(Stream::Stderr, block_text(block).as_bytes());
                }
            }
        }
        None => {
            for block in &result.content {
                sink.write(Stream::Stdout, block_text(block).as_bytes());
            }
        }
    }
    if !is_error {
        return Ending::plain(Outcome::Succeeded);
    }
    let text = result.content.iter().find_map(|block| match block {
        ContentBlock::Text(text) => Some(text.text.as_str()),
        _ => None,
    });
    Ending {
        reason: Some(format!(
            "tool error: {}",
            excerpt(text.unwrap_or("without text"))
        )),
        ..Ending::plain(Outcome::Failed)
    }
}

/// The ending of a call that the server answered with an error of the
/// protocol.
pub(super) fn error_ending(error: &ErrorData) -> Ending {
    Ending {
        reason: Some(format!(
            "protocol error {}: {}",
            error.code.0,
            excerpt(&error.message)
        )),
        ..Ending::plain(Outcome::Failed)
    }
}

/// Whether a block says in text what the structured result says.
fn is_repetition(block: &ContentBlock, structured: &Value) -> bool {
    match block {
        ContentBlock::Text(text) => {
            serde_json::from_str::<Value>(&text.text).is_ok_and(|value| value == *structured)
        }
        _ => false,
    }
}

/// A block as lines.
fn block_text(block: &ContentBlock) -> String {
    let mut text = match block {
        ContentBlock::Text(text) => text.text.clone(),
        ContentBlock::Image(image) => named("image", &image.mime_type, decoded_len(&image.data)),
        ContentBlock::Audio(audio) => named("audio", &audio.mime_type, decoded_len(&audio.data)),
        ContentBlock::ResourceLink(link) => {
            let kind = link.mime_type.as_deref().unwrap_or("of unknown type");
            format!("[resource {} <{}>, {kind}]", link.name, link.uri)
        }
        ContentBlock::Resource(resource) => match &resource.resource {
            ResourceContents::TextResourceContents {
                uri,
                mime_type,
                text,
                ..
            } => embedded(uri, mime_type.as_deref(), text.len()),
            ResourceContents::BlobResourceContents {
                uri,
                mime_type,
                blob,
                ..
            } => embedded(uri, mime_type.as_deref(), decoded_len(blob)),
            _ => "[resource of an unknown kind]".to_owned(),
        },
        _ => "[content of an unknown kind]".to_owned(),
    };
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

fn named(what: &str, kind: &str, bytes: usize) -> String {
    format!("[{what} {kind}, {bytes} bytes]")
}

fn embedded(uri: &str, kind: Option<&str>, bytes: usize) -> String {
    let kind = kind.unwrap_or("of unknown type");
    format!("[resource <{uri}>, {kind}, {bytes} bytes]")
}

/// Bytes that a text in base64 stands for.
fn decoded_len(base64: &str) -> usize {
    let padding = base64
        .bytes()
        .rev()
        .take_while(|byte| *byte == b'=')
        .count();
    (base64.len() / 4 * 3).saturating_sub(padding)
}

/// The first line, within bounds.
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
    use crate::model::{AttemptNo, CallId, OutputStat};
    use crate::output::{Bounds, Store};

    fn written(result: &CallToolResult) -> (Ending, String, OutputStat) {
        let store = Store::new(None, Bounds::default());
        let sink = store.sink(CallId::MIN, AttemptNo(1));
        let ending = write(result, &sink);
        sink.finish();
        let printed = store.result(CallId::MIN).bytes;
        let text = String::from_utf8(printed).expect("text");
        (ending, text, store.stat(CallId::MIN))
    }

    #[test]
    fn images_and_resources_are_named_and_not_dumped() {
        let (ending, text, _) = written(&CallToolResult::success(vec![
            ContentBlock::text("one"),
            ContentBlock::image("QUJDRA==", "image/png"),
            ContentBlock::embedded_text("demo://x", "body"),
        ]));
        assert_eq!(ending.outcome, Outcome::Succeeded);
        assert_eq!(
            text,
            "one\n[image image/png, 4 bytes]\n[resource <demo://x>, text/plain, 4 bytes]\n"
        );
    }

    #[test]
    fn a_structured_result_is_the_output_and_its_repetition_is_left_out() {
        let mut result = CallToolResult::success(vec![
            ContentBlock::text("{\"b\": 2, \"a\": 1}"),
            ContentBlock::text("note"),
        ]);
        result.structured_content = Some(serde_json::json!({"a": 1, "b": 2}));
        let (_, text, stat) = written(&result);
        assert_eq!(text, "{\"a\":1,\"b\":2}\n");
        assert_eq!(stat.stderr_bytes, 5);
    }

    #[test]
    fn an_error_of_the_tool_is_a_failure_in_its_words() {
        let error = CallToolResult::error(vec![ContentBlock::text("no such path\nmore")]);
        let (ending, text, _) = written(&error);
        assert_eq!(ending.outcome, Outcome::Failed);
        assert_eq!(ending.reason.as_deref(), Some("tool error: no such path…"));
        assert_eq!(text, "no such path\nmore\n");
    }
}
