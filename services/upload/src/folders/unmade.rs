//! Folders that nobody made, since a camera sends to them: removed all at once.

use std::sync::Arc;

use axum::{Json, extract::State, response::Redirect};
use futures::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    access::By,
    app::App,
    front_door::{
        extract::Search,
        refusals::{Asked, Change, Refusals},
    },
    problem::{Kind, Problem},
};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct UnmadeQuery {
    /// `false`, and nothing else: folders that somebody made are removed one by one.
    #[param(value_type = bool, required = true)]
    made: Option<bool>,
}

/// What was removed.
#[derive(Serialize, ToSchema)]
pub(super) struct RemovedFolders {
    /// How many folders.
    removed: usize,
}

/// How many are removed side by side.
const SIDE_BY_SIDE: usize = 8;

/// Removes all folders that nobody made
///
/// One that a camera goes on sending to appears again.
#[utoipa::path(
    delete,
    path = "/api/v1/folders",
    tag = "folders",
    operation_id = "removeUnmadeFolders",
    params(UnmadeQuery),
    responses(
        (status = OK, description = "They are removed", body = RemovedFolders),
        Refusals<(Asked, Change)>,
    )
)]
pub(super) async fn remove(
    State(app): State<Arc<App>>,
    Search(query): Search<UnmadeQuery>,
    by: By,
) -> Result<Json<RemovedFolders>, Problem> {
    if query.made != Some(false) {
        return Err(Kind::InvalidRequest.because(
            "Only folders that nobody made are removed at once: say ?made=false. Others are removed one by one.",
        ));
    }
    let removed = remove_all(&app, &by).await?;
    Ok(Json(RemovedFolders { removed }))
}

pub(super) async fn remove_by_form(
    State(app): State<Arc<App>>,
    by: By,
) -> Result<Redirect, Problem> {
    remove_all(&app, &by).await?;
    Ok(Redirect::to("/"))
}

async fn remove_all(app: &Arc<App>, by: &By) -> Result<usize, Problem> {
    let unmade = app.states.read().unmade();
    let removals = unmade.into_iter().map(|folder| {
        let (app, by) = (Arc::clone(app), by.clone());
        async move { app.folders.remove_unmade(&folder, by).await }
    });
    let removals = stream::iter(removals).buffer_unordered(SIDE_BY_SIDE);
    let removed: Vec<bool> = removals.try_collect().await?;
    Ok(removed.into_iter().filter(|is_removed| *is_removed).count())
}
