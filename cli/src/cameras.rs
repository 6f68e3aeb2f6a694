//! How cameras stand, trying one, and setting one by API.

mod set;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context as _, anyhow};
use camera::{Picture, Step, probe};
use camera_settings::{CameraSource, CameraSpec, CertificatePin, InvalidAddress, Login, Transport};
use comfy_table::{Table, presets};
use event_bus::{Bus, BusConfig, Extent, Role};
use proto::{
    from_timestamp,
    v1::{SetBy, Source},
};
use service_runtime::{CpuPool, Failure};
use time::OffsetDateTime;

use crate::lines;

#[derive(clap::Args)]
pub(crate) struct Cameras {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Show how each camera stands that framewatch-camera connects to, and why
    List(List),
    /// Try a camera step by step; exit code 0 if pictures come
    Test(Test),
    /// Set a folder's camera, which framewatch-camera then connects to
    Add(Box<set::Add>),
    /// Take back what was set of a folder's camera
    Remove(set::Remove),
}

#[derive(clap::Args)]
struct List {
    /// One JSON object a line
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    bus: BusConfig,
}

#[derive(clap::Args)]
struct Test {
    /// Its address: rtsp://, rtsps://, http:// or https://, without name and password
    url: String,

    /// Name to log in with
    #[arg(long, value_name = "NAME", requires = "password_file")]
    username: Option<String>,

    /// File with the password to log in with
    #[arg(long, value_name = "FILE", requires = "username")]
    password_file: Option<PathBuf>,

    /// File with the certificates (PEM) of those who may have signed the camera's own
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,

    /// The SHA-256 of the certificate that it must show, as sha256:…, in place of one that somebody has signed
    #[arg(long, value_name = "SHA256", conflicts_with = "ca_file")]
    pinned_certificate: Option<CertificatePin>,

    /// Have video sent in datagrams
    #[arg(long)]
    udp: bool,

    /// Where to write the first picture
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Cameras {
    pub(crate) async fn run(self) -> Result<ExitCode, Failure> {
        match self.action {
            Action::List(list) => list.run().await.map(|()| ExitCode::SUCCESS),
            Action::Test(test) => test.run().await,
            Action::Add(add) => add.run().await.map(|()| ExitCode::SUCCESS),
            Action::Remove(remove) => remove.run().await.map(|()| ExitCode::SUCCESS),
        }
    }
}

/// A camera's state is published every minute. What is older than this counts no more.
const SAID_WITHIN: Duration = Duration::from_secs(3 * 60);

impl List {
    async fn run(self) -> Result<(), Failure> {
        let bus = Bus::connect(&self.bus, "framewatch cameras", Role::Worker)
            .await
            .map_err(Failure::unavailable)?;
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_header([
            "CAMERA", "FOLDER", "SET", "STATE", "SINCE", "SIZE", "PICTURE", "WHY",
        ]);
        let mut sources = bus
            .snapshot::<Source>(Extent::LatestOfEachKey)
            .await
            .map_err(Failure::unavailable)?;
        while let Some(stored) = sources.next().await.map_err(Failure::unavailable)? {
            if self.json {
                lines::print(serde_json::to_string(&stored.event)?)?;
                continue;
            }
            table.add_row(row(
                &stored.event,
                stored.stored_at,
                OffsetDateTime::now_utc(),
            ));
        }
        match (self.json, table.is_empty()) {
            (true, _) => Ok(()),
            (_, true) => {
                lines::print("No camera was connected to yet: framewatch-camera does that.")
            }
            _ => lines::print(table.to_string()),
        }
    }
}

fn row(source: &Source, said_at: OffsetDateTime, now: OffsetDateTime) -> [String; 8] {
    let ago = |at: Option<&pbjson_types::Timestamp>| {
        at.and_then(from_timestamp)
            .map_or_else(|| "-".to_owned(), |at| age(now - at))
    };
    let is_old = now - said_at > SAID_WITHIN;
    let state = match is_old {
        true => "unknown".to_owned(),
        false => source.state().words(),
    };
    let why = match is_old {
        true => "framewatch-camera does not say so any more: does it run?",
        false => lines::or_dash(&source.reason),
    };
    let set = match source.set_by() {
        SetBy::File => "in the file",
        SetBy::FileBeforeApi => "in the file, and by API",
        SetBy::Api => "by API",
        SetBy::Unspecified => "-",
    };
    let size = match source.width {
        0 => "-".to_owned(),
        width => format!("{width}x{}", source.height),
    };
    [
        source.camera.clone(),
        source.folder.clone(),
        set.to_owned(),
        state,
        ago(source.since.as_ref()),
        size,
        ago(source.last_picture_at.as_ref()),
        why.to_owned(),
    ]
}

fn age(ago: time::Duration) -> String {
    let seconds = u64::try_from(ago.whole_seconds()).unwrap_or_default();
    format!(
        "{} ago",
        humantime::format_duration(Duration::from_secs(seconds))
    )
}

impl Test {
    async fn run(self) -> Result<ExitCode, Failure> {
        let spec = self.spec()?;
        let mut picture = None;
        let cpu = CpuPool::default().queue();
        let tried = probe(&spec, &cpu, |step| {
            let said = lines::print(format!("ok    {}", step.said(&spec)));
            if let Step::Pictured(first, _) = step {
                picture = Some(first);
            }
            // The pipe that nobody reads ended the process already.
            drop(said);
        })
        .await;
        if let (Some(path), Some(picture)) = (&self.output, &picture) {
            write(path, picture)?;
        }
        match tried {
            Ok(()) => Ok(ExitCode::SUCCESS),
            Err(outage) => {
                lines::print(format!("FAIL  {outage}"))?;
                Ok(ExitCode::FAILURE)
            }
        }
    }

    fn spec(&self) -> Result<CameraSpec, Failure> {
        let source = CameraSource::parse(&self.url).map_err(|error| {
            Failure::usage(match error == InvalidAddress::Credentials.into() {
                true => anyhow!(
                    "a URL holds no user and no password here, since others see what is typed: leave out what stands before the @, and \
                     give --username and --password-file"
                ),
                false => anyhow!("{error}; or folder: and the path of a folder, or ffmpeg: and what it is to read"),
            })
        })?;
        let name = "test".parse().map_err(Failure::usage)?;
        let mut spec = CameraSpec::new(name, source);
        if let (Some(username), Some(path)) = (&self.username, &self.password_file) {
            let password = read(path)?;
            spec.login = Some(Login::new(
                username,
                password.trim_end_matches(['\r', '\n']),
            ));
        }
        if let Some(path) = &self.ca_file {
            spec.authority = Some(read(path)?.into_bytes());
        }
        spec.pin = self.pinned_certificate;
        if self.udp {
            spec.transport = Transport::Udp;
        }
        Ok(spec)
    }
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path)
        .with_context(|| format!("cannot read {}", path.display()))
        .map_err(Failure::Usage)
}

fn write(path: &Path, picture: &Picture) -> Result<(), Failure> {
    fs::write(path, &picture.bytes)
        .with_context(|| format!("cannot write {}", path.display()))
        .map_err(Failure::Usage)
}
