//! The shape of a value by its JSON Schema, read through references and
//! combinations: its types, its choices, its default.
//!
//! It is for people: what they type becomes a value, and a form gets its rows.
//! Whether a value fits, only the validator says.

use serde_json::Value;

/// Parts of a schema that are looked at for one value.
const MAX_PARTS: u32 = 256;

/// Types of JSON values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kinds(u8);

impl Kinds {
    /// `null`.
    pub const NULL: Self = Self(1);
    /// `true` and `false`.
    pub const BOOLEAN: Self = Self(2);
    /// Whole numbers.
    pub const INTEGER: Self = Self(4);
    /// All numbers.
    pub const NUMBER: Self = Self(4 | 8);
    /// Texts.
    pub const STRING: Self = Self(16);
    /// Lists.
    pub const ARRAY: Self = Self(32);
    /// Objects.
    pub const OBJECT: Self = Self(64);

    /// Each type with its name in schemas, the narrower before the wider.
    const NAMES: [(&'static str, Self); 7] = [
        ("string", Self::STRING),
        ("number", Self::NUMBER),
        ("integer", Self::INTEGER),
        ("boolean", Self::BOOLEAN),
        ("array", Self::ARRAY),
        ("object", Self::OBJECT),
        ("null", Self::NULL),
    ];

    fn named(name: &str) -> Option<Self> {
        let found = Self::NAMES.iter().find(|(known, _)| *known == name);
        found.map(|(_, kinds)| *kinds)
    }

    /// Returns the type of a value.
    pub fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::NULL,
            Value::Bool(_) => Self::BOOLEAN,
            Value::Number(number) if is_whole(number) => Self::INTEGER,
            Value::Number(_) => Self::NUMBER,
            Value::String(_) => Self::STRING,
            Value::Array(_) => Self::ARRAY,
            Value::Object(_) => Self::OBJECT,
        }
    }

    /// Whether all of these types are among them.
    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether a value is of one of the types.
    pub fn takes(self, value: &Value) -> bool {
        self.has(Self::of(value))
    }

    /// Returns the types without `null`.
    #[must_use]
    pub fn without_null(self) -> Self {
        Self(self.0 & !Self::NULL.0)
    }

    /// Returns the names of the types.
    pub fn names(self) -> Vec<&'static str> {
        let own = Self::NAMES.iter().filter(|(_, kinds)| self.has(*kinds));
        let names = own.map(|(name, _)| *name);
        // A number may be whole without that being said.
        let is_said = |name: &&str| *name != "integer" || !self.has(Self::NUMBER);
        names.filter(is_said).collect()
    }

    fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

/// Whether a number is written as a whole one, however long.
fn is_whole(number: &serde_json::Number) -> bool {
    let text = number.to_string();
    let text = text.strip_suffix(".0").unwrap_or(&text);
    !text.contains(['.', 'e', 'E'])
}

/// One of the only values that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice<'s> {
    /// The value.
    pub value: &'s Value,
    /// Its name for people.
    pub title: Option<&'s str>,
}

/// Shape of a value.
#[derive(Debug, Clone)]
pub struct ValueShape<'s> {
    /// Its types; `None` where the schema does not say.
    pub kinds: Option<Kinds>,
    /// The only values that there are, where they are named.
    pub choices: Option<Vec<Choice<'s>>>,
    /// Its default.
    pub default: Option<&'s Value>,
    /// Its description.
    pub description: Option<&'s str>,
    /// The one part of the schema that describes values other than `null`; the
    /// whole schema where there are several.
    pub main: &'s Value,
}

impl<'s> ValueShape<'s> {
    /// Reads the shape that a part of a schema describes; `root` is what its
    /// references are looked up in.
    pub fn of(root: &'s Value, schema: &'s Value) -> Self {
        let mut left = MAX_PARTS;
        read(root, schema, &mut left)
    }

    /// Reads the shape of one argument; `None` where the schema does not name it.
    pub fn of_argument(root: &'s Value, name: &str) -> Option<Self> {
        let mut left = MAX_PARTS;
        let whole = read(root, root, &mut left);
        let field = whole.main.get("properties")?.get(name)?;
        Some(Self::of(root, field))
    }

    /// Returns its types without `null`, where they are known.
    pub fn kinds_without_null(&self) -> Option<Kinds> {
        self.kinds.map(Kinds::without_null)
    }

