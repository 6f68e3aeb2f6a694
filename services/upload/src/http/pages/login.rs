//! The page on which people log in.

use askama::Template;

use crate::access::Visitor;

/// The page on which people log in.
#[derive(Template)]
#[template(path = "login.html")]
pub(crate) struct LoginPage {
    /// Why it did not work.
    pub(crate) trouble: Option<&'static str>,
    /// As it was typed.
    pub(crate) name: String,
    /// Where to go then.
    pub(crate) next: String,
    pub(crate) visitor: Visitor,
    pub(crate) is_connected: bool,
}
