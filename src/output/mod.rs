//! Output of calls: bounded buffers, spill files and the sanitised text that
//! a screen may show; and the files that are written whole.
//!
//! A [`Sink`] takes the bytes of one attempt; they stay in blocks in memory,
//! and beyond a head and a tail in spill files that one thread writes. A
//! [`OutputReader`] takes consistent views under short locks and reads windows of
//! lines from them. Raw bytes are never changed; only [`Safe`] text leaves for
//! a screen. Everything that does not fit its [`Bounds`] is counted.
//!
//! The room must not know what a call is for, when it ends, or how a screen
//! lays text out.

mod arrival_log;
mod attachments;
mod attempt;
mod bounds;
mod copy;
mod files;
mod filter;
mod json;
mod line_index;
mod lines;
mod merged;
mod output_view;
mod pattern;
mod pieces;
mod printed;
mod progress;
mod protocol_log;
mod reader;
mod safe;
mod search;
mod search_request;
mod seeker;
mod shared;
mod sink;
mod spill;
mod spiller;
mod storage_budget;
mod store;
mod stream;
mod stream_buffer;
mod stream_view;
mod value;
mod window;

pub use attachments::{Attachment, save_attachments};
pub use bounds::Bounds;
pub use copy::{Copied, CopyForm, CopyRequest};
pub use files::{
    EditError, EditedFile, ExportError, ExportFile, FolderLock, PrivateFileError, PrivateFolder,
    write_file,
};
pub use filter::{Filter, Matches};
pub use json::{JsonDocument, read_json};
pub use merged::{OutputPart, Row, Rows};
pub use pattern::{Pattern, PatternError};
pub use pieces::{Piece, PieceCursor};
pub use printed::Printed;
pub use reader::OutputReader;
pub use safe::{Attributes, Colour, Colours, LONGEST_TEXT, Origin, Safe, SafeWriter, TextStyle};
pub use search_request::{Direction, SearchProgress, SearchRequest};
pub use seeker::SEARCHED_AT_ONCE;
pub use sink::Sink;
pub use store::Store;
pub use stream::{Stream, Streams};
pub use value::{OutputEncoding, OutputValue};
pub use window::{LineForm, LineKind, OutputLine, Position, Window, WindowRequest};

pub use protocol_log::{Exchange, Message, ProtocolLog, ServerStderr, Side};

#[cfg(test)]
mod tests;
