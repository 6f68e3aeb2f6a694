//! `framewatch upload`: uploads pictures as references.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
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

/// Sends pictures of a folder to `path`, one after another, and prints what became of each. One that cannot be stored keeps
/// none of the others back.
pub(crate) async fn send(
    api: &ApiConfig,
    folder: &Folder,
    path: &str,
    files: &[PathBuf],
) -> Result<(), Failure> {
    let api = Api::new(api)?;
    let progress = Progress::of_bytes(files.iter().map(|file| size(file)).sum());
    let mut failures = Vec::new();
    for file in files {
        match send_one(&api, path, file, &progress).await {
            Ok(id) => progress.print(format!("{}: stored in {folder} as {id}", file.display()))?,
            Err(failure) => {
                progress.remark(&format!("{}: {:#}", file.display(), failure.error()));
                failures.push(failure);
            }
        }
    }
    match failures.first() {
        None => Ok(()),
        Some(first) => Err(first.saying(anyhow!(
            "{} of {} pictures were not stored",
            failures.len(),
            files.len()
        ))),
    }
}

/// The id of what was stored.
async fn send_one(
    api: &Api,
    path: &str,
    file: &Path,
    progress: &Progress,
) -> Result<String, Failure> {
    let picture = tokio::fs::read(file).await;
    let picture = picture.context("cannot be read").map_err(Failure::Usage)?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let (length, body) = (picture.len(), progress.through_body(picture.into()));
    api.upload(path, &name, length, body).await
}

/// In bytes; 0 where there is no such file, which reading it will say.
fn size(file: &Path) -> u64 {
    file.metadata().map_or(0, |metadata| metadata.len())
}
