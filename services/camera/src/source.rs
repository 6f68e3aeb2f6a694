//! Where a camera's pictures come from, one after the other, at most one in the time that is set.

use camera_settings::{Address, CameraSpec, Protocol};
use service_runtime::CpuQueue;

use crate::{Outage, Picture, http::Http, rtsp::Rtsp};

/// A camera that is connected to.
pub enum Source {
    /// Video.
    Rtsp(Box<Rtsp>),
    /// Pictures.
    Http(Box<Http>),
}

impl Source {
    /// Connects. Video is decoded through `cpu`.
    ///
    /// # Errors
    /// Why there is no connection.
    pub async fn open(spec: &CameraSpec, cpu: &CpuQueue) -> Result<Self, Outage> {
        match spec.source.protocol() {
            Protocol::Rtsp => Ok(Source::Rtsp(Box::new(Rtsp::open(spec, cpu).await?))),
            Protocol::Http => Self::open_pictures(spec, &spec.source).await,
        }
    }

    /// Connects to where pictures are taken by HTTP.
    pub(crate) async fn open_pictures(spec: &CameraSpec, from: &Address) -> Result<Self, Outage> {
        Ok(Source::Http(Box::new(Http::open(spec, from).await?)))
    }

    /// The next picture.
    ///
    /// # Errors
    /// Why there is none; then the source is of no more use.
    pub async fn next(&mut self) -> Result<Picture, Outage> {
        match self {
            Source::Rtsp(rtsp) => rtsp.next().await,
            Source::Http(http) => http.next().await,
        }
    }

    /// What it is, in a few words.
    pub fn kind(&self) -> &'static str {
        match self {
            Source::Rtsp(rtsp) => rtsp.kind(),
            Source::Http(http) => http.kind(),
        }
    }
}
