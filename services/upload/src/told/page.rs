//! The page that a message's link leads to. Whatever opens it, a mail scanner among them, changes nothing.

use std::sync::Arc;

use askama::Template;
use axum::{Extension, extract::State, response::Html};
use proto::v1::Phase;

use super::{forms::LASTS, link::Link};
use crate::{
    access::Visitor,
    alerts::episode::Row,
    app::{App, parse},
    front_door::{
        extract::{Params, Search},
        pages::render,
    },
    problem::Problem,
    silences,
};

#[derive(Template)]
#[template(path = "told/page.html")]
struct ToldPage {
    row: Row,
    is_over: bool,
    silences: Vec<silences::page::Row>,
    lasts: [(&'static str, &'static str, u32); 4],
    /// Where the forms send what they say.
    acknowledge: String,
    silence: String,
    visitor: Visitor,
    is_connected: bool,
}

pub(super) async fn page(
    State(app): State<Arc<App>>,
    Params(id): Params<String>,
    Search(link): Search<Link>,
    Extension(visitor): Extension<Visitor>,
) -> Result<Html<String>, Problem> {
    let known = link.opens(&app, &id)?;
    let is_over = known.alert.phase() != Phase::Firing;
    let row = Row::new(&app, known, &visitor);
    let details = parse(&row.folder)
        .ok()
        .and_then(|folder| app.states.read().made(&folder).cloned());
    render(&ToldPage {
        silences: silences::page::of_folder(&app, &row.folder, &details.unwrap_or_default()),
        row,
        is_over,
        lasts: LASTS,
        acknowledge: link.to(&id, "/acknowledge"),
        silence: link.to(&id, "/silence"),
        visitor,
        is_connected: app.broker.is_connected(),
    })
}
