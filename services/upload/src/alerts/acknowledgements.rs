//! Who has an alert in hand: by the API and by the forms of the pages.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Request, State},
    http::StatusCode,
    response::Redirect,
};
use event_bus::AlertKey;
use proto::{
    timestamp,
    v1::{Acknowledgement, Label},
};
use serde::Deserialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::api::existing;
use crate::{
    access::By,
    app::{App, parse},
    followed::log_unseen,
    front_door::{
        addresses::{OneAlert, encoded},
        extract::{Params, form, json},
        refusals::{self, Asked, Body, Change, Refusals},
    },
    problem::{Kind, Problem, sentence},
};

/// What a person says of an alert.
#[derive(Deserialize, ToSchema)]
#[schema(as = AcknowledgementBody, example = json!({"name": "Jo", "note": "The camera is being turned back."}))]
#[serde(deny_unknown_fields)]
struct Said {
    /// Who has it in hand, in one line. With accounts it is whoever is logged in, or the token, whatever this says.
    #[serde(default)]
    #[schema(
        min_length = 1,
        max_length = 80,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    name: String,
    /// What there is to say, in one line.
    #[schema(max_length = 1000, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    #[serde(default)]
    note: String,
    /// What the alert was: `real` where something was wrong, `normal` where all was as it should be. By these words changes of
    /// the rule are proposed.
    #[schema(value_type = Option<String>, pattern = "^(real|normal)$", example = "normal")]
    #[serde(default)]
    label: Option<String>,
}

/// The same from a page.
#[derive(Deserialize)]
struct AcknowledgeForm {
    /// Pages ask for it only where nobody logs in.
    #[serde(default)]
    name: String,
    #[serde(default)]
    note: String,
    /// Empty where they have not said.
    #[serde(default)]
    label: String,
    #[serde(default)]
    back: Option<String>,
}

/// Where a page's form is sent from.
#[derive(Deserialize)]
struct TakeBackForm {
    #[serde(default)]
    back: Option<String>,
}

/// Acknowledges an alert: says who has it in hand
///
/// Of several the last holds.
#[utoipa::path(
    put,
    path = "/api/v1/alerts/{id}/acknowledgement",
    tag = "alerts",
    operation_id = "acknowledgeAlert",
    params(OneAlert),
    request_body = Said,
    responses(
        (status = OK, description = "What holds now", body = Acknowledgement),
        Refusals<(Asked, refusals::Alert, Change, Body, refusals::Acknowledgement)>,
    )
)]
pub(super) async fn set(
    State(app): State<Arc<App>>,
    Params(OneAlert { id }): Params<OneAlert>,
    by: By,
    request: Request,
) -> Result<Json<Acknowledgement>, Problem> {
    existing(&app, &id)?;
    let example = r#"{"name": "Jo", "note": "The camera is being turned back."}"#;
    let invalid = Kind::InvalidAcknowledgement;
    let said = json(request, "An acknowledgement", invalid, example).await?;
    acknowledge(&app, &id, said, &by).await.map(Json)
}

