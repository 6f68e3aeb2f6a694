//! The parts of a folder's page that may change: its state, its pictures, what is offered. Its forms and its history
//! belong to the page.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use askama::Template;
use event_bus::Folder;
use folder_state::Normal;
use proto::v1::Proposal;

use super::card::{self, Card};
use crate::{
    access::Visitor,
    app::App,
    folder_writer::most_normals,
    live::{
        drawing::{Drawing, List, Part},
        follow::Page,
    },
    problem::Problem,
    references::images::{Image, page},
    silences,
};

/// Pictures on a page.
const PICTURES: usize = 24;

/// What everybody is shown.
const FOR_ALL: [&str; 9] = [
    "head",
    "silenced",
    "modes",
    "frame",
    "reference",
    "facts",
    "normals-count",
    "proposals",
    "pictures",
];

/// What only those are shown who may operate.
const FOR_OPERATORS: [&str; 2] = ["normal-too", "offer"];

/// A folder's page, as somebody sees it.
pub(super) struct Shown {
    pub(super) app: Arc<App>,
    pub(super) folder: Folder,
    /// As it stands in the address of the page.
    pub(super) name: String,
    /// The picture before which the list of pictures goes on; empty where it begins with the newest.
    pub(super) before: String,
    pub(super) visitor: Visitor,
}

#[derive(Template, Clone, Copy)]
#[template(path = "folders/parts.html")]
struct Parts<'a> {
    /// Which of them is drawn.
    part: &'a str,
    card: &'a Card,
    name: &'a str,
    /// Those that last and may mean its alerts.
    silences: &'a [silences::page::Row],
    normals: usize,
    most_normals: usize,
    proposals: &'a [Proposal],
    images: &'a [Image],
    older: Option<&'a str>,
    is_first: bool,
    visitor: &'a Visitor,
}

#[derive(Template)]
#[template(path = "folders/normal.html")]
struct NormalPicture<'a> {
    folder: &'a str,
    name: &'a str,
    normal: &'a Normal,
    visitor: &'a Visitor,
}

impl Page for Shown {
    const AT_LEAST_EVERY: Duration = Duration::from_secs(5);

    fn version(&self) -> u64 {
        let folder = self.app.states.read().version(&self.folder);
        let mut hasher = DefaultHasher::new();
        (folder, self.app.silences.version()).hash(&mut hasher);
        hasher.finish()
    }

    fn draw(&self) -> Result<Option<Drawing>, Problem> {
        let Shown { app, folder, .. } = self;
        let Some(summary) = app.states.read().summary(folder) else {
            return Ok(None);
        };
        let before = Some(&self.before[..]).filter(|id| !id.is_empty());
        let pictures = page(app, folder, PICTURES, before);
        let (proposals, most_normals, details) = {
            let state = app.states.read();
            let proposals = state.proposals(folder).into_iter();
            let proposals: Vec<_> = proposals.map(|(_, it)| it.clone()).collect();
            let details = state.made(folder).cloned().unwrap_or_default();
            (proposals, most_normals(&state, folder), details)
        };
        let normals = summary.normals.clone();
        let parts = Parts {
            part: "",
            card: &Card::new(summary),
            name: &self.name,
            silences: &silences::page::of_folder(app, folder.as_str(), &details),
            normals: normals.len(),
            most_normals,
            proposals: &proposals,
            images: &pictures.images,
            older: pictures.next.as_deref(),
            is_first: before.is_none(),
            visitor: &self.visitor,
        };
        self.drawn(parts, &normals).map(Some)
    }
}

impl Shown {
    fn drawn(&self, parts: Parts<'_>, normals: &[Normal]) -> Result<Drawing, Problem> {
        let for_operators = FOR_OPERATORS.iter();
        let for_operators = for_operators.filter(|_| self.visitor.may_operate());
        let shown = FOR_ALL.iter().chain(for_operators);
        let shown = shown.map(|&part| Part::new(part, &Parts { part, ..parts }));
        let normals = normals.iter().map(|normal| self.normal(normal));
        let normals = List::new("normals", normals.collect::<Result<_, _>>()?);
        Ok(Drawing::new(
            shown.collect::<Result<_, _>>()?,
            vec![normals],
        ))
    }

    fn normal(&self, normal: &Normal) -> Result<Part, Problem> {
        let picture = NormalPicture {
            folder: self.folder.as_str(),
            name: &self.name,
            normal,
            visitor: &self.visitor,
        };
        Part::new(format!("normal-{}", normal.upload.id), &picture)
    }
}

impl Parts<'_> {
    /// Whether there are two pictures to be compared.
    fn has_both(&self) -> bool {
        self.card.frame.is_some() && self.card.reference.is_some()
    }

    /// What somebody is asked who is about to delete a picture.
    fn deletion(&self, image: &Image) -> String {
        let name = &image.upload.name;
        match (image.is_reference, self.card.images) {
            (true, ..=1) => format!(
                "Delete {name}? It is the last picture of {}: without a reference no frame is compared and no alert fires.",
                self.card.called()
            ),
            (true, _) => format!("Delete {name}? The picture before it becomes the reference."),
            (false, _) => format!("Delete {name}?"),
        }
    }
}
