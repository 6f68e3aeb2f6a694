//! How a folder fared in its last day, and how it would have fared under another rule.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Request, State},
};
use event_bus::Folder;
use proto::{
    EffectiveRule, timestamp,
    v1::{Alert, Rule},
};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::{
    alert_query::time,
    extract::{Params, Search},
    rules,
};
use crate::{
    app::App,
    history::{Curve, Point, REACH},
    problem::{Kind, Problem},
    view::AlertQuery,
};

#[derive(Deserialize)]
pub(crate) struct Query {
    since: Option<String>,
    until: Option<String>,
    points: Option<usize>,
}

/// The similarity over a span of time.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HistoryAnswer {
    since: pbjson_types::Timestamp,
    until: pbjson_types::Timestamp,
    seconds_per_point: f64,
    /// Those parts of the span in which frames were compared.
    points: Vec<PointAnswer>,
    /// The episodes that touch the span, newest first.
    alerts: Vec<Alert>,
}

#[derive(Serialize)]
struct PointAnswer {
    /// When the part begins.
    at: pbjson_types::Timestamp,
    comparisons: u32,
    least: f64,
    mean: f64,
    greatest: f64,
    /// That of the last comparison.
    threshold: f64,
}

/// What would have come of the comparisons of the last day under a rule.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WhatIfAnswer {
    /// That was asked about, every field set.
    rule: Rule,
    /// When the first frame was stored of which something is known.
    since: Option<pbjson_types::Timestamp>,
    comparisons: usize,
    /// Newest first; no more than [`MOST_EPISODES`].
    episodes: Vec<Episode>,
    /// Of all episodes.
    episode_count: usize,
    /// How long they lasted in all, those that go on until now.
    firing_seconds: f64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Episode {
    fired_at: Option<pbjson_types::Timestamp>,
    /// Absent where it goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved_at: Option<pbjson_types::Timestamp>,
}

const USUAL_POINTS: usize = 300;
const MOST_POINTS: usize = 2000;
const MOST_EPISODES: usize = 200;

pub(crate) async fn of_folder(
    State(app): State<Arc<App>>,
    Params(name): Params<String>,
    Search(query): Search<Query>,
) -> Result<Json<HistoryAnswer>, Problem> {
    let folder = app.existing(&name)?;
    let curve = query.curve(OffsetDateTime::now_utc())?;
    let points = app
        .histories
        .of(&folder, move |history| history.draw(&curve))
        .await?;
    Ok(Json(HistoryAnswer {
        since: timestamp(curve.since),
        until: timestamp(curve.until),
        seconds_per_point: curve.part().as_seconds_f64(),
        points: points.into_iter().map(PointAnswer::new).collect(),
        alerts: alerts_in(&app, &folder, &curve),
    }))
}

pub(crate) async fn what_if(
    State(app): State<Arc<App>>,
    Params(name): Params<String>,
    request: Request,
) -> Result<Json<WhatIfAnswer>, Problem> {
    let folder = app.existing(&name)?;
    let asked = rules::read(request).await?;
    let default = app.view.read().default_rule();
    let rule = EffectiveRule::of(Some(asked), default);
    let rehearsed = folder.clone();
    let answer = app.histories.of(&folder, move |history| {
        let episodes = history.rehearse(&rehearsed, &rule);
        WhatIfAnswer {
            rule: Rule::in_force(Some(asked), default),
            since: history.since().map(timestamp),
            comparisons: history.len(),
            episode_count: episodes.len(),
            firing_seconds: firing_seconds(&episodes),
            episodes: latest(&episodes),
        }
    });
    answer.await.map(Json)
}

fn firing_seconds(episodes: &[Alert]) -> f64 {
    let now = timestamp(OffsetDateTime::now_utc());
    let seconds = |at: pbjson_types::Timestamp| at.seconds as f64 + f64::from(at.nanos) / 1e9;
    let lasted = |alert: &Alert| {
        let fired_at = alert.fired_at.map_or(0.0, seconds);
        (seconds(alert.resolved_at.unwrap_or(now)) - fired_at).max(0.0)
    };
    episodes.iter().map(lasted).sum()
}

fn latest(episodes: &[Alert]) -> Vec<Episode> {
    let newest_first = episodes.iter().rev();
    newest_first.take(MOST_EPISODES).map(Episode::of).collect()
}

/// The episodes that touch a span.
fn alerts_in(app: &App, folder: &Folder, curve: &Curve) -> Vec<Alert> {
    let query = AlertQuery {
        folder: Some(folder.clone()),
        until: Some(curve.until),
        limit: MOST_EPISODES,
        ..AlertQuery::default()
    };
    let selected = app.view.read().alerts(&query);
    let alerts = selected.map_or(Vec::new(), |selection| selection.alerts);
    let since = timestamp(curve.since);
    let touches = |alert: &Alert| {
        let resolved_at = alert.resolved_at;
        resolved_at.is_none_or(|at| (at.seconds, at.nanos) >= (since.seconds, since.nanos))
    };
    alerts.into_iter().filter(touches).collect()
}

impl Query {
    fn curve(&self, now: OffsetDateTime) -> Result<Curve, Problem> {
        let until = time("until", self.until.as_deref())?.unwrap_or(now);
        let since = time("since", self.since.as_deref())?.unwrap_or(until - Duration::HOUR);
        let points = self.points.unwrap_or(USUAL_POINTS);
        if since >= until || until - since > REACH {
            return Err(Kind::InvalidRequest.because(
                "since must be before until, and no more than 24 hours: comparisons are kept for a day.",
            ));
        }
        if !(1..=MOST_POINTS).contains(&points) {
            return Err(Kind::InvalidRequest.because(format!(
                "points is {points}; it must be a number from 1 to {MOST_POINTS}."
            )));
        }
        Ok(Curve {
            since,
            until,
            points,
        })
    }
}

impl PointAnswer {
    fn new(point: Point) -> Self {
        let rounded = |value: f64| (value * 1e6).round() / 1e6;
        PointAnswer {
            at: timestamp(point.at),
            comparisons: point.comparisons,
            least: rounded(point.least.into()),
            mean: rounded(point.mean()),
            greatest: rounded(point.greatest.into()),
            threshold: rounded(point.threshold.into()),
        }
    }
}

impl Episode {
    fn of(alert: &Alert) -> Self {
        Episode {
            fired_at: alert.fired_at,
            resolved_at: alert.resolved_at,
        }
    }
}
