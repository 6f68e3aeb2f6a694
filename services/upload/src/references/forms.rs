//! Uploading and deleting references by the forms of a folder's page. The first is also a call of the system that this one
//! replaces.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::Redirect,
};

use super::legacy::ByNumber;
use crate::{
    access::By,
    app::App,
    folder_writer::{Becomes, Normals},
    front_door::{
        extract::Params,
        refusals::{self, Asked, Change, Refusals},
    },
    pictures::receiving::{PictureForm, receive},
    problem::Problem,
};

/// Stores pictures, as the page's form does
#[utoipa::path(
    post,
    path = "/folder/{folder}",
    tag = "legacy",
    operation_id = "legacyUpload",
    params(ByNumber),
    request_body(content = PictureForm, content_type = "multipart/form-data"),
    responses(
        (status = SEE_OTHER, description = "All are stored; this leads to the folder's page"),
        Refusals<(Asked, refusals::Folder, Change, refusals::Pictures, refusals::PictureForm)>,
    )
)]
pub(super) async fn upload(
    State(app): State<Arc<App>>,
    Params(ByNumber { folder: name }): Params<ByNumber>,
    by: By,
    request: Request,
) -> Result<Redirect, Problem> {
    let folder = app.existing_by_number(&name)?;
    let pictures = receive(
        &app,
        &folder,
        None,
        Becomes::Reference(Normals::Retired),
        by,
        request,
    )
    .await?;
    pictures.all_taken()?;
    Ok(Redirect::to(&format!("/folder/{name}")))
}

pub(super) async fn delete(
    State(app): State<Arc<App>>,
    Params((name, id)): Params<(String, String)>,
    by: By,
) -> Result<Redirect, Problem> {
    let folder = app.existing_by_number(&name)?;
    app.folders.remove_picture(&folder, &id, by).await?;
    Ok(Redirect::to(&format!("/folder/{name}")))
}
