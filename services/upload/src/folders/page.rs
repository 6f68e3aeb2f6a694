//! The page of one folder.

use std::sync::Arc;

use askama::Template;
use axum::{Extension, extract::State, response::Html};
use folder_state::Normal;
use proto::v1::{Proposal, Rule};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    card::{self, Card},
    saved::Saved,
};
use crate::{
    access::Visitor,
    app::App,
    cameras::input::CameraInput,
    folder_writer::most_normals,
    front_door::{
        extract::{Params, Search},
        pages::render,
        refusals::{self, Asked, Refusals},
    },
    problem::Problem,
    references::{
        images::{Image, page},
        legacy::ByNumber,
    },
    rules::{choices::Choices, form::RuleInput},
    silences,
};

/// Pictures on a page.
const PICTURES: usize = 24;

#[derive(Template)]
#[template(path = "folders/page.html")]
struct FolderPage {
    card: Card,
    /// Up to which announcement the page knows how things stand.
    position: String,
    /// As it stands in the address: a name, or the number of an old link.
    name: String,
    rule: Vec<RuleInput>,
    /// How many masks and regions there are, in words; empty where there are none.
    areas: String,
    /// What the labels of its alerts speak for.
    choices: Choices,
    camera_input: Option<CameraInput>,
    normals: Vec<Normal>,
    most_normals: usize,
    proposals: Vec<Proposal>,
    images: Vec<Image>,
    older: Option<String>,
    is_first: bool,
    saved: Option<Saved>,
    /// Those that last and may mean its alerts.
    silences: Vec<silences::page::Row>,
    max_mb: u32,
    visitor: Visitor,
    is_connected: bool,
}

impl FolderPage {
    /// What somebody is asked who is about to delete a picture.
    fn deletion(&self, image: &Image) -> String {
        let name = &image.upload.name;
        match (image.is_reference, self.card.images) {
            (true, ..=1) => format!(
                "Delete {name}? It is the last picture of {}: without a reference no frame is compared and no alert fires.",
                self.card.called()
            ),
            (true, _) => format!("Delete {name}? The picture before it becomes the reference."),
            (false, _) => format!("Delete {name}?"),
        }
    }

    /// What of the list of pictures may change under a page, for scripts.
    fn pictured(&self) -> String {
        let reference = self.card.reference.as_deref().unwrap_or_default();
        format!("{} {reference}", self.card.images)
    }

    /// What was saved in a part of the page, in words.
    fn saved_in(&self, part: &str) -> &'static str {
        let saved = self.saved.filter(|saved| saved.anchor() == part);
        saved.map_or("", Saved::words)
    }

    /// The ids of the normal pictures, for scripts.
    fn normal_ids(&self) -> String {
        let ids = self.normals.iter().map(|normal| normal.upload.id.as_str());
        ids.collect::<Vec<_>>().join(" ")
    }

    /// The ids of the frames that are proposed, for scripts.
    fn proposed_ids(&self) -> String {
        let ids = self.proposals.iter().map(|proposal| proposal.id.as_str());
        ids.collect::<Vec<_>>().join(" ")
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Query {
    /// The `id` of the picture before which the list of pictures goes on.
    before: Option<String>,
    /// What a form has just saved: `rule`, `description`, `normals`, `camera` or `silenced`.
    saved: Option<String>,
}

/// Shows a folder to people
#[utoipa::path(
    get,
    path = "/folder/{folder}",
    tag = "legacy",
    operation_id = "legacyFolder",
    params(ByNumber, Query),
    responses(
        (status = OK, description = "The page", body = String, content_type = "text/html"),
        Refusals<(Asked, refusals::Folder)>,
    )
)]
pub(super) async fn folder(
    State(app): State<Arc<App>>,
    Params(ByNumber { folder: name }): Params<ByNumber>,
    Search(query): Search<Query>,
    Extension(visitor): Extension<Visitor>,
) -> Result<Html<String>, Problem> {
    let folder = app.existing_by_number(&name)?;
    let pictures = page(&app, &folder, PICTURES, query.before.as_deref());
    let (own, default, most_normals, proposals, choices) = {
        let state = app.states.read();
        let proposals = state.proposals(&folder).into_iter();
        let proposals = proposals.map(|(_, proposal)| proposal.clone()).collect();
        let choices = Choices::of(&state, &folder);
        let most_normals = most_normals(&state, &folder);
        (
            state.rule(&folder),
            state.default_rule(),
            most_normals,
            proposals,
            choices,
        )
    };
    let summary = app.summary(&folder)?;
    let silences = {
        let details = app.states.read().made(&folder).cloned();
        silences::page::of_folder(&app, folder.as_str(), &details.unwrap_or_default())
    };
    let camera_input = CameraInput::of(&app, &folder, &visitor).await;
    render(&FolderPage {
        camera_input,
        position: app.pace.last_position(),
        normals: summary.normals.clone(),
        most_normals,
        proposals,
        card: Card::new(summary),
        name,
        choices,
        areas: areas_in_words(&own.clone().unwrap_or_default()),
        rule: RuleInput::of(own.unwrap_or_default(), Rule::in_force(None, default)),
        images: pictures.images,
        older: pictures.next,
        is_first: query.before.is_none(),
        saved: query.saved.as_deref().and_then(Saved::read),
        silences,
        max_mb: app.config.max_upload_mb,
        visitor,
        is_connected: app.broker.is_connected(),
    })
}

fn areas_in_words(rule: &Rule) -> String {
    let count = |count: usize, one: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        _ => Some(format!("{count} {one}s")),
    };
    let counts = [
        count(rule.masks.len(), "mask"),
        count(rule.regions.len(), "region"),
    ];
    counts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
