//! `framewatch folders`: lists folders and how they stand.

use std::{
    io::{self, IsTerminal},
    time::Duration,
};

use comfy_table::{CellAlignment, Table, presets};
use proto::{
    from_timestamp,
    v1::{Alert, Upload},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use service_runtime::Failure;
use time::OffsetDateTime;
use tokio::time::sleep;

use crate::{
    api::{Api, ApiConfig},
    lines,
};

#[derive(clap::Args)]
pub(crate) struct Folders {
    /// All that the service says of them, in JSON
    #[arg(long)]
    json: bool,

    /// Show it again every 2 s until Ctrl-C; on a terminal in the same place
    #[arg(long)]
    watch: bool,

    #[command(flatten)]
    api: ApiConfig,
}

/// Between two looks.
const PERIOD: Duration = Duration::from_secs(2);

/// Clears a terminal and begins at its top.
const CLEAR: &str = "\x1b[2J\x1b[H";

/// A part of the list.
#[derive(Deserialize)]
struct Page<T> {
    folders: Vec<T>,
    /// Where it goes on.
    next: Option<String>,
}

#[derive(Serialize)]
struct All<T> {
    folders: Vec<T>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Folder {
    folder: String,
    #[serde(default)]
    title: String,
    state: String,
    similarity: Option<f64>,
    reference: Option<Upload>,
    frame: Option<Frame>,
    alert: Option<Alert>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Frame {
    stored_at: pbjson_types::Timestamp,
    camera: String,
}

impl Folders {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let api = Api::new(&self.api)?;
        if !self.watch {
            return lines::print(self.look(&api).await?);
        }
        let place = match io::stdout().is_terminal() {
            true => CLEAR,
            false => "",
        };
        loop {
            let seen = match self.look(&api).await {
                // It may be back at the next look.
                Err(Failure::Unavailable(error)) => format!("{error:#}"),
                other => other?,
            };
            lines::print(format!("{place}{seen}"))?;
            sleep(PERIOD).await;
        }
    }

    async fn look(&self, api: &Api) -> Result<String, Failure> {
        if self.json {
            let folders: Vec<Box<RawValue>> = all(api).await?;
            return Ok(serde_json::to_string(&All { folders })?);
        }
        Ok(table(&all(api).await?).to_string())
    }
}

async fn all<T: DeserializeOwned>(api: &Api) -> Result<Vec<T>, Failure> {
    let mut folders = Vec::new();
    let mut next = Some("/api/v1/folders?limit=200".to_owned());
    while let Some(path) = next {
        let page: Page<T> = api.get(&path).await?;
        folders.extend(page.folders);
        next = page.next;
    }
    Ok(folders)
}

fn table(folders: &[Folder]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header([
        "FOLDER",
        "TITLE",
        "STATE",
        "SIMILARITY",
        "REFERENCE",
        "CAMERA",
        "LAST FRAME",
        "SINCE",
    ]);
    for folder in folders {
        table.add_row([
            folder.folder.clone(),
            lines::or_dash(&folder.title).to_owned(),
            folder.state.clone(),
            folder
                .similarity
                .map_or_else(|| "-".to_owned(), |similarity| format!("{similarity:.3}")),
            folder
                .reference
                .as_ref()
                .map_or_else(|| "-".to_owned(), |reference| reference.name.clone()),
            folder
                .frame
                .as_ref()
                .map_or_else(|| "-".to_owned(), |frame| frame.camera.clone()),
            ago(folder.frame.as_ref().map(|frame| &frame.stored_at)),
            ago(folder
                .alert
                .as_ref()
                .and_then(|alert| alert.fired_at.as_ref())),
        ]);
    }
    if let Some(similarity) = table.column_mut(3) {
        similarity.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn ago(at: Option<&pbjson_types::Timestamp>) -> String {
    match at.and_then(from_timestamp) {
        Some(at) => {
            let seconds = (OffsetDateTime::now_utc() - at).whole_seconds().max(0);
            format!("{seconds} s ago")
        }
        None => "-".to_owned(),
    }
}