/// Takes an acknowledgement back
#[utoipa::path(
    delete,
    path = "/api/v1/alerts/{id}/acknowledgement",
    tag = "alerts",
    operation_id = "unacknowledgeAlert",
    params(OneAlert),
    responses(
        (status = NO_CONTENT, description = "It is taken back, or there was none"),
        Refusals<(Asked, refusals::Alert, Change, refusals::Acknowledgement)>,
    )
)]
pub(super) async fn unset(
    State(app): State<Arc<App>>,
    Params(OneAlert { id }): Params<OneAlert>,
) -> Result<StatusCode, Problem> {
    take_back(&app, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn set_by_form(
    State(app): State<Arc<App>>,
    Params(id): Params<String>,
    by: By,
    request: Request,
) -> Result<Redirect, Problem> {
    let form: AcknowledgeForm = form(request, "The form").await?;
    let to = destination(&id, form.back.as_deref())?;
    let said = Said {
        name: form.name.trim().to_owned(),
        note: in_one_line(&form.note),
        label: Some(form.label).filter(|label| !label.is_empty()),
    };
    acknowledge(&app, &id, said, &by).await?;
    Ok(Redirect::to(&to))
}

pub(super) async fn unset_by_form(
    State(app): State<Arc<App>>,
    Params(id): Params<String>,
    request: Request,
) -> Result<Redirect, Problem> {
    let form: TakeBackForm = form(request, "The form").await?;
    let to = destination(&id, form.back.as_deref())?;
    take_back(&app, &id).await?;
    Ok(Redirect::to(&to))
}

/// Acknowledges an alert for whoever has the link of a message. What somebody said of it before stays: a page that was opened
/// earlier does not show it.
pub(crate) async fn by_link(
    app: &App,
    id: &str,
    name: String,
    note: &str,
    by: &By,
) -> Result<(), Problem> {
    if existing(app, id)?.acknowledgement.is_some() {
        return Ok(());
    }
    let said = Said {
        name,
        note: in_one_line(note),
        label: None,
    };
    acknowledge(app, id, said, by).await.map(drop)
}

/// Stores it, and gives what holds then: of several people at a time, the last.
async fn acknowledge(app: &App, id: &str, said: Said, by: &By) -> Result<Acknowledgement, Problem> {
    let alert = existing(app, id)?.alert;
    let key = key(id)?;
    let mut acknowledgement = Acknowledgement {
        alert_id: id.to_owned(),
        folder: parse(&alert.folder)?.to_string(),
        name: match by.name() {
            "" => said.name,
            known => known.to_owned(),
        },
        note: said.note,
        acknowledged_at: Some(timestamp(OffsetDateTime::now_utc())),
        label: label(said.label.as_deref())?.into(),
    };
    acknowledgement
        .check()
        .map_err(|error| Kind::InvalidAcknowledgement.because(sentence(&error.to_string())))?;
    for text in [&mut acknowledgement.name, &mut acknowledgement.note] {
        *text = text.trim().to_owned();
    }
    let sequence = app.broker.acknowledge(&key, &acknowledgement).await?;
    let seen = app
        .states
        .until(|state| state.acknowledgements().has_reached(sequence));
    log_unseen(seen.await, &key);
    let holds = app.states.read().acknowledgement(id).cloned();
    Ok(holds.unwrap_or(acknowledgement))
}

async fn take_back(app: &App, id: &str) -> Result<(), Problem> {
    existing(app, id)?;
    let key = key(id)?;
    let before = app.states.read().acknowledgements().sequence(id);
    app.broker.unacknowledge(&key).await?;
    let seen = app
        .states
        .until(|state| before.is_none() || state.acknowledgements().sequence(id) != before);
    log_unseen(seen.await, &key);
    Ok(())
}

fn label(word: Option<&str>) -> Result<Label, Problem> {
    let Some(word) = word else {
        return Ok(Label::Unspecified);
    };
    Label::named(word).ok_or_else(|| {
        let [real, normal] = Label::WORDS;
        Kind::InvalidAcknowledgement
            .because(format!("label is {word:?}; it must be {real} or {normal}."))
    })
}

fn key(id: &str) -> Result<AlertKey, Problem> {
    id.parse().map_err(|error: event_bus::InvalidAlertKey| {
        Kind::InvalidAcknowledgement.because(format!("{error}."))
    })
}

/// A text area sends its line breaks, though a note is one line.
fn in_one_line(note: &str) -> String {
    let lines = note.lines().map(str::trim);
    let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    lines.join(" ")
}

/// The page that a form was sent from: the list as it was narrowed, or the page of the alert. Never one elsewhere.
fn destination(id: &str, back: Option<&str>) -> Result<String, Problem> {
    let id = encoded(id);
    let Some(query) = back else {
        return Ok(format!("/alerts/{id}"));
    };
    let is_query = query
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'#');
    if !is_query {
        return Err(Kind::InvalidRequest.because(format!(
            "back is {query:?}; it must be the query of a page of alerts, as in phase=firing."
        )));
    }
    let mark = if query.is_empty() { "" } else { "?" };
    Ok(format!("/alerts{mark}{query}#alert-{id}"))
}
