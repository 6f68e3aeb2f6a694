//! The page of all alerts, and that of one.

use std::{sync::Arc, time::Duration};

use askama::Template;
use axum::{
    Extension,
    extract::State,
    response::{Html, IntoResponse},
};
use event_bus::Exhibit;
use folder_state::AlertQuery;
use proto::v1::Phase;
use time::{OffsetDateTime, UtcOffset, macros::format_description};

use super::{api, episode::Row, query::AlertSearch};
use crate::{
    access::Visitor,
    app::App,
    front_door::{
        extract::{Params, Search},
        pages::render,
    },
    live::{
        self,
        drawing::{Drawing, List, Part},
        follow::{Has, Page},
    },
    problem::{Kind, Problem},
};

/// Alerts in the list of those that are firing now.
const FIRING: usize = 100;

/// How often the page is drawn anew at least. What fires has lasted longer by then, and some of it may no longer be as
/// recent as the filter wants.
const AT_LEAST_EVERY: Duration = Duration::from_secs(30);

#[derive(Template)]
#[template(path = "alerts/list.html")]
struct AlertsPage {
    drawing: Drawing,
    /// Whether firing alerts have a list of their own, as on the page of all alerts.
    has_firing: bool,
    filter: Filter,
    visitor: Visitor,
    is_connected: bool,
}

/// The parts of a list of alerts that may change, without its entries.
#[derive(Template, Clone, Copy)]
#[template(path = "alerts/list_parts.html")]
struct ListParts<'a> {
    /// Which of them is drawn.
    part: &'a str,
    has_firing: bool,
    firing: usize,
    shown_firing: usize,
    /// How many alerts match, on this page or not.
    total: usize,
    shown: usize,
    first: Option<&'a str>,
    next: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "alerts/entry.html")]
struct Entry<'a> {
    row: &'a Row,
    /// The query of the list, by which its forms find back.
    link: &'a str,
}

/// The parts of an alert's page that may change.
#[derive(Template, Clone, Copy)]
#[template(path = "alerts/parts.html")]
struct AlertParts<'a> {
    /// Which of them is drawn.
    part: &'a str,
    row: &'a Row,
}

/// The choices that the form shows.
struct Filter {
    /// The query as it is.
    link: String,
    folders: Vec<String>,
    folder: String,
    phases: [Choice; 3],
    acknowledged: [Choice; 3],
    periods: [Choice; 5],
    since: Field,
    until: Field,
}

/// A time in UTC as a browser's field for a date and a time has it.
#[derive(Default)]
struct Field {
    value: String,
    /// Such a field is shown with seconds only where it must be.
    has_seconds: bool,
}

struct Choice {
    value: &'static str,
    words: &'static str,
    is_chosen: bool,
}

#[derive(Template)]
#[template(path = "alerts/page.html")]
struct AlertPage {
    row: Row,
    drawing: Drawing,
    has_frame: bool,
    has_reference: bool,
    /// Whether its frame can become a normal picture.
    can_be_normal: bool,
    visitor: Visitor,
    is_connected: bool,
}

/// A list of alerts, as somebody sees it.
struct ShownList {
    app: Arc<App>,
    query: AlertSearch,
    visitor: Visitor,
}

impl Page for ShownList {
    const AT_LEAST_EVERY: Duration = AT_LEAST_EVERY;

    fn version(&self) -> u64 {
        self.app.states.read().alerts_version()
    }

    fn draw(&self) -> Result<Option<Drawing>, Problem> {
        let ShownList {
            app,
            query,
            visitor,
        } = self;
        let link = query.link();
        let (firing, listed) = match query.is_for_everything() {
            true => {
                let over = AlertSearch {
                    limit: query.limit,
                    ..AlertSearch::of(Phase::Resolved)
                };
                (Some(firing(app, visitor)?), over)
            }
            false => (None, query.clone()),
        };
        let page = api::page(app, &listed, "/alerts")?;
        let rows = page.alerts.into_iter();
        let rows: Vec<_> = rows.map(|known| Row::new(app, known, visitor)).collect();
        let has_firing = firing.is_some();
        let first = query.first("/alerts");
        let (now, firing) = firing.unwrap_or_default();
        let parts = ListParts {
            part: "",
            has_firing,
            firing,
            shown_firing: now.len(),
            total: page.total,
            shown: rows.len(),
            first: first.as_deref(),
            next: page.next.as_deref(),
        };
        let shown: &[&str] = match has_firing {
            true => &["now", "more", "history", "pages"],
            false => &["history", "pages"],
        };
        let shown = shown.iter();
        let shown = shown.map(|&part| Part::new(part, &ListParts { part, ..parts }));
        let lists = [("firing", now), ("listed", rows)];
        let lists = lists.map(|(name, rows)| Ok(List::new(name, entries(&rows, &link)?)));
        let lists: Result<Vec<List>, Problem> = lists.into_iter().collect();
        Ok(Some(Drawing::new(shown.collect::<Result<_, _>>()?, lists?)))
    }
}

fn entries(rows: &[Row], link: &str) -> Result<Vec<Part>, Problem> {
    let entry = |row: &Row| Part::new(format!("alert-{}", row.key), &Entry { row, link });
    rows.iter().map(entry).collect()
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Search(query): Search<AlertSearch>,
    Extension(visitor): Extension<Visitor>,
) -> Result<Html<String>, Problem> {
    let filter = Filter::new(&app, &query)?;
    let has_firing = query.is_for_everything();
    let shown = ShownList {
        app: Arc::clone(&app),
        query,
        visitor: visitor.clone(),
    };
    render(&AlertsPage {
        drawing: shown.draw()?.unwrap_or_default(),
        has_firing,
        filter,
        visitor,
        is_connected: app.broker.is_connected(),
    })
}

