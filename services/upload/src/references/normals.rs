//! The normal pictures of a folder: those that are right as well as its reference.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Request, State},
    http::StatusCode,
    response::{Redirect, Response},
};
use bytes::Bytes;
use event_bus::{Exhibit, Folder};
use folder_state::Normal;
use proto::{
    from_timestamp, timestamp,
    v1::{Alert, Subject, Upload},
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::images::{StoredImages, stored};
use crate::{
    access::By,
    alerts,
    app::{App, parse},
    cameras::frame,
    folder_writer::{Becomes, Origin, unknown_normal},
    folders::saved::Saved,
    front_door::{
        addresses::{InFolder, OneNormal},
        extract::{Params, Search},
        refusals::{self, Asked, Change, Part, Refusals},
        schemas::{schemas, text},
    },
    pictures::{
        names::of_frame,
        receiving::receive,
        sending::{self, Picture, Wanted},
    },
    problem::{Kind, Pictures, Problem},
};

schemas! {
    /// What a camera sent.
    NormalSource: text().enum_values(Some(["latest-frame", "alert"]));
}

/// All of them, the oldest first.
#[derive(Serialize, ToSchema)]
pub(super) struct NormalList {
    normals: Vec<Normal>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AddQuery {
    /// What the picture is called, where the body is the bare picture or there is none.
    #[param(example = "night.jpg")]
    name: Option<String>,
    /// Takes what a camera sent in place of a body: the latest frame, or the one behind an alert.
    #[param(value_type = Option<NormalSource>, inline)]
    from: Option<String>,
    /// The alert's `id`.
    id: Option<String>,
}

/// Where a picture comes from.
enum Source {
    Body,
    LatestFrame,
    Alert(String),
}

impl AddQuery {
    fn source(&self) -> Result<Source, Problem> {
        match (self.from.as_deref(), &self.id) {
            (None, None) => Ok(Source::Body),
            (Some("latest-frame"), None) => Ok(Source::LatestFrame),
            (Some("alert"), Some(id)) => Ok(Source::Alert(id.clone())),
            (Some("alert"), None) => {
                Err(Kind::InvalidRequest.because("id is missing; it must be that of the alert."))
            }
            (None | Some("latest-frame"), Some(_)) => {
                Err(Kind::InvalidRequest.because("id is of use with from=alert alone."))
            }
            (Some(other), _) => Err(Kind::InvalidRequest.because(format!(
                "from is {other:?}; it must be latest-frame or alert."
            ))),
        }
    }
}

/// Lists a folder's normal pictures, oldest first, each with when it was last the closest to a frame
#[utoipa::path(
    get,
    path = "/api/v1/folders/{folder}/normals",
    tag = "normals",
    operation_id = "listNormals",
    params(InFolder),
    responses(
        (status = OK, description = "Normal pictures", body = NormalList),
        Refusals<(Asked, refusals::Folder)>,
    )
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Params(at): Params<InFolder>,
) -> Result<Json<NormalList>, Problem> {
    let folder = app.existing(&at.folder)?;
    let normals = app.states.read().normals_in_use(&folder);
    Ok(Json(NormalList { normals }))
}

/// Adds normal pictures: those in the body, or one that a camera sent
///
/// The body is as for images. With `from` there is none. A folder that has a reference may have 16, and 64 by the measure `parts`.
#[utoipa::path(
    post,
    path = "/api/v1/folders/{folder}/normals",
    tag = "normals",
    operation_id = "addNormals",
    params(InFolder, AddQuery),
    responses(
        (status = CREATED, description = "All are added", body = StoredImages, headers(
            ("Location" = Option<String>, description = "Where the picture is, if it is one")
        )),
        (status = MULTI_STATUS, description = "Some are added", body = Pictures),
        Refusals<(Asked, refusals::Folder, Change, refusals::Pictures, refusals::Normal)>,
    )
)]
pub(super) async fn add(
    State(app): State<Arc<App>>,
    Params(at): Params<InFolder>,
    Search(query): Search<AddQuery>,
    by: By,
    request: Request,
) -> Result<Response, Problem> {
    let folder = app.existing(&at.folder)?;
    let pictures = take(&app, &folder, query, by, request).await?;
    Ok(stored(pictures, |id| address(&folder, id)))
}

/// Sends a normal picture
#[utoipa::path(
    get,
    path = "/api/v1/folders/{folder}/normals/{id}",
    tag = "normals",
    operation_id = "getNormal",
    params(OneNormal, sending::PictureQuery),
    responses(sending::Answers, Refusals<(Asked, refusals::Folder, refusals::Image, Part)>)
)]
pub(super) async fn content(
    State(app): State<Arc<App>>,
    Params(at): Params<OneNormal>,
    wanted: Wanted,
) -> Result<Response, Problem> {
    let folder = app.existing(&at.folder)?;
    let known = {
        let state = app.states.read();
        let mut normals = state.normals(&folder).iter();
        normals.find(|normal| normal.id == at.id).cloned()
    };
    let upload = known.ok_or_else(|| unknown_normal(&folder, &at.id))?;
    wanted.answer(&app, &Picture::Normal(folder, upload)).await
}

