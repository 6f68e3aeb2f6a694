//! The page of silences: those that there are, and a form to make one.

use std::{sync::Arc, time::Duration};

use askama::Template;
use axum::{
    Extension,
    extract::State,
    response::{Html, IntoResponse},
};
use proto::v1::{AlertMatcher, Folder as Details, Silence};
use serde::Deserialize;
use time::OffsetDateTime;

use super::{forms::LASTS, known::Stage};
use crate::{
    access::Visitor,
    app::App,
    front_door::{addresses::encoded, extract::Search, moment::Moment, pages::render},
    live::{
        self,
        drawing::{Drawing, Part},
        follow::{Has, Page},
    },
    problem::Problem,
};

/// Silences that are shown.
const MOST: usize = 500;

/// How many of these may be over.
const MOST_OVER: usize = 20;

#[derive(Template)]
#[template(path = "silences/page.html")]
struct SilencesPage {
    drawing: Drawing,
    kinds: Vec<String>,
    lasts: [(&'static str, &'static str, u32); 5],
    /// The folder that the form begins with.
    folder: String,
    visitor: Visitor,
    is_connected: bool,
}

/// What may change of the page.
#[derive(Template, Clone, Copy)]
#[template(path = "silences/parts.html")]
struct Parts<'a> {
    /// Which of them is drawn.
    part: &'a str,
    /// Those that last or are to come.
    silences: &'a [Row],
    over: &'a [Row],
    /// Those that are not shown, of the ones that last or are to come.
    left_out: usize,
    visitor: &'a Visitor,
}

/// A silence in words.
pub(crate) struct Row {
    /// The id as part of an address, and as the name of a place on a page.
    pub(crate) key: String,
    pub(crate) words: &'static str,
    pub(crate) slug: &'static str,
    pub(crate) what: String,
    pub(crate) reason: String,
    pub(crate) name: String,
    /// From when to when it lasts, now or the next time.
    pub(crate) starts: Option<Moment>,
    pub(crate) ends: Option<Moment>,
    /// In which hours it recurs; empty where it does not.
    pub(crate) hours: String,
    /// Until when it recurs.
    pub(crate) until: Option<Moment>,
}

/// With what the form begins.
#[derive(Deserialize)]
pub(crate) struct Begin {
    #[serde(default)]
    folder: String,
}

/// The page, as somebody sees it.
struct Shown {
    app: Arc<App>,
    visitor: Visitor,
}

impl Page for Shown {
    const AT_LEAST_EVERY: Duration = Duration::from_secs(5);

    fn version(&self) -> u64 {
        self.app.silences.version()
    }

    fn draw(&self) -> Result<Option<Drawing>, Problem> {
        let now = OffsetDateTime::now_utc();
        let (silences, over, left_out) = {
            let known = self.app.silences.read();
            let current = known.at(&[Stage::Active, Stage::ToCome], now);
            let left_out = current.len().saturating_sub(MOST);
            let over = known.at(&[Stage::Over], now);
            let rows = |listed: Vec<(Stage, &Silence)>, most| {
                let shown = listed.into_iter().take(most);
                shown
                    .map(|(stage, silence)| Row::new(stage, silence, now))
                    .collect::<Vec<_>>()
            };
            (rows(current, MOST), rows(over, MOST_OVER), left_out)
        };
        let parts = Parts {
            part: "",
            silences: &silences,
            over: &over,
            left_out,
            visitor: &self.visitor,
        };
        let drawn = ["now", "over"].into_iter();
        let drawn = drawn.map(|part| Part::new(part, &Parts { part, ..parts }));
        Ok(Some(Drawing::new(
            drawn.collect::<Result<_, _>>()?,
            Vec::new(),
        )))
    }
}

pub(crate) async fn page(
    State(app): State<Arc<App>>,
    Search(begin): Search<Begin>,
    Extension(visitor): Extension<Visitor>,
) -> Result<Html<String>, Problem> {
    let shown = Shown {
        app: Arc::clone(&app),
        visitor: visitor.clone(),
    };
    render(&SilencesPage {
        drawing: shown.draw()?.unwrap_or_default(),
        kinds: AlertMatcher::kinds_there_are(),
        lasts: LASTS,
        folder: begin.folder,
        visitor,
        is_connected: app.broker.is_connected(),
    })
}

/// Tells what becomes of the page.
pub(crate) async fn follow(
    State(app): State<Arc<App>>,
    Search(has): Search<Has>,
    Extension(visitor): Extension<Visitor>,
) -> Result<impl IntoResponse, Problem> {
    let shown = Shown {
        app: Arc::clone(&app),
        visitor,
    };
    live::follow::follow(&app, shown, &has)
}

/// The silences that last and may mean alerts of a folder.
pub(crate) fn of_folder(app: &App, folder: &str, details: &Details) -> Vec<Row> {
    let known = app.silences.read();
    let now = OffsetDateTime::now_utc();
    let silences = known.of_folder(folder, details, now);
    let rows = silences
        .into_iter()
        .map(|silence| Row::new(Stage::Active, silence, now));
    rows.collect()
}

impl Row {
    fn new(stage: Stage, silence: &Silence, now: OffsetDateTime) -> Self {
        let (words, slug) = match stage {
            Stage::Active => ("Silenced", "silenced"),
            Stage::ToCome => ("To come", "waiting"),
            Stage::Over => ("Over", "idle"),
        };
        let times = silence.around(now).or(silence.times());
        let (starts, ends) = times.unzip();
        let (_, until) = silence.times().unzip();
        let matcher = silence.matcher.as_ref();
        Row {
            key: encoded(&silence.id),
            words,
            slug,
            what: matcher.map(AlertMatcher::words).unwrap_or_default(),
            reason: silence.reason.clone(),
            name: silence.name.clone(),
            starts: starts.and_then(Moment::new),
            ends: ends.and_then(Moment::new),
            hours: silence.hours.clone(),
            until: until.and_then(Moment::new),
        }
    }
}
