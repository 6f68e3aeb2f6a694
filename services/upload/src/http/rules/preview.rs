//! What other masks would have made of a folder's alerts of the last day.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Request, State},
};
use comparison::{Areas, changed_in_all, differs_again};
use event_bus::Folder;
use folder_state::{AlertQuery, REACH};
use proto::{
    EffectiveRule,
    v1::{Alert, Kind as Found, Mask, Subject},
};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::{
    super::{
        addresses::InFolder,
        extract::Params,
        refusals::{self, Asked, Body, Change, Refusals},
    },
    RuleBody,
    areas::MaskBody,
    read,
};
use crate::{app::App, problem::Problem};

/// What masks would have made of alerts, by how different each place of the frame was with which they fired. An estimate.
#[derive(Serialize, ToSchema)]
#[schema(as = MasksPreview)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Preview {
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
pub(crate) async fn masks(
    State(app): State<Arc<App>>,
    Params(at): Params<InFolder>,
    request: Request,
) -> Result<Json<Preview>, Problem> {
    let folder = app.existing(&at.folder)?;
    let asked = read(request).await?;
    let rule = EffectiveRule::of(Some(asked), app.states.read().default_rule());
    let areas = Areas::of(&rule.masks, &[]);
    let alerts = alerts_of(&app, &folder);
    let left: Vec<&Alert> = alerts
        .iter()
        .filter(|alert| is_left(alert, &rule, &areas))
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

/// Those of the view that fired in the last day.
fn alerts_of(app: &App, folder: &Folder) -> Vec<Alert> {
    let query = AlertQuery {
        folder: Some(folder.clone()),
        since: Some(OffsetDateTime::now_utc() - REACH),
        limit: MOST_ALERTS,
        ..AlertQuery::default()
    };
    let selected = app.states.read().alerts(&query);
    let alerts = selected.map_or(Vec::new(), |selection| selection.alerts);
    let of_view = |alert: &Alert| alert.subject() != Subject::Camera;
    alerts.into_iter().filter(of_view).collect()
}

/// Whether it would have fired without what masks leave out; so is one of which its places do not tell.
fn is_left(alert: &Alert, rule: &EffectiveRule, areas: &Areas) -> bool {
    // These are of the picture as a whole.
    let whole = [Found::Blank, Found::Blurred, Found::Dark];
    let is_of_whole = alert
        .findings
        .first()
        .is_some_and(|first| whole.contains(&first.kind()));
    is_of_whole || differs_again(&alert.patches, rule.threshold, areas).unwrap_or(true)
}
