//! Who is told of what, as a notifier's file of routes says it; who would be told of an alert; and trying a receiver. A notifier
//! is asked each time: what holds, it alone knows.

use std::{sync::Arc, time::Duration};

use axum::{Json, extract::State};
use event_bus::{
    Folder, NotifierAnswer, NotifierQuestion, ReceiverName, ReceiverSaid, RouteSaid, RoutesSaid,
    SupposedAlert, Tested, WouldBeTold, WouldTell,
};
use proto::v1;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    addresses::OneReceiver,
    extract::{Params, Search},
    refusals::{self, Asked, Change, Named, Refusals},
    schemas::FolderName,
};
use crate::{
    app::{App, parse},
    problem::{Kind, Problem},
};

/// How long a notifier may take to say what it knows.
const SAID_WITHIN: Duration = Duration::from_secs(5);

/// Longer than a notifier tries a receiver.
const TRIED_WITHIN: Duration = Duration::from_secs(50);

/// What the file of routes says. Secrets and URLs are not in it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RouteList {
    pub(crate) receivers: Vec<ReceiverOfFile>,
    /// Each that means an alert counts, in the file's order.
    pub(crate) routes: Vec<Route>,
    /// How many routes more there are.
    pub(crate) left_out: usize,
    /// Where messages lead; empty where nowhere.
    pub(crate) link: String,
    /// Why the file as it is now does not hold, and the one before it still does; empty where it holds.
    pub(crate) refused: String,
}

/// Somebody who can be told.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReceiverOfFile {
    pub(crate) receiver: String,
    /// `webhook`, `email`, `slack`, `alertmanager`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// Where it is: a host, a channel.
    pub(crate) place: String,
    /// The most messages that it is sent, as `10/min`; empty where there is no such limit.
    pub(crate) rate: String,
}

/// Who is told of what.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Route {
    /// Which alerts, in words; empty where all.
    pub(crate) what: String,
    /// Whether ends are told as well.
    pub(crate) tells_ends: bool,
    /// Who is told.
    pub(crate) to: Vec<String>,
    /// What the alerts of a message have in common.
    pub(crate) group_by: Vec<String>,
    pub(crate) group_wait_seconds: u64,
    pub(crate) group_interval_seconds: u64,
    /// After how long it is told again that an alert still fires.
    pub(crate) remind_seconds: Option<u64>,
    /// After how long others are told where nobody has it in hand.
    pub(crate) escalate_after_seconds: Option<u64>,
    /// These others.
    pub(crate) escalate_to: Vec<String>,
    /// When people are told; empty where always.
    pub(crate) hours: String,
    /// Whether that is now.
    pub(crate) is_open: bool,
}

/// Who would be told of an alert, were it to fire now.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WouldBeToldList {
    pub(crate) receivers: Vec<WouldBeToldEntry>,
    /// What holds back messages of it now: `silence`, `camera`; empty where nothing does.
    pub(crate) held: String,
}

/// A receiver that would be told.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WouldBeToldEntry {
    pub(crate) receiver: String,
    /// By which route, counted from 1.
    pub(crate) route: usize,
    /// After how long, where it is told only of what nobody has in hand by then.
    pub(crate) escalates_after_seconds: Option<u64>,
    /// Whether it is the route's hours.
    pub(crate) is_open: bool,
}

/// An alert that might be.
#[derive(Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Supposed {
    /// The folder's name; there need be no such folder.
    #[param(value_type = FolderName, inline)]
    #[serde(default)]
    pub(crate) folder: String,
    /// What is wrong: `covered`, `silent`, `no-key-frames`.
    #[param(min_length = 1, example = "covered")]
    #[serde(default)]
    pub(crate) kind: String,
}

/// What came of a test message.
#[derive(Serialize, ToSchema)]
pub(crate) struct TestAnswer {
    /// `taken`; `not-taken`, which it might be later; `refused`.
    pub(crate) outcome: &'static str,
    /// Why it was not taken; empty where it was.
    pub(crate) why: String,
}

/// Tells who is told of what
///
/// As the notifier's file says it, without its secrets.
#[utoipa::path(
    get,
    path = "/api/v1/routes",
    tag = "notifications",
    operation_id = "listRoutes",
    responses((status = OK, description = "Receivers and routes", body = RouteList), Refusals<()>)
)]
pub(crate) async fn list(State(app): State<Arc<App>>) -> Result<Json<RouteList>, Problem> {
    routes(&app).await.map(Json)
}

/// Tells who would be told of an alert
#[utoipa::path(
    get,
    path = "/api/v1/routes/told",
    tag = "notifications",
    operation_id = "whoWouldBeTold",
    params(Supposed),
    responses(
        (status = OK, description = "Who would be told, were it to fire now", body = WouldBeToldList),
        Refusals<(Asked, Named)>,
    )
)]
pub(crate) async fn told(
    State(app): State<Arc<App>>,
    Search(supposed): Search<Supposed>,
) -> Result<Json<WouldBeToldList>, Problem> {
    would_tell(&app, &supposed).await.map(Json)
}

