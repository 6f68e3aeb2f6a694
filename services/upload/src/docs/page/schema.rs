//! A schema of the API in words.

use serde_json::Value;

use super::{members, string, text::Text};

/// What a value is, in words.
pub(crate) struct Type {
    pub(crate) words: String,
    /// The schema that the words lead up to.
    pub(crate) refers_to: Option<String>,
    pub(crate) or_null: bool,
}

/// A member of an object, a parameter or a header.
pub(crate) struct Field {
    pub(crate) name: String,
    /// Where a parameter stands.
    pub(crate) place: Option<String>,
    pub(crate) is_required: bool,
    pub(crate) what: Type,
    pub(crate) about: Text,
}

impl Type {
    pub(crate) fn new(schema: &Value) -> Self {
        if let Some(alternatives) = schema["oneOf"].as_array() {
            let real = alternatives.iter().find(|one| one["type"] != "null");
            return Type {
                or_null: true,
                ..real.map_or_else(Type::anything, Type::new)
            };
        }
        if let Some(target) = schema["$ref"].as_str() {
            let name = target.rsplit('/').next().unwrap_or_default();
            return Type {
                refers_to: Some(name.to_owned()),
                ..Type::plain("")
            };
        }
        let kinds: Vec<&str> = match &schema["type"] {
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
            kind => kind.as_str().into_iter().collect(),
        };
        let or_null = kinds.contains(&"null");
        let Some(kind) = kinds.into_iter().find(|kind| *kind != "null") else {
            return Type::anything();
        };
        let what = match kind {
            "array" => Type::list(&schema["items"]),
            _ => Type::plain(&with_limits(kind, schema)),
        };
        Type { or_null, ..what }
    }

    fn plain(words: &str) -> Self {
        Type {
            words: words.to_owned(),
            refers_to: None,
            or_null: false,
        }
    }

    fn anything() -> Self {
        Type::plain("anything")
    }

    fn list(items: &Value) -> Self {
        let items = Type::new(items);
        let or_null = if items.or_null { " or null" } else { "" };
        Type {
            words: format!("list of {}{or_null}", items.words),
            or_null: false,
            ..items
        }
    }
}

/// The kind of a value and what narrows it.
fn with_limits(kind: &str, schema: &Value) -> String {
    if let Some(values) = schema["enum"].as_array() {
        let words: Vec<String> = values.iter().map(plainly).collect();
        return words.join(", ");
    }
    let mut words = match &schema["format"] {
        Value::String(format) if format == "date-time" => "time".to_owned(),
        Value::String(format) if format == "binary" => "file".to_owned(),
        _ => kind.to_owned(),
    };
    for (limit, before) in [
        ("minimum", " from "),
        ("maximum", " to "),
        ("minLength", ", at least "),
        ("maxLength", ", at most "),
        ("pattern", " like "),
        ("default", ", unless given "),
    ] {
        if let Some(value) = schema.get(limit) {
            words.push_str(before);
            words.push_str(&plainly(value));
            if limit.ends_with("Length") {
                words.push_str(" characters");
            }
        }
    }
    words
}

fn plainly(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

impl Field {
    /// The members of an object.
    pub(crate) fn all_of(schema: &Value) -> Vec<Self> {
        let required = schema["required"].as_array();
        let fields = members(&schema["properties"]);
        fields
            .map(|(name, field)| Field {
                name: name.to_owned(),
                place: None,
                is_required: required.is_some_and(|all| all.iter().any(|one| one == name)),
                what: Type::new(field),
                about: Text::new(&field["description"]),
            })
            .collect()
    }

    pub(crate) fn of_parameter(parameter: &Value) -> Self {
        Field {
            name: string(&parameter["name"]),
            place: Some(string(&parameter["in"])),
            is_required: parameter["required"] == true,
            what: Type::new(&parameter["schema"]),
            about: Text::new(&parameter["description"]),
        }
    }

    pub(crate) fn of_header(name: &str, header: &Value) -> Self {
        Field {
            name: name.to_owned(),
            place: None,
            is_required: false,
            what: Type::new(&header["schema"]),
            about: Text::new(&header["description"]),
        }
    }
}
