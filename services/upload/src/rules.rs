//! The rules by which frames are judged, and what another rule would have made of the last day.
//!
//! - `api`: reading, setting and taking them back.
//! - `body`, `areas`: a rule as a request has it; its masks and regions.
//! - `form`: a rule on a folder's page.
//! - `areas_page`: the page on which masks and regions are drawn.
//! - `history`: how a folder fared, and how it would have by another rule.
//! - `preview`: what other masks would have made of its alerts.
//! - `choices`: which changes people's labels of alerts speak for.

pub(crate) mod api;
pub(crate) mod areas;
pub(crate) mod areas_page;
pub(crate) mod body;
pub(crate) mod choices;
pub(crate) mod form;
pub(crate) mod history;
pub(crate) mod preview;
