//! The folders themselves.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use folder_state::{Summary, natural_order};
use proto::v1::Folder as Details;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::details::{self, Said};
use crate::{
    access::By,
    app::{App, parse},
    front_door::{
        addresses::{InFolder, encoded},
        extract::{Params, Search, page_size},
        refusals::{self, Asked, Body, Change, Folder, Named, Refusals},
        schemas::FolderName,
    },
    problem::Problem,
};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PageQuery {
    /// The most entries of one answer.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<usize>,
    /// The name after which it goes on.
    #[param(value_type = Option<FolderName>, inline)]
    after: Option<String>,
    /// Only those that have this tag.
    tag: Option<String>,
    /// Only those of this site.
    site: Option<String>,
    /// Only those of this area.
    area: Option<String>,
}

/// A part of the list, `folder2` before `folder10`.
#[derive(Serialize, ToSchema)]
pub(super) struct FolderPage {
    folders: Vec<Summary>,
    /// How many there are in all, of those that are asked for.
    total: usize,
    /// The address where the list goes on.
    next: Option<String>,
}

const PATH: &str = "/api/v1/folders";

impl PageQuery {
    /// What narrows the list, by its name in the address. What is empty does not.
    fn narrowing(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [
            ("tag", &self.tag),
            ("site", &self.site),
            ("area", &self.area),
        ];
        let given = all
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.as_deref()?)));
        given.filter(|(_, value)| !value.is_empty())
    }

    fn wants(&self, details: Option<&Details>) -> bool {
        self.narrowing().all(|(name, value)| {
            details.is_some_and(|details| match name {
                "tag" => details.tags.iter().any(|tag| tag == value),
                "site" => details.site == value,
                _ => details.area == value,
            })
        })
    }

    /// The address where the list goes on after a folder.
    fn next(&self, limit: usize, after: &event_bus::Folder) -> String {
        let narrowing = self.narrowing();
        let narrowing: String = narrowing
            .map(|(name, value)| format!("&{name}={}", encoded(value)))
            .collect();
        format!("{PATH}?limit={limit}{narrowing}&after={after}")
    }
}

/// Lists folders by name
#[utoipa::path(
    get,
    path = PATH,
    tag = "folders",
    operation_id = "listFolders",
    params(PageQuery),
    responses(
        (status = OK, description = "Folders", body = FolderPage),
        Refusals<(Asked, Named)>,
    )
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Search(query): Search<PageQuery>,
) -> Result<Json<FolderPage>, Problem> {
    let limit = page_size(query.limit)?;
    let after = query.after.as_deref().map(parse).transpose()?;
    let state = app.states.read();
    let mut folders = state.folders();
    folders.retain(|folder| query.wants(state.made(folder)));
    let begin = after.map_or(0, |after| {
        let after = natural_order(&after);
        folders.partition_point(|folder| natural_order(folder) <= after)
    });
    let (page, rest) = folders[begin..].split_at(limit.min(folders.len() - begin));
    let last = page.last().filter(|_| !rest.is_empty());
    Ok(Json(FolderPage {
        total: folders.len(),
        next: last.map(|last| query.next(limit, last)),
        folders: page
            .iter()
            .filter_map(|folder| state.summary(folder))
            .collect(),
    }))
}

/// Tells how a folder stands
#[utoipa::path(
    get,
    path = "/api/v1/folders/{folder}",
    tag = "folders",
    operation_id = "getFolder",
    params(InFolder),
    responses(
        (status = OK, description = "The folder", body = Summary),
        Refusals<(Asked, Folder)>,
    )
)]
pub(super) async fn get(
    State(app): State<Arc<App>>,
    Params(at): Params<InFolder>,
) -> Result<Json<Summary>, Problem> {
    let folder = app.existing(&at.folder)?;
    Ok(Json(app.summary(&folder)?))
}

/// Makes a folder, and says what it is
///
/// A body replaces all that was said of the folder before. Without one, nothing is said of a new folder, and what was said
/// of another stays.
#[utoipa::path(
    put,
    path = "/api/v1/folders/{folder}",
    tag = "folders",
    operation_id = "makeFolder",
    params(InFolder),
    request_body = Option<Said>,
    responses(
        (status = CREATED, description = "It is made", body = Summary),
        (status = OK, description = "It was there already", body = Summary),
        Refusals<(Asked, Named, Change, Body, refusals::Details)>,
    )
)]
pub(super) async fn make(
    State(app): State<Arc<App>>,
    Params(at): Params<InFolder>,
    by: By,
    request: Request,
) -> Result<Response, Problem> {
    let folder = parse(&at.folder)?;
    let is_new = match details::read(request).await? {
        Some(details) => app.folders.describe(&folder, details, by).await?,
        None => app.folders.make(&folder, by).await?,
    };
    let status = match is_new {
        true => StatusCode::CREATED,
        false => StatusCode::OK,
    };
    Ok((status, Json(app.summary(&folder)?)).into_response())
}

/// Removes a folder with its pictures, its rule and its frames
///
/// A folder that a camera goes on sending to appears again.
#[utoipa::path(
    delete,
    path = "/api/v1/folders/{folder}",
    tag = "folders",
    operation_id = "removeFolder",
    params(InFolder),
    responses(
        (status = NO_CONTENT, description = "It is removed"),
        Refusals<(Asked, Folder, Change)>,
    )
)]
pub(super) async fn remove(
    State(app): State<Arc<App>>,
    Params(at): Params<InFolder>,
    by: By,
) -> Result<StatusCode, Problem> {
    let folder = app.existing(&at.folder)?;
    app.folders.remove(&folder, by).await?;
    Ok(StatusCode::NO_CONTENT)
}
