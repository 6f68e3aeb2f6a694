//! Server-sent events: what happens, as it happens.
//!
//! - `events`: everything, for programs.
//! - `standings`: how folders stand, for pages, in turns of a second.
//! - `pace`: these turns.
//! - `drawing`: what may change of a page, as it is drawn.
//! - `follow`: the events of a page that somebody has open.
//! - `viewers`: how many may follow, and how they know that the connection lives.

pub(crate) mod drawing;
mod events;
pub(crate) mod follow;
pub(crate) mod pace;
mod standings;
pub(crate) mod viewers;

use utoipa_axum::routes;

use crate::{access::permissions::LOOK, front_door::calls::Calls};

/// The calls of this room.
pub(crate) fn calls() -> Calls {
    Calls::new()
        .api(LOOK, routes!(events::stream))
        .api(LOOK, routes!(standings::stream))
}
