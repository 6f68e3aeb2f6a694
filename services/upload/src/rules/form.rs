//! The form of a folder's rule: as the page shows it, and what it sends. Both are made of the table of a rule's fields.

use std::{collections::HashMap, sync::Arc};

use axum::{
    extract::{Request, State},
    response::Redirect,
};
use event_bus::RuleScope;
use proto::{BuiltIn, FieldKind, FieldValue, RuleField, v1::Rule};

use super::{api::check, areas};
use crate::{
    access::By,
    app::App,
    folders::saved::Saved,
    front_door::extract::{Params, form},
    problem::{Kind, Problem},
};

/// A field of the folder's own rule as the form shows it.
pub(crate) struct RuleInput {
    /// The id of the element.
    pub(crate) id: &'static str,
    /// As it is sent.
    pub(crate) name: &'static str,
    pub(crate) label: String,
    pub(crate) about: &'static str,
    /// For scripts: how what it says is written in JSON.
    pub(crate) says: &'static str,
    /// The least and the most, of a number.
    pub(crate) range: Option<(f64, f64)>,
    /// The choices, where a field has some.
    pub(crate) choices: Vec<Choice>,
    /// What the rule says; empty where it says nothing.
    pub(crate) value: String,
    /// What holds where it says nothing.
    pub(crate) otherwise: String,
}

/// Something that a field can say.
pub(crate) struct Choice {
    pub(crate) value: String,
    pub(crate) words: String,
    pub(crate) is_chosen: bool,
}

impl RuleInput {
    /// All fields, of a folder whose own rule is this one, and where otherwise that one holds.
    pub(crate) fn of(own: Rule, otherwise: Rule) -> Vec<RuleInput> {
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

pub(crate) async fn set_rule(
    State(app): State<Arc<App>>,
    Params(name): Params<String>,
    by: By,
    request: Request,
) -> Result<Redirect, Problem> {
    let folder = app.existing_by_number(&name)?;
    let own = app.states.read().rule(&folder).unwrap_or_default();
    let rule = rule(&form(request, "A rule").await?, &own)?;
    let is_empty = rule == Rule::default();
    let scope = RuleScope::Folder(folder);
    areas::check(&app, &scope, Some(&rule))?;
    app.folders
        .set_rule(scope, (!is_empty).then_some(rule), by)
        .await?;
    Ok(Redirect::to(&Saved::Rule.place(&name)))
}

/// A rule as a form sends it: what is empty says nothing. What the form does not ask stays as it is.
fn rule(form: &HashMap<String, String>, own: &Rule) -> Result<Rule, Problem> {
    let mut rule = Rule {
        masks: own.masks.clone(),
        regions: own.regions.clone(),
        ..Rule::default()
    };
    for field in Rule::FIELDS {
        if !field.has_choice() {
            field.set(&mut rule, field.get(own));
            continue;
        }
        let text = form.get(field.name).map_or("", |text| text.trim());
        if !text.is_empty() {
            field.set(&mut rule, Some(value(field, text)?));
        }
    }
    check(rule)
}

fn value(field: &RuleField, text: &str) -> Result<FieldValue<'static>, Problem> {
    let (value, expected) = match field.kind {
        FieldKind::Number { .. } | FieldKind::Seconds { .. } => {
            let number = text.parse().ok().map(FieldValue::Number);
            (number, "a number".to_owned())
        }
        FieldKind::Switch => {
            let is_on = text.parse().ok().map(FieldValue::Switch);
            (is_on, "true or false".to_owned())
        }
        FieldKind::Word { words } => (field.kind.word(text), words.join(" or ")),
    };
    let name = field.name;
    value.ok_or_else(|| {
        Kind::InvalidRule.because(format!("{name} is {text:?}; it must be {expected}."))
    })
}
