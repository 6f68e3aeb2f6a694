//! The document of the API, and the page on which people read it.
//!
//! - `document`: made of the handlers and what they take and give.
//! - `links`: which calls go on from the answer of another.
//! - `page`: the document for people.

pub(crate) mod document;
pub(crate) mod links;
pub(crate) mod page;
