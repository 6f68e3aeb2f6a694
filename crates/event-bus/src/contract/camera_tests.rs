//! `camera-tests`: whoever sets a camera up has it tried where cameras can be reached. Questions and answers in no stream: a
//! test is of the moment. How a camera is tried, and how often, is left to the camera service.

use std::time::Duration;

use async_nats::{
    Message, SubscribeError, Subscriber,
    client::{RequestError, RequestErrorKind},
};
use bytes::Bytes;
use futures::StreamExt as _;
use prost::Message as _;
use proto::v1::CameraTest;
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use super::camera_settings::CameraSettings;
use crate::{folder::Folder, nats::bus::Bus};

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

/// Why no camera was tried.
#[derive(Debug, thiserror::Error)]
pub enum CameraTestError {
    /// Nobody is there who would.
    #[error("no camera service is there that tries cameras")]
    Nobody,
    /// Whoever would did not answer in time.
    #[error("the camera service did not answer in time")]
    Late,
    /// There is no asking.
    #[error("the camera service cannot be asked")]
    Unasked(#[source] RequestError),
    /// The answer is none.
    #[error("the camera service's answer is none: {0}")]
    Unreadable(String),
}

/// The questions of which cameras to try.
pub struct CameraTests {
    bus: Bus,
    questions: Subscriber,
}

/// One question, to be answered once.
pub struct CameraTestQuestion {
    /// Which camera to try.
    pub request: CameraTestRequest,
    bus: Bus,
    reply_to: async_nats::Subject,
}

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
    ) -> Result<CameraTest, CameraTestError> {
        let question = serde_json::to_vec(request)
            .map_err(|error| CameraTestError::Unreadable(error.to_string()))?;
        let request = async_nats::Request::new()
            .payload(question.into())
            .timeout(Some(within));
        let answer = self.client().send_request(SUBJECT, request).await;
        let answer = answer.map_err(|error| match error.kind() {
            RequestErrorKind::NoResponders => CameraTestError::Nobody,
            RequestErrorKind::TimedOut => CameraTestError::Late,
            _ => CameraTestError::Unasked(error),
        })?;
        CameraTest::decode(answer.payload)
            .map_err(|error| CameraTestError::Unreadable(error.to_string()))
    }

    /// The questions of which cameras to try, from now on. The client subscribes again after a reconnect.
    ///
    /// # Errors
    /// When the connection is closed.
    pub async fn camera_tests(&self) -> Result<CameraTests, SubscribeError> {
        let questions = self
            .client()
            .queue_subscribe(SUBJECT, GROUP.to_owned())
            .await?;
        Ok(CameraTests {
            bus: self.clone(),
            questions,
        })
    }
}

impl CameraTests {
    /// The next question; `None` once the connection is closed. What is no question is passed over.
    pub async fn next(&mut self) -> Option<CameraTestQuestion> {
        loop {
            let Message { payload, reply, .. } = self.questions.next().await?;
            match (serde_json::from_slice(&payload), reply) {
                (Ok(request), Some(reply_to)) => {
                    return Some(CameraTestQuestion {
                        request,
                        bus: self.bus.clone(),
                        reply_to,
                    });
                }
                // What it holds may be a secret.
                _ => tracing::warn!("a question on {SUBJECT} cannot be read"),
            }
        }
    }
}

impl CameraTestQuestion {
    /// Answers. A picture that is too large for the server is left out.
    pub async fn answer(self, mut test: CameraTest) {
        let most = self.bus.max_payload().saturating_sub(ROOM_FOR_WORDS);
        if test.picture.len() > most {
            test.picture = Bytes::new();
        }
        let answer = test.encode_to_vec().into();
        let sent = self.bus.client().publish(self.reply_to, answer);
        match timeout(Duration::from_secs(5), sent).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "what came of a test is not sent"),
            Err(_) => tracing::warn!("what came of a test is not sent in time"),
        }
    }
}
