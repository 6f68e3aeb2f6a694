//! The upload service: web pages, REST, server-sent events, reference pictures.
//!
//! It alone stores and deletes reference pictures, and says in `UPLOADS` which of them frames are compared with. What it
//! shows is a fold over streams, so that any number of copies show the same: that is `folder-state`. Comparing is left to
//! `comparison`.
//!
//! Each feature has a room: its API, pages, forms and tests side by side.
//!
//! - `overview`: the page of all folders.
//! - `folders`: which there are, what people say of them, the page of one.
//! - `references`: what frames are compared with: references, normal pictures, proposals.
//! - `rules`: how frames are judged.
//! - `alerts`: alerts, and who has one in hand.
//! - `silences`, `routes`, `notices`, `told`: of which alerts nobody is told, who is told of which, who was, and what
//!   these may do by a message's link.
//! - `cameras`: those that are set on the page or by API; the latest frame.
//! - `drift`: folders whose pictures want renewing.
//! - `live`: server-sent events.
//! - `docs`: the document of the API.
//!
//! What the rooms share:
//!
//! - `router`: the calls of all rooms, and what each request passes.
//! - `front_door`: what all features share of HTTP.
//! - `access`: who may do what; logging in.
//! - `app`: what every handler is given.
//! - `folder_writer`: every change of a folder, in an order that a crash at any moment cannot spoil.
//! - `pictures`: taken from requests, checked, made small, sent.
//! - `quotas`: how many folders there may be, and how much their pictures may take.
//! - `problem`: whatever can go wrong, as a client sees it.
//! - `broker`: NATS, every call bounded in time.

mod access;
mod alerts;
mod app;
mod broker;
mod cameras;
mod config;
mod docs;
mod drift;
mod folder_writer;
mod folders;
mod followed;
mod front_door;
mod live;
mod measure;
mod notices;
mod overview;
mod pictures;
mod problem;
mod process;
mod quotas;
mod references;
mod router;
mod routes;
mod rules;
mod silences;
mod told;

pub use access::AccessConfig;
pub use config::{Config, parse_threshold};
pub use process::main;
pub use quotas::QuotaConfig;

use std::{sync::Arc, time::Duration};

use event_bus::{Bus, Folder};
use folder_state::{FolderStates, Histories, HistoryPace, keep_history};
use proto::v1::Rule;
use service_runtime::{Context, Failure};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
    time::timeout,
};
use tokio_util::task::TaskTracker;

use crate::{
    access::Access,
    app::{App, MAX_VIEWERS},
    broker::Broker,
    cameras::settings::Cameras,
    folder_writer::Folders,
    followed::Followed,
    live::pace::Pace,
    notices::known::Notices,
    pictures::{
        decoding::Decoding, inspection::Inspection, places::Places, thumbnails::Thumbnails,
    },
    problem::Problem,
    references::learning::keep_learning,
    rules::measures::means::Measures,
    silences::known::Silences,
};

/// The folders that exist from the start.
const FIRST_FOLDERS: [&str; 6] = [
    "folder1", "folder2", "folder3", "folder4", "folder5", "folder6",
];

/// How long changes that have begun may take to end after the last request has.
const GRACE: Duration = Duration::from_secs(1);

