//! The frames of a folder that comparators propose as normal pictures.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{Redirect, Response},
};
use event_bus::Folder;
use proto::v1::Proposal;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    images::{StoredImages, stored},
    learning::{accept as accept_one, accept_all as accept_each},
    normals,
};
use crate::{
    access::By,
    app::App,
    folder_writer::unknown_proposal,
    folders::saved::Saved,
    front_door::{
        addresses::{InFolder, OneProposal},
        extract::Params,
        refusals::{self, Asked, Change, Part, Refusals},
    },
    pictures::sending::{self, Picture, Wanted},
    problem::{Pictures, Problem},
};

/// All of them, the oldest first.
#[derive(Serialize, ToSchema)]
pub(super) struct ProposalList {
    proposals: Vec<Proposal>,
}

/// Lists the frames that are proposed as normal pictures, oldest first
///
/// They were judged by the measure `view` with the reference and the normal pictures that hold now, and matched well.
#[utoipa::path(
    get,
    path = "/api/v1/folders/{folder}/proposals",
    tag = "proposals",
    operation_id = "listProposals",
    params(InFolder),
    responses(
        (status = OK, description = "Proposals", body = ProposalList),
        Refusals<(Asked, refusals::Folder)>,
    )
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Params(at): Params<InFolder>,
) -> Result<Json<ProposalList>, Problem> {
    let folder = app.existing(&at.folder)?;
    let state = app.states.read();
    let proposals = state.proposals(&folder).into_iter();
    let proposals = proposals.map(|(_, proposal)| proposal.clone());
    Ok(Json(ProposalList {
        proposals: proposals.collect(),
    }))
}

/// Sends the picture of a proposal
#[utoipa::path(
    get,
    path = "/api/v1/folders/{folder}/proposals/{id}",
    tag = "proposals",
    operation_id = "getProposal",
    params(OneProposal, sending::PictureQuery),
    responses(sending::Answers, Refusals<(Asked, refusals::Folder, refusals::Image, Part)>)
)]
pub(super) async fn content(
    State(app): State<Arc<App>>,
    Params(at): Params<OneProposal>,
    wanted: Wanted,
) -> Result<Response, Problem> {
    let folder = app.existing(&at.folder)?;
    let known = app.states.read().proposal(&folder, &at.id).cloned();
    let proposal = known.ok_or_else(|| unknown_proposal(&folder, &at.id))?;
    let picture = Picture::Proposal(folder, proposal);
    wanted.answer(&app, &picture).await
}

/// Accepts all proposals: each becomes a normal picture
#[utoipa::path(
    post,
    path = "/api/v1/folders/{folder}/proposals/accept",
    tag = "proposals",
    operation_id = "acceptProposals",
    params(InFolder),
    responses(
        (status = CREATED, description = "All are accepted; none, where none were proposed", body = StoredImages, headers(
            ("Location" = Option<String>, description = "Where the normal picture is, if it is one")
        )),
        (status = MULTI_STATUS, description = "Some are accepted", body = Pictures),
        Refusals<(Asked, refusals::Folder, Change, refusals::Accepted)>,
    )
)]
pub(super) async fn accept_all(
    State(app): State<Arc<App>>,
    Params(at): Params<InFolder>,
    by: By,
) -> Result<Response, Problem> {
    let folder = app.existing(&at.folder)?;
    let pictures = accept_each(&app, &folder, &by).await?;
    Ok(stored(pictures, |id| normals::address(&folder, id)))
}

/// Accepts a proposal: it becomes a normal picture
#[utoipa::path(
    post,
    path = "/api/v1/folders/{folder}/proposals/{id}/accept",
    tag = "proposals",
    operation_id = "acceptProposal",
    params(OneProposal),
    responses(
        (status = CREATED, description = "It is accepted", body = StoredImages, headers(
            ("Location" = Option<String>, description = "Where the normal picture is")
        )),
        Refusals<(Asked, refusals::Folder, refusals::Image, Change, refusals::Accepted)>,
    )
)]
pub(super) async fn accept(
    State(app): State<Arc<App>>,
    Params(at): Params<OneProposal>,
    by: By,
) -> Result<Response, Problem> {
    let folder = app.existing(&at.folder)?;
    let pictures = Pictures {
        images: vec![accept_one(&app, &folder, &at.id, by).await?],
        refused: Vec::new(),
    };
    Ok(stored(pictures, |id| normals::address(&folder, id)))
}

/// Refuses all proposals
#[utoipa::path(
    delete,
    path = "/api/v1/folders/{folder}/proposals",
    tag = "proposals",
    operation_id = "refuseProposals",
    params(InFolder),
    responses(
        (status = NO_CONTENT, description = "They are refused"),
        Refusals<(Asked, refusals::Folder, Change)>,
    )
)]
pub(super) async fn refuse_all(
    State(app): State<Arc<App>>,
    Params(at): Params<InFolder>,
    by: By,
) -> Result<StatusCode, Problem> {
    let folder = app.existing(&at.folder)?;
    refuse_each(&app, &folder, &by).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Refuses a proposal
#[utoipa::path(
    delete,
    path = "/api/v1/folders/{folder}/proposals/{id}",
    tag = "proposals",
    operation_id = "refuseProposal",
    params(OneProposal),
    responses(
        (status = NO_CONTENT, description = "It is refused"),
        Refusals<(Asked, refusals::Folder, refusals::Image, Change)>,
    )
)]
pub(super) async fn refuse(
    State(app): State<Arc<App>>,
    Params(at): Params<OneProposal>,
    by: By,
) -> Result<StatusCode, Problem> {
    let folder = app.existing(&at.folder)?;
    app.folders.refuse_proposal(&folder, &at.id, by).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Accepts all proposals, as the form of a folder's page does.
pub(super) async fn accept_all_by_form(
    State(app): State<Arc<App>>,
    Params(name): Params<String>,
    by: By,
) -> Result<Redirect, Problem> {
    let folder = app.existing_by_number(&name)?;
    accept_each(&app, &folder, &by).await?.all_taken()?;
    Ok(Redirect::to(&Saved::NormalPictures.place(&name)))
}

pub(super) async fn accept_by_form(
    State(app): State<Arc<App>>,
    Params((name, id)): Params<(String, String)>,
    by: By,
) -> Result<Redirect, Problem> {
    let folder = app.existing_by_number(&name)?;
    accept_one(&app, &folder, &id, by).await?;
    Ok(Redirect::to(&Saved::NormalPictures.place(&name)))
}

pub(super) async fn refuse_by_form(
    State(app): State<Arc<App>>,
    Params((name, id)): Params<(String, String)>,
    by: By,
) -> Result<Redirect, Problem> {
    let folder = app.existing_by_number(&name)?;
    app.folders.refuse_proposal(&folder, &id, by).await?;
    Ok(Redirect::to(&Saved::NormalPictures.place(&name)))
}

async fn refuse_each(app: &App, folder: &Folder, by: &By) -> Result<(), Problem> {
    for id in app.proposed(folder) {
        app.folders.refuse_proposal(folder, &id, by.clone()).await?;
    }
    Ok(())
}
