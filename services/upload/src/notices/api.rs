//! Who was told of which alerts, what failed, and what waits.

use std::sync::Arc;

use axum::{Json, extract::State};
use event_bus::{Notice, ReceiverName, Standing, Telling};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::known::{Listed, Waiting, Wanted};
use crate::{
    app::{App, parse},
    front_door::{
        addresses::encoded,
        extract::{Search, given, page_size},
        refusals::{Asked, Named, Refusals},
        schemas::{FolderOrNone, Time, schemas, text},
    },
    problem::{Kind, Problem, sentence},
};

schemas! {
    /// How what a receiver is told of an alert stands.
    StandingWord: text().enum_values(Some(Standing::ALL.map(Standing::word)));
}

/// An empty value, as a form sends it, asks for nothing.
#[derive(Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct NoticeQuery {
    /// Those to one receiver.
    #[param(max_length = 40, pattern = "^([a-z0-9][a-z0-9_-]*)?$")]
    pub(super) receiver: Option<String>,
    /// Those of one folder.
    #[param(value_type = Option<FolderOrNone>, inline, example = "folder1")]
    pub(super) folder: Option<String>,
    /// Those that stand so.
    #[param(value_type = Option<StandingWord>, inline)]
    pub(super) state: Option<String>,
    /// The most entries of one answer.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<usize>,
    /// Where the list goes on, as `next` has it.
    #[param(minimum = 1)]
    before: Option<i64>,
}

/// Notices, the last changed first.
#[derive(Serialize, ToSchema)]
pub(super) struct NoticePage {
    pub(super) notices: Vec<NoticeEntry>,
    /// How many match in all, of the latest.
    pub(super) total: usize,
    /// The address where the list goes on.
    pub(super) next: Option<String>,
}

/// What a receiver was told of an alert.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct NoticeEntry {
    pub(super) receiver: String,
    /// The alert's id.
    pub(super) alert: String,
    pub(super) folder: String,
    /// What the alert is about: `view`, `camera`.
    pub(super) subject: String,
    /// Its sentence.
    pub(super) what: String,
    #[schema(value_type = StandingWord, inline)]
    pub(super) state: &'static str,
    /// When the receiver took the message that it fires.
    #[schema(value_type = Option<Time>)]
    #[serde(with = "time::serde::rfc3339::option")]
    pub(super) told_at: Option<OffsetDateTime>,
    /// When it took the last message that says so.
    #[schema(value_type = Option<Time>)]
    #[serde(with = "time::serde::rfc3339::option")]
    pub(super) last_told_at: Option<OffsetDateTime>,
    /// When it took the message that it is over.
    #[schema(value_type = Option<Time>)]
    #[serde(with = "time::serde::rfc3339::option")]
    pub(super) end_told_at: Option<OffsetDateTime>,
    /// How many messages about it the receiver took.
    pub(super) messages: u32,
    pub(super) sending: Option<SendingEntry>,
    pub(super) failed: Option<FailedEntry>,
}

/// A message that is being sent.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SendingEntry {
    /// Why it is sent: `firing`, `reminder`, `escalation`, `resolved`.
    pub(super) telling: &'static str,
    #[schema(value_type = Time)]
    #[serde(with = "time::serde::rfc3339")]
    pub(super) since: OffsetDateTime,
    /// How often it was sent without the receiver taking it.
    pub(super) tries: u32,
    /// Not before then is it sent again.
    #[schema(value_type = Option<Time>)]
    #[serde(with = "time::serde::rfc3339::option")]
    pub(super) not_before: Option<OffsetDateTime>,
    /// What was wrong the last time.
    pub(super) why: String,
}

/// The last message that was given up.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct FailedEntry {
    /// Why it was sent.
    pub(super) telling: &'static str,
    #[schema(value_type = Time)]
    #[serde(with = "time::serde::rfc3339")]
    pub(super) at: OffsetDateTime,
    /// What is wrong.
    pub(super) why: String,
}

/// What waits to be told to whom.
#[derive(Serialize, ToSchema)]
pub(super) struct ReceiverList {
    receivers: Vec<ReceiverEntry>,
}

/// What waits to be told to a receiver.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReceiverEntry {
    receiver: String,
    /// Whether a notifier sends to it.
    is_attended: bool,
    /// How many alerts wait to be told to it.
    waiting: u64,
    /// How many of these its rate holds back.
    held_by_rate: u64,
    /// How many alerts it is not told of because of a silence, its hours, or the alert of the camera.
    held: u64,
    /// For how long it is left alone yet, since it did not take a message.
    rests_seconds: u64,
    /// Why; empty where it is not.
    why: String,
}

const PATH: &str = "/api/v1/notices";

