//! Parts of the overview, for its script: which folders come first, and cards by name.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Json, extract::State, response::Html};
use event_bus::Folder;
use serde::{Deserialize, Serialize};

use super::{
    element::{self, Element},
    selection::{OverviewQuery, PART},
};
use crate::{
    app::{App, parse},
    front_door::extract::Search,
    problem::{Kind, Problem},
};

/// How many names are asked for.
#[derive(Deserialize)]
pub(super) struct Count {
    count: Option<usize>,
}

/// Which folders come first by what is asked for, and how many there are.
#[derive(Serialize)]
pub(super) struct Order {
    folders: Vec<String>,
    matching: usize,
    total: usize,
    /// Both in words.
    count: String,
    /// How many are in each state; without those in which there is none.
    tally: BTreeMap<&'static str, usize>,
    /// Another text as soon as this may be another answer.
    listed: String,
}

#[derive(Deserialize)]
pub(super) struct Named {
    /// Separated by commas.
    folders: String,
}

pub(super) async fn order(
    State(app): State<Arc<App>>,
    Search(query): Search<OverviewQuery>,
    Search(Count { count }): Search<Count>,
) -> Json<Order> {
    let selection = query.select(&app.states.read(), count.unwrap_or(PART));
    let tally = selection.tally.iter().filter(|it| it.count > 0);
    Json(Order {
        count: selection.count(),
        tally: tally.map(|it| (it.slug, it.count)).collect(),
        folders: selection.folders.iter().map(Folder::to_string).collect(),
        matching: selection.matching,
        total: selection.total,
        listed: selection.listed,
    })
}

/// The cards of these folders; of those that are there.
pub(super) async fn cards(
    State(app): State<Arc<App>>,
    Search(named): Search<Named>,
) -> Result<Html<String>, Problem> {
    let folders = named_folders(&named.folders, PART)?;
    let known = app.states.read();
    let width = element::width(known.count());
    let summaries = folders.iter().filter_map(|folder| known.summary(folder));
    let cards = summaries.map(|summary| Element::new(summary, width).to_string());
    Ok(Html(cards.collect()))
}

/// Folders whose names are separated by commas, of which there may be so many.
pub(super) fn named_folders(names: &str, most: usize) -> Result<Vec<Folder>, Problem> {
    let names = names.split(',').filter(|name| !name.is_empty());
    let count = names.clone().count();
    if count > most {
        return Err(Kind::InvalidRequest.because(format!(
            "folders names {count} folders; it may name up to {most}."
        )));
    }
    names.map(parse).collect()
}
