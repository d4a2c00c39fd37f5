//! Sizes of schemas and values, on which the cost of an evaluation depends.

use serde_json::Value;

/// Size of a schema, or of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    /// Of a value, its levels; of a schema, the longest chain of schemas that
    /// apply to one value.
    pub(super) deepest: usize,
    /// Of a value, the most keys of one object; of a schema, the most patterns
    /// that one subschema tries on each key.
    pub(super) widest: usize,
}

/// Returns the size of a value.
pub(super) fn size_of(value: &Value) -> Size {
    let mut size = Size {
        deepest: 0,
        widest: 0,
    };
    let mut add = |inner: Size| {
        size.deepest = size.deepest.max(inner.deepest);
        size.widest = size.widest.max(inner.widest);
    };
    match value {
        Value::Array(items) => items.iter().map(size_of).for_each(&mut add),
        Value::Object(entries) => {
            entries.values().map(size_of).for_each(&mut add);
            size.widest = size.widest.max(entries.len());
        }
        _ => {}
    }
    size.deepest += 1;
    size
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_as_deep_and_wide_as_its_deepest_and_widest_part() {
        let size = size_of(&json!({"a": [1, [2, {"x": 1, "y": 2, "z": 3}]], "b": "x"}));
        let (deepest, widest) = (5, 3);
        assert_eq!(size, Size { deepest, widest });
    }
}
