//! Who is told of what, as a notifier's file of routes or people say it; who would be told of an alert; and trying a receiver. A
//! notifier is asked each time, since it alone knows which routes are in force, and which are possible.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::{Request, State},
    http::StatusCode,
};
use event_bus::{
    Folder, NotifierAnswer, NotifierQuestion, ReceiverName, ReceiverSaid, RouteSaid, RoutesSaid,
    RoutesSet, RoutesText, SupposedAlert, Tested, WouldBeTold, WouldTell,
};
use proto::v1;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    access::By,
    app::{App, parse},
    front_door::{
        addresses::OneReceiver,
        extract::{Params, Search, long_json},
        refusals::{self, Asked, Body, Change, Named, Refusals},
        schemas::{FolderName, schemas, text},
    },
    problem::{Kind, Problem},
};

/// How long a notifier may take to say what it knows.
const SAID_WITHIN: Duration = Duration::from_secs(5);

/// Longer than a notifier stores routes and waits until they hold.
const CHANGED_WITHIN: Duration = Duration::from_secs(10);

/// The longest routes, in characters.
const MAX_TEXT: usize = 60_000;

/// The largest body that routes are sent in. Its escapes make it longer than the routes.
pub(super) const MAX_BODY_BYTES: usize = 256 * 1024;

/// Longer than a notifier tries a receiver.
const TRIED_WITHIN: Duration = Duration::from_secs(50);

/// Who can be told, without secrets and URLs, and who is told of what by the routes in force.
#[derive(Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RouteList {
    pub(super) receivers: Vec<ReceiverOfFile>,
    /// Each that means an alert counts, in the file's order.
    pub(super) routes: Vec<Route>,
    /// How many routes more there are.
    pub(super) left_out: usize,
    /// Where messages lead; empty where nowhere.
    pub(super) link: String,
    /// Why what file and people say now does not hold, and what held before still does; empty where it holds.
    pub(super) refused: String,
    /// The routes as tables `[[route]]`, in the words of the file; to be changed and set.
    pub(super) text: String,
    /// Who has set them in place of the file's; absent where the file's hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) set: Option<SetBy>,
}

/// That somebody has set routes.
#[derive(Serialize, ToSchema)]
#[schema(as = RoutesSetBy)]
pub(super) struct SetBy {
    /// Who; empty where nobody logs in.
    pub(super) by: String,
    /// When.
    #[schema(format = DateTime)]
    pub(super) at: String,
}

/// Routes that are to be set.
#[derive(Deserialize, ToSchema)]
#[schema(as = RoutesBody, example = json!({"text": "[[route]]\nto = [\"ops\"]\n"}))]
#[serde(deny_unknown_fields)]
struct Given {
    /// Tables `[[route]]` as in the notifier's file. None at all: nobody is told of anything.
    #[schema(max_length = 60000)]
    text: String,
}

/// Somebody who can be told.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReceiverOfFile {
    pub(super) receiver: String,
    /// `webhook`, `email`, `slack`, `alertmanager`.
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// Where it is: a host, a channel.
    pub(super) place: String,
    /// The most messages that it is sent, as `10/min`; empty where there is no such limit.
    pub(super) rate: String,
}

/// Who is told of what.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Route {
    /// Which alerts, in words; empty where all.
    pub(super) what: String,
    /// Whether ends are told as well.
    pub(super) tells_ends: bool,
    /// Who is told.
    pub(super) to: Vec<String>,
    /// What the alerts of a message have in common.
    pub(super) group_by: Vec<String>,
    pub(super) group_wait_seconds: u64,
    pub(super) group_interval_seconds: u64,
    /// After how long it is told again that an alert still fires.
    pub(super) remind_seconds: Option<u64>,
    /// After how long others are told where nobody has it in hand.
    pub(super) escalate_after_seconds: Option<u64>,
    /// These others.
    pub(super) escalate_to: Vec<String>,
    /// When people are told; empty where always.
    pub(super) hours: String,
    /// Whether that is now.
    pub(super) is_open: bool,
}

/// Who would be told of an alert, were it to fire now.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct WouldBeToldList {
    pub(super) receivers: Vec<WouldBeToldEntry>,
    /// What holds back messages of it now: `silence`, `camera`; empty where nothing does.
    pub(super) held: String,
}

/// A receiver that would be told.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct WouldBeToldEntry {
    pub(super) receiver: String,
    /// By which route, counted from 1.
    pub(super) route: usize,
    /// After how long, where it is told only of what nobody has in hand by then.
    pub(super) escalates_after_seconds: Option<u64>,
    /// Whether it is the route's hours.
    pub(super) is_open: bool,
}

schemas! {
    /// What an alert may be of.
    KindWord: text().enum_values(Some(v1::AlertMatcher::kinds_there_are()));
}

/// An alert that might be.
#[derive(Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Supposed {
    /// The folder's name; there need be no such folder.
    #[param(value_type = FolderName, inline, required = true)]
    #[serde(default)]
    pub(super) folder: String,
    /// What is wrong: `covered`, `silent`, `no-key-frames`.
    #[param(value_type = KindWord, inline, example = "covered", required = true)]
    #[serde(default)]
    pub(super) kind: String,
}

