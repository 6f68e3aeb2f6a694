//! What the forms of the pages send; the first is also a call of the system that this one replaces.

use std::{collections::HashMap, sync::Arc};

use axum::{
    extract::{Request, State},
    response::Redirect,
};
use event_bus::RuleScope;
use proto::{FieldKind, FieldValue, RuleField, v1::Rule};

use super::{
    extract::{Params, form},
    legacy::ByNumber,
    receive::receive,
    refusals::{self, Asked, Change, Refusals},
    rules,
    saved::Saved,
    schemas::PictureForm,
};
use crate::{
    access::By,
    app::App,
    folders::{Becomes, Normals},
    problem::{Kind, Problem},
};

/// Stores pictures, as the page's form does
#[utoipa::path(
    post,
    path = "/folder/{folder}",
    tag = "legacy",
    operation_id = "legacyUpload",
    params(ByNumber),
    request_body(content = PictureForm, content_type = "multipart/form-data"),
    responses(
        (status = SEE_OTHER, description = "All are stored; this leads to the folder's page"),
        Refusals<(Asked, refusals::Folder, Change, refusals::Pictures, refusals::PictureForm)>,
    )
)]
pub(crate) async fn upload(
    State(app): State<Arc<App>>,
    Params(ByNumber { folder: name }): Params<ByNumber>,
    by: By,
    request: Request,
) -> Result<Redirect, Problem> {
    let folder = app.existing_by_number(&name)?;
    let pictures = receive(
        &app,
        &folder,
        None,
        Becomes::Reference(Normals::Retired),
        by,
        request,
    )
    .await?;
    pictures.all_taken()?;
    Ok(Redirect::to(&format!("/folder/{name}")))
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
    rules::check_areas(&app, &scope, Some(&rule))?;
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
    rules::check(rule)
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

pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    Params((name, id)): Params<(String, String)>,
    by: By,
) -> Result<Redirect, Problem> {
    let folder = app.existing_by_number(&name)?;
    app.folders.remove_picture(&folder, &id, by).await?;
    Ok(Redirect::to(&format!("/folder/{name}")))
}
