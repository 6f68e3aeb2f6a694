//! Six simulated cameras with their references.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use accounts::{Issued, Note, Role, Token};
use cctv_sim::CameraSpec;
use event_bus::{Bus, BusConfig};
use log_limiter::LogLimiter;
use serde::Deserialize;
use service_runtime::{Context, Failure, RuntimeConfig};
use time::OffsetDateTime;
use tokio::{task::spawn_blocking, time::sleep};

use crate::api::{Api, ApiConfig};

/// The demo's cameras as a process of its own, beside services that run elsewhere.
#[derive(clap::Args)]
pub(crate) struct Demo {
    #[command(flatten)]
    api: ApiConfig,

    #[command(flatten)]
    bus: BusConfig,

    #[command(flatten)]
    runtime: RuntimeConfig,
}

impl Demo {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let ops = SocketAddr::from((Ipv4Addr::LOCALHOST, OPS_PORT));
        service_runtime::run("framewatch-cctv-sim", &self.runtime, ops, |context| {
            run(self.api, self.bus, context)
        })
        .await
    }
}

const OPS_PORT: u16 = 9503;

pub(crate) const WHAT_HAPPENS: &str = "\
Six simulated cameras are running, one in each of folder1 to folder6. The camera of folder2 is covered after 20 s, that of
folder4 is turned after 45 s, and that of folder6 is out of focus after 80 s, each for 15 s, and again every 2 minutes. Every
5 minutes folder5 shows what folder6 should (after 110 s), something stands in the view of folder1 (140 s), folder3 freezes (165 s),
and folder1 sends nothing (220 s). By another measure than view some of this is not seen. Their alerts show here:
";

#[derive(Deserialize)]
struct Folder {
    reference: Option<proto::v1::Upload>,
}

/// Something that is in the view for less than this, in seconds, raises no alert.
const HOLD: f64 = 3.0;

/// After how many seconds a demo's camera that stands still is frozen: sooner than others, so that it can be watched.
const FROZEN: f64 = 20.0;

const RETRY: Duration = Duration::from_millis(200);

/// Until then the upload service may be starting.
const STARTS_WITHIN: Duration = Duration::from_secs(10);

/// By then the references are uploaded.
const PREPARES_WITHIN: Duration = Duration::from_secs(60 * 60);

/// The token with which the demo comes in, where accounts are needed.
pub(crate) fn token() -> Issued {
    let note = Note::default();
    Token::issue(
        Role::Admin,
        OffsetDateTime::now_utc() + PREPARES_WITHIN,
        note,
    )
}

/// Uploads the references of the demo's cameras where they are missing, and runs the cameras.
pub(crate) async fn run(
    service: ApiConfig,
    bus: BusConfig,
    context: Context,
) -> Result<(), Failure> {
    let cameras = cctv_sim::demo_cameras();
    let preparing = async {
        let api = Api::new(&service)?;
        for camera in &cameras {
            upload_reference(&api, camera).await?;
        }
        Bus::connect(&bus, "framewatch-cctv-sim", event_bus::Role::Guest)
            .await
            .map_err(Failure::unavailable)
    };
    let Some(bus) = context.shutdown.run_until_cancelled(preparing).await else {
        return Ok(());
    };
    cctv_sim::run(cameras, bus?, context).await
}

/// Tries until it has succeeded: the service that starts beside us may not have loaded its state yet.
async fn upload_reference(api: &Api, camera: &CameraSpec) -> Result<(), Failure> {
    let (began, lines) = (Instant::now(), LogLimiter::default());
    while let Err(failure) = try_upload_reference(api, camera).await {
        let Failure::Unavailable(error) = failure else {
            return Err(failure);
        };
        if began.elapsed() > STARTS_WITHIN && lines.is_due(&()) {
            let folder = camera.folder.as_str();
            tracing::warn!(
                folder,
                error = format!("{error:#}"),
                "the demo's reference is not uploaded yet; trying again"
            );
        }
        sleep(RETRY).await;
    }
    Ok(())
}

async fn try_upload_reference(api: &Api, camera: &CameraSpec) -> Result<(), Failure> {
    let folder = camera.folder.as_str();
    let there: Folder = api.get(&format!("/api/v1/folders/{folder}")).await?;
    if there.reference.is_none() {
        let drawn = camera.clone();
        let picture = spawn_blocking(move || cctv_sim::reference(&drawn)).await??;
        api.upload(
            &format!("/api/v1/folders/{folder}/images"),
            &format!("{}.jpg", camera.name),
            picture.len(),
            picture,
        )
        .await?;
        hold_back(api, folder).await;
    }
    Ok(())
}

/// Gives a folder a rule by which nobody who only passes raises an alert. That takes an admin: where we are none, it is left.
async fn hold_back(api: &Api, folder: &str) {
    let rule = proto::v1::Rule {
        hold_seconds: Some(HOLD),
        frozen_seconds: Some(FROZEN),
        ..proto::v1::Rule::default()
    };
    let path = format!("/api/v1/folders/{folder}/rule");
    let set: Result<serde_json::Value, Failure> = api.put(&path, &rule).await;
    if let Err(failure) = set {
        tracing::debug!(folder, error = %failure.error(), "the demo's rule is not set");
    }
}