/// Sends a test message to a receiver
///
/// It tells of no alert, counts for no rate, and is not tried again.
#[utoipa::path(
    post,
    path = "/api/v1/receivers/{receiver}/test",
    tag = "notifications",
    operation_id = "testReceiver",
    params(OneReceiver),
    responses(
        (status = OK, description = "What came of it", body = TestAnswer),
        Refusals<(Asked, Change, refusals::OneReceiver)>,
    )
)]
pub(crate) async fn test(
    State(app): State<Arc<App>>,
    Params(OneReceiver { receiver }): Params<OneReceiver>,
) -> Result<Json<TestAnswer>, Problem> {
    send_test(&app, &receiver).await.map(Json)
}

pub(crate) async fn routes(app: &App) -> Result<RouteList, Problem> {
    match ask(app, &NotifierQuestion::Routes, SAID_WITHIN).await? {
        NotifierAnswer::Routes(said) => Ok(said.into()),
        _ => Err(another_answer()),
    }
}

pub(crate) async fn would_tell(app: &App, supposed: &Supposed) -> Result<WouldBeToldList, Problem> {
    let question = NotifierQuestion::WouldTell(supposed.read()?);
    match ask(app, &question, SAID_WITHIN).await? {
        NotifierAnswer::WouldTell(told) => Ok(told.into()),
        _ => Err(another_answer()),
    }
}

pub(crate) async fn send_test(app: &App, receiver: &str) -> Result<TestAnswer, Problem> {
    let unknown = || {
        let name: String = receiver.chars().take(80).collect();
        Kind::UnknownReceiver.because(format!(
            "There is no receiver {name:?}; GET /api/v1/routes lists them."
        ))
    };
    let receiver: ReceiverName = receiver.parse().map_err(|_| unknown())?;
    let question = NotifierQuestion::Test { receiver };
    match ask(app, &question, TRIED_WITHIN).await? {
        NotifierAnswer::Tested(tested) => Ok(tested.into()),
        NotifierAnswer::UnknownReceiver => Err(unknown()),
        NotifierAnswer::Busy => Err(Kind::Busy.because(
            "Many receivers are being tried, or were in the last seconds. Try again in a minute.",
        )),
        _ => Err(another_answer()),
    }
}

async fn ask(
    app: &App,
    question: &NotifierQuestion,
    within: Duration,
) -> Result<NotifierAnswer, Problem> {
    app.broker.ask_notifier(question, within).await
}

fn another_answer() -> Problem {
    Kind::Unavailable.because("The notifier answered something else: it is of another version.")
}

impl Supposed {
    fn read(&self) -> Result<SupposedAlert, Problem> {
        let folder: Folder = parse(self.folder.trim())?;
        let Some(kind) = v1::Kind::of_word(self.kind.trim()) else {
            let all = v1::AlertMatcher::kinds_there_are().join(", ");
            return Err(Kind::InvalidRequest
                .because(format!("kind is {:?}; it must be one of {all}.", self.kind)));
        };
        let word = kind.words().replace(' ', "-");
        Ok(SupposedAlert::of(&folder, &word, kind.subject().word()))
    }
}

fn names(receivers: Vec<ReceiverName>) -> Vec<String> {
    receivers.into_iter().map(String::from).collect()
}

impl From<RoutesSaid> for RouteList {
    fn from(said: RoutesSaid) -> Self {
        let receivers = said.receivers.into_iter();
        RouteList {
            receivers: receivers
                .map(
                    |(name, ReceiverSaid { kind, place, rate })| ReceiverOfFile {
                        receiver: name.into(),
                        kind,
                        place,
                        rate,
                    },
                )
                .collect(),
            routes: said.routes.into_iter().map(Route::from).collect(),
            left_out: said.left_out,
            link: said.link,
            refused: said.refused,
        }
    }
}

impl From<RouteSaid> for Route {
    fn from(said: RouteSaid) -> Self {
        Route {
            what: said.what,
            tells_ends: said.tells_ends,
            to: names(said.to),
            group_by: said.group_by,
            group_wait_seconds: said.group_wait,
            group_interval_seconds: said.group_interval,
            remind_seconds: said.remind,
            escalate_after_seconds: said.escalate_after,
            escalate_to: names(said.escalate_to),
            hours: said.hours,
            is_open: said.is_open,
        }
    }
}

impl From<WouldTell> for WouldBeToldList {
    fn from(told: WouldTell) -> Self {
        let entry = |it: WouldBeTold| WouldBeToldEntry {
            receiver: it.receiver.into(),
            route: it.route,
            escalates_after_seconds: it.escalates_after,
            is_open: it.is_open,
        };
        WouldBeToldList {
            receivers: told.receivers.into_iter().map(entry).collect(),
            held: told.held,
        }
    }
}

impl From<Tested> for TestAnswer {
    fn from(tested: Tested) -> Self {
        let (outcome, why) = match tested {
            Tested::Taken => ("taken", String::new()),
            Tested::NotTaken { why } => ("not-taken", why),
            Tested::Refused { why } => ("refused", why),
        };
        TestAnswer { outcome, why }
    }
}
