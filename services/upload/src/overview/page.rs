//! The page of all folders: those that come first by what is asked for. More of them, and what becomes of those that are
//! shown, scripts ask for in parts.

use std::sync::Arc;

use askama::Template;
use axum::{Extension, extract::State, response::Html};
use folder_state::{Known, UnmadeFolders};

use super::{
    element::{self, Element},
    selection::{ORDERS, OverviewQuery, PART, Selection},
};
use crate::{
    access::Visitor,
    app::App,
    front_door::{extract::Search, pages::render},
    problem::Problem,
};

#[derive(Template)]
#[template(path = "overview/page.html")]
struct Overview {
    cards: Vec<Element>,
    selection: Selection,
    unmade: UnmadeFolders,
    query: OverviewQuery,
    orders: &'static [(&'static str, &'static str)],
    visitor: Visitor,
    is_connected: bool,
}

pub(super) async fn overview(
    State(app): State<Arc<App>>,
    Search(query): Search<OverviewQuery>,
    Extension(visitor): Extension<Visitor>,
) -> Result<Html<String>, Problem> {
    let page = {
        let known = app.states.read();
        let selection = query.select(&known, PART);
        Overview {
            cards: drawn(&known, &selection),
            selection,
            unmade: known.unmade_folders(),
            query,
            orders: &ORDERS,
            visitor,
            is_connected: app.broker.is_connected(),
        }
    };
    render(&page)
}

fn drawn(known: &Known, selection: &Selection) -> Vec<Element> {
    let folders = selection.folders.iter();
    let summaries = folders.filter_map(|folder| known.summary(folder));
    let width = element::width(selection.total);
    summaries
        .map(|summary| Element::new(summary, width))
        .collect()
}

impl Overview {
    /// The address of the folders that follow, if there are any.
    fn more(&self) -> Option<String> {
        let next = self.query.from.saturating_add(PART);
        (next < self.selection.matching).then(|| self.query.address(next))
    }

    /// The address of the folders before these, if there are any.
    fn earlier(&self) -> Option<String> {
        let from = self.query.from;
        (from > 0).then(|| self.query.address(from.saturating_sub(PART)))
    }
}
