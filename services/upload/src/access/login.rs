//! Logging in and out.
//!
//! - `page`: the page, and what its forms send.
//! - `attempt`: whether a name and a password fit, and the session that begins then.
//! - `way_back`: to the page, and back to where somebody wanted to go.

mod attempt;
pub(crate) mod page;
mod way_back;

use super::permissions::OPEN;
use crate::front_door::calls::Calls;

pub(crate) use way_back::redirect_from;

/// The calls of this room.
pub(crate) fn calls() -> Calls {
    Calls::new()
        .page(OPEN, "/login", page::page)
        .form(OPEN, "/login", page::log_in)
        .form(OPEN, "/logout", page::log_out)
}
