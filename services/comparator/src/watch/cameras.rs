//! What is known of all cameras, folded from the streams.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use parking_lot::{MappedMutexGuard, Mutex, MutexGuard};

use event_bus::{Bus, Folder, FolderChange, Folds, FrameArrival, Latest, Stored};
use log_limiter::LogLimiter;
use proto::v1::{CameraState, Comparison, Source};
use time::OffsetDateTime;
use tokio::time::Instant;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{camera::Camera, observation::Observation};
use crate::state::State;

/// What is known of all cameras. Written by the folds and by the rounds; no lock is held across an await.
pub(super) struct Cameras {
    known: Mutex<Known>,
    state: Arc<State>,
    observation: Observation,
    complaints: LogLimiter,
}

struct Known {
    cameras: HashMap<Folder, Camera>,
    /// The folders that somebody made.
    made: HashSet<Folder>,
    /// Of so many folders at most that nobody made cameras are watched: whoever may publish frames can name any number.
    most_unmade: usize,
    /// Whether there are so many. It is looked at again when a folder is made or removed.
    is_full: bool,
}

/// How far back the stream of frames tells that a camera sent nothing.
const FRAMES_REACH: Duration = Duration::from_secs(5 * 60);

impl Cameras {
    pub(super) fn new(observation: Observation, most_unmade: usize, state: Arc<State>) -> Self {
        Cameras {
            known: Mutex::new(Known {
                cameras: HashMap::new(),
                made: HashSet::new(),
                most_unmade,
                is_full: false,
            }),
            state,
            observation,
            complaints: LogLimiter::default(),
        }
    }

    pub(super) fn observation(&self) -> &Observation {
        &self.observation
    }

    pub(super) fn read(&self) -> MappedMutexGuard<'_, HashMap<Folder, Camera>> {
        MutexGuard::map(self.known.lock(), |known| &mut known.cameras)
    }

    /// Changes what is known of one camera.
    pub(super) fn change<T>(&self, folder: &Folder, change: impl FnOnce(&mut Camera) -> T) -> T {
        let mut known = self.read();
        match known.get_mut(folder) {
            Some(camera) => change(camera),
            None => change(known.entry(folder.clone()).or_default()),
        }
    }

    /// Changes what is known of one camera, unless it is one more of a folder that nobody made than may be.
    fn change_if_watched(&self, folder: &Folder, change: impl FnOnce(&mut Camera)) {
        let is_watched = self.known.lock().has_room_for(folder, &self.state);
        if is_watched {
            return self.change(folder, change);
        }
        metrics::counter!("framewatch_camera_watch_dropped_total").increment(1);
        if self.complaints.is_due(&()) {
            tracing::warn!(
                %folder,
                "cameras send to more folders that nobody made than may be (--max-unmade-folders): further ones are not watched, so that \
                 nobody hears when they are silent or frozen; make those that are wanted, and remove the others"
            );
        }
    }

    /// Takes in a frame that has just come, or of which nobody knew until now.
    pub(super) fn learn_frame(&self, stored: &Stored<FrameArrival>) {
        let whole_since = self.observation.whole_since();
        self.change_if_watched(&stored.key, |camera| {
            camera.learn_frame(stored, seen_at(stored.stored_at), whole_since);
        });
    }

    /// Takes in that somebody made or removed a folder.
    fn learn_folder(&self, folder: Folder, is_made: bool, at: OffsetDateTime) {
        match is_made {
            true => self.known.lock().make(folder),
            false => {
                self.known.lock().unmake(&folder);
                self.change(&folder, |camera| camera.remove(at));
            }
        }
    }
}

impl Known {
    fn has_room_for(&mut self, folder: &Folder, state: &State) -> bool {
        if self.cameras.contains_key(folder) || self.concerns_people(folder, state) {
            return true;
        }
        if !self.is_full {
            let unmade = self.cameras.iter();
            let unmade = unmade.filter(|(folder, camera)| {
                camera.is_watched() && !self.concerns_people(folder, state)
            });
            self.is_full = unmade.count() >= self.most_unmade;
        }
        !self.is_full
    }

    fn concerns_people(&self, folder: &Folder, state: &State) -> bool {
        self.made.contains(folder) || state.concerns_people(folder)
    }

    fn make(&mut self, folder: Folder) {
        self.made.insert(folder);
        self.is_full = false;
    }

    fn unmake(&mut self, folder: &Folder) {
        self.made.remove(folder);
        self.is_full = false;
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
            if let Some(folder) = change.key.folder() {
                cameras.learn_folder(folder, change.event.value.is_some(), change.stored_at);
            }
        }
    });
    let (cameras, bus) = (Arc::clone(cameras), bus.clone());
    async move {
        // What somebody made has room first.
        folders.wait().await;
        follow_what_they_send(&folds, &cameras).await;
        match bus.made_at::<FrameArrival>().await {
            Ok(made_at) => cameras.observation.reaches_back(seen_at(made_at)),
            // Then silence counts from now on.
            Err(error) => tracing::debug!(%error, "cannot ask since when frames are stored"),
        }
    }
}

async fn follow_what_they_send(folds: &Folds, cameras: &Arc<Cameras>) {
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
    // What was watched before goes on being watched.
    states.wait().await;
    let sources = folds.start::<Source>({
        let cameras = Arc::clone(cameras);
        move |source| {
            let heard = seen_at(source.stored_at);
            cameras.change_if_watched(&source.key, |camera| {
                camera.learn_source(source.event, heard);
            });
        }
    });
    let frames = follow_frames(folds, cameras);
    let comparisons = folds.start::<Comparison>({
        let cameras = Arc::clone(cameras);
        move |stored| {
            cameras.change_if_watched(&stored.key, |camera| {
                camera.learn_comparison(&stored.event);
            });
        }
    });
    tokio::join!(sources.wait(), frames.wait(), comparisons.wait());
}

fn follow_frames(folds: &Folds, cameras: &Arc<Cameras>) -> event_bus::CaughtUp {
    let cameras = Arc::clone(cameras);
    folds.start_with::<FrameArrival>(move |latest| match latest {
        Latest::Event(stored) => cameras.learn_frame(&stored),
        Latest::Anew => cameras.observation.interrupted(),
        Latest::CaughtUp => {}
    })
}

#[cfg(test)]
mod tests;
