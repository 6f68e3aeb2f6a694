//! `framewatch provision`: what a server deployment must not share with any other. Everything is random and made once:
//! what is there already stays.

mod folder;
mod nats;
mod redis;
mod web;

use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use camera_settings::CameraKey;
use service_runtime::Failure;

use crate::lines;
use folder::SecretsFolder;
use nats::Camera;

/// Grafana reads the file by itself.
const GRAFANA_ADMIN_PASSWORD: &str = "grafana-admin";

/// By which passwords of cameras are encrypted.
const CAMERA_KEY: &str = "passwords/camera-key";

#[derive(clap::Args)]
pub(crate) struct Provision {
    /// Folder for the secrets; only its owner may look into it
    folder: PathBuf,

    /// The users of Redis and what they may do, in which `{{NAME}}` stands for the hash of a password
    #[arg(long, value_name = "FILE")]
    redis_users: PathBuf,

    /// A camera, which may publish frames to its folder, or as NAME=FOLDER,FOLDER to several; can be given several times
    #[arg(long = "camera", value_name = "NAME")]
    cameras: Vec<Camera>,
}

impl Provision {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let redis_users = std::fs::read_to_string(&self.redis_users)
            .with_context(|| format!("cannot read {}", self.redis_users.display()))
            .map_err(Failure::Usage)?;
        let folder = SecretsFolder::open(&self.folder)?;
        nats::provision(&folder, &self.cameras)?;
        redis::provision(&folder, &redis_users)?;
        web::provision(&folder)?;
        folder.password(GRAFANA_ADMIN_PASSWORD)?;
        let made = CameraKey::read_or_make(&folder.path(CAMERA_KEY));
        made.map_err(|error| Failure::Unavailable(anyhow!(error)))?;
        lines::print(format!(
            "The secrets are in {}: the web page's user is {}, its password is in passwords/{}.",
            self.folder.display(),
            web::ADMIN,
            web::ADMIN_PASSWORD
        ))
    }
}
