//! Silences as the forms of pages send them.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::Redirect,
};
use serde::Deserialize;
use time::OffsetDateTime;

use super::api::{Meant, Said, silence, take_back};
use crate::{
    access::By,
    app::App,
    folders::saved::Saved,
    front_door::{
        addresses::encoded,
        extract::{Params, form},
        moment::time,
    },
    problem::{Kind, Problem},
};

/// How long a silence can last: the choice's word in the form, the same for people, and the seconds.
pub(crate) const LASTS: [(&str, &str, u32); 5] = [
    ("1h", "1 hour", 3600),
    ("4h", "4 hours", 4 * 3600),
    ("12h", "12 hours", 12 * 3600),
    ("1d", "1 day", 24 * 3600),
    ("7d", "7 days", 7 * 24 * 3600),
];

/// What is empty says nothing. Of names there may be several, with commas between them.
#[derive(Default, Deserialize)]
#[serde(default)]
struct SilenceForm {
    folder: String,
    site: String,
    area: String,
    tag: String,
    kind: String,
    subject: String,
    from: String,
    /// Goes before `for`.
    until: String,
    #[serde(rename = "for")]
    lasts: String,
    /// Days that are ticked: one that recurs.
    #[serde(flatten)]
    days: Days,
    /// The time of the day at which it begins, as `02:00`.
    begins: String,
    ends: String,
    zone: String,
    reason: String,
    /// Pages ask for it only where nobody logs in.
    name: String,
}

/// Each says something where it is ticked.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Days {
    mon: Option<String>,
    tue: Option<String>,
    wed: Option<String>,
    thu: Option<String>,
    fri: Option<String>,
    sat: Option<String>,
    sun: Option<String>,
}

impl Days {
    /// `Mon,Sun`; all of them where none is ticked.
    fn words(&self) -> String {
        let all = [
            ("Mon", &self.mon),
            ("Tue", &self.tue),
            ("Wed", &self.wed),
            ("Thu", &self.thu),
            ("Fri", &self.fri),
            ("Sat", &self.sat),
            ("Sun", &self.sun),
        ];
        let ticked = all.into_iter().filter(|(_, ticked)| ticked.is_some());
        let ticked: Vec<&str> = ticked.map(|(word, _)| word).collect();
        match ticked.is_empty() {
            true => "Mon-Sun".to_owned(),
            false => ticked.join(","),
        }
    }

    fn is_none(&self) -> bool {
        let all = [
            &self.mon, &self.tue, &self.wed, &self.thu, &self.fri, &self.sat, &self.sun,
        ];
        all.into_iter().all(Option::is_none)
    }
}

pub(super) async fn add_by_form(
    State(app): State<Arc<App>>,
    by: By,
    request: Request,
) -> Result<Redirect, Problem> {
    let form: SilenceForm = form(request, "The form").await?;
    let added = silence(&app, form.read()?, &by).await?;
    let id = encoded(&added.id);
    Ok(Redirect::to(&format!("/silences#silence-{id}")))
}

/// Silences a folder, as its page asks for it.
pub(super) async fn add_for_folder(
    State(app): State<Arc<App>>,
    Params(name): Params<String>,
    by: By,
    request: Request,
) -> Result<Redirect, Problem> {
    let folder = app.existing_by_number(&name)?;
    let form: SilenceForm = form(request, "The form").await?;
    let of_folder = SilenceForm {
        folder: folder.to_string(),
        lasts: form.lasts,
        reason: form.reason,
        name: form.name,
        ..SilenceForm::default()
    };
    silence(&app, of_folder.read()?, &by).await?;
    Ok(Redirect::to(&Saved::Silence.place(&name)))
}

pub(super) async fn remove_by_form(
    State(app): State<Arc<App>>,
    Params(id): Params<String>,
    by: By,
) -> Result<Redirect, Problem> {
    take_back(&app, &id, &by).await?;
    Ok(Redirect::to("/silences"))
}

impl SilenceForm {
    fn read(self) -> Result<Said, Problem> {
        let ends_at = at("until", &self.until)?;
        let hours = self.hours();
        let for_seconds = match ends_at {
            Some(_) => None,
            // How long it lasts, its hours say.
            None if !hours.is_empty() => None,
            None => Some(seconds(&self.lasts)?),
        };
        Ok(Said {
            matcher: Meant {
                folders: several(&self.folder),
                sites: several(&self.site),
                areas: several(&self.area),
                tags: several(&self.tag),
                kinds: several(&self.kind),
                subjects: several(&self.subject),
            },
            starts_at: at("from", &self.from)?,
            ends_at,
            for_seconds,
            hours,
            reason: self.reason,
            name: self.name,
        })
    }
}

impl SilenceForm {
    /// The hours in which it recurs; empty where it does not.
    fn hours(&self) -> String {
        let (begins, ends) = (self.begins.trim(), self.ends.trim());
        if self.days.is_none() && begins.is_empty() && ends.is_empty() {
            return String::new();
        }
        let zone = match self.zone.trim() {
            "" => "UTC",
            zone => zone,
        };
        format!("{} {begins}-{ends} {zone}", self.days.words())
    }
}

fn at(name: &str, text: &str) -> Result<Option<OffsetDateTime>, Problem> {
    time(name, Some(text.trim()).filter(|text| !text.is_empty()))
}

fn seconds(word: &str) -> Result<u32, Problem> {
    let known = LASTS.into_iter().find(|(known, ..)| *known == word);
    known.map(|(.., seconds)| seconds).ok_or_else(|| {
        let words = LASTS.map(|(word, ..)| word).join(", ");
        Kind::InvalidRequest.because(format!(
            "for is {word:?}; it must be one of {words}, unless until says when it ends."
        ))
    })
}

fn several(text: &str) -> Vec<String> {
    let parts = text.split(',').map(str::trim);
    let given = parts.filter(|part| !part.is_empty());
    given.map(str::to_owned).collect()
}
