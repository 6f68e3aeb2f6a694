//! All cameras: a task each, begun and ended as the file of cameras says, which is read again when it changes, and as is set
//! by API.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use camera_settings::CameraSpec;
use event_bus::{Bus, Folder, with_causes};
use futures::future::join_all;
use service_runtime::{Context, CpuQueue, Failure};
use tokio::{
    sync::{oneshot, watch},
    task::{JoinHandle, spawn_blocking},
    time::sleep,
};
use tokio_util::task::TaskTracker;

use crate::{
    CamerasFile,
    charge::{Charge, Ending},
    config::{Cameras, Copies},
    sharing::Sharing,
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
        sharing: None,
        running: BTreeMap::new(),
        folders: watch::channel(BTreeSet::new()).0,
    };
    let helpers = TaskTracker::new();
    if cameras.copies == Copies::Several {
        fleet.sharing = Some(share(&fleet, &context, &helpers));
    }
    let (of_file, seen_in_file) = watch::channel(cameras.of_file);
    let (of_api, seen_in_api) = watch::channel(BTreeMap::new());
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
    fleet.end().await;
    helpers.close();
    helpers.wait().await;
    bus.close().await;
    Ok(())
}

/// Begins to share the cameras with other copies of the service.
fn share(fleet: &Fleet, context: &Context, helpers: &TaskTracker) -> Arc<Sharing> {
    let sharing = Arc::new(Sharing::new(&fleet.bus));
    context
        .readiness
        .require("camera: it is known which copy has which camera", {
            let sharing = Arc::clone(&sharing);
            move || sharing.is_current()
        });
    helpers.spawn({
        let (sharing, shutdown) = (Arc::clone(&sharing), context.shutdown.clone());
        async move { sharing.follow(&shutdown).await }
    });
    helpers.spawn({
        let (sharing, shutdown) = (Arc::clone(&sharing), context.shutdown.clone());
        let wanted = fleet.folders.subscribe();
        async move {
            shutdown.run_until_cancelled(sharing.even_out(wanted)).await;
        }
    });
    sharing
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
    /// With other copies of the service, where there may be any.
    sharing: Option<Arc<Sharing>>,
    /// By folder, which one camera has.
    running: BTreeMap<Folder, Running>,
    /// The folders of all of them.
    folders: watch::Sender<BTreeSet<Folder>>,
}

/// A camera that there is to be.
struct Running {
    wanted: Wanted,
    ending: oneshot::Sender<Ending>,
    task: JoinHandle<()>,
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
        let stale = self.running.extract_if(.., |folder, running| {
            wanted.get(folder) != Some(&running.wanted)
        });
        let ending: Vec<_> = stale
            .map(|(folder, running)| {
                running.end(match wanted.contains_key(&folder) {
                    true => Ending::Replaced,
                    false => Ending::Removed,
                })
            })
            .collect();
        join_all(ending).await;
        self.folders.send_replace(wanted.keys().cloned().collect());
        wanted.retain(|folder, _| !self.running.contains_key(folder));
        for (folder, wanted) in wanted {
            let running = self.begin(&folder, wanted);
            self.running.insert(folder, running);
        }
    }

    fn begin(&self, folder: &Folder, wanted: Wanted) -> Running {
        let charge = Charge {
            bus: self.bus.clone(),
            cpu: self.cpu.clone(),
            folder: folder.clone(),
            wanted: wanted.clone(),
            sharing: self.sharing.clone(),
        };
        let (ending, ended) = oneshot::channel();
        Running {
            wanted,
            ending,
            task: tokio::spawn(charge.run(ended)),
        }
    }

    async fn end(self) {
        let running = self.running.into_values();
        join_all(running.map(|running| running.end(Ending::Shutdown))).await;
    }
}

impl Running {
    async fn end(self, ending: Ending) {
        // One that broke down waits for no word.
        self.ending.send(ending).ok();
        if let Err(error) = self.task.await {
            tracing::error!(%error, "seeing to a camera broke down");
        }
    }
}