/// What came of a test message.
#[derive(Serialize, ToSchema)]
pub(super) struct TestAnswer {
    /// `taken`; `not-taken`, which it might be later; `refused`.
    pub(super) outcome: &'static str,
    /// Why it was not taken; empty where it was.
    pub(super) why: String,
}

/// Tells who is told of what
///
/// As people have set it, or the notifier's file says it; without secrets.
#[utoipa::path(
    get,
    path = "/api/v1/routes",
    tag = "notifications",
    operation_id = "listRoutes",
    responses((status = OK, description = "Receivers and routes", body = RouteList), Refusals<()>)
)]
pub(super) async fn list(State(app): State<Arc<App>>) -> Result<Json<RouteList>, Problem> {
    routes(&app).await.map(Json)
}

/// Sets who is told of what
///
/// These routes take the place of the file's; its receivers stay. They are taken as a whole or refused, with the lines.
#[utoipa::path(
    put,
    path = "/api/v1/routes",
    tag = "notifications",
    operation_id = "setRoutes",
    request_body = Given,
    responses(
        (status = OK, description = "What holds now", body = RouteList),
        Refusals<(Asked, Change, Body, refusals::Routes)>,
    )
)]
pub(super) async fn set(
    State(app): State<Arc<App>>,
    by: By,
    request: Request,
) -> Result<Json<RouteList>, Problem> {
    let example = r#"{"text": "[[route]]\nto = [\"ops\"]\n"}"#;
    let (what, invalid) = ("Routes", Kind::InvalidRoutes);
    let Given { text } = long_json(request, what, invalid, example, MAX_BODY_BYTES).await?;
    set_routes(&app, text, &by).await.map(Json)
}

/// Lets the routes of the notifier's file hold again
#[utoipa::path(
    delete,
    path = "/api/v1/routes",
    tag = "notifications",
    operation_id = "unsetRoutes",
    responses(
        (status = NO_CONTENT, description = "The file's hold, or did"),
        Refusals<(Change,)>,
    )
)]
pub(super) async fn unset(State(app): State<Arc<App>>, by: By) -> Result<StatusCode, Problem> {
    unset_routes(&app, &by).await?;
    Ok(StatusCode::NO_CONTENT)
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
pub(super) async fn told(
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
pub(super) async fn test(
    State(app): State<Arc<App>>,
    Params(OneReceiver { receiver }): Params<OneReceiver>,
) -> Result<Json<TestAnswer>, Problem> {
    send_test(&app, &receiver).await.map(Json)
}

pub(super) async fn routes(app: &App) -> Result<RouteList, Problem> {
    match ask(app, &NotifierQuestion::Routes, SAID_WITHIN).await? {
        NotifierAnswer::Routes(said) => Ok(said.into()),
        _ => Err(another_answer()),
    }
}

pub(super) async fn set_routes(app: &App, text: String, by: &By) -> Result<RouteList, Problem> {
    // A browser's text area ends lines as mails do.
    let text = text.replace("\r\n", "\n");
    let length = text.chars().count();
    if length > MAX_TEXT {
        return Err(Kind::InvalidRoutes.because(format!(
            "Nothing has changed. The routes have {length} characters; there must be at most {MAX_TEXT}."
        )));
    }
    let by = by.name().to_owned();
    let question = NotifierQuestion::SetRoutes(RoutesText { text, by });
    changed(ask(app, &question, CHANGED_WITHIN).await?)
}

pub(super) async fn unset_routes(app: &App, by: &By) -> Result<RouteList, Problem> {
    let by = by.name().to_owned();
    let question = NotifierQuestion::UnsetRoutes { by };
    changed(ask(app, &question, CHANGED_WITHIN).await?)
}

fn changed(answer: NotifierAnswer) -> Result<RouteList, Problem> {
    match answer {
        NotifierAnswer::Routes(said) => Ok(said.into()),
        NotifierAnswer::RoutesRefused { why } => {
            Err(Kind::InvalidRoutes.because(format!("Nothing has changed. {why}")))
        }
        NotifierAnswer::RoutesNotStored { why } => Err(Kind::Unavailable.because(format!(
            "Whether the routes are stored is not known: {why}. Look at them, and try again."
        ))),
        _ => Err(another_answer()),
    }
}

pub(super) async fn would_tell(app: &App, supposed: &Supposed) -> Result<WouldBeToldList, Problem> {
    let question = NotifierQuestion::WouldTell(supposed.read()?);
    match ask(app, &question, SAID_WITHIN).await? {
        NotifierAnswer::WouldTell(told) => Ok(told.into()),
        _ => Err(another_answer()),
    }
}

pub(super) async fn send_test(app: &App, receiver: &str) -> Result<TestAnswer, Problem> {
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
            text: said.text,
            set: said.set.map(|RoutesSet { by, at }| SetBy { by, at }),
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
