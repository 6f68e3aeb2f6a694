//! What is known of all cameras, folded from the streams.

use std::{collections::HashMap, sync::Arc, time::Duration};

use parking_lot::{Mutex, MutexGuard};

use event_bus::{Bus, Folder, FolderChange, FrameArrival, Latest, Stored};
use proto::v1::{CameraState, Comparison, Source};
use time::OffsetDateTime;
use tokio::time::Instant;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{camera::Camera, observation::Observation};

/// What is known of all cameras. Written by the folds and by the rounds; no lock is held across an await.
pub(super) struct Cameras {
    known: Mutex<HashMap<Folder, Camera>>,
    observation: Observation,
}

/// How far back the stream of frames tells that a camera sent nothing.
const FRAMES_REACH: Duration = Duration::from_secs(5 * 60);

impl Cameras {
    pub(super) fn new(observation: Observation) -> Self {
        Cameras {
            known: Mutex::default(),
            observation,
        }
    }

    pub(super) fn observation(&self) -> &Observation {
        &self.observation
    }

    pub(super) fn read(&self) -> MutexGuard<'_, HashMap<Folder, Camera>> {
        self.known.lock()
    }

    /// Changes what is known of one camera.
    pub(super) fn change<T>(&self, folder: &Folder, change: impl FnOnce(&mut Camera) -> T) -> T {
        let mut known = self.read();
        match known.get_mut(folder) {
            Some(camera) => change(camera),
            None => change(known.entry(folder.clone()).or_default()),
        }
    }

    /// Takes in a frame that has just come, or of which nobody knew until now.
    pub(super) fn learn_frame(&self, stored: &Stored<FrameArrival>) {
        let whole_since = self.observation.whole_since();
        self.change(&stored.key, |camera| {
            camera.learn_frame(stored, seen_at(stored.stored_at), whole_since);
        });
    }
}

/// A time of the broker's by this process's clock. The two clocks need not agree: a frame of the future comes now, and one
/// of the past is no older than what the stream remembers.
fn seen_at(stored_at: OffsetDateTime) -> Instant {
    let now = Instant::now();
    let age = (OffsetDateTime::now_utc() - stored_at).try_into();
    now - age.unwrap_or(Duration::ZERO).min(FRAMES_REACH)
}

/// Keeps `cameras` up to date. Resolves when all that was there is loaded.
pub(super) fn follow(
    cameras: &Arc<Cameras>,
    bus: &Bus,
    tracker: &TaskTracker,
    shutdown: &CancellationToken,
) -> impl Future<Output = ()> + use<> {
    let folds = bus.folds(tracker, shutdown);
    let folders = folds.start::<FolderChange>({
        let cameras = Arc::clone(cameras);
        move |change| {
            if let (Some(folder), None) = (change.key.folder(), change.event.value) {
                cameras.change(&folder, |camera| camera.remove(change.stored_at));
            }
        }
    });
    let states = folds.start_with::<CameraState>({
        let cameras = Arc::clone(cameras);
        move |latest| match latest {
            Latest::Event(state) => cameras.change(&state.key, |camera| {
                camera.learn_state(state.event, state.sequence);
            }),
            Latest::Anew => cameras.read().values_mut().for_each(Camera::forget_told),
            Latest::CaughtUp => {}
        }
    });
    let sources = folds.start::<Source>({
        let cameras = Arc::clone(cameras);
        move |source| {
            let heard = seen_at(source.stored_at);
            cameras.change(&source.key, |camera| {
                camera.learn_source(source.event, heard)
            });
        }
    });
    let (frames, comparisons) = (follow_frames(&folds, cameras), {
        let cameras = Arc::clone(cameras);
        folds.start::<Comparison>(move |stored| {
            cameras.change(&stored.key, |camera| camera.learn_comparison(&stored.event));
        })
    });
    let (cameras, bus) = (Arc::clone(cameras), bus.clone());
    async move {
        tokio::join!(
            folders.wait(),
            states.wait(),
            sources.wait(),
            frames.wait(),
            comparisons.wait()
        );
        match bus.made_at::<FrameArrival>().await {
            Ok(made_at) => cameras.observation.reaches_back(seen_at(made_at)),
            // Then silence counts from now on.
            Err(error) => tracing::debug!(%error, "cannot ask since when frames are stored"),
        }
    }
}

fn follow_frames(folds: &event_bus::Folds, cameras: &Arc<Cameras>) -> event_bus::CaughtUp {
    let cameras = Arc::clone(cameras);
    folds.start_with::<FrameArrival>(move |latest| match latest {
        Latest::Event(stored) => cameras.learn_frame(&stored),
        Latest::Anew => cameras.observation.interrupted(),
        Latest::CaughtUp => {}
    })
}
