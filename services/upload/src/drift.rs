//! Folders whose pictures want renewing, since matching frames grow less and less similar.
//!
//! - `api`: which they are.
//! - `page`: the page of them.
//! - `written`: what is known of it, kept for the next start.

pub(crate) mod api;
pub(crate) mod page;
pub(crate) mod written;
