//! The page of all alerts, and that of one.

use std::sync::Arc;

use askama::Template;
use axum::{Extension, extract::State, response::Html};
use event_bus::Exhibit;
use folder_state::AlertQuery;
use proto::v1::Phase;
use time::{OffsetDateTime, UtcOffset, macros::format_description};

use super::{api, episode::Row, query::Query};
use crate::{
    access::Visitor,
    app::App,
    front_door::{
        extract::{Params, Search},
        pages::render,
    },
    problem::Problem,
};

/// Alerts in the list of those that are firing now.
const FIRING: usize = 100;

#[derive(Template)]
#[template(path = "alerts/list.html")]
struct AlertsPage {
    /// Those that are firing, with how many there are; on the page of all alerts only.
    firing: Option<(Vec<Row>, usize)>,
    rows: Vec<Row>,
    /// How many match, whether they are on this page or not.
    total: usize,
    next: Option<String>,
    filter: Filter,
    visitor: Visitor,
    is_connected: bool,
}

/// What the form shows as chosen.
struct Filter {
    /// The query as it is, by which forms find back.
    link: String,
    /// Where the list begins, if this is not its first page.
    first: Option<String>,
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
    has_frame: bool,
    has_reference: bool,
    /// Whether its frame can become a normal picture.
    can_be_normal: bool,
    visitor: Visitor,
    is_connected: bool,
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Search(query): Search<Query>,
    Extension(visitor): Extension<Visitor>,
) -> Result<Html<String>, Problem> {
    let (firing, listed) = match query.is_for_everything() {
        true => {
            let over = Query {
                limit: query.limit,
                ..Query::of(Phase::Resolved)
            };
            (Some(firing(&app, &visitor)?), over)
        }
        false => (None, query.clone()),
    };
    let page = api::page(&app, &listed, "/alerts")?;
    render(&AlertsPage {
        firing,
        rows: page
            .alerts
            .into_iter()
            .map(|known| Row::new(&app, known, &visitor))
            .collect(),
        total: page.total,
        next: page.next,
        filter: Filter::new(&app, &query)?,
        visitor,
        is_connected: app.broker.is_connected(),
    })
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
        row,
        has_frame,
        has_reference,
        visitor,
        is_connected: app.broker.is_connected(),
    })
}

impl Filter {
    fn new(app: &App, query: &Query) -> Result<Self, Problem> {
        let folders = app.states.read().folders();
        let mut folders: Vec<String> = folders.iter().map(ToString::to_string).collect();
        let folder = query.folder.clone().unwrap_or_default();
        // A folder that was removed still has its alerts.
        if !folder.is_empty() && !folders.contains(&folder) {
            folders.insert(0, folder.clone());
        }
        Ok(Filter {
            link: query.link(),
            first: query.first("/alerts"),
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
