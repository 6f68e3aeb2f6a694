//! The notifier: alerts to people, told once, in time, with the picture.
//!
//! What it knows is a fold over streams and buckets (`known`): how each episode stands, who acknowledged it, what is silenced,
//! and who was told. The file of routes ([`RoutesFile`]), or what people have set in their place (`in_force`), says who is to be
//! told of what; `cases` holds the one against the other. What follows is decided by `outbox`, which is pure, and carried out by `delivery`, a task for each receiver. Any
//! number of copies may run: each message is sent by the one whose turn it is, and none is forgotten when that dies.
//!
//! What a message looks like and how it reaches a receiver is left to the crate `receivers`.

mod cases;
mod config;
mod delivery;
mod fleet;
mod in_force;
mod known;
mod messages;
mod outbox;
mod page;
mod process;
mod questions;
mod routes;
mod routes_file;
mod trial;

pub use config::Config;
pub use page::{InvalidPageUrl, PageUrl};
pub use process::main;
pub use receivers::Outcome;
pub use routes::Routes;
pub use routes_file::RoutesFile;
pub use trial::UnknownReceiver;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use parking_lot::RwLock;

use event_bus::{
    AcknowledgementChange, Bus, FolderChange, NoticeChange, RoutesChange, SilenceChange, TurnChange,
};
use proto::v1::{Alert, CameraState};
use service_runtime::{Context, Failure};
use tokio::{
    sync::watch,
    time::{Instant, interval},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    delivery::Shared, fleet::Fleet, in_force::SetByPeople, known::Knowledge, messages::Messages,
};

/// How often episodes that are over are forgotten.
const FORGET_AFTER: Duration = Duration::from_secs(30);

/// Tells people of alerts until shutdown.
///
/// # Errors
/// None; it is a service like the others.
pub async fn run(
    file: RoutesFile,
    routes: Routes,
    bus: Bus,
    context: Context,
) -> Result<(), Failure> {
    // Whoever asks by https needs it; that somebody has chosen the same already is no fault.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let knowledge = Arc::new(Knowledge::default());
    let ready = require(&bus, &context);
    let tracker = TaskTracker::new();
    let given = watch::Sender::new(None);
    let caught_up = follow(&knowledge, &given, &bus, &tracker, &context.shutdown);
    if context
        .shutdown
        .run_until_cancelled(caught_up)
        .await
        .is_some()
    {
        ready.store(true, Ordering::Relaxed);
        let shared = Shared {
            messages: Messages::new(&bus, &knowledge, context.cpu.queue()),
            bus: bus.clone(),
            knowledge: Arc::clone(&knowledge),
            routes: Arc::new(RwLock::default()),
            refused: Arc::default(),
            copy: uuid::Uuid::now_v7().to_string().into(),
            began: Instant::now(),
            complaints: Arc::default(),
        };
        tracing::info!(
            receivers = routes.receivers.len(),
            routes = routes.routes.len(),
            "telling people of alerts"
        );
        let mut fleet = Fleet::new(shared.clone());
        let set = given.borrow().clone();
        fleet.begin(routes, set.as_deref()).await;
        tracker.spawn(
            context
                .shutdown
                .clone()
                .run_until_cancelled_owned(questions::answer(shared)),
        );
        tracker.spawn(
            context
                .shutdown
                .clone()
                .run_until_cancelled_owned(forget(knowledge)),
        );
        context
            .shutdown
            .run_until_cancelled(fleet.follow(file, given.subscribe()))
            .await;
        fleet.end().await;
    }
    tracker.close();
    tracker.wait().await;
    bus.close().await;
    Ok(())
}

/// Requires what must hold before anybody can be told. The answer becomes true when all is known.
fn require(bus: &Bus, context: &Context) -> Arc<AtomicBool> {
    let ready = Arc::new(AtomicBool::new(false));
    let readiness = &context.readiness;
    readiness.require("notifier: alerts and notices are loaded", {
        let ready = Arc::clone(&ready);
        move || ready.load(Ordering::Relaxed)
    });
    readiness.require("notifier: connected to NATS", {
        let bus = bus.clone();
        move || bus.is_connected()
    });
    readiness.require("notifier: all streams and buckets are there", {
        let bus = bus.clone();
        move || bus.follows_all()
    });
    ready
}

/// Keeps what is known up to date; the answer ends when all is known that there was. Alerts come last: until it is known who was
/// told, none must be told again.
async fn follow(
    knowledge: &Arc<Knowledge>,
    given: &watch::Sender<SetByPeople>,
    bus: &Bus,
    tracker: &TaskTracker,
    shutdown: &CancellationToken,
) {
    let folds = bus.folds(tracker, shutdown);
    let known = || Arc::clone(knowledge);
    let notices = folds.start_with::<NoticeChange>({
        let known = known();
        move |latest| known.change(|known| known.learn_notice(latest))
    });
    let turns = folds.start_with::<TurnChange>({
        let known = known();
        move |latest| known.change_quietly(|known| known.learn_turn(latest))
    });
    let silences = folds.start_with::<SilenceChange>({
        let known = known();
        move |latest| known.change(|known| known.learn_silence(latest))
    });
    let folders = folds.start::<FolderChange>({
        let known = known();
        move |change| known.change(|known| known.learn_folder(change))
    });
    let cameras = folds.start::<CameraState>({
        let known = known();
        move |stored| known.change_quietly(|known| known.learn_camera(stored.key))
    });
    let acknowledgements = folds.start::<AcknowledgementChange>({
        let known = known();
        move |change| known.change(|known| known.learn_acknowledgement(change))
    });
    let given = given.clone();
    let routes = folds.start::<RoutesChange>(move |change| in_force::learn(&given, change));
    tokio::join!(
        routes.wait(),
        notices.wait(),
        turns.wait(),
        silences.wait(),
        folders.wait(),
        cameras.wait(),
        acknowledgements.wait()
    );
    let alerts = folds.start_with_the_first::<Alert>({
        let known = known();
        move |latest| known.change(|known| known.learn_alert(latest))
    });
    alerts.wait().await;
}

async fn forget(knowledge: Arc<Knowledge>) {
    let mut ticks = interval(FORGET_AFTER);
    loop {
        ticks.tick().await;
        knowledge.change_quietly(known::Known::forget_what_is_over);
    }
}