    /// Whether it may be `null`.
    pub fn is_nullable(&self) -> bool {
        self.kinds.is_some_and(|kinds| kinds.has(Kinds::NULL))
    }

    fn is_null_only(&self) -> bool {
        self.kinds == Some(Kinds::NULL)
    }

    /// Adds what stands beside, and holds as well.
    fn narrow(&mut self, other: Self, own: &'s Value) {
        self.kinds = match (self.kinds, other.kinds) {
            (Some(one), Some(other)) => Some(one.intersection(other)),
            (one, other) => one.or(other),
        };
        if self.choices.is_none() {
            self.choices = other.choices;
        }
        self.default = self.default.or(other.default);
        self.description = self.description.or(other.description);
        let is_bare = std::ptr::eq(self.main, own) && own.get("properties").is_none();
        if is_bare && (other.kinds.is_some() || self.choices.is_some()) {
            self.main = other.main;
        }
    }
}

fn read<'s>(root: &'s Value, at: &'s Value, left: &mut u32) -> ValueShape<'s> {
    let mut shape = ValueShape {
        kinds: named_kinds(at),
        choices: named_choices(at),
        default: at.get("default"),
        description: at.get("description").and_then(Value::as_str),
        main: at,
    };
    let Some(rest) = left.checked_sub(1) else {
        return shape;
    };
    *left = rest;
    if let Some(target) = referenced(root, at) {
        let target = read(root, target, left);
        shape.narrow(target, at);
    }
    for part in parts(at, "allOf") {
        let part = read(root, part, left);
        shape.narrow(part, at);
    }
    for key in ["anyOf", "oneOf"] {
        let branches = parts(at, key).map(|part| titled(read(root, part, left), part));
        let branches: Vec<ValueShape<'s>> = branches.collect();
        if !branches.is_empty() {
            shape.narrow(either(branches, at), at);
        }
    }
    if shape.kinds.is_none()
        && let Some(choices) = &shape.choices
    {
        let kinds = choices.iter().map(|choice| Kinds::of(choice.value));
        shape.kinds = kinds.reduce(Kinds::union);
    }
    shape
}

/// Returns the shape of values that are of one of several shapes.
fn either<'s>(branches: Vec<ValueShape<'s>>, at: &'s Value) -> ValueShape<'s> {
    let kinds = branches.iter().map(|branch| branch.kinds);
    let kinds = kinds.reduce(|one, other| Some(one?.union(other?)));
    let mut others = branches.into_iter().filter(|it| !it.is_null_only());
    let (first, second) = (others.next(), others.next());
    let (main, choices, default, description) = match (first, second) {
        (Some(only), None) => (only.main, only.choices, only.default, only.description),
        (Some(first), Some(second)) => {
            let mut choices = first.choices;
            for other in std::iter::once(second).chain(others) {
                choices = choices.zip(other.choices).map(|(mut all, more)| {
                    all.extend(more);
                    all
                });
            }
            (at, choices, None, None)
        }
        (None, _) => (at, None, None, None),
    };
    ValueShape {
        kinds: kinds.flatten(),
        choices,
        default,
        description,
        main,
    }
}

fn named_kinds(at: &Value) -> Option<Kinds> {
    match at.get("type") {
        Some(Value::String(name)) => Kinds::named(name),
        Some(Value::Array(names)) => {
            let kinds = names.iter().map(|name| Kinds::named(name.as_str()?));
            let kinds: Option<Vec<Kinds>> = kinds.collect();
            kinds?.into_iter().reduce(Kinds::union)
        }
        _ if at.get("properties").is_some() => Some(Kinds::OBJECT),
        _ => None,
    }
}

fn named_choices(at: &Value) -> Option<Vec<Choice<'_>>> {
    if let Some(value) = at.get("const") {
        return Some(vec![Choice { value, title: None }]);
    }
    let values = at.get("enum")?.as_array()?;
    let titles = at.get("enumNames").and_then(Value::as_array);
    let title = |at: usize| titles?.get(at)?.as_str();
    let choices = values.iter().enumerate();
    let choice = |(at, value)| Choice {
        value,
        title: title(at),
    };
    Some(choices.map(choice).collect())
}

