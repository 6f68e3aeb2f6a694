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

/// How long a folder can be silenced by a link: at most a day, by when somebody can log in.
pub(super) const LASTS: [(&str, &str, u32); 4] = {
    let [hour, hours, half_a_day, day, _] = silences::LASTS;
    [hour, hours, half_a_day, day]
};

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
