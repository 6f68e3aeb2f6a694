//! `framewatch normal`: lists, adds and removes normal pictures, and answers proposals.

use std::path::PathBuf;

use event_bus::Folder;
use proto::{
    from_timestamp, rfc3339,
    v1::{Proposal, Upload},
};
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
    /// Show the frames that are proposed, oldest first
    Proposals(List),
    /// Accept proposed frames: each becomes a normal picture
    Accept(Choice),
    /// Refuse proposed frames
    Refuse(Choice),
}

#[derive(clap::Args)]
struct Choice {
    /// The folder
    folder: Folder,

    #[command(flatten)]
    which: Which,

    #[command(flatten)]
    api: ApiConfig,
}

#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// The proposals' ids, as `proposals` shows them
    #[arg(value_name = "ID")]
    ids: Vec<String>,

    /// All that are proposed
    #[arg(long)]
    all: bool,
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
struct Proposals {
    proposals: Vec<Proposal>,
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
            Action::Proposals(list) => list.proposals().await,
            Action::Accept(choice) => choice.accept().await,
            Action::Refuse(choice) => choice.refuse().await,
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

impl List {
    async fn proposals(self) -> Result<(), Failure> {
        let api = Api::new(&self.api)?;
        let answer: serde_json::Value = api.get(&proposals_path(&self.folder)).await?;
        if self.json {
            return lines::print(answer.to_string());
        }
        let Proposals { proposals } = serde_json::from_value(answer)?;
        for proposal in &proposals {
            lines::print(line(proposal))?;
        }
        Ok(())
    }
}

/// A proposal for people.
fn line(proposal: &Proposal) -> String {
    let frame = proposal.frame.as_ref();
    let frame_at = frame.and_then(|frame| frame.stored_at.as_ref());
    let frame_at = frame_at.and_then(from_timestamp).map(rfc3339);
    let frame_at = lines::or_dash(frame_at.as_deref().unwrap_or_default()).to_owned();
    let Proposal { id, similarity, .. } = proposal;
    format!("{id}  frame of {frame_at}  similarity {similarity:.3}")
}

impl Choice {
    async fn accept(self) -> Result<(), Failure> {
        let (api, path) = (Api::new(&self.api)?, proposals_path(&self.folder));
        for id in self.which.ids(&api, &path).await? {
            let stored: Stored = api.post(&format!("{path}/{id}/accept"), &[]).await?;
            lines::print(format!(
                "{id}: stored in {} as {}",
                self.folder,
                stored.id()?
            ))?;
        }
        Ok(())
    }

    async fn refuse(self) -> Result<(), Failure> {
        let (api, path) = (Api::new(&self.api)?, proposals_path(&self.folder));
        for id in self.which.ids(&api, &path).await? {
            api.delete(&format!("{path}/{id}")).await?;
            lines::print(format!("{id}: refused"))?;
        }
        Ok(())
    }
}

impl Which {
    async fn ids(self, api: &Api, path: &str) -> Result<Vec<String>, Failure> {
        if !self.all {
            return Ok(self.ids);
        }
        let Proposals { proposals } = api.get(path).await?;
        Ok(proposals.into_iter().map(|proposal| proposal.id).collect())
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

fn proposals_path(folder: &Folder) -> String {
    format!("/api/v1/folders/{folder}/proposals")
}
