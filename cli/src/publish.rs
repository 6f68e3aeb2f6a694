//! `framewatch publish`: publishes pictures as frames.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use event_bus::{Bus, BusConfig, Folder, FrameHeaders, PublishError, Role};
use service_runtime::Failure;
use time::OffsetDateTime;
use tokio::io::AsyncReadExt;

use crate::progress::Progress;

#[derive(clap::Args)]
pub(crate) struct Publish {
    /// The folder whose camera took the pictures
    folder: Folder,

    /// Pictures, in order; `-` is standard input
    #[arg(required = true)]
    files: Vec<PathBuf>,

    /// The camera's name
    #[arg(long, default_value = "")]
    camera: String,

    #[command(flatten)]
    bus: BusConfig,
}

impl Publish {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let bus = Bus::connect(&self.bus, "framewatch publish", Role::Guest)
            .await
            .map_err(Failure::unavailable)?;
        let progress = Progress::of_count(self.files.len());
        for file in &self.files {
            let picture = read(file).await?;
            let content_type =
                fingerprint::Format::sniff(&picture).map(fingerprint::Format::content_type);
            let bytes = picture.len();
            let headers = FrameHeaders {
                camera: self.camera.clone(),
                captured_at: OffsetDateTime::now_utc(),
            };
            bus.publish_frame(&self.folder, &headers, content_type, picture.into())
                .await
                .map_err(|error| refused(file, error))?;
            progress.print(format!(
                "{}: {bytes} bytes published to {}",
                file.display(),
                self.folder
            ))?;
            progress.advance();
        }
        Ok(())
    }
}

async fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    let context = || format!("cannot read {}", file.display());
    let picture = if file == Path::new("-") {
        let mut bytes = Vec::new();
        tokio::io::stdin()
            .read_to_end(&mut bytes)
            .await
            .with_context(context)
            .map(|_| bytes)
    } else {
        tokio::fs::read(file).await.with_context(context)
    };
    picture.map_err(Failure::Usage)
}

fn refused(file: &Path, error: PublishError) -> Failure {
    let is_usage = matches!(error, PublishError::TooLarge { .. });
    let error = anyhow::Error::new(error).context(format!("{} was not published", file.display()));
    if is_usage {
        Failure::Usage(error)
    } else {
        Failure::Unavailable(error)
    }
}
