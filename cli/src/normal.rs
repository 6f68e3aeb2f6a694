use std::path::PathBuf;

use event_bus::Folder;
use proto::{from_timestamp, rfc3339, v1::Upload};
use serde::Deserialize;
use service_runtime::Failure;

use crate::{
    api::{Api, ApiConfig, Stored},
    lines, upload,
};

#[derive(clap::Args)]
pub(crate) struct NormalCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Add pictures that are right as well as the reference: files, or what a camera sent
    Add(Add),
    /// Show them, oldest first, with when each was last the closest to a frame
    List(List),
    /// Remove one
    Remove(Remove),
}

#[derive(clap::Args)]
struct Add {
    /// The folder; it must have a reference
    folder: Folder,

    #[command(flatten)]
    source: Source,

    #[command(flatten)]
    api: ApiConfig,
}

#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct Source {
    /// Pictures
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Take the latest frame of the folder's camera
    #[arg(long)]
    from_latest: bool,

    /// Take the frame behind this alert
    #[arg(long, value_name = "ID")]
    from_alert: Option<String>,
}

#[derive(clap::Args)]
struct List {
    /// The folder
    folder: Folder,

    /// All that is known of them, in JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    api: ApiConfig,
}

#[derive(clap::Args)]
struct Remove {
    /// The folder
    folder: Folder,

    /// The picture's id, as `list` shows it
    id: String,

    #[command(flatten)]
    api: ApiConfig,
}

#[derive(Deserialize)]
struct Normals {
    normals: Vec<Normal>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Normal {
    #[serde(flatten)]
    upload: Upload,
    last_closest_at: Option<String>,
}

impl NormalCommand {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        match self.action {
            Action::Add(add) => add.run().await,
            Action::List(list) => list.run().await,
            Action::Remove(Remove { folder, id, api }) => {
                let path = format!("{}/{id}", path(&folder));
                Api::new(&api)?.delete(&path).await?;
                lines::print(format!("{id}: removed from {folder}"))
            }
        }
    }
}

impl Add {
    async fn run(self) -> Result<(), Failure> {
        let Add {
            folder,
            source,
            api,
        } = self;
        let path = path(&folder);
        let query = match &source.from_alert {
            Some(id) => vec![("from", "alert"), ("id", id.as_str())],
            None if source.from_latest => vec![("from", "latest-frame")],
            None => return upload::send(&api, &folder, &path, &source.files).await,
        };
        let stored: Stored = Api::new(&api)?.post(&path, &query).await?;
        lines::print(format!("stored in {folder} as {}", stored.id()?))
    }
}

impl List {
    async fn run(self) -> Result<(), Failure> {
        let api = Api::new(&self.api)?;
        let answer: serde_json::Value = api.get(&path(&self.folder)).await?;
        if self.json {
            return lines::print(answer.to_string());
        }
        let Normals { normals } = serde_json::from_value(answer)?;
        for normal in normals {
            lines::print(normal.to_string())?;
        }
        Ok(())
    }
}

impl std::fmt::Display for Normal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Upload {
            id,
            name,
            uploaded_at,
            ..
        } = &self.upload;
        let added = uploaded_at.as_ref().and_then(from_timestamp).map(rfc3339);
        let added = lines::or_dash(added.as_deref().unwrap_or_default());
        let closest = lines::or_dash(self.last_closest_at.as_deref().unwrap_or_default());
        write!(f, "{id}  {name}  added {added}  last the closest {closest}")
    }
}

fn path(folder: &Folder) -> String {
    format!("/api/v1/folders/{folder}/normals")
}
