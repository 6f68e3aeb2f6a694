//! Who is told of what: the routes, as a notifier's file or people say them, and trying a receiver. What came of it, `notices`
//! says.
//!
//! - `api`: by the API.
//! - `page`: the page of routes, and its forms.

mod api;
mod page;

use utoipa_axum::routes;

use crate::{
    access::permissions::{LOOK, administer, operate},
    front_door::calls::Calls,
};

/// The calls of this room.
pub(crate) fn calls() -> Calls {
    Calls::new()
        .api(LOOK, routes!(api::list))
        .api(administer("set routes"), routes!(api::set))
        .api(administer("take routes back"), routes!(api::unset))
        .api(LOOK, routes!(api::told))
        .api(operate("send a test message"), routes!(api::test))
        .page(LOOK, "/routes", page::page)
        .form(administer("set routes"), "/routes", page::set)
        .form(administer("take routes back"), "/routes/unset", page::unset)
        .form(
            operate("send a test message"),
            "/routes/test/{receiver}",
            page::test,
        )
}
