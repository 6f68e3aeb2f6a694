//! Which other measure would have told the alerts called normal from those called real. Alerts keep nothing by which
//! that could be said, so the pictures behind them are looked at again: of one request at a time, one picture after
//! another, and what was seen is remembered. What follows from it, `alerting` says.
//!
//! - `means`: what it takes to look.
//! - `ways`: which measures can be tried, and why others cannot.
//! - `looking`: from the pictures to what they show, which is in `seen`.
//! - `tried`: what was looked at, in numbers and words.

mod looking;
pub(crate) mod means;
mod seen;
pub(super) mod tried;
mod ways;

use std::{sync::Arc, time::Duration};

use alerting::SeenAgain;
use axum::{Json, extract::State};
use event_bus::Folder;
use proto::v1::Label;
use tokio::time::timeout;

use looking::{Held, Looking};
use means::MOST_OF_EACH;
use seen::Saw;
use tried::{Counts, Tried};
use ways::Ways;

use super::choices::{Called, Choices};
use crate::{
    app::App,
    front_door::{
        addresses::InFolder,
        extract::Params,
        refusals::{Asked, Folder as OneFolder, Refusals, Turn},
    },
    problem::{Kind, Problem},
};

/// How long one may look: less than a minute, which is what proxies wait.
const PATIENCE: Duration = Duration::from_secs(45);

/// Proposes another measure for a folder's rule by the pictures behind alerts that people have called something
///
/// The answer is that of `proposeRules`, with one choice more where another measure would have dropped alerts that
/// somebody called normal, and none called real. The frame with which each alert fired is judged again, as long as it
/// is kept, against the reference as it was, and today's normal pictures where that still is the reference. That takes
/// seconds; `tried` says what was looked at. One such request at a time is answered.
#[utoipa::path(
    get,
    path = "/api/v1/folders/{folder}/what-if/measures",
    tag = "rules",
    operation_id = "proposeMeasure",
    params(InFolder),
    responses(
        (status = OK, description = "The changes", body = Choices),
        Refusals<(Asked, OneFolder, Turn)>,
    )
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Params(at): Params<InFolder>,
) -> Result<Json<Choices>, Problem> {
    let folder = app.existing(&at.folder)?;
    choices(&app, &folder).await.map(Json)
}

/// Which changes the labels speak for, another measure among them. Whoever drops this stops it.
pub(crate) async fn choices(app: &App, folder: &Folder) -> Result<Choices, Problem> {
    let (called, held) = {
        let state = app.states.read();
        (Called::of(&state, folder), Held::of(&state, folder))
    };
    if called.count(Label::Normal) == 0 {
        return Ok(Choices::by(&called, &[], Some(Tried::nothing_to_spare())));
    }
    let _turn = app.measures.turn().await?;
    let looking = timeout(PATIENCE, look(app, folder, &called, held));
    match app.shutdown.run_until_cancelled(looking).await {
        Some(Ok(looked)) => looked,
        Some(Err(_)) => Err(Kind::Busy.because(format!(
            "Looking at the pictures takes more than {} s at present. What was seen is remembered: try again.",
            PATIENCE.as_secs()
        ))),
        None => Err(Kind::Unavailable.because("The service is about to end. Try again in a moment.")),
    }
}

async fn look(app: &App, folder: &Folder, called: &Called, held: Held) -> Result<Choices, Problem> {
    let ways = Ways::of(&called.rule, app.measures.network().await);
    let measures = ways.others();
    let hindrances = ways.hindrances.clone();
    let (mut seen, mut counts) = (Vec::new(), Counts::default());
    if measures.is_empty() {
        let tried = Tried::new(measures, &counts, &hindrances, false);
        return Ok(Choices::by(called, &seen, Some(tried)));
    }
    let mut looking = Looking::new((&app.measures, &app.broker), folder, held, ways);
    let (mut real, mut normal) = (0, 0);
    for (label, alert) in &called.alerts {
        let of_label = match label {
            Label::Real => &mut real,
            Label::Normal | Label::Unspecified => &mut normal,
        };
        *of_label += 1;
        let saw = match *of_label <= MOST_OF_EACH {
            true => looking.at(&alert.id).await?,
            false => Saw::NotLookedAt,
        };
        let again = SeenAgain {
            id: alert.id.clone(),
            label: *label,
            by: saw.shown(),
        };
        let is_normal_picture = saw == Saw::NormalPicture && *label == Label::Normal;
        counts.add(
            &saw,
            *label,
            is_normal_picture || again.is_settled(&called.rule),
        );
        if !is_normal_picture {
            seen.push(again);
        }
    }
    let mut choices = Choices::by(called, &seen, None);
    let is_found = choices
        .choices
        .iter()
        .any(|choice| choice.measure.is_some());
    choices.tried = Some(Tried::new(measures, &counts, &hindrances, is_found));
    Ok(choices)
}
