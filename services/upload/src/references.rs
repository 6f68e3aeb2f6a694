//! What frames are compared with: reference pictures, normal pictures, and frames that are proposed as such. Storing them is
//! left to `folder_writer`.
//!
//! - `images`: reference pictures by the API.
//! - `forms`: uploading and deleting them by forms.
//! - `legacy`: the calls of the system that this one replaces.
//! - `normals`, `proposals`: each by the API and by forms.
//! - `learning`: normal pictures made of proposals.
//! - `heat_map`: where a frame differs.

mod forms;
mod heat_map;
pub(crate) mod images;
pub(crate) mod learning;
pub(crate) mod legacy;
mod normals;
mod proposals;

use utoipa_axum::routes;

use crate::{
    access::permissions::{LOOK, operate},
    front_door::calls::Calls,
    pictures::receiving::taking_pictures,
};

/// The calls of this room.
pub(crate) fn calls() -> Calls {
    Calls::new()
        .api(LOOK, routes!(heat_map::of_folder))
        .api(LOOK, routes!(heat_map::of_alert))
        .api(LOOK, routes!(images::list))
        .api(
            operate("upload pictures"),
            taking_pictures(routes!(images::upload)),
        )
        .api(LOOK, routes!(images::get))
        .api(operate("delete a picture"), routes!(images::remove))
        .api(LOOK, routes!(images::content))
        .api(LOOK, routes!(images::latest))
        .api(LOOK, routes!(images::latest_content))
        .api(LOOK, routes!(normals::list))
        .api(
            operate("add normal pictures"),
            taking_pictures(routes!(normals::add)),
        )
        .api(LOOK, routes!(normals::content))
        .api(operate("delete a normal picture"), routes!(normals::remove))
        .api(LOOK, routes!(proposals::list))
        .api(
            operate("refuse proposed normal pictures"),
            routes!(proposals::refuse_all),
        )
        .api(LOOK, routes!(proposals::content))
        .api(
            operate("refuse a proposed normal picture"),
            routes!(proposals::refuse),
        )
        .api(
            operate("accept proposed normal pictures"),
            routes!(proposals::accept_all),
        )
        .api(
            operate("accept a proposed normal picture"),
            routes!(proposals::accept),
        )
        .api(LOOK, routes!(legacy::latest))
        .api(LOOK, routes!(legacy::show))
        .api(LOOK, routes!(legacy::download))
        .api(operate("delete a picture"), routes!(legacy::delete))
        .api(operate("upload pictures"), routes!(forms::upload))
        .form(
            operate("delete a picture"),
            "/folder/{folder}/delete/{id}",
            forms::delete,
        )
        .form(
            operate("add normal pictures"),
            "/folder/{folder}/normals",
            normals::add_by_form,
        )
        .form(
            operate("delete a normal picture"),
            "/folder/{folder}/normals/delete/{id}",
            normals::remove_by_form,
        )
        .form(
            operate("accept proposed normal pictures"),
            "/folder/{folder}/proposals/accept",
            proposals::accept_all_by_form,
        )
        .form(
            operate("accept a proposed normal picture"),
            "/folder/{folder}/proposals/accept/{id}",
            proposals::accept_by_form,
        )
        .form(
            operate("refuse a proposed normal picture"),
            "/folder/{folder}/proposals/refuse/{id}",
            proposals::refuse_by_form,
        )
        .form(
            operate("add normal pictures"),
            "/alerts/{id}/normal",
            normals::add_of_alert,
        )
}
