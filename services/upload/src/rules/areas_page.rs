//! The page on which a folder's masks and regions are drawn.

use std::sync::Arc;

use askama::Template;
use axum::{Extension, extract::State, response::Html};
use proto::{Measure, v1::Rule};

use crate::{
    access::Visitor,
    app::App,
    folders::card::Card,
    front_door::{extract::Params, pages::render},
    problem::Problem,
};

#[derive(Template)]
#[template(path = "rules/areas.html")]
struct AreasPage {
    folder: String,
    /// Where its reference is.
    reference: Option<String>,
    /// That of the rule in force, in a word.
    measure: String,
    /// Whether it looks place by place.
    by_places: bool,
    visitor: Visitor,
    is_connected: bool,
}

pub(super) async fn page(
    State(app): State<Arc<App>>,
    Params(name): Params<String>,
    Extension(visitor): Extension<Visitor>,
) -> Result<Html<String>, Problem> {
    let folder = app.existing_by_number(&name)?;
    let rule = {
        let state = app.states.read();
        Rule::in_force(state.rule(&folder), state.default_rule())
    };
    let measure = rule.measure.unwrap_or_else(|| Measure::PHASH.to_owned());
    render(&AreasPage {
        reference: Card::new(app.summary(&folder)?).reference,
        folder: folder.to_string(),
        by_places: Measure::of(&measure).needs_network(),
        measure,
        visitor,
        is_connected: app.broker.is_connected(),
    })
}
