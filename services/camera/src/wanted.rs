//! Which cameras there are to be: those of the file, and those that were set by API. For a folder that both name, the file's.

use std::collections::BTreeMap;

use camera_settings::{CameraKey, CameraSpec, Networks, SetBy, stored_spec};
use event_bus::{Bus, CameraSettings, CameraSettingsChange, Folder, Latest};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// A camera that there is to be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Wanted {
    /// One to connect to.
    Camera(Box<CameraSpec>),
    /// One that cannot be connected to as it is set, and why.
    Unusable(String),
}

/// What is needed to use cameras that were set by API.
#[derive(Debug, Clone)]
pub(crate) struct ByApi {
    pub(crate) key: CameraKey,
    pub(crate) networks: Networks,
}

/// All cameras, by their folder.
pub(crate) fn wanted(
    of_file: &[CameraSpec],
    of_api: &BTreeMap<Folder, Wanted>,
) -> BTreeMap<Folder, Wanted> {
    let mut wanted = of_api.clone();
    for spec in of_file {
        let mut spec = spec.clone();
        if of_api.contains_key(&spec.folder) {
            spec.set_by = SetBy::FileBeforeApi;
        }
        wanted.insert(spec.folder.clone(), Wanted::Camera(Box::new(spec)));
    }
    wanted
}

impl ByApi {
    /// Follows what is set by API, until shutdown. Nothing is said before all of it is known: a bucket that is made anew does
    /// not take the cameras away that are put back into it.
    pub(crate) async fn follow(
        self,
        bus: Bus,
        shutdown: CancellationToken,
        cameras: watch::Sender<BTreeMap<Folder, Wanted>>,
    ) {
        let mut known = BTreeMap::new();
        let mut is_all = false;
        bus.follow::<CameraSettingsChange>(&shutdown, |latest| {
            match latest {
                Latest::Event(stored) => match stored.event.value {
                    Some(settings) => {
                        let wanted = self.wanted(&stored.key, &settings);
                        known.insert(stored.key, wanted);
                    }
                    None => {
                        known.remove(&stored.key);
                    }
                },
                Latest::Anew => {
                    known.clear();
                    is_all = false;
                }
                Latest::CaughtUp => is_all = true,
            }
            if is_all {
                cameras.send_if_modified(|before| {
                    let is_other = *before != known;
                    before.clone_from(&known);
                    is_other
                });
            }
        })
        .await;
    }

    fn wanted(&self, folder: &Folder, settings: &CameraSettings) -> Wanted {
        match stored_spec(folder, settings, &self.key, &self.networks) {
            Ok(spec) => Wanted::Camera(Box::new(spec)),
            Err(refused) => Wanted::Unusable(refused.to_string()),
        }
    }
}
