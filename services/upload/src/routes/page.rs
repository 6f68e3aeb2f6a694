//! The page of routes: who can be told, who is told of what, who would be told of an alert, and what came of a test message.

use std::sync::Arc;

use askama::Template;
use axum::{
    Extension,
    extract::{Request, State},
    response::{Html, IntoResponse as _, Redirect, Response},
};
use proto::v1::AlertMatcher;
use serde::Deserialize;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use super::api::{self, ReceiverOfFile, Route, RouteList, SetBy, Supposed, WouldBeToldList};
use crate::{
    access::{By, Visitor},
    app::App,
    front_door::{
        addresses::OneReceiver,
        duration,
        extract::{Params, Search, long_form},
        moment::Moment,
        pages::render,
    },
    problem::Problem,
};

#[derive(Template)]
#[template(path = "routes/page.html")]
struct RoutesPage {
    receivers: Vec<ReceiverOfFile>,
    routes: Vec<RouteRow>,
    left_out: usize,
    /// Why what file and people say now does not hold.
    refused: String,
    /// The routes as they can be changed.
    text: String,
    /// Who has set them in place of the file's.
    set: Option<SetRow>,
    /// Why what somebody has just written was not taken.
    not_taken: String,
    /// Why nothing of it is known.
    unknown: String,
    /// Which alert is supposed to be.
    folder: String,
    /// All kinds, and whether each is chosen.
    kinds: Vec<(String, bool)>,
    /// The folders to choose from.
    folders: Vec<String>,
    /// Who would be told of it, each in a sentence.
    told: Option<Vec<String>>,
    /// What came of a test message.
    tested: Option<TestRow>,
    visitor: Visitor,
    is_connected: bool,
}

/// A route in words.
struct RouteRow {
    what: String,
    sentences: Vec<String>,
}

/// Who has set the routes, and when.
struct SetRow {
    by: String,
    at: Option<Moment>,
}

impl SetRow {
    fn new(SetBy { by, at }: SetBy) -> Self {
        let at = OffsetDateTime::parse(&at, &Rfc3339).ok();
        SetRow {
            by,
            at: at.and_then(Moment::new),
        }
    }
}

/// What came of a test message, in words.
struct TestRow {
    receiver: String,
    slug: &'static str,
    words: &'static str,
    why: String,
}

pub(super) async fn page(
    State(app): State<Arc<App>>,
    Search(supposed): Search<Supposed>,
    Extension(visitor): Extension<Visitor>,
) -> Result<Html<String>, Problem> {
    let told = match supposed.folder.is_empty() {
        true => None,
        false => Some(api::would_tell(&app, &supposed).await?),
    };
    let shows = Shows {
        supposed,
        told,
        ..Shows::default()
    };
    shown(&app, shows, visitor).await
}

pub(super) async fn test(
    State(app): State<Arc<App>>,
    Params(OneReceiver { receiver }): Params<OneReceiver>,
    Extension(visitor): Extension<Visitor>,
) -> Result<Html<String>, Problem> {
    let answer = api::send_test(&app, &receiver).await?;
    let (slug, words) = match answer.outcome {
        "taken" => ("ok", "The test message was taken"),
        "not-taken" => ("mismatch", "The test message was not taken"),
        _ => ("camera", "The test message was refused"),
    };
    let tested = TestRow {
        receiver,
        slug,
        words,
        why: answer.why,
    };
    let shows = Shows {
        tested: Some(tested),
        ..Shows::default()
    };
    shown(&app, shows, visitor).await
}

/// Takes the routes that somebody has written, or shows the page again with what is wrong with them.
pub(super) async fn set(
    State(app): State<Arc<App>>,
    by: By,
    Extension(visitor): Extension<Visitor>,
    request: Request,
) -> Result<Response, Problem> {
    let RoutesForm { text } = long_form(request, "The form", api::MAX_BODY_BYTES).await?;
    match api::set_routes(&app, text.clone(), &by).await {
        Ok(_) => Ok(Redirect::to("/routes#routes").into_response()),
        Err(problem) => {
            let status = problem.kind.status();
            let shows = Shows {
                not_taken: Some((text, problem.detail)),
                ..Shows::default()
            };
            let page = shown(&app, shows, visitor).await?;
            Ok((status, page).into_response())
        }
    }
}

