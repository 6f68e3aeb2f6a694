//! What people were told of alerts: to whom, when, what failed, and what waits. Telling them is left to the notifier.
//!
//! - `known`: a fold over the notifiers' buckets.
//! - `api`, `page`: the list of it.

mod api;
pub(crate) mod known;
mod page;

use utoipa_axum::routes;

use crate::{access::permissions::LOOK, front_door::calls::Calls};

/// The calls of this room.
pub(crate) fn calls() -> Calls {
    Calls::new()
        .api(LOOK, routes!(api::list))
        .api(LOOK, routes!(api::receivers))
        .page(LOOK, "/notices", page::page)
        .page(LOOK, "/notices/live", page::follow)
}
