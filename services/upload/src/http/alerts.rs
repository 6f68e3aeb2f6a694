//! Alerts, those that are over among them.

use std::sync::Arc;

use axum::{Json, extract::State, response::Response};
use event_bus::Exhibit;
use proto::v1::{Alert, Phase};
use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    extract::{Params, Search, page_size},
    picture::{self, Disposition, encoded},
};
use crate::{
    app::{App, parse},
    problem::{Kind, Problem},
    view::AlertQuery,
};

/// Which alerts are asked for. An empty value, as a form sends it, asks for nothing.
#[derive(Default, Deserialize)]
pub(crate) struct Query {
    pub(crate) folder: Option<String>,
    pub(crate) phase: Option<String>,
    since: Option<String>,
    until: Option<String>,
    limit: Option<usize>,
    before: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct AlertPage {
    pub(crate) alerts: Vec<Alert>,
    /// Where the list goes on.
    pub(crate) next: Option<String>,
}

const PATH: &str = "/api/v1/alerts";

pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Search(query): Search<Query>,
) -> Result<Json<AlertPage>, Problem> {
    page(&app, &query, PATH).map(Json)
}

/// The alerts that are asked for; the list goes on at an address below `path`.
pub(crate) fn page(app: &App, query: &Query, path: &str) -> Result<AlertPage, Problem> {
    let limit = page_size(query.limit)?;
    let before = given(&query.before);
    let wanted = AlertQuery {
        folder: given(&query.folder).map(parse).transpose()?,
        phase: given(&query.phase).map(phase).transpose()?,
        since: time("since", given(&query.since))?,
        until: time("until", given(&query.until))?,
        before: before.map(str::to_owned),
        limit: limit + 1,
    };
    let mut alerts = app.view.read().alerts(&wanted).map_err(|_| {
        let before = before.unwrap_or_default();
        Kind::InvalidRequest.because(format!(
            "before is {before:?}; it must be the id of an alert."
        ))
    })?;
    let goes_on = alerts.len() > limit;
    alerts.truncate(limit);
    let next = alerts
        .last()
        .filter(|_| goes_on)
        .map(|last| address(path, query, limit, &last.id));
    Ok(AlertPage { alerts, next })
}

fn given(value: &Option<String>) -> Option<&str> {
    value.as_deref().filter(|text| !text.is_empty())
}

impl Query {
    /// Whether it begins with the newest of all alerts.
    pub(crate) fn is_for_everything(&self) -> bool {
        let narrowing = [
            &self.folder,
            &self.phase,
            &self.since,
            &self.until,
            &self.before,
        ];
        narrowing.into_iter().all(|value| given(value).is_none())
    }

    /// All that are firing.
    pub(crate) fn firing() -> Self {
        Query {
            phase: Some(Phase::Firing.word().to_owned()),
            ..Query::default()
        }
    }
}

pub(crate) async fn one(
    State(app): State<Arc<App>>,
    Params(id): Params<String>,
) -> Result<Json<Alert>, Problem> {
    Ok(Json(existing(&app, &id)?))
}

pub(crate) async fn frame(
    State(app): State<Arc<App>>,
    Params(id): Params<String>,
) -> Result<Response, Problem> {
    evidence(&app, &id, Exhibit::Frame).await
}

pub(crate) async fn reference(
    State(app): State<Arc<App>>,
    Params(id): Params<String>,
) -> Result<Response, Problem> {
    evidence(&app, &id, Exhibit::Reference).await
}

async fn evidence(app: &App, id: &str, exhibit: Exhibit) -> Result<Response, Problem> {
    let alert = existing(app, id)?;
    let picture = app.broker.evidence(&alert.id, exhibit).await?;
    let word = exhibit.word();
    let picture = picture.ok_or_else(|| {
        Kind::NoEvidence.because(format!("The {word} behind the alert {id} was not kept."))
    })?;
    let name = format!("{id}-{word}");
    picture::stored(picture, &name, Disposition::Inline).map(picture::unchanging)
}

pub(crate) fn existing(app: &App, id: &str) -> Result<Alert, Problem> {
    let alert = app.view.read().alert(id).cloned();
    alert.ok_or_else(|| {
        Kind::UnknownAlert.because(format!(
            "There is no alert {id:?} among the latest; GET /api/v1/alerts lists them."
        ))
    })
}

fn phase(word: &str) -> Result<Phase, Problem> {
    [Phase::Firing, Phase::Resolved]
        .into_iter()
        .find(|phase| phase.word() == word)
        .ok_or_else(|| {
            Kind::InvalidRequest
                .because(format!("phase is {word:?}; it must be firing or resolved."))
        })
}

pub(super) fn time(name: &str, text: Option<&str>) -> Result<Option<OffsetDateTime>, Problem> {
    let parse = |text| {
        OffsetDateTime::parse(text, &Rfc3339).map_err(|_| {
            Kind::InvalidRequest.because(format!(
                "{name} is {text:?}; it must be a time as in 2026-11-24T15:30:00Z."
            ))
        })
    };
    text.map(parse).transpose()
}

fn address(path: &str, query: &Query, limit: usize, before: &str) -> String {
    let mut address = format!("{path}?limit={limit}&before={}", encoded(before));
    let narrowing = [
        ("folder", &query.folder),
        ("phase", &query.phase),
        ("since", &query.since),
        ("until", &query.until),
    ];
    for (name, value) in narrowing {
        if let Some(value) = given(value) {
            address.push_str(&format!("&{name}={}", encoded(value)));
        }
    }
    address
}
