//! Which other measure would have told the alerts called normal from those called real. Alerts keep nothing by which
//! that could be said, so the pictures behind them are looked at again: of one request at a time, one picture after
//! another, and what was seen is remembered. What follows from it, `alerting` says.
//!
//! - `ways`: which measures can be tried, and why others cannot.
//! - `looking`: from the pictures to what they show.
//! - `tried`: what was looked at, in numbers and words.

mod looking;
mod tried;
mod ways;

use std::{sync::Arc, time::Duration};

use alerting::SeenAgain;
use axum::{Json, extract::State};
use event_bus::Folder;
use fingerprint::Limits;
use looks::ModelConfig;
use proto::v1::Label;
use quick_cache::sync::Cache;
use service_runtime::CpuQueue;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

pub(crate) use tried::Tried;

use looking::{Held, Key, Looking, Saw, Told};
use tried::Counts;
use ways::{Network, Ways};

use super::choices::{Called, Choices};
use crate::{
    app::App,
    front_door::{
        addresses::InFolder,
        extract::Params,
        refusals::{Asked, Folder as OneFolder, Refusals, Turn},
    },
    pictures::decoding::Decoding,
    problem::{Kind, Problem},
};

/// What it takes to look at the pictures behind alerts, and what was seen of some.
pub(crate) struct Measures {
    decoding: Decoding,
    model: ModelConfig,
    /// The permit for whoever looks.
    turn: Semaphore,
    remembered: Cache<Key, Told>,
}

/// So many alerts of each label are looked at, the latest first.
const MOST_OF_EACH: usize = 25;

/// How long a request waits for its turn while another one looks.
const QUEUE_PATIENCE: Duration = Duration::from_secs(5);

/// How long one may look: less than a minute, which is what proxies wait.
const PATIENCE: Duration = Duration::from_secs(45);

/// What was seen is remembered of ten folders with as many alerts as are looked at: eight measures each, of some 200
/// bytes.
const REMEMBERED: usize = 10 * 2 * MOST_OF_EACH * 8;

impl Measures {
    /// Looks within these limits, and takes its turns on the processor in this queue.
    pub(crate) fn new(limits: Limits, queue: CpuQueue, model: ModelConfig) -> Self {
        Measures {
            decoding: Decoding::new(limits, queue),
            model,
            turn: Semaphore::new(1),
            remembered: Cache::new(REMEMBERED),
        }
    }

    async fn turn(&self) -> Result<SemaphorePermit<'_>, Problem> {
        match timeout(QUEUE_PATIENCE, self.turn.acquire()).await {
            Ok(Ok(turn)) => Ok(turn),
            _ => Err(Kind::Busy.because(
                "Pictures are being looked at by other measures for somebody else. Try again in a moment.",
            )),
        }
    }

    /// The network, made anew for each request: it is needed seldom, and takes 40 MB.
    async fn network(&self) -> Network {
        let model = self.model.clone();
        match self.decoding.run(move |_| Ok(model.load())).await {
            Ok(Ok(Ok(Some(model)))) => Network::There(model),
            Ok(Ok(Ok(None))) => Network::Missing,
            Ok(Ok(Err(error))) => Network::unusable(&error),
            Ok(Err(error)) => Network::unusable(&error),
            Err(error) => Network::unusable(&error),
        }
    }
}

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
    let mut looking = Looking::new(app, folder, held, ways);
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

#[cfg(test)]
mod tests {
    use service_runtime::CpuPool;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_looks_at_a_time_and_others_are_told_to_come_back() {
        let queue = CpuPool::default().queue();
        let measures = Measures::new(Limits::default(), queue, ModelConfig::none());
        let first = measures.turn().await.unwrap();
        assert_eq!(measures.turn().await.unwrap_err().kind, Kind::Busy);
        drop(first);
        assert!(measures.turn().await.is_ok());
    }
}
