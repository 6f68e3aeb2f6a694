//! What the forms of the pages send; the first is also a call of the system that this one replaces.

use std::{str::FromStr, sync::Arc};

use axum::{
    extract::{Request, State},
    response::Redirect,
};
use event_bus::RuleScope;
use proto::v1::Rule;
use serde::Deserialize;

use super::{
    extract::{Params, form},
    legacy::ByNumber,
    receive::receive,
    refusals::{self, Asked, Change, Refusals},
    rules,
    schemas::PictureForm,
};
use crate::{
    app::App,
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
    request: Request,
) -> Result<Redirect, Problem> {
    let folder = app.existing_by_number(&name)?;
    let pictures = receive(&app, &folder, None, request).await?;
    if pictures.refused.is_empty() {
        return Ok(Redirect::to(&format!("/folder/{name}")));
    }
    let detail = format!(
        "{} of {} pictures were not taken.",
        pictures.refused.len(),
        pictures.refused.len() + pictures.images.len()
    );
    Err(Problem {
        pictures: Some(Box::new(pictures)),
        ..Kind::SomeRefused.because(detail)
    })
}

/// A rule as a form sends it: what is empty says nothing.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RuleForm {
    threshold: String,
    hold_seconds: String,
    keep_firing_seconds: String,
    enabled: String,
}

pub(crate) async fn set_rule(
    State(app): State<Arc<App>>,
    Params(name): Params<String>,
    request: Request,
) -> Result<Redirect, Problem> {
    let folder = app.existing_by_number(&name)?;
    let rule = form::<RuleForm>(request, "A rule").await?.rule()?;
    let is_empty = rule == Rule::default();
    let scope = RuleScope::Folder(folder);
    app.folders
        .set_rule(scope, (!is_empty).then_some(rule))
        .await?;
    Ok(Redirect::to(&format!("/folder/{name}")))
}

impl RuleForm {
    fn rule(&self) -> Result<Rule, Problem> {
        let rule = Rule {
            threshold: value("threshold", &self.threshold)?,
            hold_seconds: value("holdSeconds", &self.hold_seconds)?,
            keep_firing_seconds: value("keepFiringSeconds", &self.keep_firing_seconds)?,
            enabled: value("enabled", &self.enabled)?,
        };
        rules::check(rule)
    }
}

fn value<T: FromStr>(field: &str, text: &str) -> Result<Option<T>, Problem> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| {
        let expected = match field {
            "enabled" => "true or false",
            _ => "a number",
        };
        Kind::InvalidRule.because(format!("{field} is {text:?}; it must be {expected}."))
    })
}

pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    Params((name, id)): Params<(String, String)>,
) -> Result<Redirect, Problem> {
    let folder = app.existing_by_number(&name)?;
    app.folders.remove_picture(&folder, &id).await?;
    Ok(Redirect::to(&format!("/folder/{name}")))
}
