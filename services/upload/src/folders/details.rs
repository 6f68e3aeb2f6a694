//! What people say of a folder: as the body of a call and as the form of its page. Which folders there are, `api` says.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::Redirect,
};
use proto::v1::Folder as Details;
use serde::Deserialize;
use utoipa::ToSchema;

use super::saved::Saved;
use crate::{
    access::By,
    app::App,
    front_door::{
        extract::{Params, form, json_if_any},
        schemas::{schemas, text},
    },
    problem::{Kind, Problem, sentence},
};

schemas! {
    /// One word.
    Tag: text()
        .min_length(Some(1))
        .max_length(Some(Details::MAX_TAG))
        .pattern(Some(r"^[^\x00-\x1f\x7f-\x9f ,]+$"));
}

/// What people say of a folder; what is absent is empty.
#[derive(Default, Deserialize, ToSchema)]
#[schema(
    as = FolderDetails,
    example = json!({"title": "Loading dock, east gate", "site": "Plant 2", "area": "Gate 3", "tags": ["outdoor", "lane"]})
)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Said {
    /// In one line: what people call it.
    #[schema(max_length = 100, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    title: String,
    /// Where its camera is: the town, the building.
    #[schema(max_length = 100, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    site: String,
    /// The part of the site: the gate, the line.
    #[schema(max_length = 100, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    area: String,
    /// Words by which it is found.
    #[schema(value_type = Vec<Tag>, max_items = 20)]
    tags: Vec<String>,
}

/// The same from a page.
#[derive(Default, Deserialize)]
#[serde(default)]
struct DetailsForm {
    title: String,
    site: String,
    area: String,
    /// Separated by blanks or commas.
    tags: String,
}

/// What the body of a request says of a folder, checked; `None` where there is no body.
pub(super) async fn read(request: Request) -> Result<Option<Details>, Problem> {
    let example = r#"{"title": "Loading dock, east gate", "site": "Plant 2", "area": "Gate 3", "tags": ["outdoor"]}"#;
    let what = "What is said of a folder";
    let said = json_if_any::<Said>(request, what, Kind::InvalidFolderDetails, example).await?;
    said.map(|said| check(said.into())).transpose()
}

pub(super) async fn set_by_form(
    State(app): State<Arc<App>>,
    Params(name): Params<String>,
    by: By,
    request: Request,
) -> Result<Redirect, Problem> {
    let folder = app.existing_by_number(&name)?;
    let form: DetailsForm = form(request, "The form").await?;
    let details = check(form.into())?;
    app.folders.describe(&folder, details, by).await?;
    Ok(Redirect::to(&Saved::Description.place(&name)))
}

impl From<Said> for Details {
    fn from(said: Said) -> Self {
        Details {
            title: said.title,
            site: said.site,
            area: said.area,
            tags: said.tags,
        }
    }
}

impl From<DetailsForm> for Details {
    fn from(form: DetailsForm) -> Self {
        let tags = form.tags.split(|c: char| c == ',' || c.is_whitespace());
        Details {
            tags: tags
                .filter(|tag| !tag.is_empty())
                .map(str::to_owned)
                .collect(),
            title: form.title,
            site: form.site,
            area: form.area,
        }
    }
}

fn check(details: Details) -> Result<Details, Problem> {
    match details.check() {
        Ok(()) => Ok(details.tidy()),
        Err(error) => Err(Kind::InvalidFolderDetails.because(sentence(&error.to_string()))),
    }
}