pub(super) async fn unset(State(app): State<Arc<App>>, by: By) -> Result<Redirect, Problem> {
    api::unset_routes(&app, &by).await?;
    Ok(Redirect::to("/routes#routes"))
}

#[derive(Deserialize)]
struct RoutesForm {
    text: String,
}

/// What the page shows beside the routes.
#[derive(Default)]
struct Shows {
    supposed: Supposed,
    told: Option<WouldBeToldList>,
    tested: Option<TestRow>,
    /// What somebody has written, and why it was not taken.
    not_taken: Option<(String, String)>,
}

async fn shown(app: &App, shows: Shows, visitor: Visitor) -> Result<Html<String>, Problem> {
    let Shows {
        supposed,
        told,
        tested,
        not_taken,
    } = shows;
    let (list, unknown) = match api::routes(app).await {
        Ok(list) => (Some(list), String::new()),
        Err(problem) => (None, problem.detail),
    };
    let RouteList {
        receivers,
        routes,
        left_out,
        refused,
        text,
        set,
        ..
    } = list.unwrap_or_default();
    let (text, not_taken) = not_taken.unwrap_or((text, String::new()));
    let kinds = AlertMatcher::kinds_there_are().into_iter();
    let folders = app.states.read().folders();
    render(&RoutesPage {
        receivers,
        routes: routes.into_iter().map(RouteRow::new).collect(),
        left_out,
        refused,
        text,
        set: set.map(SetRow::new),
        not_taken,
        unknown,
        kinds: kinds
            .map(|kind| {
                let is_chosen = kind == supposed.kind;
                (kind, is_chosen)
            })
            .collect(),
        folder: supposed.folder,
        folders: folders.iter().map(ToString::to_string).collect(),
        told: told.map(|told| in_words(&told)),
        tested,
        visitor,
        is_connected: app.broker.is_connected(),
    })
}

fn seconds(seconds: u64) -> String {
    duration::words(Duration::seconds(seconds.try_into().unwrap_or(i64::MAX)))
}

fn in_words(told: &WouldBeToldList) -> Vec<String> {
    let mut sentences = Vec::new();
    match told.held.as_str() {
        "" => {}
        "silence" => sentences.push("A silence holds back messages of it now.".to_owned()),
        _ => sentences
            .push("Its camera's alert fires, which holds back those of the view.".to_owned()),
    }
    for it in &told.receivers {
        let when = match (it.escalates_after_seconds, it.is_open) {
            (Some(after), _) => format!(
                " after {}, unless somebody has acknowledged it",
                seconds(after)
            ),
            (None, true) => String::new(),
            (None, false) => " when its hours begin".to_owned(),
        };
        sentences.push(format!("{} by route {}{when}.", it.receiver, it.route));
    }
    if told.receivers.is_empty() {
        sentences.push("Nobody: no route means it.".to_owned());
    }
    sentences
}

impl RouteRow {
    fn new(route: Route) -> Self {
        let mut sentences = vec![format!("Told to {}.", route.to.join(", "))];
        let wait = match route.group_wait_seconds {
            0 => "At once".to_owned(),
            wait => format!("After {}", seconds(wait)),
        };
        sentences.push(match route.group_by.is_empty() {
            true => format!("{wait}, all together."),
            false => format!("{wait}, together by {}.", route.group_by.join(" and ")),
        });
        if route.group_interval_seconds > 0 {
            let interval = seconds(route.group_interval_seconds);
            sentences.push(format!("At most one message of a group in {interval}."));
        }
        if let Some(remind) = route.remind_seconds {
            sentences.push(format!("Again every {} while it fires.", seconds(remind)));
        }
        if let Some(after) = route.escalate_after_seconds {
            let (to, after) = (route.escalate_to.join(", "), seconds(after));
            sentences.push(format!(
                "To {to} as well when nobody has acknowledged it {after} later."
            ));
        }
        if !route.hours.is_empty() {
            let now = if route.is_open { "now" } else { "not now" };
            sentences.push(format!("Only {} ({now}).", route.hours));
        }
        if !route.tells_ends {
            sentences.push("Ends are not told.".to_owned());
        }
        RouteRow {
            what: match route.what.is_empty() {
                true => "All alerts".to_owned(),
                false => route.what,
            },
            sentences,
        }
    }
}
