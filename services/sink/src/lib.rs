//! The sink: comparisons and alerts into Redis, under the keys that people query.
//!
//! It takes batches in stream order, writes each in one pipeline and acknowledges it after Redis has taken it. Writing a
//! batch twice changes nothing, so a crash at any moment loses nothing. While Redis is away the events wait in NATS.

mod config;
mod redis_keys;

pub use config::{Config, Connection, connect};
pub use redis_keys::{ALERTS, FOLDERS, alert_key, similarity_key};

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use event_bus::{Bus, Delivery, Event, Work};
use proto::v1::{Alert, Comparison};
use service_runtime::{Context, Failure};
use tokio::{sync::mpsc, time::sleep};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::redis_keys::Write;

const BATCH: usize = 256;
const COMPARISONS: Work = Work {
    consumer: "sink-comparisons",
    batch: BATCH,
    ack_wait: Duration::from_secs(30),
};
const ALERT_EVENTS: Work = Work {
    consumer: "sink-alerts",
    batch: BATCH,
    ack_wait: Duration::from_secs(30),
};

/// How often a write is tried again while Redis does not take it.
const RETRY: Duration = Duration::from_millis(500);

/// Writes to Redis until shutdown.
pub async fn run(redis: Connection, bus: Bus, context: Context) -> Result<(), Failure> {
    let redis_works = Arc::new(AtomicBool::new(true));
    context.readiness.require("sink: Redis takes writes", {
        let redis_works = Arc::clone(&redis_works);
        move || redis_works.load(Ordering::Relaxed)
    });
    context.readiness.require("sink: connected to NATS", {
        let bus = bus.clone();
        move || bus.is_connected()
    });

    let writer = Writer {
        redis,
        redis_works,
        shutdown: context.shutdown,
    };
    let tracker = TaskTracker::new();
    writer.start::<Comparison>(&bus, COMPARISONS, &tracker);
    writer.start::<Alert>(&bus, ALERT_EVENTS, &tracker);
    tracker.close();
    tracker.wait().await;
    bus.close().await;
    Ok(())
}

#[derive(Clone)]
struct Writer {
    redis: Connection,
    redis_works: Arc<AtomicBool>,
    shutdown: CancellationToken,
}

impl Writer {
    fn start<E: Event + Write>(&self, bus: &Bus, work: Work, tracker: &TaskTracker) {
        let (queue, events) = mpsc::channel(BATCH);
        let (bus, shutdown) = (bus.clone(), self.shutdown.clone());
        tracker.spawn(async move { bus.work(work, queue, &shutdown).await });
        tracker.spawn(self.clone().write_batches::<E>(events));
    }

    async fn write_batches<E: Event + Write>(self, mut events: mpsc::Receiver<Delivery<E>>) {
        let mut batch = Vec::with_capacity(BATCH);
        while events.recv_many(&mut batch, BATCH).await > 0 {
            if self
                .shutdown
                .run_until_cancelled(self.write(&batch))
                .await
                .is_none()
            {
                return;
            }
            metrics::counter!("framewatch_sink_events_total", "stream" => E::STREAM)
                .increment(batch.len() as u64);
            for delivery in batch.drain(..) {
                delivery.done().await;
            }
        }
    }

    /// Tries until Redis has taken the batch.
    async fn write<E: Event + Write>(&self, batch: &[Delivery<E>]) {
        let mut pipeline = redis::pipe();
        for delivery in batch {
            delivery.stored.event.write(&delivery.stored, &mut pipeline);
        }
        while let Err(error) = pipeline.query_async::<()>(&mut self.redis.clone()).await {
            if self.redis_works.swap(false, Ordering::Relaxed) {
                tracing::warn!(%error, "Redis does not take writes; events wait in NATS meanwhile");
            }
            metrics::counter!("framewatch_sink_failed_writes_total").increment(1);
            sleep(RETRY).await;
        }
        if !self.redis_works.swap(true, Ordering::Relaxed) {
            tracing::info!("Redis takes writes again");
        }
    }
}
