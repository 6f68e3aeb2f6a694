//! What all features share of HTTP: what requests pass on their way in and answers on their way out, how parts of
//! requests are read, and how answers are made. It knows no feature. `access` decides who may come in.
//!
//! - `guard`, `lingering`, `compressed`, `cors`: what every request or answer passes.
//! - `addresses`, `extract`, `conditions`: what requests say.
//! - `calls`: how a room declares its calls.
//! - `refusals`, `schemas`: what the document of the API says of that.
//! - `pages`, `moment`, `duration`, `assets`: what pages are made of.

pub(crate) mod addresses;
mod assets;
pub(crate) mod calls;
pub(crate) mod compressed;
pub(crate) mod conditions;
pub(crate) mod cors;
pub(crate) mod duration;
pub(crate) mod extract;
pub(crate) mod guard;
pub(crate) mod lingering;
pub(crate) mod moment;
pub(crate) mod pages;
pub(crate) mod refusals;
pub(crate) mod schemas;

use self::calls::Calls;
use crate::access::permissions::OPEN;

/// The files that pages are made of.
pub(crate) fn calls() -> Calls {
    Calls::new()
        .page(OPEN, "/assets/{*name}", assets::file)
        .page(OPEN, "/favicon.svg", assets::icon)
}
