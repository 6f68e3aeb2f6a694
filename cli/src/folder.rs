//! `framewatch folder`: shows what is said of a folder, and says it.

use event_bus::Folder;
use proto::v1::Folder as Details;
use service_runtime::Failure;

use crate::{
    api::{Api, ApiConfig},
    lines,
};

#[derive(clap::Args)]
pub(crate) struct FolderCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Show what is said of a folder
    Get(Get),
    /// Say what a folder is, so that people find it and know what they look at
    Set(Set),
    /// Remove all folders that nobody made: cameras send to them
    RemoveUnmade(RemoveUnmade),
}

#[derive(clap::Args)]
struct RemoveUnmade {
    #[command(flatten)]
    api: ApiConfig,
}

#[derive(serde::Deserialize)]
struct Removed {
    removed: usize,
}

#[derive(clap::Args)]
struct Get {
    #[command(flatten)]
    target: Target,

    /// All that the service says of it, in JSON
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct Set {
    #[command(flatten)]
    target: Target,

    #[command(flatten)]
    said: Said,
}

/// What is not given stays as it is.
#[derive(Clone, clap::Args)]
#[group(required = true, multiple = true)]
struct Said {
    /// What people call it, in one line; "" for its name
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,

    /// Where its camera is: the town, the building
    #[arg(long, value_name = "TEXT")]
    site: Option<String>,

    /// The part of the site: the gate, the line
    #[arg(long, value_name = "TEXT")]
    area: Option<String>,

    /// A word by which it is found; given several times, several. They replace those that it has
    #[arg(long = "tag", value_name = "WORD", conflicts_with = "no_tags")]
    tags: Vec<String>,

    /// Take all its tags away
    #[arg(long)]
    no_tags: bool,
}

#[derive(clap::Args)]
struct Target {
    /// The folder
    #[arg(value_name = "NAME")]
    folder: Folder,

    #[command(flatten)]
    api: ApiConfig,
}

impl FolderCommand {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        match self.action {
            Action::Get(Get { target, json }) => {
                let answer: serde_json::Value = Api::new(&target.api)?.get(&target.path()).await?;
                if json {
                    return lines::print(answer.to_string());
                }
                target.print(&serde_json::from_value(answer)?)
            }
            Action::Set(Set { target, said }) => {
                said.check()?;
                let api = Api::new(&target.api)?;
                let there: Details = api.get(&target.path()).await?;
                let answer = api.put(&target.path(), &said.upon(there)).await?;
                target.print(&answer)
            }
            Action::RemoveUnmade(RemoveUnmade { api }) => {
                let path = "/api/v1/folders?made=false";
                let Removed { removed } = Api::new(&api)?.delete_many(path).await?;
                lines::print(match removed {
                    0 => "there is no folder that nobody made".to_owned(),
                    1 => "1 folder removed".to_owned(),
                    removed => format!("{removed} folders removed"),
                })
            }
        }
    }
}

impl Said {
    /// Refuses what cannot be before anything is asked.
    fn check(&self) -> Result<(), Failure> {
        let details = self.clone().upon(Details::default());
        details
            .check()
            .map_err(|error| Failure::Usage(error.into()))
    }

    fn upon(self, there: Details) -> Details {
        Details {
            title: self.title.unwrap_or(there.title),
            site: self.site.unwrap_or(there.site),
            area: self.area.unwrap_or(there.area),
            tags: match self.tags.is_empty() && !self.no_tags {
                true => there.tags,
                false => self.tags,
            },
        }
    }
}

impl Target {
    fn path(&self) -> String {
        format!("/api/v1/folders/{}", self.folder)
    }

    fn print(&self, details: &Details) -> Result<(), Failure> {
        lines::print(format!("{}:", self.folder))?;
        for (name, text) in [
            ("title", &details.title),
            ("site", &details.site),
            ("area", &details.area),
            ("tags", &details.tags.join(" ")),
        ] {
            lines::print(format!("  {name:<5}  {}", lines::or_dash(text)))?;
        }
        Ok(())
    }
}
