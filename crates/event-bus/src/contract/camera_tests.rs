//! `camera-tests`: whoever sets a camera up has it tried where cameras can be reached. Questions and answers in no stream: a
//! test is of the moment. How a camera is tried, and how often, is left to the camera service.

use std::time::Duration;

use async_nats::SubscribeError;
use bytes::Bytes;
use prost::Message as _;
use proto::v1::CameraTest;
use serde::{Deserialize, Serialize};

use super::camera_settings::CameraSettings;
use crate::{
    folder::Folder,
    nats::{
        bus::Bus,
        questions::{AskError, Asked, Questions},
    },
};

const SUBJECT: &str = "camera-tests";

/// One copy of the service answers.
const GROUP: &str = "framewatch-camera";

/// The room in an answer for all but the picture, in bytes.
const ROOM_FOR_WORDS: usize = 64 * 1024;

/// Which camera to try, as it would be stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CameraTestRequest {
    /// Whose.
    #[serde(with = "as_text")]
    pub folder: Folder,
    /// The camera.
    pub settings: CameraSettings,
}

/// The questions of which cameras to try.
pub type CameraTests = Questions<CameraTestRequest>;

mod as_text {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use crate::folder::Folder;

    pub(super) fn serialize<S: Serializer>(folder: &Folder, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(folder)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Folder, D::Error> {
        let name = String::deserialize(from)?;
        name.parse().map_err(D::Error::custom)
    }
}

impl Bus {
    /// Has a camera tried, and waits so long for what came of it.
    ///
    /// # Errors
    /// When nobody tries it.
    pub async fn test_camera(
        &self,
        request: &CameraTestRequest,
        within: Duration,
    ) -> Result<CameraTest, AskError> {
        let answer = self.ask(SUBJECT, request, within).await?;
        CameraTest::decode(answer).map_err(AskError::unreadable)
    }

    /// The questions of which cameras to try, from now on. The client subscribes again after a reconnect.
    ///
    /// # Errors
    /// When the connection is closed.
    pub async fn camera_tests(&self) -> Result<CameraTests, SubscribeError> {
        self.questions(SUBJECT, GROUP).await
    }
}

impl Asked<CameraTestRequest> {
    /// Answers. A picture that is too large for the server is left out.
    pub async fn answer(self, mut test: CameraTest) {
        let most = self.max_bytes().saturating_sub(ROOM_FOR_WORDS);
        if test.picture.len() > most {
            test.picture = Bytes::new();
        }
        self.send(test.encode_to_vec().into()).await;
    }
}
