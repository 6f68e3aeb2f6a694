//! A camera that there is to be: where it is our turn, it is connected to and told how it stands, until it is to end or is
//! another copy's.

use std::{sync::Arc, time::Duration};

use camera_settings::SetBy;
use event_bus::{Bus, Folder};
use proto::v1::Source;
use service_runtime::CpuQueue;
use time::OffsetDateTime;
use tokio::{
    sync::{oneshot, watch},
    task::JoinHandle,
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use turn_taking::Grip;

use crate::{
    Outage,
    camera::Camera,
    sharing::{Over, Sharing, Taken, Turn},
    standing::Standing,
    telling::Telling,
    wanted::Wanted,
};

/// How long it may take to read the state that another copy published.
const READ_WITHIN: Duration = Duration::from_secs(1);

/// It is said again each minute; what is older says nothing.
const CURRENT: time::Duration = time::Duration::minutes(3);

/// A camera that there is to be.
pub(crate) struct Charge {
    pub(crate) bus: Bus,
    pub(crate) cpu: CpuQueue,
    pub(crate) folder: Folder,
    pub(crate) wanted: Wanted,
    /// With other copies of the service, where there may be any.
    pub(crate) sharing: Option<Arc<Sharing>>,
}

/// Why a camera is connected to no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Another one has its folder.
    Replaced,
    /// Its folder has none any more.
    Removed,
    /// The service ends.
    Shutdown,
}

impl Charge {
    /// Sees to the camera until it is said why it ends.
    pub(crate) async fn run(self, mut ending: oneshot::Receiver<Ending>) {
        let Some(sharing) = &self.sharing else {
            let held = self.hold(self.new_standing(), None);
            // Whoever has begun it says how it ends.
            let ending = ending.await.unwrap_or(Ending::Shutdown);
            return held.end(ending).await;
        };
        let mut turn = Turn::new(sharing, &self.folder);
        let mut before = None;
        loop {
            let taken = tokio::select! {
                _ = &mut ending => return,
                taken = turn.take() => taken,
            };
            let standing = match (taken, before.take()) {
                (Taken::Again, Some(standing)) => standing,
                (Taken::Again, None) | (Taken::New, _) => self.new_standing(),
                (Taken::Over, _) => self.standing_with_another().await,
            };
            let held = self.hold(standing, Some(turn.grip()));
            let over = tokio::select! {
                ending = &mut ending => {
                    let ending = ending.unwrap_or(Ending::Shutdown);
                    held.end(ending).await;
                    return match ending {
                        // The one that has its folder now takes the turn as well.
                        Ending::Replaced => {}
                        Ending::Removed => turn.forget().await,
                        Ending::Shutdown => turn.leave_to("").await,
                    };
                }
                over = turn.keep() => over,
            };
            before = Some(held.standing.borrow().clone());
            held.end(Ending::Replaced).await;
            let folder = &self.folder;
            match over {
                Over::Lost => tracing::info!(%folder, "another copy may have this camera now"),
                Over::Asked(copy) => {
                    tracing::info!(%folder, "another copy has fewer cameras and gets this one");
                    turn.leave_to(&copy).await;
                }
            }
        }
    }

    fn new_standing(&self) -> Standing {
        let now = OffsetDateTime::now_utc();
        let (camera, set_by) = self.camera();
        let mut standing = Standing::new(camera, &self.folder, set_by, now);
        if let Wanted::Unusable(why) = &self.wanted {
            standing.outage(&Outage::refused(why), now);
        }
        standing
    }

    /// As another copy has said it, where that is known: a copy that dies is no change of how a camera stands.
    async fn standing_with_another(&self) -> Standing {
        let mut standing = self.new_standing();
        let read = self.bus.latest::<Source>(&self.folder);
        if let Ok(Ok(Some(said))) = timeout(READ_WITHIN, read).await
            && OffsetDateTime::now_utc() - said.stored_at < CURRENT
            && said.event.camera == self.camera().0.to_string()
            && matches!(self.wanted, Wanted::Camera(_))
        {
            standing.goes_on_from(&said.event);
        }
        standing
    }

    fn camera(&self) -> (&Folder, SetBy) {
        match &self.wanted {
            Wanted::Camera(spec) => (&spec.name, spec.set_by),
            Wanted::Unusable(_) => (&self.folder, SetBy::Api),
        }
    }

    fn hold(&self, standing: Standing, grip: Option<Grip>) -> Held {
        let (standing, _) = watch::channel(standing);
        let telling = Telling {
            bus: self.bus.clone(),
            folder: self.folder.clone(),
            standing: standing.clone(),
            grip: grip.clone(),
        };
        let stop = CancellationToken::new();
        let silence = CancellationToken::new();
        let camera = match &self.wanted {
            Wanted::Camera(spec) => {
                let (spec, bus, cpu) = ((**spec).clone(), self.bus.clone(), self.cpu.clone());
                let camera = Camera::new(spec, bus, cpu, standing.clone(), grip);
                tokio::spawn(camera.run(stop.clone()))
            }
            Wanted::Unusable(_) => tokio::spawn(stop.clone().cancelled_owned()),
        };
        metrics::gauge!("framewatch_sources").increment(1.0);
        Held {
            camera,
            stop,
            telling: tokio::spawn(telling.run(silence.clone())),
            silence,
            standing,
        }
    }
}

/// A camera that is connected to, or would be.
struct Held {
    camera: JoinHandle<()>,
    stop: CancellationToken,
    telling: JoinHandle<()>,
    silence: CancellationToken,
    standing: watch::Sender<Standing>,
}

impl Held {
    async fn end(self, ending: Ending) {
        self.stop.cancel();
        if let Err(error) = self.camera.await {
            tracing::error!(%error, "a camera broke down");
        }
        match ending {
            Ending::Replaced | Ending::Shutdown => self.silence.cancel(),
            // Whoever tells it ends by itself then.
            Ending::Removed => self
                .standing
                .send_modify(|standing| standing.removed(OffsetDateTime::now_utc())),
        }
        if let Err(error) = self.telling.await {
            tracing::error!(%error, "telling how a camera stands broke down");
        }
        metrics::gauge!("framewatch_sources").decrement(1.0);
    }
}
