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

    #[command(flatten)]
    api: ApiConfig,
}

impl Upload {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let api = Api::new(&self.api)?;
        let progress = Progress::of_bytes(self.files.iter().map(|file| size(file)).sum());
        for file in &self.files {
            let picture = tokio::fs::read(file)
                .await
                .with_context(|| format!("cannot read {}", file.display()))
                .map_err(Failure::Usage)?;
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            let id = api
                .upload(
                    self.folder.as_str(),
                    &name,
                    picture.len(),
                    progress.through_body(picture.into()),
                )
                .await?;
            progress.print(format!(
                "{}: stored in {} as {id}",
                file.display(),
                self.folder
            ))?;
        }
        Ok(())
    }
}

/// In bytes; 0 where there is no such file, which reading it will say.
fn size(file: &Path) -> u64 {
    file.metadata().map_or(0, |metadata| metadata.len())
}
