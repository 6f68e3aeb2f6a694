//! All cameras: a task each, begun and ended as the file of cameras says, which is read again when it changes, and as is set
//! by API.

use std::{collections::BTreeMap, time::Duration};

use camera_settings::{CameraSpec, SetBy};
use event_bus::{Bus, Folder, with_causes};
use service_runtime::{Context, CpuQueue, Failure};
use time::OffsetDateTime;
use tokio::{
    sync::watch,
    task::{JoinHandle, spawn_blocking},
    time::sleep,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    CamerasFile, Outage,
    camera::Camera,
    config::Cameras,
    standing::Standing,
    telling::Telling,
    testing,
    wanted::{Wanted, wanted},
};

/// How often the file is read again, and those that it names.
const LOOK: Duration = Duration::from_secs(2);

/// Runs the cameras until shutdown.
///
/// # Errors
/// None; it is a service like the others.
pub async fn run(cameras: Cameras, bus: Bus, context: Context) -> Result<(), Failure> {
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
    let (of_file, seen_in_file) = watch::channel(cameras.of_file);
    let (of_api, seen_in_api) = watch::channel(BTreeMap::new());
    let helpers = TaskTracker::new();
    if let Some(file) = cameras.file {
        let reading = follow_file(file, of_file);
        helpers.spawn(context.shutdown.clone().run_until_cancelled_owned(reading));
    }
    if let Some(by_api) = cameras.by_api {
        let testing = testing::answer(by_api.clone(), bus.clone(), context.cpu.clone());
        helpers.spawn(context.shutdown.clone().run_until_cancelled_owned(testing));
        helpers.spawn(by_api.follow(bus.clone(), context.shutdown.clone(), of_api));
    }
    let following = fleet.follow(seen_in_file, seen_in_api);
    context.shutdown.run_until_cancelled(following).await;
    helpers.close();
    helpers.wait().await;
    fleet.end().await;
    bus.close().await;
    Ok(())
}

/// Reads the file again and again.
async fn follow_file(file: CamerasFile, cameras: watch::Sender<Vec<CameraSpec>>) {
    let mut complaint = None;
    loop {
        sleep(LOOK).await;
        let reading = file.clone();
        match spawn_blocking(move || reading.read()).await {
            Ok(Ok(read)) => {
                complaint = None;
                cameras.send_if_modified(|before| {
                    let is_other = *before != read;
                    *before = read;
                    is_other
                });
            }
            Ok(Err(error)) => {
                let said = with_causes(&error);
                if complaint.as_ref() != Some(&said) {
                    tracing::error!("the cameras stay as they are: {said}");
                }
                complaint = Some(said);
            }
            Err(error) => tracing::error!(%error, "reading the file of cameras failed"),
        }
    }
}

struct Fleet {
    bus: Bus,
    cpu: CpuQueue,
    /// By folder, which one camera has.
    running: BTreeMap<Folder, Running>,
    tellers: TaskTracker,
}

/// A camera that is connected to, or would be.
struct Running {
    wanted: Wanted,
    stop: CancellationToken,
    task: JoinHandle<()>,
    /// Ends telling how it stands.
    silence: CancellationToken,
    standing: watch::Sender<Standing>,
}

impl Fleet {
    /// Does what the file says, and what is set by API, whenever one of them changes.
    async fn follow(
        &mut self,
        mut of_file: watch::Receiver<Vec<CameraSpec>>,
        mut of_api: watch::Receiver<BTreeMap<Folder, Wanted>>,
    ) {
        loop {
            let wanted = {
                let (file, api) = (of_file.borrow_and_update(), of_api.borrow_and_update());
                wanted(&file, &api)
            };
            self.become_these(wanted).await;
            tokio::select! {
                Ok(()) = of_file.changed() => {}
                Ok(()) = of_api.changed() => {}
                else => std::future::pending().await,
            }
        }
    }

    /// Ends what is no more, begins what is new, and leaves alone what is the same.
    async fn become_these(&mut self, mut wanted: BTreeMap<Folder, Wanted>) {
        let stale: Vec<Folder> = self
            .running
            .iter()
            .filter(|(folder, running)| wanted.get(folder) != Some(&running.wanted))
            .map(|(folder, _)| folder.clone())
            .collect();
        for folder in stale {
            if let Some(running) = self.running.remove(&folder) {
                let ending = match wanted.contains_key(&folder) {
                    true => Ending::Replaced,
                    false => Ending::Removed,
                };
                running.end(ending).await;
            }
        }
        wanted.retain(|folder, _| !self.running.contains_key(folder));
        for (folder, wanted) in wanted {
            let running = self.begin(&folder, wanted);
            self.running.insert(folder, running);
        }
        metrics::gauge!("framewatch_sources").set(self.running.len() as f64);
    }

    fn begin(&self, folder: &Folder, wanted: Wanted) -> Running {
        let now = OffsetDateTime::now_utc();
        let standing = match &wanted {
            Wanted::Camera(spec) => Standing::new(&spec.name, folder, spec.set_by, now),
            Wanted::Unusable(why) => {
                let mut standing = Standing::new(folder, folder, SetBy::Api, now);
                standing.outage(&Outage::refused(why), now);
                standing
            }
        };
        let (standing, _) = watch::channel(standing);
        let telling = Telling {
            bus: self.bus.clone(),
            folder: folder.clone(),
            standing: standing.clone(),
        };
        let stop = CancellationToken::new();
        let silence = CancellationToken::new();
        let silenced = silence.clone();
        self.tellers.spawn(async move {
            silenced.run_until_cancelled(telling.run()).await;
        });
        let task = match &wanted {
            Wanted::Camera(spec) => {
                let (spec, bus, cpu) = ((**spec).clone(), self.bus.clone(), self.cpu.clone());
                tokio::spawn(Camera::new(spec, bus, cpu, standing.clone()).run(stop.clone()))
            }
            Wanted::Unusable(_) => tokio::spawn(stop.clone().cancelled_owned()),
        };
        Running {
            task,
            wanted,
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
            tracing::error!(%error, "a camera broke down");
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
