//! The sink: comparisons and alerts into Redis, under the keys that people query.
//!
//! It reads each stream in order and writes batches of events, each batch together with the position that it reaches, in
//! one step. So Redis always holds the effect of exactly the first so many events of a stream: a crash loses and repeats
//! nothing, any number of sinks may run, and a Redis that comes up empty is filled again from the beginning.
//!
//! In a cluster no step reaches two servers. There each key is written together with a position of its own, and the
//! position in the stream follows when the whole batch is there: the same holds for each key by itself.

mod address;
mod apply;
mod config;
mod connect;
mod connection;
mod format;
mod login;
mod process;
mod redis_keys;
mod removals;

pub use config::{AlertForm, AlertsConfig, Config};
pub use connect::connect;
pub use connection::Connection;
pub use login::{Redis, RedisLogin};
pub use process::main;
pub use redis_keys::{ALERTS, FOLDERS, alert_key, camera_alert_key, similarity_key, time_key};

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use event_bus::{Bus, FolderChange, ReadError, Stored, with_causes};
use proto::v1::{Alert, Comparison};
use redis::{AsyncCommands as _, RedisError};
use service_runtime::{Context, Failure};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::time::sleep;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Span;

use crate::{
    apply::{Applied, Position},
    format::FormatError,
    redis_keys::{Commands, Writing, removal},
    removals::Removals,
};

const BATCH: usize = 256;

/// After how long reading begins again.
const RETRY: Duration = Duration::from_millis(500);

/// Writes to Redis until shutdown.
pub async fn run(
    redis: Connection,
    alerts: AlertForm,
    bus: Bus,
    context: Context,
) -> Result<(), Failure> {
    let works = Arc::new(AtomicBool::new(true));
    context.readiness.require("sink: events reach Redis", {
        let works = Arc::clone(&works);
        move || works.load(Ordering::Relaxed)
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
        works,
        shutdown: context.shutdown.clone(),
    };
    let comparisons = async {
        // What was compared of a folder that is gone is not to be written.
        let known = removals_known.wait();
        if context.shutdown.run_until_cancelled(known).await.is_some() {
            knows_removals.store(true, Ordering::Relaxed);
            sink.keep_current::<Comparison>().await;
        }
    };
    tokio::join!(comparisons, sink.keep_current::<Alert>());
    tracker.close();
    tracker.wait().await;
    bus.close().await;
    Ok(())
}

struct Sink {
    redis: Connection,
    writing: Writing,
    bus: Bus,
    works: Arc<AtomicBool>,
    shutdown: CancellationToken,
}

/// Why writing stopped; it begins again at the position that Redis holds.
#[derive(Debug, thiserror::Error)]
enum Interrupted {
    #[error("Redis does not take writes; events wait in NATS meanwhile")]
    Redis(#[from] RedisError),
    #[error(transparent)]
    Format(#[from] FormatError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("Redis holds less than it did: it was emptied, or lost its last writes")]
    Behind,
}

impl Sink {
    /// Applies a stream until shutdown.
    async fn keep_current<E: Commands>(&self) {
        loop {
            let applying = self.shutdown.run_until_cancelled(self.apply_stream::<E>());
            let Some(interrupted) = applying.await else {
                return;
            };
            if self.works.swap(false, Ordering::Relaxed) {
                tracing::warn!(
                    stream = E::STREAM,
                    error = with_causes(&interrupted),
                    "beginning again"
                );
            }
            metrics::counter!("framewatch_sink_interruptions_total", "stream" => E::STREAM)
                .increment(1);
            if self
                .shutdown
                .run_until_cancelled(sleep(RETRY))
                .await
                .is_none()
            {
                return;
            }
        }
    }

    /// Returns only why it can't go on.
    async fn apply_stream<E: Commands>(&self) -> Interrupted {
        match self.try_apply_stream::<E>().await {
            Err(interrupted) => interrupted,
            Ok(never) => match never {},
        }
    }

    async fn try_apply_stream<E: Commands>(&self) -> Result<std::convert::Infallible, Interrupted> {
        let mut redis = self.redis.clone();
        format::check(&mut redis).await?;
        format::mark(&mut redis).await?;
        let mut position = Position::load::<E>(&mut redis).await?;
        let mut reader = self.bus.read::<E>(position.sequence()).await?;
        position
            .begin(reader.begins_after(), reader.made_at(), &mut redis)
            .await?;
        if !self.works.swap(true, Ordering::Relaxed) {
            tracing::info!(stream = E::STREAM, "writing to Redis again");
        }
        loop {
            if E::GOES_WITH_ITS_FOLDER {
                self.forget_removed(&mut redis).await?;
            }
            let batch = reader.next_batch(BATCH).await?;
            metrics::gauge!("framewatch_sink_waiting", "stream" => E::STREAM)
                .set(reader.waiting() as f64);
            if batch.is_empty() {
                if !position.is_held(&mut redis).await? {
                    return Err(Interrupted::Behind);
                }
                continue;
            }
            let spans = continue_traces(&batch);
            let applied = position.apply(&batch, &self.writing, &mut redis).await?;
            drop(spans);
            match applied {
                Applied::Done => {}
                Applied::RedisIsBehind => return Err(Interrupted::Behind),
            }
            metrics::counter!("framewatch_sink_events_total", "stream" => E::STREAM)
                .increment(batch.len() as u64);
        }
    }

    /// Takes away what Redis holds of folders that are gone. Done between two batches, so that nothing of before comes back.
    async fn forget_removed(&self, redis: &mut Connection) -> Result<(), RedisError> {
        let removals = &self.writing.removals;
        while let Some((folder, removed_at)) = removals.due() {
            let seen_at: Option<String> = redis.get(time_key(&folder)).await?;
            let seen_at = seen_at.and_then(|text| OffsetDateTime::parse(&text, &Rfc3339).ok());
            // The folder is there again, and has been compared.
            let is_newer = seen_at.is_some_and(|seen_at| seen_at > removed_at);
            let gone = match is_newer {
                true => Vec::new(),
                false => removal(&folder).into(),
            };
            for words in gone {
                redis::cmd(&words[0])
                    .arg(&words[1..])
                    .exec_async(redis)
                    .await?;
            }
            removals.done(&folder);
        }
        Ok(())
    }
}

/// A span for each event of the batch that is traced; they last as long as writing the batch does.
fn continue_traces<E: Commands>(batch: &[Stored<E>]) -> Vec<Span> {
    let traced = batch.iter().filter(|stored| stored.origin.is_known());
    traced
        .map(|stored| {
            let span = tracing::info_span!("write", stream = E::STREAM, folder = %stored.key, event = stored.sequence);
            stored.origin.continue_in(&span);
            span
        })
        .collect()
}
