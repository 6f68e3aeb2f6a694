//! The folders of a directory as cameras, each for the folder of its name: what the old system called `cctv_inputs`. One that
//! is made later becomes a camera as well. How a folder's files become frames is left to `cctv-sim`.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use cctv_sim::{
    CameraSpec,
    spec::{Play, SourceSpec},
};
use event_bus::{Bus, BusConfig, Folder, Role, StoreError};
use service_runtime::{Context, Failure};
use tokio::{task::spawn_blocking, time::sleep};
use tokio_util::task::TaskTracker;

/// After how long to look for new folders.
const LOOK: Duration = Duration::from_secs(2);

/// Runs them until shutdown.
pub(super) async fn run(
    directory: PathBuf,
    bus: BusConfig,
    context: Context,
) -> Result<(), Failure> {
    let connecting = Bus::connect(&bus, "framewatch-cctv-sim", Role::Guest);
    let Some(bus) = context.shutdown.run_until_cancelled(connecting).await else {
        return Ok(());
    };
    let watched = Watched {
        directory,
        bus: bus.map_err(Failure::unavailable)?,
        cameras: TaskTracker::new(),
        known: BTreeSet::new(),
        context,
    };
    watched.run().await;
    Ok(())
}

/// Refuses a directory that cannot be read before anything is started.
pub(super) fn check(directory: &Path) -> Result<(), Failure> {
    fs::read_dir(directory)
        .map(drop)
        .with_context(|| {
            format!(
                "--watch {}: it must be a folder that can be read",
                directory.display()
            )
        })
        .map_err(Failure::Usage)
}

struct Watched {
    directory: PathBuf,
    bus: Bus,
    cameras: TaskTracker,
    /// All that were seen, be their names those of folders or not.
    known: BTreeSet<PathBuf>,
    context: Context,
}

impl Watched {
    async fn run(mut self) {
        let shutdown = self.context.shutdown.clone();
        let looking = async {
            loop {
                self.look().await;
                sleep(LOOK).await;
            }
        };
        shutdown.run_until_cancelled(looking).await;
        self.cameras.close();
        self.cameras.wait().await;
        self.bus.close().await;
    }

    async fn look(&mut self) {
        let directory = self.directory.clone();
        let found = match spawn_blocking(move || folders(&directory)).await {
            Ok(Ok(found)) => found,
            // It may be back: a share that is away, a disk that is changed.
            Ok(Err(error)) => {
                return tracing::debug!(%error, "the watched directory cannot be read");
            }
            Err(error) => {
                return tracing::error!(%error, "looking into the watched directory failed");
            }
        };
        for path in found {
            if self.known.contains(&path) {
                continue;
            }
            match self.start(&path).await {
                Ok(()) => {
                    self.known.insert(path);
                }
                Err(error) => {
                    tracing::warn!(path = %path.display(), %error, "a folder is not watched yet; trying again");
                }
            }
        }
    }

    async fn start(&self, path: &Path) -> Result<(), StoreError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let folder: Folder = match name.parse() {
            Ok(folder) => folder,
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "a folder is not watched; rename it");
                return Ok(());
            }
        };
        self.bus.folders().make(&folder).await?;
        tracing::info!(path = %path.display(), "a folder is watched");
        let camera = CameraSpec {
            name: folder.to_string(),
            folder,
            source: SourceSpec::Pictures {
                dir: path.to_owned(),
                play: Play::Watch,
            },
            rate: 1.0,
            size: None,
            quality: None,
            incidents: Vec::new(),
        };
        let shutdown = self.context.shutdown.clone();
        self.cameras
            .spawn(cctv_sim::run_one(camera, self.bus.clone(), shutdown));
        Ok(())
    }
}

/// The folders in a directory, by name, but for hidden ones.
fn folders(directory: &Path) -> io::Result<BTreeSet<PathBuf>> {
    let mut folders = BTreeSet::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if !is_hidden && entry.path().is_dir() {
            folders.insert(entry.path());
        }
    }
    Ok(folders)
}
