//! Cameras that are set on the page or by API: checked, encrypted, stored, and tried by the camera service, which connects to
//! them. For whom and how, `api` says.

use std::time::Duration;

use camera_settings::{Asked, CameraKey, Networks};
use event_bus::{CameraSettings, CameraTestRequest, Folder};
use proto::v1::{CameraTest, Source};
use service_runtime::Failure;

use crate::{
    broker::Broker,
    problem::{Kind, Problem},
};

/// Longer than the camera service takes at most.
const TESTED_WITHIN: Duration = Duration::from_secs(50);

#[derive(Clone)]
pub(crate) struct Cameras {
    broker: Broker,
    key: Option<CameraKey>,
    networks: Networks,
}

impl Cameras {
    pub(crate) fn new(config: &camera_settings::Config, broker: Broker) -> Result<Self, Failure> {
        Ok(Cameras {
            broker,
            key: config.key().map_err(Failure::usage)?,
            networks: config.networks(),
        })
    }

    /// Whether cameras can be set here.
    pub(super) fn can_be_set(&self) -> bool {
        self.key.is_some()
    }

    /// What is set of a folder's camera.
    pub(crate) async fn of(&self, folder: &Folder) -> Result<Option<CameraSettings>, Problem> {
        self.broker.camera_settings(folder).await
    }

    /// How the connection to it stands, where the camera service said so lately.
    pub(crate) async fn source(&self, folder: &Folder) -> Result<Option<Source>, Problem> {
        self.broker.source(folder).await
    }

    /// Stores what was [`Self::checked`]. To be called when it is the caller's turn to change the folder.
    pub(crate) async fn set(
        &self,
        folder: &Folder,
        settings: &CameraSettings,
        by: &str,
    ) -> Result<(), Problem> {
        self.broker.set_camera(folder, settings, by).await
    }

    /// Takes back what is set. To be called when it is the caller's turn to change the folder.
    pub(crate) async fn unset(&self, folder: &Folder, by: &str) -> Result<(), Problem> {
        match self.of(folder).await? {
            Some(_) => self.broker.unset_camera(folder, by).await,
            None => Ok(()),
        }
    }

    /// Has the camera tried that is asked for, and stores nothing.
    pub(crate) async fn test(&self, folder: &Folder, asked: Asked) -> Result<CameraTest, Problem> {
        let request = CameraTestRequest {
            folder: folder.clone(),
            settings: self.checked(folder, asked).await?,
        };
        let test = self.broker.test_camera(&request, TESTED_WITHIN).await?;
        match test.is_busy {
            true => Err(Kind::Busy.because(
                "Many cameras are being tried, or were in the last minute. Try again in a minute.",
            )),
            false => Ok(test),
        }
    }

    /// What is asked for, as it is to be stored.
    pub(crate) async fn checked(
        &self,
        folder: &Folder,
        asked: Asked,
    ) -> Result<CameraSettings, Problem> {
        let Some(key) = &self.key else {
            return Err(Kind::NoCameraKey.because(
                "This service has no key by which cameras' passwords would be encrypted: start it and the camera service with \
                 --camera-key-file, or set the camera in cameras.toml.",
            ));
        };
        let before = self.of(folder).await?;
        asked
            .kept(folder, before.as_ref(), key, &self.networks)
            // It may begin with a setting's name, which is to be said as it is written.
            .map_err(|refused| {
                Kind::InvalidCamera.because(format!("It cannot be set so: {refused}."))
            })
    }
}
