//! Where a frame differs: a picture to be laid over it.

use std::sync::Arc;

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use utoipa::ToSchema;

use crate::{
    alerts,
    app::App,
    front_door::{
        addresses::{InFolder, OneAlert},
        extract::Params,
        refusals::{self, Asked, Refusals},
    },
    problem::{Kind, Problem},
};

/// A PNG.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "only the document reads it")]
struct Png(Vec<u8>);

/// Draws where the folder's last frame differs from its closest picture
///
/// 320×240 pixels, to be stretched over the frame: transparent where it is as it should be, the redder the less it is.
#[utoipa::path(
    get,
    path = "/api/v1/folders/{folder}/heat-map",
    tag = "folders",
    operation_id = "getHeatMap",
    params(InFolder),
    responses((status = 200, description = "The heat map", body = Png, content_type = "image/png"),
              Refusals<(Asked, refusals::Folder, refusals::HeatMap)>)
)]
pub(super) async fn of_folder(
    State(app): State<Arc<App>>,
    Params(at): Params<InFolder>,
) -> Result<Response, Problem> {
    let folder = app.existing(&at.folder)?;
    let patches = {
        let state = app.states.read();
        let comparison = state.comparison(&folder);
        comparison.map_or_else(Default::default, |it| it.patches.clone())
    };
    answer(&patches)
}

/// Draws where the frame that opened an alert differed
#[utoipa::path(
    get,
    path = "/api/v1/alerts/{id}/heat-map",
    tag = "alerts",
    operation_id = "getAlertHeatMap",
    params(OneAlert),
    responses((status = 200, description = "The heat map", body = Png, content_type = "image/png"),
              Refusals<(Asked, refusals::Alert, refusals::HeatMap)>)
)]
pub(super) async fn of_alert(
    State(app): State<Arc<App>>,
    Params(at): Params<OneAlert>,
) -> Result<Response, Problem> {
    answer(&alerts::api::existing(&app, &at.id)?.alert.patches)
}

fn answer(patches: &[u8]) -> Result<Response, Problem> {
    let png = looks::heat_map(patches).ok_or_else(|| {
        Kind::NoHeatMap.because(
            "Of this frame it is not known where it differs: only comparisons by the measures view and parts tell that.",
        )
    })?;
    let headers = [
        (header::CONTENT_TYPE, "image/png"),
        (header::CACHE_CONTROL, "private, no-cache"),
    ];
    Ok((headers, png).into_response())
}
