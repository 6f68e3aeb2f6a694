use std::path::PathBuf;

use anyhow::Context as _;
use event_bus::Folder;
use service_runtime::Failure;

use crate::{
    api::{Api, ApiConfig},
    lines,
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
        for file in &self.files {
            let picture = tokio::fs::read(file)
                .await
                .with_context(|| format!("cannot read {}", file.display()))
                .map_err(Failure::Usage)?;
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            let id = api.upload(self.folder.as_str(), &name, picture).await?;
            lines::print(format!(
                "{}: stored in {} as {id}",
                file.display(),
                self.folder
            ))?;
        }
        Ok(())
    }
}
