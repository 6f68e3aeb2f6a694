//! The sink: comparisons and alerts into Redis, under the keys that people query.
//!
//! It reads each stream in order and writes batches of events, each batch together with the position that it reaches, in
//! one step. So Redis always holds the effect of exactly the first so many events of a stream: a crash loses and repeats
//! nothing, any number of sinks may run, and a Redis that comes up empty is filled again from the beginning. Except for keys
//! that Redis refuses: they get what they lack when they can be written (`wanted`).
//!
//! In a cluster no step reaches two servers. There each key is written together with a position of its own, and the
//! position in the stream follows when the whole batch is there: the same holds for each key by itself.

mod address;
mod apply;
mod config;
mod connect;
mod connection;
mod entries;
mod format;
mod interrupted;
mod login;
mod position;
mod process;
mod redis_keys;
mod removals;
mod standing;
mod stream;
mod wanted;

pub use config::{AlertForm, AlertsConfig, Config};
pub use connect::connect;
pub use connection::Connection;
pub use login::{Redis, RedisLogin};
pub use process::main;
pub use redis_keys::{ALERTS, FOLDERS, alert_key, camera_alert_key, similarity_key, time_key};

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use event_bus::{Bus, Event, FolderChange};
use proto::v1::{Alert, Comparison};
use service_runtime::{Context, Failure};
use tokio_util::task::TaskTracker;

use crate::{redis_keys::Writing, removals::Removals, standing::Standing, stream::Sink};

/// Writes to Redis until shutdown.
pub async fn run(
    redis: Connection,
    alerts: AlertForm,
    bus: Bus,
    context: Context,
) -> Result<(), Failure> {
    let [of_comparisons, of_alerts] = [Comparison::STREAM, Alert::STREAM].map(|stream| {
        let standing = Standing::new(stream);
        let shown = standing.clone();
        let readiness = &context.readiness;
        readiness.require_unless(move || shown.explanation());
        standing
    });
    context.readiness.require("sink: connected to NATS", {
        let bus = bus.clone();
        move || bus.is_connected()
    });

    let knows_removals = Arc::new(AtomicBool::new(false));
    context
        .readiness
        .require("sink: knows which folders are removed", {
            let knows_removals = Arc::clone(&knows_removals);
            move || knows_removals.load(Ordering::Relaxed)
        });
    let tracker = TaskTracker::new();
    let removals = Removals::default();
    let folds = bus.folds(&tracker, &context.shutdown);
    let removals_known = folds.start_at_the_first::<FolderChange>({
        let removals = removals.clone();
        move |change| removals.learn(change)
    });
    let sink = Sink {
        redis,
        writing: Writing { alerts, removals },
        bus: bus.clone(),
        shutdown: context.shutdown.clone(),
    };
    let comparisons = async {
        // What was compared of a folder that is gone is not to be written.
        let known = removals_known.wait();
        if context.shutdown.run_until_cancelled(known).await.is_some() {
            knows_removals.store(true, Ordering::Relaxed);
            sink.keep_current::<Comparison>(&of_comparisons).await;
        }
    };
    tokio::join!(comparisons, sink.keep_current::<Alert>(&of_alerts));
    tracker.close();
    tracker.wait().await;
    bus.close().await;
    Ok(())
}
