//! What other masks would have done to a folder's alerts of the last day.

use std::sync::Arc;

use alerting::fires_despite;
use axum::{
    Json,
    extract::{Request, State},
};
use comparison::{Areas, changed_in_all};
use folder_state::{AlertQuery, REACH};
use proto::{
    EffectiveRule,
    v1::{Alert, Mask},
};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::{
    api::{alerts_of_view, read},
    areas::MaskBody,
    body::RuleBody,
};
use crate::{
    app::App,
    front_door::{
        addresses::InFolder,
        extract::Params,
        refusals::{self, Asked, Body, Change, Refusals},
    },
    problem::Problem,
};

/// What masks would have made of alerts, by how different each place of the frame was with which they fired. An estimate.
#[derive(Serialize, ToSchema)]
#[schema(as = MasksPreview)]
#[serde(rename_all = "camelCase")]
pub(super) struct Preview {
    /// The alerts of the view of the last 24 hours; no more than the newest 200.
    alerts: usize,
    /// How many of them would have fired all the same: all of which the places do not tell, too.
    left: usize,
    /// What had changed in each of those that are left; nothing where fewer than two are.
    #[schema(inline, value_type = Vec<MaskBody>)]
    changed_in_all: Vec<Mask>,
}

const MOST_ALERTS: usize = 200;

/// Tells how many of the last day's alerts would be left with other masks
///
/// The body is a rule; what counts are its masks and its threshold. Alerts keep no scores of what was masked when they fired, so
/// masks that leave out less show no more alerts.
#[utoipa::path(
    post,
    path = "/api/v1/folders/{folder}/what-if/masks",
    tag = "rules",
    operation_id = "previewMasks",
    params(InFolder),
    request_body = RuleBody,
    responses(
        (status = OK, description = "What would be left", body = Preview),
        Refusals<(Asked, refusals::Folder, Change, Body, refusals::Rule)>,
    )
)]
pub(super) async fn masks(
    State(app): State<Arc<App>>,
    Params(at): Params<InFolder>,
    request: Request,
) -> Result<Json<Preview>, Problem> {
    let folder = app.existing(&at.folder)?;
    let asked = read(request).await?;
    let rule = EffectiveRule::of(Some(asked), app.states.read().default_rule());
    let areas = Areas::of(&rule.masks, &[]);
    let of_the_last_day = AlertQuery {
        folder: Some(folder),
        since: Some(OffsetDateTime::now_utc() - REACH),
        limit: MOST_ALERTS,
        ..AlertQuery::default()
    };
    let alerts = alerts_of_view(&app.states.read(), &of_the_last_day);
    let left: Vec<&Alert> = alerts
        .iter()
        .filter(|alert| fires_despite(alert, rule.threshold, &areas))
        .collect();
    let changed_in_all = match left.len() {
        0 | 1 => Vec::new(),
        _ => changed_in_all(left.iter().map(|alert| &alert.patches[..])),
    };
    Ok(Json(Preview {
        alerts: alerts.len(),
        left: left.len(),
        changed_in_all,
    }))
}
