//! Video by RTSP: its key frames, decoded. Everything between them is passed over unread.

mod bridge;
mod session;

use std::{num::NonZero, sync::Arc, time::Duration};

use camera_pictures::video::{self, Codec, nal};
use camera_settings::{Address, CameraSpec};
use futures::StreamExt as _;
use retina::{
    client::Demuxed,
    codec::{CodecItem, ParametersRef, VideoFrame},
};
use service_runtime::CpuQueue;
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout, timeout_at},
};

use crate::{Outage, Picture, deadlines::SILENCE};
use bridge::Bridge;
use session::Session;

/// How long video may come without a picture that can be decoded by itself.
const NO_KEY_FRAME: Duration = Duration::from_secs(30);

/// How long a picture may take to be decoded.
const DECODING: Duration = Duration::from_secs(10);

/// Video of a camera.
pub struct Rtsp {
    session: Demuxed,
    /// The bridge that it comes through, unless it comes as datagrams.
    bridge: Option<Bridge>,
    coding: Coding,
    stream: usize,
    every: Duration,
    max_width: NonZero<u16>,
    /// When a picture is due.
    due: Instant,
    /// When the last key frame came, or the connection began.
    last_key_frame: Instant,
    cpu: CpuQueue,
    /// One picture of this camera is decoded at a time, also where nobody waits for it any more.
    decoding: Arc<Semaphore>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Video(Codec),
    /// Each frame is a JPEG already.
    Jpeg,
}

impl Rtsp {
    pub(crate) async fn open(
        spec: &CameraSpec,
        at: &Address,
        cpu: &CpuQueue,
    ) -> Result<Self, Outage> {
        let session = Session::open(spec, at).await?;
        Ok(Rtsp {
            stream: session.stream,
            coding: session.coding,
            session: session.demuxed,
            bridge: session.bridge,
            every: spec.every,
            max_width: spec.max_width,
            due: Instant::now(),
            last_key_frame: Instant::now(),
            cpu: cpu.clone(),
            decoding: Arc::new(Semaphore::new(1)),
        })
    }

    /// Whether its frames are coded as video, rather than one by one.
    pub(crate) fn is_video(&self) -> bool {
        matches!(self.coding, Coding::Video(_))
    }

    pub(crate) fn kind(&self) -> &'static str {
        match self.coding {
            Coding::Video(Codec::H264) => "H.264 by RTSP",
            Coding::Video(Codec::H265) => "H.265 by RTSP",
            Coding::Jpeg => "MJPEG by RTSP",
        }
    }

    pub(crate) async fn next(&mut self) -> Result<Picture, Outage> {
        loop {
            let frame = self.frame().await?;
            if let Some(picture) = self.picture(frame).await? {
                return Ok(picture);
            }
        }
    }

    async fn frame(&mut self) -> Result<VideoFrame, Outage> {
        let deadline = Instant::now() + SILENCE;
        loop {
            let item = timeout_at(deadline, self.session.next())
                .await
                .map_err(|_| {
                    Outage::silent(format!(
                        "no video came for {SILENCE:?}, though the camera had promised it"
                    ))
                })?;
            let bridge = self.bridge.as_ref();
            if bridge.is_some_and(Bridge::is_overfull) {
                return Err(Outage::silent(
                    "the camera sends a picture that never ends: switch it off and on, or take another one of its streams",
                ));
            }
            match item {
                Some(Ok(CodecItem::VideoFrame(frame))) => {
                    bridge.inspect(|bridge| bridge.is_whole());
                    return Ok(frame);
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(session::outage(&error)),
                None => return Err(Outage::silent("the camera ended its video")),
            }
        }
    }

    /// The picture of a frame, where it is a whole key frame and one is due.
    async fn picture(&mut self, frame: VideoFrame) -> Result<Option<Picture>, Outage> {
        let now = Instant::now();
        if !self.is_key(&frame) {
            self.check_patience(now)?;
            return Ok(None);
        }
        self.last_key_frame = now;
        // A tenth early counts as due: a camera whose key frames come as often as is set is never quite on time.
        if now + self.every / 10 < self.due || frame.loss() > 0 {
            return Ok(None);
        }
        let made = match self.coding {
            Coding::Jpeg => {
                Picture::encoded(frame.into_data().into()).map_err(|error| error.to_string())
            }
            Coding::Video(codec) => self.decode(codec, frame).await,
        };
        match made {
            Ok(picture) => {
                self.due = (self.due + self.every).max(now);
                Ok(Some(picture))
            }
            Err(error) => {
                metrics::counter!("framewatch_source_undecodable_total").increment(1);
                self.check_decoding(error, now)?;
                Ok(None)
            }
        }
    }

    fn is_key(&self, frame: &VideoFrame) -> bool {
        match self.coding {
            Coding::Jpeg => true,
            Coding::Video(codec) => {
                frame.is_random_access_point() || nal::is_key_frame(codec, frame.data())
            }
        }
    }

    fn check_patience(&self, now: Instant) -> Result<(), Outage> {
        if now.duration_since(self.last_key_frame) < NO_KEY_FRAME {
            return Ok(());
        }
        Err(Outage::no_key_frames(format!(
            "video comes, and for {NO_KEY_FRAME:?} no key frame: set the camera's interval of key frames (I-frames, GOP) to 1 \
             to 4 s and switch intra refresh off, or set fallback-snapshot"
        )))
    }

    /// Once nothing could be decoded for as long as there might have been no key frame at all.
    fn check_decoding(&self, error: String, now: Instant) -> Result<(), Outage> {
        let is_long = now.duration_since(self.due) > NO_KEY_FRAME;
        if is_long {
            return Err(Outage::silent(format!(
                "the camera's video gives no picture: {error}"
            )));
        }
        tracing::debug!(error, "a key frame gives no picture");
        Ok(())
    }

    async fn decode(&self, codec: Codec, frame: VideoFrame) -> Result<Picture, String> {
        let Ok(place) = Arc::clone(&self.decoding).try_acquire_owned() else {
            return Err("the picture before is still being decoded".to_owned());
        };
        let mut unit = Vec::new();
        if !frame.is_random_access_point()
            && let Some(ParametersRef::Video(sets)) =
                self.session.streams()[self.stream].parameters()
        {
            unit.extend_from_slice(sets.extra_data());
        }
        unit.extend_from_slice(frame.data());
        let max_width = self.max_width.get();
        let decoding = self.cpu.run(move || {
            let _place = place;
            video::picture(codec, &unit, max_width)
        });
        match timeout(DECODING, decoding).await {
            Ok(Ok(decoded)) => decoded.map_err(|error| error.to_string()),
            Ok(Err(_)) => Err("the decoder broke down over it".to_owned()),
            Err(_) => Err(format!("it was not decoded within {DECODING:?}")),
        }
    }
}
