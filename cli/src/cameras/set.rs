//! Setting a folder's camera by API, and taking that back.

use std::path::PathBuf;

use anyhow::anyhow;
use camera_settings::{Address, CertificatePin, InvalidAddress};
use event_bus::Folder;
use serde::Serialize;
use serde_json::Value;
use service_runtime::Failure;

use super::read;
use crate::{
    api::{Api, ApiConfig},
    lines,
};

#[derive(clap::Args)]
pub(super) struct Add {
    /// The folder whose frames its pictures are; it is made where it is not there
    folder: Folder,

    /// Its address: rtsp://, rtsps://, http:// or https://, without name and password
    #[arg(value_name = "URL")]
    address: String,

    /// Name to log in with
    #[arg(long, value_name = "NAME")]
    username: Option<String>,

    /// File with the password to log in with; without it, the one stays that is stored for this name and address
    #[arg(long, value_name = "FILE", requires = "username")]
    password_file: Option<PathBuf>,

    /// At most one picture in so many seconds [default: 2]
    #[arg(long, value_name = "SECONDS")]
    every: Option<f64>,

    /// Pictures of video are made no wider than so many pixels [default: 1280]
    #[arg(long, value_name = "PIXELS")]
    max_width: Option<u32>,

    /// Address from which to take pictures where its video has no key frames
    #[arg(long, value_name = "URL")]
    fallback_snapshot: Option<String>,

    /// The SHA-256 of the certificate that it must show, as sha256:…
    #[arg(long, value_name = "SHA256")]
    pinned_certificate: Option<CertificatePin>,

    /// Do not say where its picture stands still
    #[arg(long)]
    no_watch_frozen: bool,

    #[command(flatten)]
    api: ApiConfig,
}

#[derive(clap::Args)]
pub(super) struct Remove {
    /// The folder whose camera it is
    folder: Folder,

    #[command(flatten)]
    api: ApiConfig,
}

/// As the service takes it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Camera<'a> {
    source: &'a str,
    username: Option<&'a str>,
    password: Option<String>,
    every_seconds: Option<f64>,
    max_width: Option<u32>,
    fallback_snapshot: Option<&'a str>,
    pinned_certificate: Option<String>,
    watch_frozen: Option<bool>,
}

impl Add {
    pub(super) async fn run(self) -> Result<(), Failure> {
        if Address::parse(&self.address) == Err(InvalidAddress::Credentials) {
            return Err(Failure::usage(anyhow!(
                "a URL holds no user and no password here, since others see what is typed: leave out what stands before the @, and \
                 give --username and --password-file"
            )));
        }
        let password = self.password_file.as_deref().map(read).transpose()?;
        let camera = Camera {
            source: &self.address,
            username: self.username.as_deref(),
            password: password.map(|text| text.trim_end_matches(['\r', '\n']).to_owned()),
            every_seconds: self.every,
            max_width: self.max_width,
            fallback_snapshot: self.fallback_snapshot.as_deref(),
            pinned_certificate: self.pinned_certificate.map(|pin| pin.to_string()),
            watch_frozen: self.no_watch_frozen.then_some(false),
        };
        let api = Api::new(&self.api)?;
        // It is made where it is not there; what is said of it stays.
        let folder = format!("/api/v1/folders/{}", self.folder);
        api.put::<Value>(&folder, &Value::Null).await?;
        let answer: Value = api.put(&path(&self.folder), &camera).await?;
        let set_by = answer["source"]["setBy"].as_str().unwrap_or_default();
        if set_by.starts_with("SET_BY_FILE") {
            return lines::print(format!(
                "{} is set, and does not hold: cameras.toml has a camera for this folder",
                self.folder
            ));
        }
        lines::print(format!(
            "{} is set; framewatch cameras list says how it stands",
            self.folder
        ))
    }
}

impl Remove {
    pub(super) async fn run(self) -> Result<(), Failure> {
        Api::new(&self.api)?.delete(&path(&self.folder)).await?;
        lines::print(format!("no camera is set for {}", self.folder))
    }
}

fn path(folder: &Folder) -> String {
    format!("/api/v1/folders/{folder}/camera")
}