/// Serves HTTP until shutdown.
pub async fn run(
    listener: TcpListener,
    config: Config,
    bus: Bus,
    context: Context,
) -> Result<(), Failure> {
    let shutdown = context.shutdown.clone();
    let tracker = TaskTracker::new();
    config.access.check(listener.local_addr()?)?;
    let most_unmade = config.quotas.max_unmade_folders as usize;
    let states = Arc::new(FolderStates::with_unmade(most_unmade));
    let pace = Arc::new(Pace::new(Arc::clone(&states)));
    let broker = Broker::new(bus.clone());
    let access = Access::open(&config.access, &broker, &bus, &tracker, &shutdown).await?;
    let cameras = Cameras::new(&config.cameras, broker.clone())?;
    let folders = Folders::new(
        broker.clone(),
        cameras.clone(),
        Arc::clone(&states),
        config.quotas.clone(),
        tracker.clone(),
    );

    bus.keep_standing(&tracker, &shutdown);

    let first_rule = first_rule(&config);
    let silences = Arc::new(Followed::<Silences>::default());
    let notices = Arc::new(Followed::<Notices>::default());
    let caught_up = {
        let states = states.follow(&bus, &tracker, &shutdown);
        let silences = Silences::follow(&silences, &bus, &tracker, &shutdown);
        let notices = Notices::follow(&notices, &bus, &tracker, &shutdown);
        async move {
            tokio::join!(states, silences, notices);
        }
    };
    let (loaded_sender, loaded) = watch::channel(false);
    require(&context, &bus, loaded.clone());
    tracker.spawn({
        let (pace, shutdown) = (Arc::clone(&pace), shutdown.clone());
        async move { pace.keep(shutdown).await }
    });
    tracker.spawn({
        let (states, bus, shutdown) = (Arc::clone(&states), bus.clone(), shutdown.clone());
        let most = config.quotas.metrics_max_folders as usize;
        async move { measure::measure(&states, &bus, most, &shutdown).await }
    });
    tracker.spawn({
        let (states, bus, shutdown) = (Arc::clone(&states), bus.clone(), shutdown.clone());
        async move { drift::written::keep_written(&states, &bus, &shutdown).await }
    });
    tracker.spawn({
        let (bus, tracker, shutdown) = (bus.clone(), tracker.clone(), shutdown.clone());
        async move { keep_history(&bus, HistoryPace::default(), &tracker, &shutdown).await }
    });
    tracker.spawn(shutdown.clone().run_until_cancelled_owned({
        let (states, bus) = (Arc::clone(&states), bus.clone());
        async move { states.recall(&bus).await }
    }));
    tracker.spawn(shutdown.clone().run_until_cancelled_owned({
        let (broker, folders, shutdown) = (broker.clone(), folders.clone(), shutdown.clone());
        async move {
            caught_up.await;
            put_in_order(&broker, &folders, first_rule).await;
            loaded_sender.send_replace(true);
            folders.keep_reconciled(shutdown).await;
        }
    }));

    let decoding = || Decoding::new(config.limits(), context.cpu.queue());
    let (inspection, thumbnails) = (Inspection::new(decoding()), Thumbnails::new(decoding()));
    let one_at_a_time = context.cpu.queue_of(1);
    let measures = Measures::new(config.limits(), one_at_a_time, config.model.clone());
    let connections = config.connections();
    let app = Arc::new(App {
        inspection,
        thumbnails,
        measures,
        uploads: Places::new(config.max_concurrent_uploads),
        viewers: Arc::new(Semaphore::new(MAX_VIEWERS)),
        config,
        access,
        states,
        notices,
        silences,
        pace,
        histories: Histories::new(bus.clone()),
        broker,
        folders,
        cameras,
        loaded,
        tracker: tracker.clone(),
        shutdown: shutdown.clone(),
    });
    tracker.spawn(keep_learning(Arc::clone(&app)));
    tracing::info!(address = %listener.local_addr()?, "serving HTTP");
    http_server::serve(listener, router::router(app), connections, &shutdown).await;
    end(&tracker, &bus).await;
    Ok(())
}

fn require(context: &Context, bus: &Bus, loaded: watch::Receiver<bool>) {
    context
        .readiness
        .require("upload: everything is loaded", move || *loaded.borrow());
    context.readiness.require("upload: connected to NATS", {
        let bus = bus.clone();
        move || bus.is_connected()
    });
    let bus = bus.clone();
    context
        .readiness
        .require("upload: all streams and buckets are there", move || {
            bus.follows_all()
        });
}

/// The default rule where none is set.
enum FirstRule {
    /// In a new installation alone: others have been judged without.
    OfANewOne(Rule),
    /// Wherever there is none.
    Anywhere(Rule),
    Nothing,
}

fn first_rule(config: &Config) -> FirstRule {
    match config.default_threshold {
        Some(threshold) => FirstRule::Anywhere(Rule::of_phash(threshold)),
        None if config.model.file().is_some() => FirstRule::OfANewOne(Rule::of_view()),
        None => FirstRule::Nothing,
    }
}

/// Makes the first folders and the first default rule, and does what an earlier process left undone.
async fn put_in_order(broker: &Broker, folders: &Folders, first_rule: FirstRule) {
    let first = FIRST_FOLDERS.map(|name| {
        let folder: Folder = name.parse().expect("these are names of folders");
        folder
    });
    let set_rule = || set_first_rule(broker, folders, &first_rule);
    broker.until_done("the default rule", set_rule).await;
    let seed = || broker.seed(&first);
    broker.until_done("the first folders", seed).await;
    folders.reconcile_all().await;
}

/// What is set already is left as it is: people may have set it on the page since.
async fn set_first_rule(
    broker: &Broker,
    folders: &Folders,
    first: &FirstRule,
) -> Result<(), Problem> {
    let rule = match first {
        FirstRule::Anywhere(rule) => rule,
        FirstRule::OfANewOne(rule) if !broker.is_seeded().await? => rule,
        FirstRule::OfANewOne(_) | FirstRule::Nothing => return Ok(()),
    };
    folders.set_first_default_rule(rule.clone()).await
}

async fn end(tracker: &TaskTracker, bus: &Bus) {
    tracker.close();
    if timeout(GRACE, tracker.wait()).await.is_err() {
        tracing::warn!("changes that did not end within {GRACE:?} are cut off");
    }
    bus.close().await;
}
