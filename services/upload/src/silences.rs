//! Silences: of which alerts nobody is told.
//!
//! - `known`: a fold over the bucket.
//! - `api`, `forms`: making them and taking them back.
//! - `page`: the page of them.

pub(crate) mod api;
pub(crate) mod forms;
pub(crate) mod known;
pub(crate) mod page;