/// Returns the shape of one alternative; where that is one value, its title is
/// the value's.
fn titled<'s>(mut shape: ValueShape<'s>, part: &'s Value) -> ValueShape<'s> {
    let title = part.get("title").and_then(Value::as_str);
    if part.get("const").is_some()
        && let Some([choice]) = shape.choices.as_deref_mut()
    {
        choice.title = title;
    }
    shape
}

fn parts<'s>(at: &'s Value, key: &str) -> impl Iterator<Item = &'s Value> + use<'s> {
    let parts = at.get(key).and_then(Value::as_array);
    parts.into_iter().flatten()
}

/// Returns the part of the same document that a part refers to.
fn referenced<'s>(root: &'s Value, at: &Value) -> Option<&'s Value> {
    let target = at.get("$ref")?.as_str()?;
    root.pointer(target.strip_prefix('#')?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names(root: &Value, name: &str) -> Vec<&'static str> {
        let shape = ValueShape::of_argument(root, name).expect("an argument");
        shape.kinds.map(Kinds::names).unwrap_or_default()
    }

    #[test]
    fn types_are_read_through_references_and_combinations() {
        let root = json!({
            "properties": {
                "plain": {"type": "integer"},
                "optional": {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": null},
                "list": {"type": ["array", "null"]},
                "model": {"anyOf": [{"$ref": "#/$defs/query"}, {"type": "null"}]},
                "all": {"allOf": [{"$ref": "#/$defs/size"}], "default": 3},
                "level": {"anyOf": [
                    {"enum": ["low", "high"], "enumNames": ["Low"]},
                    {"const": "off", "title": "Off"},
                    {"type": "null"},
                ]},
                "only": {"const": 7},
                "mixed": {"oneOf": [{"type": "string"}, {"type": "number"}]},
                "open": {"description": "anything"},
                "round": {"$ref": "#/properties/round"},
                "either": {"anyOf": [{"type": "string"}, {}]},
            },
            "$defs": {
                "query": {"type": "object", "properties": {"text": {"type": "string"}}},
                "size": {"type": "integer", "minimum": 1},
            },
        });
        for (name, kinds) in [
            ("plain", vec!["integer"]),
            ("optional", vec!["integer", "null"]),
            ("list", vec!["array", "null"]),
            ("model", vec!["object", "null"]),
            ("all", vec!["integer"]),
            ("level", vec!["string", "null"]),
            ("only", vec!["integer"]),
            ("mixed", vec!["string", "number"]),
            ("open", vec![]),
            ("round", vec![]),
            ("either", vec![]),
        ] {
            assert_eq!(names(&root, name), kinds, "{name}");
        }
        let model = ValueShape::of_argument(&root, "model").expect("it");
        assert_eq!(model.main, &root["$defs"]["query"]);
        let all = ValueShape::of_argument(&root, "all").expect("it");
        assert_eq!(
            (all.default, all.main),
            (Some(&json!(3)), &root["$defs"]["size"])
        );
        let level = ValueShape::of_argument(&root, "level").expect("it");
        let choices = level.choices.expect("choices");
        let values: Vec<&Value> = choices.iter().map(|it| it.value).collect();
        assert_eq!(values, [&json!("low"), &json!("high"), &json!("off")]);
        let titles: Vec<_> = choices.iter().map(|it| it.title).collect();
        assert_eq!(titles, [Some("Low"), None, Some("Off")]);
    }

    #[test]
    fn a_schema_that_multiplies_itself_is_read_within_bounds() {
        let mut defs = serde_json::Map::new();
        for n in 0..30 {
            let next = format!("#/$defs/d{}", n + 1);
            defs.insert(
                format!("d{n}"),
                json!({"allOf": [{"$ref": next}, {"$ref": next}]}),
            );
        }
        let root = json!({"$defs": defs, "properties": {"x": {"$ref": "#/$defs/d0"}}});
        assert_eq!(names(&root, "x"), Vec::<&str>::new());
    }

    #[test]
    fn whole_numbers_are_whole_however_long() {
        let number = |text: &str| serde_json::from_str::<Value>(text).expect("a number");
        for text in ["5", "-3", "123456789012345678901234567890", "2.0"] {
            assert_eq!(Kinds::of(&number(text)), Kinds::INTEGER, "{text}");
        }
        assert_eq!(Kinds::of(&number("2.5")), Kinds::NUMBER);
    }
}