/// Tells what becomes of the list.
pub(super) async fn follow_list(
    State(app): State<Arc<App>>,
    Search(query): Search<AlertSearch>,
    Search(has): Search<Has>,
    Extension(visitor): Extension<Visitor>,
) -> Result<impl IntoResponse, Problem> {
    query.read()?;
    let shown = ShownList {
        app: Arc::clone(&app),
        query,
        visitor,
    };
    live::follow::follow(&app, shown, &has)
}

/// Those that are firing, the ones that nobody has in hand first, and how many there are.
fn firing(app: &App, visitor: &Visitor) -> Result<(Vec<Row>, usize), Problem> {
    let all = AlertQuery {
        phase: Some(Phase::Firing),
        limit: usize::MAX,
        ..AlertQuery::default()
    };
    let mut firing = api::select(app, &all)?.alerts;
    firing.sort_by_key(|known| known.acknowledgement.is_some());
    let total = firing.len();
    let shown = firing.into_iter().take(FIRING);
    let rows = shown.map(|known| Row::new(app, known, visitor));
    Ok((rows.collect(), total))
}

/// An alert, as somebody sees it.
struct ShownAlert {
    app: Arc<App>,
    id: String,
    visitor: Visitor,
}

impl Page for ShownAlert {
    const AT_LEAST_EVERY: Duration = AT_LEAST_EVERY;

    fn version(&self) -> u64 {
        self.app.states.read().alerts_version()
    }

    fn draw(&self) -> Result<Option<Drawing>, Problem> {
        let known = match api::existing(&self.app, &self.id) {
            Err(problem) if problem.kind == Kind::UnknownAlert => return Ok(None),
            known => known?,
        };
        drawn(&Row::new(&self.app, known, &self.visitor)).map(Some)
    }
}

fn drawn(row: &Row) -> Result<Drawing, Problem> {
    let parts = ["head", "facts", "acknowledged", "forms"].into_iter();
    let parts = parts.map(|part| Part::new(part, &AlertParts { part, row }));
    Ok(Drawing::new(parts.collect::<Result<_, _>>()?, Vec::new()))
}

/// Tells what becomes of the alert.
pub(super) async fn follow(
    State(app): State<Arc<App>>,
    Params(id): Params<String>,
    Search(has): Search<Has>,
    Extension(visitor): Extension<Visitor>,
) -> Result<impl IntoResponse, Problem> {
    api::existing(&app, &id)?;
    let shown = ShownAlert {
        app: Arc::clone(&app),
        id,
        visitor,
    };
    live::follow::follow(&app, shown, &has)
}

pub(super) async fn one(
    State(app): State<Arc<App>>,
    Params(id): Params<String>,
    Extension(visitor): Extension<Visitor>,
) -> Result<Html<String>, Problem> {
    let known = api::existing(&app, &id)?;
    let has = async |exhibit| {
        // While NATS does not say, the picture may well be there: the browser will see.
        app.broker.has_evidence(&id, exhibit).await.unwrap_or(true)
    };
    let (has_frame, has_reference) = tokio::join!(has(Exhibit::Frame), has(Exhibit::Reference));
    let row = Row::new(&app, known, &visitor);
    let folder = app.existing(&row.folder).ok();
    render(&AlertPage {
        can_be_normal: row.is_of_view
            && has_frame
            && visitor.may_operate()
            && folder.is_some_and(|folder| app.states.read().reference(&folder).is_some()),
        drawing: drawn(&row)?,
        row,
        has_frame,
        has_reference,
        visitor,
        is_connected: app.broker.is_connected(),
    })
}

impl Filter {
    fn new(app: &App, query: &AlertSearch) -> Result<Self, Problem> {
        let folders = app.states.read().folders();
        let mut folders: Vec<String> = folders.iter().map(ToString::to_string).collect();
        let folder = query.folder.clone().unwrap_or_default();
        // A folder that was removed still has its alerts.
        if !folder.is_empty() && !folders.contains(&folder) {
            folders.insert(0, folder.clone());
        }
        Ok(Filter {
            link: query.link(),
            folders,
            folder,
            phases: choices(
                &query.phase,
                [("", "all"), ("firing", "firing"), ("resolved", "resolved")],
            ),
            acknowledged: choices(
                &query.acknowledged,
                [("", "all"), ("false", "no"), ("true", "yes")],
            ),
            periods: choices(
                &query.within,
                [
                    ("", "all"),
                    ("hour", "last hour"),
                    ("day", "last 24 hours"),
                    ("week", "last 7 days"),
                    ("month", "last 30 days"),
                ],
            ),
            since: query.since()?.map(Field::new).unwrap_or_default(),
            until: query.until()?.map(Field::new).unwrap_or_default(),
        })
    }

    fn is_set(&self) -> bool {
        !self.link.is_empty()
    }
}

fn choices<const N: usize>(
    chosen: &Option<String>,
    all: [(&'static str, &'static str); N],
) -> [Choice; N] {
    let chosen = chosen.as_deref().unwrap_or_default();
    all.map(|(value, words)| Choice {
        value,
        words,
        is_chosen: value == chosen,
    })
}

impl Field {
    fn new(at: OffsetDateTime) -> Self {
        let at = at.to_offset(UtcOffset::UTC);
        let has_seconds = at.second() != 0;
        let value = if has_seconds {
            at.format(format_description!(
                "[year]-[month]-[day]T[hour]:[minute]:[second]"
            ))
        } else {
            at.format(format_description!("[year]-[month]-[day]T[hour]:[minute]"))
        };
        Field {
            value: value.unwrap_or_default(),
            has_seconds,
        }
    }
}