/// Lists who was told of which alerts, and what failed
#[utoipa::path(
    get,
    path = PATH,
    tag = "notifications",
    operation_id = "listNotices",
    params(NoticeQuery),
    responses(
        (status = OK, description = "Notices, the last changed first", body = NoticePage),
        Refusals<(Asked, Named)>,
    )
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Search(query): Search<NoticeQuery>,
) -> Result<Json<NoticePage>, Problem> {
    page(&app, &query, PATH).map(Json)
}

/// Lists to whom messages wait, and for what
#[utoipa::path(
    get,
    path = "/api/v1/receivers",
    tag = "notifications",
    operation_id = "listReceivers",
    responses((status = OK, description = "Receivers", body = ReceiverList), Refusals<()>)
)]
pub(super) async fn receivers(State(app): State<Arc<App>>) -> Json<ReceiverList> {
    let receivers = app.notices.read().waiting();
    Json(ReceiverList {
        receivers: receivers.into_iter().map(ReceiverEntry::from).collect(),
    })
}

/// The notices that are asked for; the list goes on at an address below `path`.
pub(super) fn page(app: &App, query: &NoticeQuery, path: &str) -> Result<NoticePage, Problem> {
    let wanted = query.read()?;
    let selection = app.notices.read().select(&wanted);
    let last = selection.listed.last().filter(|_| selection.goes_on);
    Ok(NoticePage {
        total: selection.total,
        next: last.map(|last| query.next(path, wanted.limit, last.change)),
        notices: selection
            .listed
            .into_iter()
            .map(NoticeEntry::from)
            .collect(),
    })
}

impl NoticeQuery {
    fn read(&self) -> Result<Wanted, Problem> {
        Ok(Wanted {
            receiver: given(&self.receiver).map(receiver).transpose()?,
            folder: given(&self.folder)
                .map(|name| parse(name).map(|folder| folder.to_string()))
                .transpose()?,
            standing: given(&self.state).map(standing).transpose()?,
            before: self.before.map(change).transpose()?,
            limit: page_size(self.limit)?,
        })
    }

    /// Whether it begins with the last changed of all.
    pub(super) fn is_for_everything(&self) -> bool {
        let texts = [&self.receiver, &self.folder, &self.state];
        self.before.is_none() && texts.into_iter().all(|text| given(text).is_none())
    }

    fn next(&self, path: &str, limit: usize, before: u64) -> String {
        let texts = [
            ("receiver", &self.receiver),
            ("folder", &self.folder),
            ("state", &self.state),
        ];
        let narrowing: String = texts
            .into_iter()
            .filter_map(|(name, text)| Some(format!("&{name}={}", encoded(given(text)?))))
            .collect();
        format!("{path}?limit={limit}&before={before}{narrowing}")
    }
}

fn change(before: i64) -> Result<u64, Problem> {
    let change = u64::try_from(before).ok().filter(|change| *change > 0);
    change.ok_or_else(|| {
        Kind::InvalidRequest.because(format!(
            "before is {before}; it must be a number that `next` has."
        ))
    })
}

fn receiver(name: &str) -> Result<ReceiverName, Problem> {
    name.parse()
        .map_err(|error: event_bus::InvalidReceiverName| {
            Kind::InvalidRequest.because(sentence(&error.to_string()))
        })
}

fn standing(word: &str) -> Result<Standing, Problem> {
    let known = Standing::ALL.into_iter().find(|it| it.word() == word);
    known.ok_or_else(|| {
        let words = Standing::ALL.map(Standing::word).join(", ");
        Kind::InvalidRequest.because(format!("state is {word:?}; it must be one of {words}."))
    })
}

impl From<Listed> for NoticeEntry {
    fn from(listed: Listed) -> Self {
        let state = listed.notice.standing().word();
        let Notice {
            alert,
            folder,
            subject,
            what,
            told_at,
            last_told_at,
            end_told_at,
            messages,
            sending,
            failed,
            ..
        } = listed.notice;
        let word = |telling: Telling| telling.word();
        NoticeEntry {
            receiver: listed.receiver.to_string(),
            alert,
            folder,
            subject,
            what,
            state,
            told_at,
            last_told_at,
            end_told_at,
            messages,
            sending: sending.map(|it| SendingEntry {
                telling: word(it.telling),
                since: it.since,
                tries: it.tries,
                not_before: it.not_before,
                why: it.why,
            }),
            failed: failed.map(|it| FailedEntry {
                telling: word(it.telling),
                at: it.at,
                why: it.why,
            }),
        }
    }
}

impl From<Waiting> for ReceiverEntry {
    fn from(it: Waiting) -> Self {
        let (rests, why) = it.rests.unwrap_or_default();
        ReceiverEntry {
            receiver: it.receiver.to_string(),
            is_attended: it.is_attended,
            waiting: it.waiting,
            held_by_rate: it.held_by_rate,
            held: it.held,
            rests_seconds: rests
                .as_millis()
                .div_ceil(1000)
                .try_into()
                .unwrap_or(u64::MAX),
            why,
        }
    }
}
