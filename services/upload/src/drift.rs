//! Folders whose pictures want renewing, since matching frames grow less and less similar.
//!
//! - `api`: which they are.
//! - `page`: the page of them.
//! - `written`: what is known of it, kept for the next start.

mod api;
mod page;
pub(crate) mod written;

use utoipa_axum::routes;

use crate::{access::permissions::LOOK, front_door::calls::Calls};

/// The calls of this room.
pub(crate) fn calls() -> Calls {
    Calls::new()
        .api(LOOK, routes!(api::list))
        .page(LOOK, "/drift", page::drift)
}
