//! The calls of the system that this one replaces.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{Redirect, Response},
};
use event_bus::Folder;
use proto::{from_timestamp, rfc3339, v1::Upload};
use serde::{Deserialize, Serialize};

use utoipa::{IntoParams, ToSchema};

use super::images::{address, reference};
use crate::{
    access::By,
    app::App,
    front_door::{
        extract::Params,
        refusals::{self, Asked, Change, Part, Refusals},
        schemas::{FolderName, Time},
    },
    pictures::{
        names,
        sending::{self, Lasts, Picture, Wanted},
    },
    problem::{Kind, Problem},
};

/// A folder's reference.
#[derive(Serialize, ToSchema)]
pub(crate) struct Latest {
    /// Below the root of this service.
    #[schema(example = "uploads/folder1/dock.jpg")]
    latest_image: String,
    folder: String,
    /// Of exactly this picture, even when another of the same name comes.
    url: String,
    #[schema(value_type = Option<Time>, inline)]
    uploaded_at: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct ByNumber {
    /// The folder's name, or its number: `1` is `folder1`.
    #[param(value_type = FolderName, inline, example = "folder1")]
    pub(crate) folder: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct NamedImage {
    /// The folder's name, or its number: `1` is `folder1`.
    #[param(value_type = FolderName, inline, example = "folder1")]
    folder: String,
    /// The name that the picture was uploaded by.
    #[param(min_length = 1, example = "dock.jpg")]
    name: String,
}

/// Names the folder's reference
#[utoipa::path(
    get,
    path = "/latest/{folder}",
    tag = "legacy",
    operation_id = "legacyLatest",
    params(ByNumber),
    responses(
        (status = OK, description = "The reference", body = Latest),
        Refusals<(Asked, refusals::Folder, refusals::Reference)>,
    )
)]
pub(super) async fn latest(
    State(app): State<Arc<App>>,
    Params(at): Params<ByNumber>,
) -> Result<Json<Latest>, Problem> {
    let folder = app.existing_by_number(&at.folder)?;
    let upload = reference(&app, &folder)?;
    Ok(Json(Latest {
        latest_image: format!("uploads/{folder}/{}", upload.name),
        url: format!("{}/content", address(&folder, &upload.id)),
        folder: folder.to_string(),
        uploaded_at: upload
            .uploaded_at
            .as_ref()
            .and_then(from_timestamp)
            .map(rfc3339),
    }))
}

/// Sends the newest picture of this name
#[utoipa::path(
    get,
    path = "/uploads/{folder}/{name}",
    tag = "legacy",
    operation_id = "legacyShow",
    params(NamedImage, sending::PictureQuery),
    responses(sending::Answers, Refusals<(Asked, refusals::Folder, refusals::Image, Part)>)
)]
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Params(at): Params<NamedImage>,
    wanted: Wanted,
) -> Result<Response, Problem> {
    by_name(&app, &at, &wanted).await
}

/// Sends the newest picture of this name, to be saved
#[utoipa::path(
    get,
    path = "/download/{folder}/{name}",
    tag = "legacy",
    operation_id = "legacyDownload",
    params(NamedImage, sending::PictureQuery),
    responses(sending::Answers, Refusals<(Asked, refusals::Folder, refusals::Image, Part)>)
)]
pub(super) async fn download(
    State(app): State<Arc<App>>,
    Params(at): Params<NamedImage>,
    wanted: Wanted,
) -> Result<Response, Problem> {
    by_name(&app, &at, &wanted.for_saving()).await
}

/// Deletes all pictures of this name: the old system had one file a name
#[utoipa::path(
    post,
    path = "/delete/{folder}/{name}",
    tag = "legacy",
    operation_id = "legacyDelete",
    params(NamedImage),
    responses(
        (status = SEE_OTHER, description = "They are gone; this leads to the folder's page"),
        Refusals<(Asked, refusals::Folder, refusals::Image, Change)>,
    )
)]
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    Params(NamedImage {
        folder: given,
        name,
    }): Params<NamedImage>,
    by: By,
) -> Result<Redirect, Problem> {
    let folder = app.existing_by_number(&given)?;
    let named: Vec<String> = {
        let state = app.states.read();
        let pictures = state.pictures(&folder).iter();
        let is_called = is_called(&name);
        let named = pictures.filter(|(_, upload)| is_called(upload));
        named.map(|(id, _)| id.clone()).collect()
    };
    if named.is_empty() {
        return Err(unknown(&folder, &name));
    }
    // The oldest first, so that none of them becomes the reference meanwhile.
    for id in named {
        app.folders.remove_picture(&folder, &id, by.clone()).await?;
    }
    Ok(Redirect::to(&format!("/folder/{given}")))
}

/// Whether a picture has this name, or had it when it was uploaded.
fn is_called(name: &str) -> impl Fn(&Upload) -> bool {
    let (name, kept) = (name.to_owned(), names::kept(name));
    move |upload| upload.name == name || Some(&upload.name) == kept.as_ref()
}

fn unknown(folder: &Folder, name: &str) -> Problem {
    Kind::UnknownImage.because(format!("The folder {folder} has no image named {name:?}."))
}

async fn by_name(
    app: &App,
    NamedImage { folder, name }: &NamedImage,
    wanted: &Wanted,
) -> Result<Response, Problem> {
    let folder = app.existing_by_number(folder)?;
    let upload = {
        let state = app.states.read();
        let mut newest_first = state.pictures(&folder).values().rev();
        newest_first
            .find(|&upload| is_called(name)(upload))
            .cloned()
    };
    let upload = upload.ok_or_else(|| unknown(&folder, name))?;
    let picture = Picture::Image(folder, upload, Lasts::UntilTheNext);
    wanted.answer(app, &picture).await
}
