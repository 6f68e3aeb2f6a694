//! The document of the API, and the page on which people read it.
//!
//! - `document`: made of the handlers and what they take and give.
//! - `links`: which calls go on from the answer of another.
//! - `page`: the document for people.

pub(crate) mod document;
mod links;
mod page;

use self::document::Document;
use crate::{access::permissions::LOOK, front_door::calls::Calls};

/// The calls of the pages and files that show the document.
pub(crate) fn calls(document: Document) -> Calls {
    Calls::new()
        .page(LOOK, "/openapi.json", document::json)
        .page(LOOK, "/docs", page::docs)
        .page(LOOK, "/problems/{kind}", page::problem)
        .given(document)
}
