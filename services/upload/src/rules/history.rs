//! How a folder fared in its last day, and how it would have fared under another rule.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Request, State},
};
use event_bus::Folder;
use folder_state::{AlertQuery, Curve, Point, REACH};
use proto::{
    EffectiveRule, timestamp,
    v1::{Alert, Rule},
};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use utoipa::{IntoParams, ToSchema};

use super::{api, body::RuleBody};
use crate::{
    app::App,
    front_door::{
        addresses::InFolder,
        extract::{Params, Search},
        moment::time,
        refusals::{self, Asked, Body, Change, Refusals},
        schemas::Time,
    },
    problem::{Kind, Problem},
};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct HistoryQuery {
    /// Where the span begins: an hour before its end, unless it is given.
    #[param(value_type = Option<Time>, inline)]
    since: Option<String>,
    /// Where the span ends, at most 24 hours later: now, unless it is given.
    #[param(value_type = Option<Time>, inline)]
    until: Option<String>,
    /// Into how many parts the span is divided.
    #[param(minimum = 1, maximum = 2000, default = 300)]
    points: Option<usize>,
}

/// The similarity over a span of time.
#[derive(Serialize, ToSchema)]
#[schema(as = History)]
#[serde(rename_all = "camelCase")]
pub(super) struct HistoryAnswer {
    #[schema(value_type = Time, inline)]
    since: pbjson_types::Timestamp,
    #[schema(value_type = Time, inline)]
    until: pbjson_types::Timestamp,
    seconds_per_point: f64,
    /// Those parts of the span in which frames were compared.
    points: Vec<PointAnswer>,
    /// The episodes that touch the span, newest first.
    alerts: Vec<Alert>,
}

/// The comparisons of a part of the span.
#[derive(Serialize, ToSchema)]
#[schema(as = HistoryPoint)]
struct PointAnswer {
    /// When the part begins.
    #[schema(value_type = String, format = DateTime)]
    at: pbjson_types::Timestamp,
    comparisons: u32,
    least: f64,
    mean: f64,
    greatest: f64,
    /// That of the last comparison.
    threshold: f64,
}

/// What would have come of the comparisons of the last day under a rule.
#[derive(Serialize, ToSchema)]
#[schema(as = WhatIf)]
#[serde(rename_all = "camelCase")]
pub(super) struct WhatIfAnswer {
    /// That was asked about, every field set.
    rule: Rule,
    /// When the first frame was stored of which something is known.
    #[schema(value_type = Option<Time>, inline)]
    since: Option<pbjson_types::Timestamp>,
    /// Of the last day, by the measure of the rule and with the reference that holds now: others cannot tell.
    comparisons: usize,
    /// Why the rule would hardly tell right from wrong, if so.
    #[schema(value_type = String)]
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<String>,
    /// Newest first; no more than 200.
    #[schema(max_items = 200)]
    episodes: Vec<Episode>,
    /// Of all episodes.
    episode_count: usize,
    /// How long they lasted in all, those that go on until now.
    firing_seconds: f64,
}

/// From when to when an alert would have fired.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Episode {
    #[schema(value_type = Option<Time>, inline)]
    fired_at: Option<pbjson_types::Timestamp>,
    /// Absent where it goes on.
    #[schema(value_type = String, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved_at: Option<pbjson_types::Timestamp>,
}

const USUAL_POINTS: usize = 300;
const MOST_POINTS: usize = 2000;
const MOST_EPISODES: usize = 200;

/// Draws the similarity over a span of the last day
#[utoipa::path(
    get,
    path = "/api/v1/folders/{folder}/history",
    tag = "folders",
    operation_id = "getHistory",
    params(InFolder, HistoryQuery),
    responses(
        (status = OK, description = "The span", body = HistoryAnswer),
        Refusals<(Asked, refusals::Folder)>,
    )
)]
pub(super) async fn of_folder(
    State(app): State<Arc<App>>,
    Params(at): Params<InFolder>,
    Search(query): Search<HistoryQuery>,
) -> Result<Json<HistoryAnswer>, Problem> {
    let folder = app.existing(&at.folder)?;
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

/// Tells which alerts the comparisons of the last day would have raised under another rule
#[utoipa::path(
    post,
    path = "/api/v1/folders/{folder}/what-if",
    tag = "rules",
    operation_id = "rehearseRule",
    params(InFolder),
    request_body = RuleBody,
    responses(
        (status = OK, description = "What would have come of them", body = WhatIfAnswer),
        Refusals<(Asked, refusals::Folder, Change, Body, refusals::Rule)>,
    )
)]
pub(super) async fn what_if(
    State(app): State<Arc<App>>,
    Params(at): Params<InFolder>,
    request: Request,
) -> Result<Json<WhatIfAnswer>, Problem> {
    let folder = app.existing(&at.folder)?;
    let asked = api::read(request).await?;
    let default = app.states.read().default_rule();
    let rule = EffectiveRule::of(Some(asked.clone()), default.clone());
    let reference = app.states.read().reference(&folder).cloned();
    let reference = reference.map_or(String::new(), |reference| reference.id);
    let rehearsed = folder.clone();
    let answer = app.histories.of(&folder, move |history| {
        let came = history.rehearse(&rehearsed, &rule, &reference);
        WhatIfAnswer {
            warning: warning(&rule),
            rule: Rule::in_force(Some(asked), default),
            since: came.since.map(timestamp),
            comparisons: came.comparisons,
            episode_count: came.episodes.len(),
            firing_seconds: firing_seconds(&came.episodes),
            episodes: latest(&came.episodes),
        }
    });
    Ok(Json(answer.await?))
}

/// That a threshold is so low that it says little.
fn warning(rule: &EffectiveRule) -> Option<String> {
    let unrelated = comparison::unrelated_similarity(rule.measure);
    let measure = rule.measure.word().unwrap_or_default();
    (rule.threshold < unrelated).then(|| {
        format!(
            "The threshold {} lies below what unrelated pictures can score: by {measure}, one pair in a hundred that shows \
             different places is as alike as {unrelated} or more. A camera that looks elsewhere may pass as right.",
            rule.threshold
        )
    })
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
    let selected = app.states.read().alerts(&query);
    let alerts = selected.map_or(Vec::new(), |selection| selection.alerts);
    let since = timestamp(curve.since);
    let touches = |alert: &Alert| {
        let resolved_at = alert.resolved_at;
        resolved_at.is_none_or(|at| (at.seconds, at.nanos) >= (since.seconds, since.nanos))
    };
    alerts.into_iter().filter(touches).collect()
}

impl HistoryQuery {
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
            least: rounded(point.least),
            mean: rounded(point.mean()),
            greatest: rounded(point.greatest),
            threshold: rounded(point.threshold),
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
