//! The page of one folder.

use std::sync::Arc;

use askama::Template;
use axum::{
    Extension,
    extract::State,
    response::{Html, IntoResponse},
};
use event_bus::Folder;
use proto::v1::Rule;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{card::Card, parts::Shown, saved::Saved};
use crate::{
    access::Visitor,
    app::{App, parse, unknown},
    cameras::input::CameraInput,
    front_door::{
        extract::{Params, Search, given, switch},
        pages::render,
        refusals::{self, Asked, Refusals},
        schemas::Switch,
    },
    live::{
        self,
        drawing::Drawing,
        follow::{Has, Page as _},
    },
    problem::Problem,
    references::legacy::ByNumber,
    rules::{choices::Choices, form::RuleInput, measures},
};

#[derive(Template)]
#[template(path = "folders/page.html")]
struct FolderPage {
    card: Card,
    /// The parts of it that may change.
    drawing: Drawing,
    /// As it stands in the address: a name, or the number of an old link.
    name: String,
    rule: Vec<RuleInput>,
    /// How many masks and regions there are, in words; empty where there are none.
    areas: String,
    /// The changes that the labels of its alerts speak for.
    choices: Choices,
    /// Why other measures were not tried, although that was asked for.
    not_tried: String,
    camera_input: Option<CameraInput>,
    saved: Option<Saved>,
    max_mb: u32,
    visitor: Visitor,
    is_connected: bool,
}

impl FolderPage {
    /// What was saved in a part of the page, in words.
    fn saved_in(&self, part: &str) -> &'static str {
        let saved = self.saved.filter(|saved| saved.anchor() == part);
        saved.map_or("", Saved::words)
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct FolderPageQuery {
    /// The `id` of the picture before which the list of pictures goes on.
    before: Option<String>,
    /// What a form has just saved: `rule`, `description`, `normals`, `camera` or `silenced`.
    saved: Option<String>,
    /// Whether other measures are tried on the pictures behind alerts that people have labelled, which takes seconds;
    /// for operators.
    #[param(value_type = Option<Switch>, inline)]
    measures: Option<String>,
}

impl FolderPageQuery {
    fn wants_measures(&self) -> Result<bool, Problem> {
        switch("measures", given(&self.measures), "true or false")
    }
}

/// Shows a folder to people
#[utoipa::path(
    get,
    path = "/folder/{folder}",
    tag = "legacy",
    operation_id = "legacyFolder",
    params(ByNumber, FolderPageQuery),
    responses(
        (status = OK, description = "The page", body = String, content_type = "text/html"),
        Refusals<(Asked, refusals::Folder)>,
    )
)]
pub(super) async fn folder(
    State(app): State<Arc<App>>,
    Params(ByNumber { folder: name }): Params<ByNumber>,
    Search(query): Search<FolderPageQuery>,
    Extension(visitor): Extension<Visitor>,
) -> Result<Html<String>, Problem> {
    let folder = app.existing_by_number(&name)?;
    let (choices, not_tried) = match query.wants_measures()? && visitor.may_operate() {
        true => with_measures(&app, &folder).await,
        false => (Choices::of(&app, &folder), String::new()),
    };
    let shown = Shown {
        app: Arc::clone(&app),
        folder: folder.clone(),
        name: name.clone(),
        before: query.before.unwrap_or_default(),
        visitor: visitor.clone(),
    };
    let drawing = shown.draw()?.ok_or_else(|| unknown(&folder))?;
    let (own, default) = {
        let state = app.states.read();
        (state.rule(&folder), state.default_rule())
    };
    let camera_input = CameraInput::of(&app, &folder, &visitor).await;
    render(&FolderPage {
        camera_input,
        card: Card::new(app.summary(&folder)?),
        drawing,
        name,
        choices,
        not_tried,
        areas: areas_in_words(&own.clone().unwrap_or_default()),
        rule: RuleInput::of(own.unwrap_or_default(), Rule::in_force(None, default)),
        saved: query.saved.as_deref().and_then(Saved::read),
        max_mb: app.config.max_upload_mb,
        visitor,
        is_connected: app.broker.is_connected(),
    })
}

/// The changes that the labels of alerts speak for, with other measures among them; or why other measures were not
/// tried.
async fn with_measures(app: &App, folder: &Folder) -> (Choices, String) {
    match measures::choices(app, folder).await {
        Ok(choices) => (choices, String::new()),
        Err(problem) => (Choices::of(app, folder), problem.detail),
    }
}

/// Tells what becomes of the page.
pub(super) async fn follow(
    State(app): State<Arc<App>>,
    Params(ByNumber { folder: name }): Params<ByNumber>,
    Search(query): Search<FolderPageQuery>,
    Search(has): Search<Has>,
    Extension(visitor): Extension<Visitor>,
) -> Result<impl IntoResponse, Problem> {
    // Whoever comes back after it was removed is told that it is gone.
    let folder = app.existing_by_number(&name).or_else(|_| parse(&name))?;
    let shown = Shown {
        app: Arc::clone(&app),
        folder,
        name,
        before: query.before.unwrap_or_default(),
        visitor,
    };
    live::follow::follow(&app, shown, &has)
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
