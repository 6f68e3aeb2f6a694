//! Rules by the API.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Request, State},
    http::StatusCode,
};
use event_bus::RuleScope;
use folder_state::{AlertQuery, Known, RuleSources};
use proto::v1::{Alert, Rule, Subject};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    areas::check as check_areas,
    body::{self, RuleBody},
};
use crate::{
    access::By,
    app::App,
    front_door::{
        addresses::InFolder,
        extract::{Params, long_json},
        refusals::{self, Asked, Body, Change, Folder, Refusals},
    },
    problem::{Kind, Problem},
};

/// A rule of some scope, and what holds in the end.
#[derive(Serialize, ToSchema)]
#[schema(as = RuleInForce)]
pub(super) struct RuleAnswer {
    /// What was set for exactly this scope.
    rule: Option<Rule>,
    /// Every field set.
    effective: Rule,
    sources: RuleSources,
}

/// Tells a folder's rule
#[utoipa::path(
    get,
    path = "/api/v1/folders/{folder}/rule",
    tag = "rules",
    operation_id = "getFolderRule",
    params(InFolder),
    responses(
        (status = OK, description = "The rule", body = RuleAnswer),
        Refusals<(Asked, Folder)>,
    )
)]
pub(super) async fn of_folder(
    State(app): State<Arc<App>>,
    Params(at): Params<InFolder>,
) -> Result<Json<RuleAnswer>, Problem> {
    let folder = app.existing(&at.folder)?;
    Ok(answer(&app, &RuleScope::Folder(folder)))
}

/// Sets a folder's rule
#[utoipa::path(
    put,
    path = "/api/v1/folders/{folder}/rule",
    tag = "rules",
    operation_id = "setFolderRule",
    params(InFolder),
    request_body = RuleBody,
    responses(
        (status = OK, description = "The rule as it is now", body = RuleAnswer),
        Refusals<(Asked, Folder, Change, Body, refusals::Rule)>,
    )
)]
pub(super) async fn set_for_folder(
    State(app): State<Arc<App>>,
    Params(at): Params<InFolder>,
    by: By,
    request: Request,
) -> Result<Json<RuleAnswer>, Problem> {
    let folder = app.existing(&at.folder)?;
    set(&app, RuleScope::Folder(folder), by, request).await
}

/// Takes a folder's rule back
#[utoipa::path(
    delete,
    path = "/api/v1/folders/{folder}/rule",
    tag = "rules",
    operation_id = "unsetFolderRule",
    params(InFolder),
    responses(
        (status = NO_CONTENT, description = "The default rule holds"),
        Refusals<(Asked, Folder, Change)>,
    )
)]
pub(super) async fn unset_for_folder(
    State(app): State<Arc<App>>,
    Params(at): Params<InFolder>,
    by: By,
) -> Result<StatusCode, Problem> {
    let folder = app.existing(&at.folder)?;
    let scope = RuleScope::Folder(folder);
    app.folders.set_rule(scope, None, by).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Tells the default rule
#[utoipa::path(
    get,
    path = "/api/v1/rules/_default",
    tag = "rules",
    operation_id = "getDefaultRule",
    responses((status = OK, description = "The rule", body = RuleAnswer), Refusals<()>)
)]
pub(super) async fn default(State(app): State<Arc<App>>) -> Json<RuleAnswer> {
    answer(&app, &RuleScope::Default)
}

/// Sets the default rule
#[utoipa::path(
    put,
    path = "/api/v1/rules/_default",
    tag = "rules",
    operation_id = "setDefaultRule",
    request_body = RuleBody,
    responses(
        (status = OK, description = "The rule as it is now", body = RuleAnswer),
        Refusals<(Asked, Change, Body, refusals::Rule)>,
    )
)]
pub(super) async fn set_default(
    State(app): State<Arc<App>>,
    by: By,
    request: Request,
) -> Result<Json<RuleAnswer>, Problem> {
    set(&app, RuleScope::Default, by, request).await
}

/// Takes the default rule back
#[utoipa::path(
    delete,
    path = "/api/v1/rules/_default",
    tag = "rules",
    operation_id = "unsetDefaultRule",
    responses(
        (status = NO_CONTENT, description = "The built-in rule holds"),
        Refusals<(Change, refusals::Rule)>,
    )
)]
pub(super) async fn unset_default(
    State(app): State<Arc<App>>,
    by: By,
) -> Result<StatusCode, Problem> {
    check_areas(&app, &RuleScope::Default, None)?;
    app.folders.set_rule(RuleScope::Default, None, by).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn set(
    app: &App,
    scope: RuleScope,
    by: By,
    request: Request,
) -> Result<Json<RuleAnswer>, Problem> {
    let rule = read(request).await?;
    check_areas(app, &scope, Some(&rule))?;
    app.folders.set_rule(scope.clone(), Some(rule), by).await?;
    Ok(answer(app, &scope))
}

fn answer(app: &App, scope: &RuleScope) -> Json<RuleAnswer> {
    let state = app.states.read();
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

/// With as many masks and regions as there may be, and as many corners.
const MAX_BYTES: usize = 64 * 1024;

/// The rule in the body of a request, checked.
pub(super) async fn read(request: Request) -> Result<Rule, Problem> {
    let read = long_json(
        request,
        "A rule",
        Kind::InvalidRule,
        body::EXAMPLE,
        MAX_BYTES,
    );
    let RuleBody(rule) = read.await?;
    check(rule)
}

pub(super) fn check(rule: Rule) -> Result<Rule, Problem> {
    match rule.check() {
        Ok(()) => Ok(rule),
        Err(error) => Err(Kind::InvalidRule.because(format!("{error}."))),
    }
}

/// The alerts of the view, not those of the camera, that a query asks for.
pub(super) fn alerts_of_view(state: &Known, query: &AlertQuery) -> Vec<Alert> {
    let selected = state.alerts(query);
    let alerts = selected.map_or(Vec::new(), |selection| selection.alerts);
    let of_view = |alert: &Alert| alert.subject() != Subject::Camera;
    alerts.into_iter().filter(of_view).collect()
}
