use comfy_table::{CellAlignment, Table, presets};
use proto::{
    from_timestamp,
    v1::{Alert, Upload},
};
use serde::Deserialize;
use serde_json::value::RawValue;
use service_runtime::Failure;
use time::OffsetDateTime;

use crate::{
    api::{Api, ApiConfig},
    lines,
};

#[derive(clap::Args)]
pub(crate) struct Folders {
    /// The service's answer as it is, in JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    api: ApiConfig,
}

#[derive(Deserialize)]
struct Answer {
    folders: Vec<Folder>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Folder {
    folder: String,
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
        if self.json {
            let answer: Box<RawValue> = api.get("/api/v1/folders").await?;
            return lines::print(answer.get());
        }
        let answer: Answer = api.get("/api/v1/folders").await?;
        lines::print(table(&answer.folders).to_string())
    }
}

fn table(folders: &[Folder]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header([
        "FOLDER",
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
    if let Some(similarity) = table.column_mut(2) {
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
