//! Tells how a camera stands: in the log when it changes, in metrics, and on `sources.<folder>`.

use std::time::Duration;

use event_bus::{Bus, Folder};
use proto::v1::{Source, SourceState};
use time::OffsetDateTime;
use tokio::{
    sync::watch,
    time::{Instant, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;
use turn_taking::Grip;

use crate::standing::Standing;

/// A state that did not change is published again after this time.
const AGAIN: Duration = Duration::from_secs(60);

/// After so long it is looked whether a camera still comes and goes, and what could not be published is tried again.
const LOOK: Duration = Duration::from_secs(5);

const PUBLISHED_WITHIN: Duration = Duration::from_secs(5);

pub(crate) struct Telling {
    pub(crate) bus: Bus,
    pub(crate) folder: Folder,
    pub(crate) standing: watch::Sender<Standing>,
    /// The hold on the camera's turn, where other copies of the service may have the camera.
    pub(crate) grip: Option<Grip>,
}

impl Telling {
    /// Tells until it is to be silent, or the camera is none any more.
    pub(crate) async fn run(self, silence: CancellationToken) {
        let mut told = None;
        silence.run_until_cancelled(self.tell(&mut told)).await;
        if let Some((state, _)) = told {
            self.gauge(state).set(0.0);
        }
    }

    async fn tell(&self, told: &mut Option<(SourceState, String)>) {
        let mut changes = self.standing.subscribe();
        let mut due = Instant::now();
        loop {
            let source = changes.borrow_and_update().source().clone();
            let now = (source.state(), source.reason.clone());
            let is_other = told.as_ref().map(|(state, _)| *state) != Some(now.0);
            if is_other {
                self.log(&source, told.as_ref().map(|(state, _)| *state));
            }
            if told.as_ref() != Some(&now) || Instant::now() >= due {
                *told = Some(now);
                let is_published = self.publish(&source).await;
                due = Instant::now() + if is_published { AGAIN } else { LOOK };
            }
            if source.state() == SourceState::Removed {
                return;
            }
            tokio::select! {
                changed = changes.changed() => if changed.is_err() { return },
                () = sleep_until(Instant::now() + LOOK) => {
                    let now = OffsetDateTime::now_utc();
                    self.standing.send_if_modified(|standing| standing.settle(now));
                }
            }
        }
    }

    fn log(&self, source: &Source, before: Option<SourceState>) {
        if let Some(before) = before {
            self.gauge(before).set(0.0);
        }
        self.gauge(source.state()).set(1.0);
        let (camera, state, reason) = (&source.camera, source.state().words(), &source.reason);
        match source.state() {
            SourceState::Online | SourceState::Connecting | SourceState::Removed => {
                tracing::info!(camera, state, reason, "a camera");
            }
            _ => tracing::warn!(camera, state, reason, "a camera"),
        }
    }

    fn gauge(&self, state: SourceState) -> metrics::Gauge {
        let state = state.words().replace(' ', "-");
        metrics::gauge!("framewatch_source_state", "folder" => self.folder.to_string(), "state" => state)
    }

    async fn publish(&self, source: &Source) -> bool {
        // Another copy may have said something else since.
        if self.grip.as_ref().is_some_and(|grip| !grip.is_sure()) {
            return false;
        }
        let published = self.bus.publish_source(&self.folder, source);
        match timeout(PUBLISHED_WITHIN, published).await {
            Ok(Ok(_)) => true,
            Ok(Err(error)) => {
                tracing::debug!(camera = source.camera, %error, "how a camera stands is not published");
                false
            }
            Err(_) => false,
        }
    }
}
