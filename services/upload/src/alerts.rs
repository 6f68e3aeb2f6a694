//! Alerts: the list of them and one of them, by the API and as pages; who has one in hand.
//!
//! - `api`: alerts by the API, those that are over among them, and their pictures.
//! - `query`: which of them are asked for.
//! - `acknowledgements`: who has an alert in hand: by the API and by forms.
//! - `page`: the page of all alerts, and that of one.
//! - `episode`: an alert in words, as both show it.

pub(crate) mod acknowledgements;
pub(crate) mod api;
pub(crate) mod episode;
mod page;
mod query;

use utoipa_axum::routes;

use crate::{
    access::permissions::{LOOK, operate},
    front_door::calls::Calls,
};

/// The calls of this room.
pub(crate) fn calls() -> Calls {
    Calls::new()
        .api(LOOK, routes!(api::list))
        .api(LOOK, routes!(api::one))
        .api(
            operate("acknowledge an alert"),
            routes!(acknowledgements::set),
        )
        .api(
            operate("take an acknowledgement back"),
            routes!(acknowledgements::unset),
        )
        .api(LOOK, routes!(api::frame))
        .api(LOOK, routes!(api::reference))
        .page(LOOK, "/alerts", page::list)
        .page(LOOK, "/alerts/live", page::follow_list)
        .page(LOOK, "/alerts/{id}", page::one)
        .page(LOOK, "/alerts/{id}/live", page::follow)
        .form(
            operate("acknowledge an alert"),
            "/alerts/{id}/acknowledge",
            acknowledgements::set_by_form,
        )
        .form(
            operate("take an acknowledgement back"),
            "/alerts/{id}/unacknowledge",
            acknowledgements::unset_by_form,
        )
}
