//! Folders whose pictures want renewing.

use std::sync::Arc;

use axum::{Json, extract::State};
use folder_state::Drift;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    app::App,
    front_door::{
        extract::{Search, page_size},
        refusals::{Asked, Refusals},
    },
    problem::Problem,
};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DriftQuery {
    /// The most entries of the answer.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<usize>,
}

/// Folders by how much less similar their matching frames have become.
#[derive(Serialize, ToSchema)]
pub(super) struct DriftList {
    folders: Vec<FolderDrift>,
    /// How many folders there are of which it is known.
    total: usize,
}

/// How the matching frames of a folder stand against its own past.
#[derive(Serialize, ToSchema)]
pub(super) struct FolderDrift {
    pub(super) folder: String,
    /// What people call it; empty where they have not said.
    pub(super) title: String,
    #[serde(flatten)]
    pub(super) drift: Drift,
}

/// Lists folders by how much less similar their matching frames have become
///
/// Those whose normal pictures want renewing come first. An average begins anew when a folder gets another reference or normal
/// picture.
#[utoipa::path(
    get,
    path = "/api/v1/drift",
    tag = "folders",
    operation_id = "listDrift",
    params(DriftQuery),
    responses(
        (status = OK, description = "Folders", body = DriftList),
        Refusals<(Asked,)>,
    )
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Search(query): Search<DriftQuery>,
) -> Result<Json<DriftList>, Problem> {
    let limit = page_size(query.limit)?;
    let mut folders = all(&app);
    let total = folders.len();
    folders.truncate(limit);
    Ok(Json(DriftList { folders, total }))
}

/// All of which it is known, those that want renewing first.
pub(super) fn all(app: &App) -> Vec<FolderDrift> {
    let state = app.states.read();
    let drifts = state.drifts().into_iter();
    drifts
        .map(|(folder, drift)| FolderDrift {
            title: state
                .made(&folder)
                .map_or_else(String::new, |made| made.title.clone()),
            folder: folder.to_string(),
            drift,
        })
        .collect()
}
