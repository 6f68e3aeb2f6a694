//! Alerts: the list of them and one of them, by the API and as pages; who has one in hand.
//!
//! - `api`: alerts by the API, those that are over among them, and their pictures.
//! - `query`: which of them are asked for.
//! - `acknowledgements`: who has an alert in hand: by the API and by forms.
//! - `page`: the page of all alerts, and that of one.
//! - `episode`: an alert in words, as both show it.

pub(crate) mod acknowledgements;
pub(crate) mod api;
pub(crate) mod episode;
pub(crate) mod page;
pub(crate) mod query;
