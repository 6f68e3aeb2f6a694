//! What the page of a message's link sends.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Request, State},
    response::Redirect,
};
use serde::Deserialize;

use super::link::Link;
use crate::{
    access::{By, Visitor},
    alerts::acknowledgements,
    app::App,
    front_door::extract::{Params, Search, form},
    problem::{Kind, Problem},
    silences,
};

/// How long a folder can be silenced by a link: no longer than until somebody can log in.
pub(super) const LASTS: [(&str, &str, u32); 4] = [
    ("1h", "1 hour", 3600),
    ("4h", "4 hours", 4 * 3600),
    ("12h", "12 hours", 12 * 3600),
    ("1d", "1 day", 24 * 3600),
];

#[derive(Deserialize)]
struct AcknowledgeForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    note: String,
}

#[derive(Deserialize)]
struct SilenceForm {
    #[serde(default)]
    name: String,
    #[serde(rename = "for", default)]
    lasts: String,
}

pub(super) async fn acknowledge(
    State(app): State<Arc<App>>,
    Params(id): Params<String>,
    Search(link): Search<Link>,
    Extension(visitor): Extension<Visitor>,
    by: By,
    request: Request,
) -> Result<Redirect, Problem> {
    link.opens(&app, &id)?;
    let form: AcknowledgeForm = form(request, "The form").await?;
    let name = link.name(&visitor, &form.name);
    acknowledgements::by_link(&app, &id, name, &form.note, &by).await?;
    Ok(Redirect::to(&link.to(&id, "")))
}

pub(super) async fn silence(
    State(app): State<Arc<App>>,
    Params(id): Params<String>,
    Search(link): Search<Link>,
    Extension(visitor): Extension<Visitor>,
    by: By,
    request: Request,
) -> Result<Redirect, Problem> {
    let folder = link.opens(&app, &id)?.alert.folder;
    let form: SilenceForm = form(request, "The form").await?;
    let name = link.name(&visitor, &form.name);
    silences::by_link(&app, &folder, seconds(&form.lasts)?, name, &by).await?;
    Ok(Redirect::to(&link.to(&id, "")))
}

fn seconds(word: &str) -> Result<u32, Problem> {
    let known = LASTS.into_iter().find(|(known, ..)| *known == word);
    known.map(|(.., seconds)| seconds).ok_or_else(|| {
        let words = LASTS.map(|(word, ..)| word).join(", ");
        Kind::InvalidRequest.because(format!("for is {word:?}; it must be one of {words}."))
    })
}
