//! Folders: which there are, what people say of them, and the page of one. Whatever changes one is left to `folder_writer`.
//!
//! - `api`: listing, making, describing and removing them.
//! - `details`: what people say of one: as the body of a call and as a form.
//! - `unmade`: those that nobody made.
//! - `page`: the page of one folder.
//! - `card`: a folder in words.
//! - `saved`: what a form of the page has just saved.

pub(crate) mod api;
pub(crate) mod card;
pub(crate) mod details;
pub(crate) mod page;
pub(crate) mod saved;
pub(crate) mod unmade;
