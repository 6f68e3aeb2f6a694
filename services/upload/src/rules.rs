//! The rules by which frames are judged, and what another rule would have made of the last day.
//!
//! - `api`: reading, setting and taking them back.
//! - `body`, `areas`: a rule as a request has it; its masks and regions.
//! - `form`: a rule on a folder's page.
//! - `areas_page`: the page on which masks and regions are drawn.
//! - `history`: how a folder fared, and how it would have by another rule.
//! - `preview`: what other masks would have made of its alerts.
//! - `choices`: which changes people's labels of alerts speak for.
//! - `measures`: the same of another measure, by the pictures behind these alerts.

mod api;
mod areas;
mod areas_page;
mod body;
pub(crate) mod choices;
pub(crate) mod form;
mod history;
pub(crate) mod measures;
mod preview;

use utoipa_axum::routes;

use crate::{
    access::permissions::{LOOK, LOOK_AS_OPERATOR, administer},
    front_door::calls::Calls,
};

/// The calls of this room.
pub(crate) fn calls() -> Calls {
    Calls::new()
        .api(LOOK, routes!(history::of_folder))
        .api(LOOK, routes!(api::of_folder))
        .api(administer("set a rule"), routes!(api::set_for_folder))
        .api(
            administer("take a rule back"),
            routes!(api::unset_for_folder),
        )
        .api(LOOK, routes!(api::default))
        .api(
            administer("set the default rule"),
            routes!(api::set_default),
        )
        .api(
            administer("take the default rule back"),
            routes!(api::unset_default),
        )
        // These change nothing, but take some computing.
        .api(LOOK_AS_OPERATOR, routes!(history::what_if))
        .api(LOOK_AS_OPERATOR, routes!(preview::masks))
        .api(LOOK_AS_OPERATOR, routes!(measures::list))
        .api(LOOK, routes!(choices::list))
        .form(
            administer("set a rule"),
            "/folder/{folder}/rule",
            form::set_rule,
        )
        .page(LOOK, "/folder/{folder}/areas", areas_page::page)
}
