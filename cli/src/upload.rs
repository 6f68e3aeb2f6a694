use std::path::{Path, PathBuf};

use anyhow::Context as _;
use event_bus::Folder;
use service_runtime::Failure;

use crate::{
    api::{Api, ApiConfig},
    progress::Progress,
};

#[derive(clap::Args)]
pub(crate) struct Upload {
    /// The folder that they are references of
    folder: Folder,

    /// Pictures; the last one becomes the reference
    #[arg(required = true)]
    files: Vec<PathBuf>,

    /// Keep the folder's normal pictures, which a new reference retires otherwise
    #[arg(long)]
    keep_normals: bool,

    #[command(flatten)]
    api: ApiConfig,
}

impl Upload {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let keep = if self.keep_normals {
            "?keepNormals=true"
        } else {
            ""
        };
        let path = format!("/api/v1/folders/{}/images{keep}", self.folder);
        send(&self.api, &self.folder, &path, &self.files).await
    }
}

/// Sends pictures of a folder to `path`, one after another, and prints what became of each.
pub(crate) async fn send(
    api: &ApiConfig,
    folder: &Folder,
    path: &str,
    files: &[PathBuf],
) -> Result<(), Failure> {
    let api = Api::new(api)?;
    let progress = Progress::of_bytes(files.iter().map(|file| size(file)).sum());
    for file in files {
        let picture = tokio::fs::read(file)
            .await
            .with_context(|| format!("cannot read {}", file.display()))
            .map_err(Failure::Usage)?;
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let (length, body) = (picture.len(), progress.through_body(picture.into()));
        let id = api.upload(path, &name, length, body).await?;
        progress.print(format!("{}: stored in {folder} as {id}", file.display()))?;
    }
    Ok(())
}

/// In bytes; 0 where there is no such file, which reading it will say.
fn size(file: &Path) -> u64 {
    file.metadata().map_or(0, |metadata| metadata.len())
}
