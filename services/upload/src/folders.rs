//! Folders: which there are, what people say of them, and the page of one. Whatever changes one is left to `folder_writer`.
//!
//! - `api`: listing, making, describing and removing them.
//! - `details`: what people say of one: as the body of a call and as a form.
//! - `unmade`: those that nobody made.
//! - `page`: the page of one folder; `parts`: what may change of it.
//! - `card`: a folder in words.
//! - `saved`: what a form of the page has just saved.

mod api;
pub(crate) mod card;
mod details;
mod page;
mod parts;
pub(crate) mod saved;
mod unmade;

use utoipa_axum::routes;

use crate::{
    access::permissions::{LOOK, administer},
    front_door::calls::Calls,
};

/// The calls of this room.
pub(crate) fn calls() -> Calls {
    Calls::new()
        .api(LOOK, routes!(api::list))
        .api(
            administer("remove the folders that nobody made"),
            routes!(unmade::remove),
        )
        .api(LOOK, routes!(api::get))
        .api(administer("make or describe a folder"), routes!(api::make))
        .api(administer("remove a folder"), routes!(api::remove))
        .api(LOOK, routes!(page::folder))
        .page(LOOK, "/folder/{folder}/live", page::follow)
        .form(
            administer("remove the folders that nobody made"),
            "/folders/remove-unmade",
            unmade::remove_by_form,
        )
        .form(
            administer("describe a folder"),
            "/folder/{folder}/details",
            details::set_by_form,
        )
}
