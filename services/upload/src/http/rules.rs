//! The rules by which frames are judged.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Request, State},
    http::StatusCode,
};
use event_bus::RuleScope;
use proto::v1::Rule;
use serde::Serialize;

use super::extract::{Params, json};
use crate::{
    app::App,
    problem::{Kind, Problem},
    view::RuleSources,
};

/// A rule of some scope, and what holds in the end.
#[derive(Serialize)]
pub(crate) struct RuleAnswer {
    /// What was set for exactly this scope.
    rule: Option<Rule>,
    /// Every field set.
    effective: Rule,
    sources: RuleSources,
}

pub(crate) async fn of_folder(
    State(app): State<Arc<App>>,
    Params(name): Params<String>,
) -> Result<Json<RuleAnswer>, Problem> {
    let folder = app.existing(&name)?;
    Ok(answer(&app, &RuleScope::Folder(folder)))
}

pub(crate) async fn set_for_folder(
    State(app): State<Arc<App>>,
    Params(name): Params<String>,
    request: Request,
) -> Result<Json<RuleAnswer>, Problem> {
    let folder = app.existing(&name)?;
    set(&app, RuleScope::Folder(folder), request).await
}

pub(crate) async fn unset_for_folder(
    State(app): State<Arc<App>>,
    Params(name): Params<String>,
) -> Result<StatusCode, Problem> {
    let folder = app.existing(&name)?;
    let scope = RuleScope::Folder(folder);
    app.folders.set_rule(scope, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn default(State(app): State<Arc<App>>) -> Json<RuleAnswer> {
    answer(&app, &RuleScope::Default)
}

pub(crate) async fn set_default(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Json<RuleAnswer>, Problem> {
    set(&app, RuleScope::Default, request).await
}

pub(crate) async fn unset_default(State(app): State<Arc<App>>) -> Result<StatusCode, Problem> {
    app.folders.set_rule(RuleScope::Default, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn set(app: &App, scope: RuleScope, request: Request) -> Result<Json<RuleAnswer>, Problem> {
    let rule = read(request).await?;
    app.folders.set_rule(scope.clone(), Some(rule)).await?;
    Ok(answer(app, &scope))
}

fn answer(app: &App, scope: &RuleScope) -> Json<RuleAnswer> {
    let state = app.view.read();
    let (rule, own) = match scope {
        RuleScope::Default => (state.default_rule(), None),
        RuleScope::Folder(folder) => (state.rule(folder), state.rule(folder)),
    };
    let (effective, sources) = state.effective_rule(own);
    Json(RuleAnswer {
        rule,
        effective,
        sources,
    })
}

/// The rule in the body of a request, checked.
pub(super) async fn read(request: Request) -> Result<Rule, Problem> {
    let example =
        r#"{"threshold": 0.9, "holdSeconds": 30, "keepFiringSeconds": 0, "enabled": true}"#;
    let rule = json(request, "A rule", Kind::InvalidRule, example).await?;
    check(rule)
}

pub(super) fn check(rule: Rule) -> Result<Rule, Problem> {
    match rule.check() {
        Ok(()) => Ok(rule),
        Err(error) => Err(Kind::InvalidRule.because(format!("{error}."))),
    }
}
