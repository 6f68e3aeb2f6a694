use std::time::Duration;

use cctv_sim::CameraSpec;
use event_bus::{Bus, BusConfig};
use serde::Deserialize;
use service_runtime::{Context, Failure};
use tokio::time::sleep;

use crate::api::{Api, ApiConfig};

pub(super) const WHAT_HAPPENS: &str = "\
Six simulated cameras are running, one in each of folder1 to folder6. The camera of folder2 is covered after 20 s and
that of folder4 is turned after 45 s, each for 15 s, and again every 2 minutes. Their alerts show here:
";

#[derive(Deserialize)]
struct Folder {
    reference: Option<proto::v1::Upload>,
}

const RETRY: Duration = Duration::from_millis(200);

/// Uploads the references of the demo's cameras where they are missing, and runs the cameras.
pub(super) async fn run(web: String, nats: String, context: Context) -> Result<(), Failure> {
    let cameras = cctv_sim::demo_cameras();
    let preparing = async {
        let api = Api::new(&ApiConfig { url: web })?;
        for camera in &cameras {
            upload_reference(&api, camera).await?;
        }
        Bus::connect(&BusConfig::for_url(nats), "framewatch-cctv-sim")
            .await
            .map_err(Failure::unavailable)
    };
    let Some(bus) = context.shutdown.run_until_cancelled(preparing).await else {
        return Ok(());
    };
    cctv_sim::run(cameras, bus?, context).await
}

async fn upload_reference(api: &Api, camera: &CameraSpec) -> Result<(), Failure> {
    let folder = camera.folder.as_str();
    let there: Folder = loop {
        match api.get(&format!("/api/v1/folders/{folder}")).await {
            Ok(there) => break there,
            // The service that starts beside us has not loaded its state yet.
            Err(Failure::Unavailable(_)) => sleep(RETRY).await,
            Err(failure) => return Err(failure),
        }
    };
    if there.reference.is_none() {
        let picture = cctv_sim::reference(camera)?;
        api.upload(folder, &format!("{}.jpg", camera.name), picture.into())
            .await?;
    }
    Ok(())
}
