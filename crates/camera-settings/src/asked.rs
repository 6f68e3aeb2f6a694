//! What is asked for by API, and how it becomes what is stored.

use std::fmt;

use event_bus::{CameraSettings, Folder};
use serde::Deserialize;

use crate::{
    CameraKey, InvalidAddress, InvalidPin, Networks,
    rules::{self, Wrong},
    stored::{purpose, without_login},
};

/// A camera as it is to be set by API. What is absent is as usual. Nothing shows the password.
#[derive(Clone, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Camera))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Asked {
    /// Its address.
    pub source: String,
    /// Whom it knows us as.
    #[serde(default)]
    pub username: Option<String>,
    /// What it wants to be shown. Where it is absent, and there is a name, that which is stored for the same name and server.
    #[serde(default)]
    pub password: Option<String>,
    /// At most one picture in this time.
    #[serde(default)]
    pub every_seconds: Option<f64>,
    /// Pictures of video are made no wider than this.
    #[serde(default)]
    pub max_width: Option<u32>,
    /// A picture to take where its video has no key frames.
    #[serde(default)]
    pub fallback_snapshot: Option<String>,
    /// The certificate that it must show.
    #[serde(default)]
    pub pinned_certificate: Option<String>,
    /// Whether it is said where its picture stands still.
    #[serde(default)]
    pub watch_frozen: Option<bool>,
}

/// Why a camera cannot be set so.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refused {
    /// Its address holds credentials.
    #[error(
        "an address holds no user and no password: leave out what stands before the @, and give username and password beside it"
    )]
    Credentials,
    /// A program, which only the file of cameras may name.
    #[error(
        "ffmpeg: is not for cameras that are set here: give an address that begins with rtsp://, rtsps://, http:// or https://"
    )]
    Program,
    /// A setting that cannot be.
    #[error("{0}")]
    Wrong(Wrong),
    /// No such pause.
    #[error("everySeconds is a number from 0.1 to 3600, as in 2")]
    Every,
    /// No such certificate.
    #[error("pinnedCertificate: {0}")]
    Pin(#[from] InvalidPin),
    /// A password without a name.
    #[error("beside password it needs username")]
    NoUsername,
    /// A name without a password.
    #[error(
        "beside username it needs password: what is stored is kept for the same username at the same address alone"
    )]
    NoPassword,
    /// No camera may be there.
    #[error(
        "its address is not in the networks in which cameras may be that are set here ({0}); --camera-addresses sets them"
    )]
    OutOfReach(Networks),
    /// Another key has encrypted its password, or it was for something else.
    #[error(
        "its password cannot be decrypted with the key of --camera-key-file: set the password again"
    )]
    Undecryptable,
}

impl From<Wrong> for Refused {
    fn from(wrong: Wrong) -> Self {
        match wrong {
            Wrong::Address(InvalidAddress::Credentials) => Refused::Credentials,
            wrong => Refused::Wrong(wrong),
        }
    }
}

impl Asked {
    /// What to store of a folder's camera, its password encrypted; `before` is what is stored now.
    ///
    /// # Errors
    /// When it cannot be so.
    pub fn kept(
        self,
        folder: &Folder,
        before: Option<&CameraSettings>,
        key: &CameraKey,
        networks: &Networks,
    ) -> Result<CameraSettings, Refused> {
        if self.source.starts_with("ffmpeg:") {
            return Err(Refused::Program);
        }
        let (password, mut settings) = self.split();
        let spec = without_login(folder, &settings, networks)?;
        let Some(username) = &settings.username else {
            return match password {
                Some(_) => Err(Refused::NoUsername),
                None => Ok(settings),
            };
        };
        let purpose = purpose(&spec, username);
        let stored = before.and_then(|before| before.sealed_password.as_ref());
        let sealed = match (&password, stored) {
            (Some(password), _) => key.seal(rules::password(password)?, &purpose),
            // It opens for what it was set for, and for nothing else.
            (None, Some(stored)) if key.open(stored, &purpose).is_some() => stored.clone(),
            (None, _) => return Err(Refused::NoPassword),
        };
        settings.sealed_password = Some(sealed);
        Ok(settings)
    }

    fn split(self) -> (Option<String>, CameraSettings) {
        let settings = CameraSettings {
            source: self.source,
            username: self.username,
            sealed_password: None,
            every_seconds: self.every_seconds,
            max_width: self.max_width,
            fallback_snapshot: self.fallback_snapshot,
            pinned_certificate: self.pinned_certificate,
            watch_frozen: self.watch_frozen,
        };
        (self.password, settings)
    }
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a camera that is asked for")
    }
}

#[cfg(test)]
mod tests;
