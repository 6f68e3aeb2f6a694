//! The comparator: frames and uploads in, comparisons and alerts out.
//!
//! Stateless: what it knows is a fold over streams (`state`), so that it starts anywhere, dies at any
//! time, and any number of copies share the frames. A frame is acknowledged only after its comparison, and the alert
//! that may follow from it, are stored.
//!
//! - `lanes`: the frames of one folder one after another, those of different folders side by side.
//! - `judge`: what is done with one frame.
//! - `cascade`: what is remembered of each folder, so that frames which show nothing new need no network.
//! - `proposals`: which frames are proposed as normal pictures.
//! - `watch`: whether cameras still send, and what.
//! - `shadow`: comparing beside the others, without effect.
//!
//! What is said of a frame is left to `comparison`, whether an alert follows to `alerting`.

mod baselines;
mod cascade;
mod comparisons;
mod config;
mod digests;
mod found;
mod judge;
mod lanes;
mod looking;
mod misdirected;
mod overtaking;
mod process;
mod proposals;
mod recheck_queue;
mod references;
mod shadow;
mod state;
mod stored_looks;
mod watch;

pub use config::Config;
pub use process::main;
pub use shadow::ShadowConfig;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use alerting::{AlertStates, EvidenceWriter};
use event_bus::{Bus, FrameArrival, Work};
use log_limiter::LogLimiter;
use looks::Model;
use service_runtime::{Context, CpuPool, Failure};
use time::OffsetDateTime;
use tokio::{
    sync::mpsc,
    time::{interval, sleep},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    baselines::Baselines,
    cascade::Cascade,
    judge::Judge,
    lanes::Lanes,
    looking::Looking,
    overtaking::Overtaking,
    proposals::Proposals,
    recheck_queue::RecheckQueue,
    shadow::{Shadow, Tally},
    state::State,
    stored_looks::{StoredLooks, stored_looks},
    watch::Watch,
};

/// The durable consumer that all comparators share.
const FRAMES: Work = Work {
    consumer: "comparator",
    batch: 16,
    ack_wait: Duration::from_secs(30),
};

/// After how long to listen again for alerts that others publish.
const HEAR_AGAIN: Duration = Duration::from_secs(1);

