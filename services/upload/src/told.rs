//! What people who were told of an alert may do by the link of the message, without logging in: acknowledge the alert,
//! and silence its folder for a while. The notifier tells people, and puts the link's pass into the notice.
//!
//! - `link`: whether a link lets somebody act, on which alert.
//! - `page`: the page that it leads to, which only asks.
//! - `forms`: what the page sends.

mod forms;
mod link;
mod page;

use crate::{
    access::permissions::{OPEN, by_pass},
    front_door::calls::Calls,
};

/// The calls of this room.
pub(crate) fn calls() -> Calls {
    Calls::new()
        .page(OPEN, "/told/{id}", page::page)
        .form(
            by_pass("acknowledge an alert"),
            "/told/{id}/acknowledge",
            forms::acknowledge,
        )
        .form(
            by_pass("silence alerts"),
            "/told/{id}/silence",
            forms::silence,
        )
}
