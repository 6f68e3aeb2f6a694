//! What a subscriber sees, and how long it took.

use std::{sync::Arc, time::Duration};

use event_bus::{Bus, BusConfig, Role};
use prost::Message;
use proto::{
    from_timestamp,
    v1::{Alert, Comparison},
};
use redis::{
    AsyncCommands,
    streams::{StreamReadOptions, StreamReadReply},
};
use time::OffsetDateTime;
use tokio::{
    sync::Mutex,
    task::JoinHandle,
    time::{Instant, sleep},
};

use crate::rig::{Rig, folder};

/// Times from the publishing of a frame until something that follows from it is there, in milliseconds.
#[derive(Debug, Default, Clone)]
pub(crate) struct Latencies {
    pub(crate) comparisons: Vec<f64>,
    /// Of so many comparisons the verdict was carried on.
    pub(crate) carried: usize,
    pub(crate) alerts: Vec<f64>,
    pub(crate) alerts_in_redis: Vec<f64>,
}

/// Watches NATS and Redis as a subscriber does.
pub(crate) struct Observer {
    found: Arc<Mutex<Latencies>>,
    tasks: Vec<JoinHandle<()>>,
}

impl Observer {
    /// `except` is a folder of which nothing is recorded.
    pub(crate) async fn start(rig: &Rig, except: Option<usize>) -> Self {
        let except = except.map(|number| format!("comparisons.{}", folder(number)));
        let found = Arc::new(Mutex::new(Latencies::default()));
        let client = async_nats::connect(rig.nats.url()).await.unwrap();
        let mut comparisons = client.subscribe("comparisons.*").await.unwrap();
        let mut alerts = client.subscribe("alerts.>").await.unwrap();
        client.flush().await.unwrap();
        let of_comparisons = tokio::spawn({
            let found = Arc::clone(&found);
            async move {
                while let Some(message) = futures::StreamExt::next(&mut comparisons).await {
                    if except.as_deref() == Some(message.subject.as_str()) {
                        continue;
                    }
                    let comparison = Comparison::decode(message.payload).unwrap();
                    let frame = comparison.frame.unwrap();
                    let mut found = found.lock().await;
                    found.carried += usize::from(comparison.carried_from.is_some());
                    found.comparisons.push(since(&frame));
                }
            }
        });
        let of_alerts = tokio::spawn({
            let found = Arc::clone(&found);
            async move {
                while let Some(message) = futures::StreamExt::next(&mut alerts).await {
                    let alert = Alert::decode(message.payload).unwrap();
                    found.lock().await.alerts.push(since(&alert.frame.unwrap()));
                }
            }
        });
        let of_redis = tokio::spawn(watch_redis(rig.redis().await, Arc::clone(&found)));
        Observer {
            found,
            tasks: vec![of_comparisons, of_alerts, of_redis],
        }
    }

    /// What was seen, once no more comes.
    pub(crate) async fn finish(self) -> Latencies {
        let mut seen = 0;
        let mut quiet_since = Instant::now();
        while quiet_since.elapsed() < Duration::from_millis(500) {
            sleep(Duration::from_millis(50)).await;
            let found = self.found.lock().await;
            let now = found.comparisons.len() + found.alerts.len() + found.alerts_in_redis.len();
            if now != seen {
                (seen, quiet_since) = (now, Instant::now());
            }
        }
        self.tasks.iter().for_each(JoinHandle::abort);
        std::mem::take(&mut *self.found.lock().await)
    }
}

/// The entry in the stream of alerts is written in one step with the key of the folder.
async fn watch_redis(mut redis: redis::aio::MultiplexedConnection, found: Arc<Mutex<Latencies>>) {
    redis.set_response_timeout(Duration::from_secs(3600));
    let options = StreamReadOptions::default().block(0);
    let mut after = "$".to_owned();
    loop {
        let reply: Option<StreamReadReply> = redis
            .xread_options(&[sink::ALERTS], &[&after], &options)
            .await
            .unwrap();
        for entry in reply
            .into_iter()
            .flat_map(|reply| reply.keys)
            .flat_map(|key| key.ids)
        {
            let json: String = entry.get("alert").unwrap();
            let alert: Alert = serde_json::from_str(&json).unwrap();
            let latency = since(&alert.frame.unwrap());
            found.lock().await.alerts_in_redis.push(latency);
            after = entry.id;
        }
    }
}

fn since(frame: &proto::v1::Frame) -> f64 {
    let captured_at = frame.captured_at.as_ref().and_then(from_timestamp).unwrap();
    (OffsetDateTime::now_utc() - captured_at).as_seconds_f64() * 1000.0
}

/// A percentile of these values: the least that so many of a hundred do not exceed.
pub(crate) fn percentile(values: &[f64], percent: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied()
}

/// How many frames comparators have passed over so far.
pub(crate) async fn passed_over(rig: &Rig) -> u64 {
    let bus = Bus::connect(&BusConfig::for_url(rig.nats.url()), "bench", Role::Worker)
        .await
        .unwrap();
    let work = event_bus::Work {
        consumer: "comparator",
        batch: 1,
        ack_wait: Duration::from_secs(30),
    };
    let progress = bus.progress::<event_bus::FrameArrival>(work).await;
    progress.unwrap().passed_over
}
