//! Cameras that are set on the page or by API, and the latest frame of each. Connecting to them is left to the camera service.
//!
//! - `settings`: checked, encrypted, stored.
//! - `api`: setting, removing and trying one, by the API and by forms. No answer has a password.
//! - `input`: the part of a folder's page in which an admin does so.
//! - `frame`: the latest frame.

mod api;
pub(crate) mod frame;
pub(crate) mod input;
pub(crate) mod settings;

use utoipa_axum::routes;

use crate::{
    access::permissions::{LOOK, LOOK_AS_ADMIN, administer},
    front_door::calls::Calls,
};

/// The calls of this room.
pub(crate) fn calls() -> Calls {
    Calls::new()
        .api(LOOK, routes!(frame::latest))
        // What it says is where cameras are.
        .api(LOOK_AS_ADMIN, routes!(api::get))
        .api(administer("set a camera"), routes!(api::set))
        .api(administer("remove a camera"), routes!(api::remove))
        .api(administer("try a camera"), routes!(api::test))
        .form(
            administer("set a camera"),
            "/folder/{folder}/camera",
            api::set_by_form,
        )
        .form(
            administer("remove a camera"),
            "/folder/{folder}/camera/remove",
            api::remove_by_form,
        )
}
