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
    /// The most folders that nobody made whose cameras are watched: whoever may publish frames can name any number.
    most_unmade: usize,
    /// How many more such folders there may be, by the last count.
    room: usize,
    counted: Option<Instant>,
}

/// Between two counts: a flood must not have all cameras looked through with each frame.
const COUNT_EVERY: Duration = Duration::from_secs(1);

/// How far back the stream of frames shows that a camera sent nothing.
const FRAMES_REACH: Duration = Duration::from_secs(5 * 60);

impl Cameras {
    pub(super) fn new(observation: Observation, most_unmade: usize, state: Arc<State>) -> Self {
        Cameras {
            known: Mutex::new(Known {
                cameras: HashMap::new(),
                made: HashSet::new(),
                most_unmade,
                room: 0,
                counted: None,
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

    /// When the last frame of a folder was stored, by the broker's clock.
    pub(super) fn last_frame_at(&self, folder: &Folder) -> Option<OffsetDateTime> {
        let known = self.known.lock();
        let last = known.cameras.get(folder).and_then(Camera::last);
        last.map(|last| last.stored_at)
    }

    /// Changes what is known of one camera.
    pub(super) fn change<T>(&self, folder: &Folder, change: impl FnOnce(&mut Camera) -> T) -> T {
        let mut known = self.read();
        match known.get_mut(folder) {
            Some(camera) => change(camera),
            None => change(known.entry(folder.clone()).or_default()),
        }
    }

    /// Changes what is known of one camera, unless it is one more than may be of a folder that nobody made.
    fn change_if_watched(&self, folder: &Folder, change: impl FnOnce(&mut Camera)) {
        let is_watched = self.known.lock().has_room_for(folder, &self.state);
        if is_watched {
            return self.change(folder, change);
        }
        metrics::counter!("framewatch_camera_watch_dropped_total").increment(1);
        if self.complaints.is_due(&()) {
            tracing::warn!(
                %folder,
                "cameras send to more folders that nobody made than may be (--max-unmade-folders): further ones are not watched, and nobody \
                 is told that these are silent or frozen; make those that are wanted"
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
        let mut known = self.known.lock();
        if is_made {
            known.made.insert(folder);
        } else {
            known.made.remove(&folder);
            // Frames from before must not bring it back.
            known.cameras.entry(folder).or_default().remove(at);
        }
    }
}

impl Known {
    fn has_room_for(&mut self, folder: &Folder, state: &State) -> bool {
        let now = Instant::now();
        if self.concerns_people(folder, state) || self.is_watched(folder, state, now) {
            return true;
        }
        let is_counted = |counted| now.saturating_duration_since(counted) < COUNT_EVERY;
        if self.room == 0 && !self.counted.is_some_and(is_counted) {
            self.count(state, now);
        }
        let has_room = self.room > 0;
        self.room = self.room.saturating_sub(1);
        has_room
    }

    /// Counts those of folders that nobody made, and forgets what is known of those that are gone.
    fn count(&mut self, state: &State, now: Instant) {
        let folders = self.cameras.keys();
        let unmade = folders.filter(|folder| !self.concerns_people(folder, state));
        let unmade: Vec<Folder> = unmade.cloned().collect();
        let (watched, gone): (Vec<Folder>, Vec<Folder>) = unmade
            .into_iter()
            .partition(|folder| self.is_watched(folder, state, now));
        for folder in gone {
            if !self.cameras[&folder].is_told_of() {
                self.cameras.remove(&folder);
            }
        }
        self.room = self.most_unmade.saturating_sub(watched.len());
        self.counted = Some(now);
    }

    /// Whether the folder's camera has sent something lately, or its alert fires.
    fn is_watched(&self, folder: &Folder, state: &State, now: Instant) -> bool {
        let camera = self.cameras.get(folder);
        let is_current = camera.is_some_and(|camera| camera.is_current(now));
        is_current || state.has_camera_alert(folder)
    }

    fn concerns_people(&self, folder: &Folder, state: &State) -> bool {
        self.made.contains(folder) || state.concerns_people(folder)
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
