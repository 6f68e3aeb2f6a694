//! Who is told of what: the routes, as a notifier's file or people say them, and trying a receiver. What came of it, `notices`
//! says.
//!
//! - `api`: by the API.
//! - `page`: the page of routes, and its forms.

pub(crate) mod api;
pub(crate) mod page;
