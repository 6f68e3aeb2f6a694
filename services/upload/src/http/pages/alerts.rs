//! The page of all alerts, and that of one.

use std::{sync::Arc, time::Duration};

use askama::Template;
use axum::{extract::State, response::Html};
use proto::{
    from_timestamp,
    v1::{Alert, Phase},
};
use time::OffsetDateTime;

use super::{
    super::{
        alerts::{self, Query},
        extract::{Params, Search},
    },
    card::Moment,
    render,
};
use crate::{app::App, problem::Problem};

#[derive(Template)]
#[template(path = "alerts.html")]
struct AlertsPage {
    /// Those that are firing; on the first page of all alerts only.
    firing: Vec<Row>,
    rows: Vec<Row>,
    next: Option<String>,
    is_first: bool,
    folders: Vec<String>,
    /// What the form shows as chosen.
    folder: String,
    phase: String,
    is_connected: bool,
}

#[derive(Template)]
#[template(path = "alert.html")]
struct AlertPage {
    row: Row,
    is_connected: bool,
}

/// An episode in words.
struct Row {
    id: String,
    folder: String,
    words: &'static str,
    slug: &'static str,
    message: String,
    camera: String,
    reference: String,
    similarity: String,
    threshold: f64,
    fired: Option<Moment>,
    resolved: Option<Moment>,
    lasted: String,
}

pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Search(query): Search<Query>,
) -> Result<Html<String>, Problem> {
    let page = alerts::page(&app, &query, "/alerts")?;
    let is_first = query.is_for_everything();
    let firing = match is_first {
        true => alerts::page(&app, &Query::firing(), "/alerts")?.alerts,
        false => Vec::new(),
    };
    let is_listed = |alert: &Alert| !is_first || alert.phase() != Phase::Firing;
    let folders = app.view.read().folders();
    render(&AlertsPage {
        firing: firing.into_iter().map(Row::new).collect(),
        rows: page
            .alerts
            .into_iter()
            .filter(is_listed)
            .map(Row::new)
            .collect(),
        next: page.next,
        is_first,
        folders: folders.iter().map(ToString::to_string).collect(),
        folder: query.folder.unwrap_or_default(),
        phase: query.phase.unwrap_or_default(),
        is_connected: app.broker.is_connected(),
    })
}

pub(crate) async fn one(
    State(app): State<Arc<App>>,
    Params(id): Params<String>,
) -> Result<Html<String>, Problem> {
    render(&AlertPage {
        row: Row::new(alerts::existing(&app, &id)?),
        is_connected: app.broker.is_connected(),
    })
}

impl Row {
    fn new(alert: Alert) -> Self {
        let (words, slug) = match alert.phase() {
            Phase::Firing => ("Firing", "alert"),
            _ => ("Resolved", "idle"),
        };
        let fired_at = alert.fired_at.as_ref().and_then(from_timestamp);
        let resolved_at = alert.resolved_at.as_ref().and_then(from_timestamp);
        Row {
            words,
            slug,
            camera: alert.frame.map(|frame| frame.camera).unwrap_or_default(),
            reference: alert
                .reference
                .map(|reference| reference.name)
                .unwrap_or_default(),
            similarity: format!("{:.3}", alert.similarity),
            threshold: alert.threshold,
            fired: fired_at.and_then(Moment::new),
            resolved: resolved_at.and_then(Moment::new),
            lasted: lasted(fired_at, resolved_at),
            message: alert.message,
            folder: alert.folder,
            id: alert.id,
        }
    }
}

/// How long an episode lasted, or has lasted until now.
fn lasted(fired_at: Option<OffsetDateTime>, resolved_at: Option<OffsetDateTime>) -> String {
    let until = resolved_at.unwrap_or_else(OffsetDateTime::now_utc);
    let seconds = fired_at.map_or(0, |fired_at| (until - fired_at).whole_seconds());
    match u64::try_from(seconds) {
        Ok(seconds @ 1..) => humantime::format_duration(Duration::from_secs(seconds)).to_string(),
        _ => "under 1s".to_owned(),
    }
}
