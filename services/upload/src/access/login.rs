//! Logging in and out.
//!
//! - `page`: the page, and what its forms send.
//! - `attempt`: whether a name and a password fit, and the session that begins then.
//! - `way_back`: to the page, and back to where somebody wanted to go.

mod attempt;
pub(crate) mod page;
mod way_back;

pub(crate) use way_back::redirect_from;
