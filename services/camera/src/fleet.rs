//! All cameras: a task each, begun and ended as the file of cameras says, which is read again when it changes.

use std::{collections::BTreeMap, time::Duration};

use event_bus::{Bus, Folder, with_causes};
use service_runtime::{Context, CpuQueue, Failure};
use time::OffsetDateTime;
use tokio::{
    sync::watch,
    task::{JoinHandle, spawn_blocking},
    time::sleep,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{CameraSpec, CamerasFile, camera::Camera, standing::Standing, telling::Telling};

/// How often the file is read again, and those that it names.
const LOOK: Duration = Duration::from_secs(2);

/// Runs the cameras until shutdown.
///
/// # Errors
/// None; it is a service like the others.
pub async fn run(
    file: CamerasFile,
    cameras: Vec<CameraSpec>,
    bus: Bus,
    context: Context,
) -> Result<(), Failure> {
    context.readiness.require("camera: connected to NATS", {
        let bus = bus.clone();
        move || bus.is_connected()
    });
    // Whoever asks by https needs it; that somebody has chosen the same already is no fault.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let mut fleet = Fleet {
        cpu: context.cpu.queue(),
        bus: bus.clone(),
        running: BTreeMap::new(),
        tellers: TaskTracker::new(),
    };
    fleet.become_these(cameras).await;
    context
        .shutdown
        .run_until_cancelled(fleet.follow(file))
        .await;
    fleet.end().await;
    bus.close().await;
    Ok(())
}

struct Fleet {
    bus: Bus,
    cpu: CpuQueue,
    running: BTreeMap<Folder, Running>,
    tellers: TaskTracker,
}

/// A camera that is connected to.
struct Running {
    spec: CameraSpec,
    stop: CancellationToken,
    task: JoinHandle<()>,
    /// Ends telling how it stands.
    silence: CancellationToken,
    standing: watch::Sender<Standing>,
}

impl Fleet {
    /// Reads the file again and again, and does what it says.
    async fn follow(&mut self, file: CamerasFile) {
        let mut complaint = None;
        loop {
            sleep(LOOK).await;
            let reading = file.clone();
            let read = match spawn_blocking(move || reading.read()).await {
                Ok(read) => read,
                Err(error) => {
                    tracing::error!(%error, "reading the file of cameras failed");
                    continue;
                }
            };
            match read {
                Ok(cameras) => {
                    complaint = None;
                    self.become_these(cameras).await;
                }
                Err(error) => {
                    let said = with_causes(&error);
                    if complaint.as_ref() != Some(&said) {
                        tracing::error!("the cameras stay as they are: {said}");
                    }
                    complaint = Some(said);
                }
            }
        }
    }

    /// Ends what is no more, begins what is new, and leaves alone what is the same.
    async fn become_these(&mut self, cameras: Vec<CameraSpec>) {
        let mut wanted: BTreeMap<Folder, CameraSpec> = cameras
            .into_iter()
            .map(|spec| (spec.name.clone(), spec))
            .collect();
        let stale: Vec<Folder> = self
            .running
            .iter()
            .filter(|(name, running)| wanted.get(name) != Some(&running.spec))
            .map(|(name, _)| name.clone())
            .collect();
        for name in stale {
            if let Some(running) = self.running.remove(&name) {
                let goes_on = wanted
                    .values()
                    .any(|spec| spec.folder == running.spec.folder);
                let ending = if goes_on {
                    Ending::Replaced
                } else {
                    Ending::Removed
                };
                running.end(ending).await;
            }
        }
        wanted.retain(|name, _| !self.running.contains_key(name));
        for (name, spec) in wanted {
            let running = self.begin(spec);
            self.running.insert(name, running);
        }
        metrics::gauge!("framewatch_sources").set(self.running.len() as f64);
    }

    fn begin(&self, spec: CameraSpec) -> Running {
        let standing = Standing::new(&spec.name, &spec.folder, OffsetDateTime::now_utc());
        let (standing, _) = watch::channel(standing);
        let telling = Telling {
            bus: self.bus.clone(),
            folder: spec.folder.clone(),
            standing: standing.clone(),
        };
        let camera = Camera::new(
            spec.clone(),
            self.bus.clone(),
            self.cpu.clone(),
            standing.clone(),
        );
        let stop = CancellationToken::new();
        let silence = CancellationToken::new();
        let silenced = silence.clone();
        self.tellers.spawn(async move {
            silenced.run_until_cancelled(telling.run()).await;
        });
        Running {
            task: tokio::spawn(camera.run(stop.clone())),
            spec,
            stop,
            silence,
            standing,
        }
    }

    async fn end(self) {
        for running in self.running.into_values() {
            running.end(Ending::Replaced).await;
        }
        self.tellers.close();
        self.tellers.wait().await;
    }
}

/// What becomes of a camera that is connected to no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// Another one has its folder, or the service ends.
    Replaced,
    /// Its folder has none any more.
    Removed,
}

impl Running {
    async fn end(self, ending: Ending) {
        self.stop.cancel();
        if let Err(error) = self.task.await {
            tracing::error!(camera = %self.spec.name, %error, "a camera broke down");
        }
        match ending {
            Ending::Replaced => self.silence.cancel(),
            // Whoever tells it ends by itself then.
            Ending::Removed => self
                .standing
                .send_modify(|standing| standing.removed(OffsetDateTime::now_utc())),
        }
    }
}
