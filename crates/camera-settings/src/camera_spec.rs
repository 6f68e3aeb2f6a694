//! What is set of a camera.

use std::{num::NonZero, time::Duration};

use event_bus::Folder;

use crate::{Address, CameraSource, CertificatePin, Login, Reach};

/// What is set of a camera. When it changes, we connect to the camera anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameraSpec {
    /// Its name.
    pub name: Folder,
    /// The folder that its pictures are frames of.
    pub folder: Folder,
    /// Where its pictures come from.
    pub source: CameraSource,
    /// The name and password to show when the camera asks for a login.
    pub login: Option<Login>,
    /// At most one picture in this time.
    pub every: Duration,
    /// Pictures of video are made no wider than this.
    pub max_width: NonZero<u16>,
    /// How video comes.
    pub transport: Transport,
    /// A picture to take where its video has no key frames.
    pub fallback_snapshot: Option<Address>,
    /// The certificates (PEM) of those who may have signed the camera's own.
    pub authority: Option<Vec<u8>>,
    /// The certificate that it must show, in place of one that somebody has signed.
    pub pin: Option<CertificatePin>,
    /// Whether it is said when its picture stands still.
    pub freeze_watch: FreezeWatch,
    /// The networks in which it may be.
    pub reach: Reach,
    /// Where all of this was set.
    pub set_by: SetBy,
}

/// Where a camera was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetBy {
    /// In the file of cameras.
    File,
    /// In the file of cameras; by API, something else was set for the same folder, and does not hold.
    FileBeforeApi,
    /// By API.
    Api,
}

/// How video comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// In the connection of RTSP itself.
    Tcp,
    /// In datagrams.
    Udp,
}

/// Whether it is said when a camera's picture stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FreezeWatch {
    /// It is.
    On,
    /// It is not: a picture without noise looks the same as one that stands still.
    Off,
}

impl CameraSpec {
    /// How often a picture is taken unless something else is set.
    pub const USUAL_EVERY: Duration = Duration::from_secs(2);

    /// The most pixels that pictures of video are wide, unless something else is set.
    pub const USUAL_MAX_WIDTH: NonZero<u16> = NonZero::new(1280).expect("it is not 0");

    /// A camera of this name and folder, and what is usual.
    pub fn new(name: Folder, source: impl Into<CameraSource>) -> Self {
        CameraSpec {
            folder: name.clone(),
            name,
            source: source.into(),
            login: None,
            every: Self::USUAL_EVERY,
            max_width: Self::USUAL_MAX_WIDTH,
            transport: Transport::Tcp,
            fallback_snapshot: None,
            authority: None,
            pin: None,
            freeze_watch: FreezeWatch::On,
            reach: Reach::Anywhere,
            set_by: SetBy::File,
        }
    }
}
