//! The locks of a call, from the templates of its tool and its arguments.

use serde_json::Value;

use super::command::as_text;
use super::template::{Piece, pieces};
use crate::model::{LockKey, LockSet, Tool};

/// The locks that a call of `tool` takes with these arguments. A lock that
/// names an argument without value is not taken: there is nothing to hold.
pub fn locks(tool: &Tool, args: &Value) -> LockSet {
    locks_where(tool, args, |_| true)
}

/// The same, without the locks that name an argument which is not known yet.
pub(crate) fn locks_where(tool: &Tool, args: &Value, is_known: impl Fn(&Value) -> bool) -> LockSet {
    let filled = |names: &[String]| {
        let names = names.iter();
        let keys = names.filter_map(|name| filled(name, args, &is_known));
        keys.map(|key| LockKey::new(&key)).collect()
    };
    LockSet {
        write: filled(&tool.write_locks),
        read: filled(&tool.read_locks),
    }
}

fn filled(name: &str, args: &Value, is_known: impl Fn(&Value) -> bool) -> Option<String> {
    let mut key = String::new();
    for piece in pieces(name).ok()? {
        match piece {
            Piece::Text(text) => key.push_str(text),
            Piece::Placeholder(argument) => {
                let value = args.get(argument).filter(|value| !value.is_null())?;
                if !is_known(value) {
                    return None;
                }
                key.push_str(&as_text(value));
            }
        }
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalogue::tests::tool;

    #[test]
    fn placeholders_are_filled_and_optional_ones_left_out() {
        let mut tool = tool(&["true"]);
        tool.write_locks = vec!["file:{{out}}".to_owned(), "db".to_owned()];
        tool.read_locks = vec!["{{a}}/{{b}}".to_owned()];
        let locks = locks(&tool, &json!({"out": "./x//y", "a": 1}));
        assert_eq!(locks.write, [LockKey::new("file:x/y"), LockKey::new("db")]);
        assert!(locks.read.is_empty());
    }
}
