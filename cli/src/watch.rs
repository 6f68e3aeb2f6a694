//! `framewatch watch`: prints alerts as they come.

use event_bus::{Bus, BusConfig, Event, Latest, Role};
use proto::v1::{Alert, Comparison, Phase};
use serde::Serialize;
use service_runtime::Failure;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::lines;

#[derive(clap::Args)]
pub(crate) struct Watch {
    /// Show every comparison too
    #[arg(long)]
    comparisons: bool,

    /// One JSON object a line, with the member `alert` or `comparison`
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    bus: BusConfig,
}

/// Something to show.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Shown {
    Alert(Alert),
    Comparison(Comparison),
}

impl Shown {
    pub(crate) fn line(&self) -> String {
        match self {
            Shown::Alert(alert) => lines::alert(alert),
            Shown::Comparison(comparison) => lines::comparison(comparison),
        }
    }
}

/// As many as may wait for a slow terminal; beyond that, events are passed over.
const QUEUE: usize = 10_000;

impl Watch {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let bus = Bus::connect(&self.bus, "framewatch watch", Role::Worker)
            .await
            .map_err(Failure::unavailable)?;
        let shutdown = CancellationToken::new();
        let (sender, mut seen) = mpsc::channel(QUEUE);
        tokio::spawn(alerts(bus.clone(), sender.clone(), shutdown.clone()));
        if self.comparisons {
            tokio::spawn(comparisons(bus, sender, shutdown.clone()));
        }
        let _end = shutdown.drop_guard();
        while let Some(seen) = seen.recv().await {
            lines::print(if self.json {
                serde_json::to_string(&seen)?
            } else {
                seen.line()
            })?;
        }
        Ok(())
    }
}

/// Sends the alerts that are firing, then those that come.
pub(crate) async fn alerts(bus: Bus, sender: mpsc::Sender<Shown>, shutdown: CancellationToken) {
    live::<Alert>(&bus, &shutdown, |alert, is_new| {
        if is_new || alert.phase() == Phase::Firing {
            send(&sender, Shown::Alert(alert));
        }
    })
    .await;
}

async fn comparisons(bus: Bus, sender: mpsc::Sender<Shown>, shutdown: CancellationToken) {
    live::<Comparison>(&bus, &shutdown, |comparison, is_new| {
        if is_new {
            send(&sender, Shown::Comparison(comparison));
        }
    })
    .await;
}

/// Hands on each event once, and whether it came after the beginning.
async fn live<E: Event>(bus: &Bus, shutdown: &CancellationToken, mut hand_on: impl FnMut(E, bool)) {
    let (mut last, mut caught_up) = (0, false);
    bus.follow::<E>(shutdown, |latest| match latest {
        Latest::Event(stored) => {
            let was_said = stored.sequence <= last || (caught_up && stored.first_said_at.is_some());
            last = last.max(stored.sequence);
            if !was_said {
                hand_on(stored.event, caught_up);
            }
        }
        Latest::Anew => last = 0,
        Latest::CaughtUp => caught_up = true,
    })
    .await;
}

fn send(sender: &mpsc::Sender<Shown>, seen: Shown) {
    if sender.try_send(seen).is_err() {
        tracing::debug!("the terminal is too slow, or gone: an event is not shown");
    }
}
