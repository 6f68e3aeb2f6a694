//! Alerts, those that are over among them.

use std::sync::Arc;

use axum::{Json, extract::State, response::Response};
use event_bus::Exhibit;
use folder_state::{AlertQuery, Known};
use pbjson_types::Timestamp;
use proto::{
    timestamp,
    v1::{Acknowledgement, Alert, Phase, Subject},
};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::query::AlertSearch;
use crate::{
    app::App,
    front_door::{
        addresses::OneAlert,
        extract::{Params, Search},
        refusals::{self, Asked, Evidence, Named, Part, Refusals},
    },
    pictures::sending::{self, Picture, Wanted},
    problem::{Kind, Problem},
};

/// An alert, and who has it in hand.
#[derive(Serialize, ToSchema)]
pub(crate) struct KnownAlert {
    #[serde(flatten)]
    pub(crate) alert: Alert,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) acknowledgement: Option<Acknowledgement>,
    /// It fires, but for a minute, or five of the camera's usual gaps, no frame has said how the view looks: when the last one did.
    #[schema(value_type = String, format = DateTime)]
    #[serde(rename = "unknownSince", skip_serializing_if = "Option::is_none")]
    pub(crate) unknown_since: Option<Timestamp>,
}

impl KnownAlert {
    fn new(state: &Known, alert: Alert) -> Self {
        KnownAlert {
            acknowledgement: state.acknowledgement(&alert.id).cloned(),
            unknown_since: unknown_since(state, &alert).map(timestamp),
            alert,
        }
    }
}

/// A part of the list, newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct AlertPage {
    pub(crate) alerts: Vec<KnownAlert>,
    /// How many match in all.
    pub(crate) total: usize,
    /// The address where the list goes on.
    pub(crate) next: Option<String>,
}

fn unknown_since(state: &Known, alert: &Alert) -> Option<OffsetDateTime> {
    let fires = alert.phase() == Phase::Firing && alert.subject() != Subject::Camera;
    let folder = alert.folder.parse().ok().filter(|_| fires)?;
    state.unknown_since(&folder, OffsetDateTime::now_utc())
}

const PATH: &str = "/api/v1/alerts";

/// Lists alerts by episode, newest first
#[utoipa::path(
    get,
    path = PATH,
    tag = "alerts",
    operation_id = "listAlerts",
    params(AlertSearch),
    responses(
        (status = OK, description = "Alerts", body = AlertPage),
        Refusals<(Asked, Named, refusals::Alert)>,
    )
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Search(query): Search<AlertSearch>,
) -> Result<Json<AlertPage>, Problem> {
    query.refuse_empty()?;
    page(&app, &query, PATH).map(Json)
}

/// The alerts that are asked for; the list goes on at an address below `path`.
pub(super) fn page(app: &App, query: &AlertSearch, path: &str) -> Result<AlertPage, Problem> {
    let wanted = query.read()?;
    let limit = wanted.limit;
    let with_the_next = AlertQuery {
        limit: limit + 1,
        ..wanted
    };
    let mut page = select(app, &with_the_next)?;
    let goes_on = page.alerts.len() > limit;
    page.alerts.truncate(limit);
    page.next = page
        .alerts
        .last()
        .filter(|_| goes_on)
        .map(|last| query.next(path, limit, &last.alert.id));
    Ok(page)
}

/// All that are asked for, on one page.
pub(crate) fn select(app: &App, wanted: &AlertQuery) -> Result<AlertPage, Problem> {
    let state = app.states.read();
    let selection = state.alerts(wanted).map_err(|_| {
        let before = wanted.before.as_deref().unwrap_or_default();
        Kind::UnknownAlert.because(format!(
            "before is {before:?}; it must be the id of one of the latest alerts."
        ))
    })?;
    let known = selection.alerts.into_iter();
    Ok(AlertPage {
        alerts: known.map(|alert| KnownAlert::new(&state, alert)).collect(),
        total: selection.total,
        next: None,
    })
}

/// Tells of an alert
#[utoipa::path(
    get,
    path = "/api/v1/alerts/{id}",
    tag = "alerts",
    operation_id = "getAlert",
    params(OneAlert),
    responses(
        (status = OK, description = "The alert", body = KnownAlert),
        Refusals<(Asked, refusals::Alert)>,
    )
)]
pub(super) async fn one(
    State(app): State<Arc<App>>,
    Params(at): Params<OneAlert>,
) -> Result<Json<KnownAlert>, Problem> {
    existing(&app, &at.id).map(Json)
}

/// Sends the frame that opened an alert
#[utoipa::path(
    get,
    path = "/api/v1/alerts/{id}/evidence/frame",
    tag = "alerts",
    operation_id = "getAlertFrame",
    params(OneAlert, sending::PictureQuery),
    responses(sending::Answers, Refusals<(Asked, refusals::Alert, Evidence, Part)>)
)]
pub(super) async fn frame(
    State(app): State<Arc<App>>,
    Params(at): Params<OneAlert>,
    wanted: Wanted,
) -> Result<Response, Problem> {
    evidence(&app, &at.id, Exhibit::Frame, &wanted).await
}

/// Sends the reference that the frame behind an alert was compared with
#[utoipa::path(
    get,
    path = "/api/v1/alerts/{id}/evidence/reference",
    tag = "alerts",
    operation_id = "getAlertReference",
    params(OneAlert, sending::PictureQuery),
    responses(sending::Answers, Refusals<(Asked, refusals::Alert, Evidence, Part)>)
)]
pub(super) async fn reference(
    State(app): State<Arc<App>>,
    Params(at): Params<OneAlert>,
    wanted: Wanted,
) -> Result<Response, Problem> {
    evidence(&app, &at.id, Exhibit::Reference, &wanted).await
}

async fn evidence(
    app: &App,
    id: &str,
    exhibit: Exhibit,
    wanted: &Wanted,
) -> Result<Response, Problem> {
    let alert = existing(app, id)?.alert;
    wanted
        .answer(app, &Picture::Evidence(alert.id, exhibit))
        .await
}

pub(crate) fn existing(app: &App, id: &str) -> Result<KnownAlert, Problem> {
    let state = app.states.read();
    let alert = state.alert(id).cloned().ok_or_else(|| {
        Kind::UnknownAlert.because(format!(
            "There is no alert {id:?} among the latest; GET /api/v1/alerts lists them."
        ))
    })?;
    Ok(KnownAlert::new(&state, alert))
}
