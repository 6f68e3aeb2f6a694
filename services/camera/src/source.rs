//! Where a camera's pictures come from, one after the other, at most one in the time that is set.

use camera_settings::{Address, CameraSource, CameraSpec, Protocol};
use service_runtime::CpuQueue;

use crate::{
    Outage, Picture, files::Files, frozen::Coded, http::Http, program::Program, rtsp::Rtsp,
};

/// A camera that is connected to.
pub enum Source {
    /// Video.
    Rtsp(Box<Rtsp>),
    /// Pictures.
    Http(Box<Http>),
    /// Pictures in a folder.
    Files(Box<Files>),
    /// Pictures that ffmpeg makes.
    Program(Box<Program>),
}

impl Source {
    /// Connects. Video is decoded through `cpu`.
    ///
    /// # Errors
    /// Why there is no connection.
    pub async fn open(spec: &CameraSpec, cpu: &CpuQueue) -> Result<Self, Outage> {
        match &spec.source {
            CameraSource::Network(at) if at.protocol() == Protocol::Rtsp => {
                Ok(Source::Rtsp(Box::new(Rtsp::open(spec, at, cpu).await?)))
            }
            CameraSource::Network(at) => Self::open_pictures(spec, at).await,
            CameraSource::Folder(dir) => {
                Ok(Source::Files(Box::new(Files::open(dir, spec.every).await?)))
            }
            CameraSource::Ffmpeg(input) => {
                Ok(Source::Program(Box::new(Program::open(input, spec)?)))
            }
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
            Source::Files(files) => files.next().await,
            Source::Program(program) => program.next().await,
        }
    }

    /// What it is, in a few words.
    pub fn kind(&self) -> &'static str {
        match self {
            Source::Rtsp(rtsp) => rtsp.kind(),
            Source::Http(http) => http.kind(),
            Source::Files(_) => "a folder of pictures",
            Source::Program(_) => "pictures that ffmpeg makes",
        }
    }

    /// How its pictures are coded, before they come here.
    pub(crate) fn coded(&self) -> Coded {
        match self {
            Source::Rtsp(rtsp) if rtsp.is_video() => Coded::Video,
            Source::Program(_) => Coded::Video,
            Source::Rtsp(_) | Source::Http(_) | Source::Files(_) => Coded::Jpeg,
        }
    }
}
