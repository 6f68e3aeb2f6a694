//! What people were told of alerts: to whom, when, what failed, and what waits. Telling them is left to the notifier.
//!
//! - `known`: a fold over the notifiers' buckets.
//! - `api`, `page`: the list of it.

pub(crate) mod api;
pub(crate) mod known;
pub(crate) mod page;
