//! The watch over cameras: whether each still sends, whether what it sends can be read, and whether its picture still moves.
//! What it finds becomes alerts on `alerts.<folder>.camera` and states on `cameras.<folder>`.
//!
//! Every comparator watches all cameras, since a watch must not die with one of them. What several find at the same time is
//! said once: alerts and states are published by compare-and-set.
//!
//! - `camera`: what is known of one camera, and what follows. Pure.
//! - `gaps`, `stillness`, `garbage`: parts of it: how often it sends, how long its picture has been the same, since when it
//!   cannot be read. Pure.
//! - `connection`: what the camera service says of its connection to it. Pure.
//! - `cameras`: what is known of all of them, folded from the streams.
//! - `observation`: since when nothing has kept this process from seeing what they send.
//! - `rounds`: looks at all of them again and again, and carries out what follows.
//! - `report`: the lines in the log.
//!
//! `alerting` carries out what follows, and says so once an episode.

mod camera;
mod cameras;
mod connection;
mod gaps;
mod garbage;
mod observation;
mod report;
mod rounds;
mod stillness;

use std::{sync::Arc, time::Duration};

use alerting::{Clock, EvidenceWriter, Transitions};
use event_bus::Bus;
use log_limiter::LogLimiter;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{Config, overtaking::NewestFrame, state::State};
use cameras::Cameras;
use observation::Observation;
use rounds::Rounds;

/// Watches all cameras.
pub(crate) struct Watch {
    bus: Bus,
    cameras: Arc<Cameras>,
    frame_kept_after: Duration,
}

impl Watch {
    pub(crate) fn new(bus: &Bus, config: &Config, state: &Arc<State>) -> Self {
        let grace = Duration::from_secs(config.camera_grace_s.into());
        Watch {
            bus: bus.clone(),
            cameras: Arc::new(Cameras::new(
                Observation::new(grace),
                config.max_unmade_folders as usize,
                Arc::clone(state),
            )),
            frame_kept_after: config.frame_kept_after,
        }
    }

    /// Learns what cameras send until shutdown. Resolves when all that was there is loaded.
    pub(crate) fn follow(
        &self,
        tracker: &TaskTracker,
        shutdown: &CancellationToken,
    ) -> impl Future<Output = ()> + use<> {
        cameras::follow(&self.cameras, &self.bus, tracker, shutdown)
    }

    /// Tells when the newest frame of a folder was stored, of which a camera is watched.
    pub(crate) fn newest_frame(&self) -> NewestFrame {
        let cameras = Arc::clone(&self.cameras);
        Box::new(move |folder| cameras.last_frame_at(folder))
    }

    /// Watches until shutdown.
    pub(crate) fn start(
        self,
        state: &Arc<State>,
        evidence: EvidenceWriter,
        tracker: &TaskTracker,
        shutdown: &CancellationToken,
    ) {
        let observing = {
            let (cameras, bus) = (Arc::clone(&self.cameras), self.bus.clone());
            async move { cameras.observation().keep(&bus).await }
        };
        let alerts = Arc::clone(&state.alerts);
        let clock = Clock::of_machine();
        let transitions = Transitions::new(self.bus.clone(), alerts, evidence, clock);
        let rounds = Rounds {
            bus: self.bus,
            cameras: self.cameras,
            state: Arc::clone(state),
            transitions,
            kept_after: self.frame_kept_after,
            failures: LogLimiter::default(),
        };
        tracker.spawn(shutdown.clone().run_until_cancelled_owned(observing));
        tracker.spawn(shutdown.clone().run_until_cancelled_owned(rounds.run()));
    }
}