/// Compares frames until shutdown.
pub async fn run(config: Config, bus: Bus, context: Context) -> Result<(), Failure> {
    let shutdown = context.shutdown.clone();
    let model = config.model.load().map_err(Failure::unavailable)?;
    match &model {
        Some(_) => tracing::info!("the measures view and parts are there"),
        None => tracing::warn!(
            "the measures view and parts are not there: the network's weights are not installed (scripts/get-tools.sh model gets them)"
        ),
    }
    let state = Arc::new(State::new(model.is_some()));
    let rechecks = Arc::new(RecheckQueue::default());
    let tracker = TaskTracker::new();

    let proposals = Proposals::new(&bus, &state.alerts, config.pace());
    let proposals_caught_up = proposals.follow(&tracker, &shutdown);
    let state_caught_up = state::follow(&state, &bus, &rechecks, &tracker, &shutdown);
    let watch = (!config.shadow.shadow).then(|| Watch::new(&bus, &config, &state));
    let watch_caught_up = watch
        .as_ref()
        .map(|watch| watch.follow(&tracker, &shutdown));
    let caught_up = async {
        tokio::join!(proposals_caught_up, state_caught_up);
        if let Some(watch_caught_up) = watch_caught_up {
            watch_caught_up.await;
        }
    };
    let ready = Arc::new(AtomicBool::new(false));
    context
        .readiness
        .require("comparator: references and alerts are loaded", {
            let ready = Arc::clone(&ready);
            move || ready.load(Ordering::Relaxed)
        });
    context
        .readiness
        .require("comparator: it has the measures of all rules", {
            let state = Arc::clone(&state);
            move || state.has_all_measures()
        });
    context.readiness.require("comparator: connected to NATS", {
        let bus = bus.clone();
        move || bus.is_connected()
    });

    context
        .readiness
        .require("comparator: all streams and buckets are there", {
            let bus = bus.clone();
            move || bus.follows_all()
        });

    let evidence = EvidenceWriter::new(&bus, config.evidence_limits());
    context
        .readiness
        .require("comparator: the pictures behind alerts are stored", {
            let evidence = evidence.clone();
            move || !evidence.is_behind()
        });

    if shutdown.run_until_cancelled(caught_up).await.is_some() {
        ready.store(true, Ordering::Relaxed);
        if config.shadow.shadow {
            tracing::info!("comparing in shadow: nothing is published");
            let at_a_time = context.cpu.size();
            let shadow = in_shadow(&config, &bus, state, model, context.cpu);
            shadow.run(at_a_time, &tracker, shutdown).await;
            return end(&tracker, &bus).await;
        }
        tracing::info!(references = state.folders().len(), "comparing");

        evidence.follow(&bus.folds(&tracker, &shutdown));
        let (queue, frames) = mpsc::channel(FRAMES.batch);
        let (puller, puller_shutdown) = (bus.clone(), shutdown.clone());
        tracker.spawn(async move { puller.work(FRAMES, queue, &puller_shutdown).await });
        tracker.spawn(shutdown.clone().run_until_cancelled_owned({
            let evidence = evidence.clone();
            async move { evidence.keep_trying().await }
        }));
        let hearing = hear_alerts(bus.clone(), Arc::clone(&state.alerts));
        tracker.spawn(shutdown.clone().run_until_cancelled_owned(hearing));
        tracker.spawn(measure_backlog(bus.clone(), shutdown.clone()));
        tracker.spawn(
            shutdown
                .clone()
                .run_until_cancelled_owned(misdirected::tell(bus.clone())),
        );
        let newest_frame = watch.as_ref().map(Watch::newest_frame);
        let overtaking = Overtaking::new(newest_frame.unwrap_or_else(|| Box::new(|_| None)));
        if let Some(watch) = watch {
            watch.start(&state, evidence.clone(), &tracker, &shutdown);
        }

        let workers = context.cpu.size();
        let (looks, writer) = stored_looks(&bus);
        tracker.spawn(shutdown.clone().run_until_cancelled_owned(writer.run()));
        let judge = Judge::new(
            bus.clone(),
            state,
            evidence.clone(),
            Looking::new(config.limits(), model, context.cpu),
            Baselines::new(&bus, looks, config.looks_max_bytes()),
            Cascade::new(!config.no_cascade),
            proposals,
        );
        Lanes::new(judge, overtaking, workers, shutdown)
            .run(frames, &rechecks)
            .await;
    }
    end(&tracker, &bus).await
}

async fn end(tracker: &TaskTracker, bus: &Bus) -> Result<(), Failure> {
    tracker.close();
    tracker.wait().await;
    bus.close().await;
    Ok(())
}

fn in_shadow(
    config: &Config,
    bus: &Bus,
    state: Arc<State>,
    model: Option<Arc<Model>>,
    cpu: CpuPool,
) -> Shadow {
    let looks = StoredLooks::read_only(bus);
    Shadow {
        bus: bus.clone(),
        state,
        looking: Looking::new(config.limits(), model, cpu),
        baselines: Baselines::new(bus, looks, config.looks_max_bytes()),
        config: config.shadow.clone(),
        tally: Tally::default(),
        failures: LogLimiter::default(),
    }
}

/// Takes in of which alerts others publish something, until it is dropped.
async fn hear_alerts(bus: Bus, alerts: Arc<AlertStates>) {
    loop {
        match bus.hear_alerts().await {
            Ok(mut heard) => {
                while let Some(subject) = heard.next().await {
                    alerts.hear(subject, OffsetDateTime::now_utc());
                }
            }
            Err(error) => tracing::debug!(%error, "alerts are not heard"),
        }
        sleep(HEAR_AGAIN).await;
    }
}

/// Tells how far the comparators together are behind, and how many frames went by unseen.
async fn measure_backlog(bus: Bus, shutdown: CancellationToken) {
    let mut ticks = interval(Duration::from_secs(5));
    while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
        match bus.progress::<FrameArrival>(FRAMES).await {
            Ok(progress) => {
                metrics::gauge!("framewatch_frames_waiting").set(progress.waiting as f64);
                metrics::gauge!("framewatch_frames_passed_over").set(progress.passed_over as f64);
            }
            Err(error) => tracing::debug!(%error, "cannot ask how far the comparators are"),
        }
    }
}
