//! A NATS server with our streams, a file of cameras, and the service.

use std::{fs, path::PathBuf, time::Duration};

use camera_settings::{CameraKey, Config as ByApi};
use event_bus::{Bus, BusConfig, Folder, FrameArrival, Role};
use proto::v1::{Source, SourceState};
use service_runtime::{Context, CpuPool, Failure, Readiness};
use tempfile::TempDir;
use test_support::{NatsServer, eventually_within, soon};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) struct Site {
    pub(crate) nats: NatsServer,
    pub(crate) bus: Bus,
    folder: TempDir,
    shutdown: CancellationToken,
    service: Option<JoinHandle<Result<(), Failure>>>,
}

impl Site {
    /// Without the service.
    pub(crate) async fn new(cameras: &str) -> Self {
        let nats = NatsServer::start();
        let config = BusConfig::for_url(nats.url());
        let bus = Bus::connect(&config, "test", Role::Keeper).await.unwrap();
        let site = Site {
            nats,
            bus,
            folder: TempDir::new().unwrap(),
            shutdown: CancellationToken::new(),
            service: None,
        };
        site.write(cameras);
        site
    }

    pub(crate) async fn start(cameras: &str) -> Self {
        Self::start_within(cameras, &["127.0.0.0/8"]).await
    }

    /// With these networks for cameras that are set by API.
    pub(crate) async fn start_within(cameras: &str, networks: &[&str]) -> Self {
        let mut site = Site::new(cameras).await;
        let config = BusConfig::for_url(site.nats.url());
        let bus = Bus::connect(&config, "camera", Role::Guest).await.unwrap();
        let context = Context {
            shutdown: site.shutdown.clone(),
            readiness: Readiness::default(),
            cpu: CpuPool::default(),
            ops_address: ([127, 0, 0, 1], 0).into(),
        };
        let config = camera::Config {
            cameras: Some(site.cameras()),
            by_api: ByApi {
                camera_addresses: networks.iter().map(|text| text.parse().unwrap()).collect(),
                ..site.by_api()
            },
            ..camera::Config::default()
        };
        let cameras = config.load().unwrap();
        site.service = Some(tokio::spawn(camera::run(cameras, bus, context)));
        site
    }

    /// Cameras that are set by API may be on loopback here.
    pub(crate) fn by_api(&self) -> ByApi {
        self.key();
        ByApi {
            camera_key_file: Some(self.path("camera.key")),
            camera_addresses: vec!["127.0.0.0/8".parse().unwrap()],
        }
    }

    pub(crate) fn key(&self) -> CameraKey {
        CameraKey::read_or_make(&self.path("camera.key")).unwrap()
    }

    pub(crate) fn cameras(&self) -> PathBuf {
        self.path("cameras.toml")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts another file of cameras in the place of the one before.
    pub(crate) fn write(&self, cameras: &str) {
        fs::write(self.path("new.toml"), cameras).unwrap();
        fs::rename(self.path("new.toml"), self.cameras()).unwrap();
    }

    pub(crate) async fn source(&self, folder: &str) -> Option<Source> {
        let folder: Folder = folder.parse().unwrap();
        let last = self.bus.latest::<Source>(&folder).await.unwrap();
        last.map(|stored| stored.event)
    }

    /// Waits until the camera stands so.
    pub(crate) async fn stands(
        &self,
        folder: &str,
        state: SourceState,
        within: Duration,
    ) -> Source {
        let what = format!("{folder} is {state:?}");
        eventually_within(within, &what, async || match self.source(folder).await {
            Some(source) if source.state() == state => Ok(source),
            source => Err(source),
        })
        .await
    }

    /// The number of the last frame of a folder.
    pub(crate) async fn last_frame(&self, folder: &str) -> u64 {
        let folder: Folder = folder.parse().unwrap();
        let last = self.bus.latest::<FrameArrival>(&folder).await.unwrap();
        last.map_or(0, |stored| stored.sequence)
    }

    pub(crate) async fn end(mut self) {
        self.shutdown.cancel();
        if let Some(service) = self.service.take() {
            soon("the service ends", service).await.unwrap().unwrap();
        }
    }
}