/// Removes a normal picture
#[utoipa::path(
    delete,
    path = "/api/v1/folders/{folder}/normals/{id}",
    tag = "normals",
    operation_id = "removeNormal",
    params(OneNormal),
    responses(
        (status = NO_CONTENT, description = "It is removed"),
        Refusals<(Asked, refusals::Folder, refusals::Image, Change)>,
    )
)]
pub(super) async fn remove(
    State(app): State<Arc<App>>,
    Params(at): Params<OneNormal>,
    by: By,
) -> Result<StatusCode, Problem> {
    let folder = app.existing(&at.folder)?;
    app.folders.remove_normal(&folder, &at.id, by).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Adds normal pictures, as the forms of a folder's page do.
pub(super) async fn add_by_form(
    State(app): State<Arc<App>>,
    Params(name): Params<String>,
    Search(query): Search<AddQuery>,
    by: By,
    request: Request,
) -> Result<Redirect, Problem> {
    let folder = app.existing_by_number(&name)?;
    let pictures = take(&app, &folder, query, by, request).await?;
    pictures.all_taken()?;
    Ok(Redirect::to(&Saved::NormalPictures.place(&name)))
}

pub(super) async fn remove_by_form(
    State(app): State<Arc<App>>,
    Params((name, id)): Params<(String, String)>,
    by: By,
) -> Result<Redirect, Problem> {
    let folder = app.existing_by_number(&name)?;
    app.folders.remove_normal(&folder, &id, by).await?;
    Ok(Redirect::to(&Saved::NormalPictures.place(&name)))
}

/// Takes the frame behind an alert as a normal picture of its folder.
pub(super) async fn add_of_alert(
    State(app): State<Arc<App>>,
    Params(id): Params<String>,
    by: By,
) -> Result<Redirect, Problem> {
    let folder = parse(&alerts::api::existing(&app, &id)?.alert.folder)?;
    let folder = app.existing(folder.as_str())?;
    app.folders.check_room_for_normal(&folder)?;
    add_frame(&app, &folder, None, behind(&app, &folder, &id).await?, by).await?;
    Ok(Redirect::to(&Saved::NormalPictures.place(folder.as_str())))
}

pub(super) fn address(folder: &impl std::fmt::Display, id: &str) -> String {
    format!("/api/v1/folders/{folder}/normals/{id}")
}

/// Adds what the query asks for.
async fn take(
    app: &App,
    folder: &Folder,
    query: AddQuery,
    by: By,
    request: Request,
) -> Result<Pictures, Problem> {
    let source = query.source()?;
    app.folders.check_room_for_normal(folder)?;
    let frame = match source {
        Source::Body => {
            return receive(
                app,
                folder,
                query.name,
                Becomes::Normal(Origin::Upload),
                by,
                request,
            )
            .await;
        }
        Source::LatestFrame => {
            let frame = frame::current(app, folder).await?;
            Taken {
                at: Some(frame.stored_at),
                bytes: frame.event.picture,
            }
        }
        Source::Alert(id) => behind(app, folder, &id).await?,
    };
    let upload = add_frame(app, folder, query.name, frame, by).await?;
    Ok(Pictures {
        images: vec![upload],
        refused: Vec::new(),
    })
}

/// A frame that a camera sent.
struct Taken {
    at: Option<OffsetDateTime>,
    bytes: Bytes,
}

/// The frame behind an alert of this folder's view.
async fn behind(app: &App, folder: &Folder, alert: &str) -> Result<Taken, Problem> {
    let Alert {
        id,
        folder: of,
        subject,
        frame,
        ..
    } = alerts::api::existing(app, alert)?.alert;
    if of != folder.as_str() {
        return Err(Kind::UnknownAlert.because(format!(
            "The alert {id} is of the folder {of}, not of {folder}."
        )));
    }
    if subject == i32::from(Subject::Camera) {
        return Err(Kind::NoEvidence.because(format!(
            "The alert {id} is of the camera: no picture of the view is behind it."
        )));
    }
    let stored_at = frame.and_then(|frame| frame.stored_at);
    Ok(Taken {
        at: stored_at.as_ref().and_then(from_timestamp),
        bytes: Picture::Evidence(id, Exhibit::Frame)
            .read(&app.broker)
            .await?,
    })
}

async fn add_frame(
    app: &App,
    folder: &Folder,
    name: Option<String>,
    frame: Taken,
    by: By,
) -> Result<Upload, Problem> {
    let inspected = app.inspection.inspect(frame.bytes).await?;
    let name = name.unwrap_or_else(|| of_frame(frame.at, inspected.picture.format));
    let becomes = Becomes::Normal(Origin::Frame(frame.at.map(timestamp)));
    app.folders
        .add_picture(folder, &name, inspected, becomes, by)
        .await
}
