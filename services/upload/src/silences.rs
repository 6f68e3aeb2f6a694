//! Silences: of which alerts nobody is told.
//!
//! - `known`: a fold over the bucket.
//! - `api`, `forms`: making them and taking them back.
//! - `page`: the page of them.

mod api;
mod forms;
pub(crate) mod known;
pub(crate) mod page;

pub(crate) use api::by_link;
pub(crate) use forms::LASTS;

use utoipa_axum::routes;

use crate::{
    access::permissions::{LOOK, operate},
    front_door::calls::Calls,
};

/// The calls of this room.
pub(crate) fn calls() -> Calls {
    Calls::new()
        .api(LOOK, routes!(api::list))
        .api(operate("silence alerts"), routes!(api::add))
        .api(operate("take a silence back"), routes!(api::remove))
        .form(
            operate("silence alerts"),
            "/folder/{folder}/silence",
            forms::add_for_folder,
        )
        .page(LOOK, "/silences", page::page)
        .page(LOOK, "/silences/live", page::follow)
        .form(operate("silence alerts"), "/silences", forms::add_by_form)
        .form(
            operate("take a silence back"),
            "/silences/remove/{id}",
            forms::remove_by_form,
        )
}
