//! Settings of what is set by API: the key, and where cameras may be.

use std::path::PathBuf;

use clap::Args;
use ipnet::IpNet;

use crate::{CameraKey, KeyError, Networks};

/// Cameras that are set by API.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Cameras by API")]
#[group(skip)]
pub struct Config {
    /// File with the key by which the passwords of cameras are encrypted that are set on the page or by API: 64 hexadecimal
    /// digits. The upload service and the camera service need the same; without it, cameras are not set so
    #[arg(
        long,
        env = "FRAMEWATCH_CAMERA_KEY_FILE",
        hide_env_values = true,
        value_name = "FILE"
    )]
    pub camera_key_file: Option<PathBuf>,

    /// Networks in which a camera may be that is set so, with commas between them. Loopback and link-local addresses only
    /// where they are named [default: 10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7]
    #[arg(
        long,
        env = "FRAMEWATCH_CAMERA_ADDRESSES",
        value_delimiter = ',',
        value_name = "CIDR"
    )]
    pub camera_addresses: Vec<IpNet>,
}

impl Config {
    /// The key, where there is to be one.
    ///
    /// # Errors
    /// When its file can't be read, or holds none.
    pub fn key(&self) -> Result<Option<CameraKey>, KeyError> {
        // A variable that is set to nothing says nothing.
        let named = self.camera_key_file.as_ref();
        let named = named.filter(|path| !path.as_os_str().is_empty());
        named.map(|path| CameraKey::read(path)).transpose()
    }

    /// Where cameras may be.
    pub fn networks(&self) -> Networks {
        Networks::or_private(&self.camera_addresses)
    }
}
