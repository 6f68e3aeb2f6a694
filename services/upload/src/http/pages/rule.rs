//! The form of a folder's rule, made of the table of a rule's fields. What it sends is read by `forms`.

use proto::{BuiltIn, FieldKind, FieldValue, RuleField, v1::Rule};

/// A field of the folder's own rule as the form shows it.
pub(super) struct RuleInput {
    /// Of the element.
    pub(super) id: &'static str,
    /// As it is sent.
    pub(super) name: &'static str,
    pub(super) label: String,
    pub(super) about: &'static str,
    /// For scripts: how what it says is written in JSON.
    pub(super) says: &'static str,
    /// The least and the most, of a number.
    pub(super) range: Option<(f64, f64)>,
    /// Of all else, what there is to choose from.
    pub(super) choices: Vec<Choice>,
    /// What the rule says; empty where it says nothing.
    pub(super) value: String,
    /// What holds where it says nothing.
    pub(super) otherwise: String,
}

/// Something that a field can say.
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) words: String,
    pub(super) is_chosen: bool,
}

impl RuleInput {
    /// All fields, of a folder whose own rule is this one, and where otherwise that one holds.
    pub(super) fn of(own: Rule, otherwise: Rule) -> Vec<RuleInput> {
        let fields = Rule::FIELDS.iter().filter(|field| field.has_choice());
        let inputs = fields.map(|field| {
            let value = field.get(&own);
            let otherwise = field.get(&otherwise);
            RuleInput {
                id: field.flag,
                name: field.name,
                label: label(field),
                about: field.about,
                says: says(field.kind),
                range: field.kind.range(),
                choices: choices(field.kind, value),
                value: value.map_or_else(String::new, |value| value.to_string()),
                otherwise: otherwise.map_or_else(|| BuiltIn::AUTOMATIC.to_owned(), in_words),
            }
        });
        inputs.collect()
    }
}

fn label(field: &RuleField) -> String {
    match field.kind {
        FieldKind::Seconds { .. } => format!("{}, in seconds", field.label),
        FieldKind::Number { .. } | FieldKind::Switch | FieldKind::Word { .. } => {
            field.label.to_owned()
        }
    }
}

fn says(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Number { .. } | FieldKind::Seconds { .. } => "number",
        FieldKind::Switch => "switch",
        FieldKind::Word { .. } => "word",
    }
}

fn choices(kind: FieldKind, chosen: Option<FieldValue<'_>>) -> Vec<Choice> {
    let values = match kind {
        FieldKind::Number { .. } | FieldKind::Seconds { .. } => Vec::new(),
        FieldKind::Switch => vec![FieldValue::Switch(true), FieldValue::Switch(false)],
        FieldKind::Word { words } => words.iter().map(|word| FieldValue::Word(word)).collect(),
    };
    let choices = values.into_iter().map(|value| Choice {
        value: value.to_string(),
        words: in_words(value),
        is_chosen: chosen == Some(value),
    });
    choices.collect()
}

fn in_words(value: FieldValue<'_>) -> String {
    match value {
        FieldValue::Switch(true) => "on".to_owned(),
        FieldValue::Switch(false) => "off".to_owned(),
        FieldValue::Number(_) | FieldValue::Word(_) => value.to_string(),
    }
}
