//! Silences by the API. What one must say, `proto` knows; what there is, `known`.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderName, StatusCode, header},
};
use event_bus::{InvalidSilenceKey, SilenceKey};
use proto::{
    timestamp,
    v1::{AlertMatcher, Silence},
};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use utoipa::{IntoParams, ToSchema};

use super::known::{MOST, Stage};
use crate::{
    access::By,
    app::App,
    followed::log_unseen,
    front_door::{
        addresses::{OneSilence, encoded},
        extract::{Params, Search, json, page_size},
        refusals::{self, Asked, Body, Change, Refusals},
        schemas::{Time, schemas, text},
    },
    problem::{Kind, Problem, sentence},
};

schemas! {
    /// Where a silence stands.
    StageWord: text()
        .enum_values(Some(Stage::ALL.map(Stage::word)))
        .description(Some("One that recurs is `to-come` between its hours."));
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SilenceQuery {
    /// Those that last, are to come, or are over; without it those that are not over.
    #[param(value_type = Option<StageWord>, inline)]
    state: Option<String>,
    /// The most entries of one answer.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<usize>,
    /// The `id` after which the list goes on.
    #[param(min_length = 1)]
    after: Option<String>,
}

/// A silence, and where it stands.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct KnownSilence {
    #[serde(flatten)]
    silence: Silence,
    #[schema(value_type = StageWord, inline)]
    state: &'static str,
    /// From when it lasts, now or the next time; nothing once it is over.
    #[schema(value_type = Option<Time>)]
    #[serde(with = "time::serde::rfc3339::option")]
    lasts_from: Option<OffsetDateTime>,
    /// Until when it lasts, now or the next time.
    #[schema(value_type = Option<Time>)]
    #[serde(with = "time::serde::rfc3339::option")]
    lasts_until: Option<OffsetDateTime>,
}

/// Silences: first those that last, by their end; then those to come; then those that are over.
#[derive(Serialize, ToSchema)]
pub(super) struct SilenceList {
    silences: Vec<KnownSilence>,
    /// How many there are in all.
    total: usize,
    /// The address where the list goes on.
    next: Option<String>,
}

/// Which alerts nobody is to be told of, until when, and why.
#[derive(Default, Deserialize, ToSchema)]
#[schema(
    as = SilenceBody,
    example = json!({"matcher": {"sites": ["hamburg"]}, "forSeconds": 14400, "reason": "A new switch.", "name": "Jo"})
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Said {
    pub(super) matcher: Meant,
    /// When it begins: now, without it.
    #[schema(value_type = Option<Time>)]
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub(super) starts_at: Option<OffsetDateTime>,
    /// When it ends: this, or `forSeconds`. One that recurs does so until then.
    #[schema(value_type = Option<Time>)]
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub(super) ends_at: Option<OffsetDateTime>,
    /// How long it lasts.
    #[schema(minimum = 1, maximum = 31_622_400)]
    #[serde(default)]
    pub(super) for_seconds: Option<u32>,
    /// One that recurs: it lasts in these hours alone, again and again. Days, a time, a time zone. Where nothing says until
    /// when, it recurs for 365 days.
    #[schema(max_length = 200, example = "Sun 02:00-04:00 Europe/Berlin")]
    #[serde(default)]
    pub(super) hours: String,
    /// Why, in one line.
    #[schema(min_length = 1, max_length = 1000)]
    pub(super) reason: String,
    /// Who says so, in one line. With accounts it is whoever is logged in, or the token, whatever this says.
    #[schema(min_length = 1, max_length = 80)]
    #[serde(default)]
    pub(super) name: String,
}

/// Alerts: all that is given must hold, of a list one. Something must be given.
#[derive(Default, Deserialize, ToSchema)]
#[schema(as = SilenceMatcher)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Meant {
    /// The folder is one of these; `*` stands for any characters: `dock-*`.
    #[schema(max_items = 100)]
    pub(super) folders: Vec<String>,
    /// The folder's site is one of these; `*` as above.
    #[schema(max_items = 100)]
    pub(super) sites: Vec<String>,
    /// The folder's area is one of these; `*` as above.
    #[schema(max_items = 100)]
    pub(super) areas: Vec<String>,
    /// The folder has one of these tags.
    #[schema(max_items = 100)]
    pub(super) tags: Vec<String>,
    /// What is wrong is one of these: `covered`, `no-key-frames`.
    #[schema(max_items = 100)]
    pub(super) kinds: Vec<String>,
    /// It is about one of these: `view`, `camera`.
    #[schema(max_items = 2)]
    pub(super) subjects: Vec<String>,
}

const PATH: &str = "/api/v1/silences";

/// How long one recurs of which nothing says until when.
const RECURS: Duration = Duration::days(365);

/// Lists silences
#[utoipa::path(
    get,
    path = PATH,
    tag = "notifications",
    operation_id = "listSilences",
    params(SilenceQuery),
    responses(
        (status = OK, description = "Silences", body = SilenceList),
        Refusals<(Asked, refusals::OneSilence)>,
    )
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Search(query): Search<SilenceQuery>,
) -> Result<Json<SilenceList>, Problem> {
    let limit = page_size(query.limit)?;
    let stages = stages(query.state.as_deref())?;
    let silences = app.silences.read();
    let now = OffsetDateTime::now_utc();
    let all = silences.at(&stages, now);
    let begin = match &query.after {
        None => 0,
        Some(after) => {
            let at = all.iter().position(|(_, silence)| silence.id == *after);
            at.ok_or_else(|| unknown(after))? + 1
        }
    };
    let shown = &all[begin..all.len().min(begin + limit)];
    let next = shown.last().filter(|_| begin + limit < all.len());
    Ok(Json(SilenceList {
        total: all.len(),
        next: next.map(|(_, last)| {
            let state = query.state.iter().map(|state| format!("&state={state}"));
            let after = encoded(&last.id);
            format!(
                "{PATH}?limit={limit}&after={after}{}",
                state.collect::<String>()
            )
        }),
        silences: shown
            .iter()
            .map(|(stage, silence)| KnownSilence::new(*stage, silence, now))
            .collect(),
    }))
}

impl KnownSilence {
    fn new(stage: Stage, silence: &Silence, now: OffsetDateTime) -> Self {
        let (lasts_from, lasts_until) = silence.around(now).unzip();
        KnownSilence {
            silence: silence.clone(),
            state: stage.word(),
            lasts_from,
            lasts_until,
        }
    }
}

fn stages(word: Option<&str>) -> Result<Vec<Stage>, Problem> {
    let Some(word) = word else {
        return Ok(vec![Stage::Active, Stage::ToCome]);
    };
    let known = Stage::ALL.into_iter().find(|stage| stage.word() == word);
    known.map(|stage| vec![stage]).ok_or_else(|| {
        Kind::InvalidRequest.because(format!(
            "state is {word:?}; it must be active, to-come or over."
        ))
    })
}

/// Silences alerts until a time
///
/// What still fires then and was not told is told. With `hours` it recurs, as maintenance does, and what still fires at the end
/// of each of its hours is told then. Whoever heard of an alert hears of its end nevertheless.
#[utoipa::path(
    post,
    path = PATH,
    tag = "notifications",
    operation_id = "addSilence",
    request_body = Said,
    responses(
        (status = CREATED, description = "What holds now", body = Silence, headers(("Location", description = "Its address"))),
        Refusals<(Asked, Change, Body, refusals::Silence)>,
    )
)]
pub(super) async fn add(
    State(app): State<Arc<App>>,
    by: By,
    request: Request,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<Silence>), Problem> {
    let example = r#"{"matcher": {"sites": ["hamburg"]}, "forSeconds": 14400, "reason": "A new switch.", "name": "Jo"}"#;
    let said = json(request, "A silence", Kind::InvalidSilence, example).await?;
    let silence = silence(&app, said, &by).await?;
    let place = format!("{PATH}/{}", encoded(&silence.id));
    Ok((
        StatusCode::CREATED,
        [(header::LOCATION, place)],
        Json(silence),
    ))
}

/// Takes a silence back
#[utoipa::path(
    delete,
    path = "/api/v1/silences/{id}",
    tag = "notifications",
    operation_id = "removeSilence",
    params(OneSilence),
    responses(
        (status = NO_CONTENT, description = "It is taken back"),
        Refusals<(Asked, Change, refusals::OneSilence)>,
    )
)]
pub(super) async fn remove(
    State(app): State<Arc<App>>,
    Params(OneSilence { id }): Params<OneSilence>,
    by: By,
) -> Result<StatusCode, Problem> {
    take_back(&app, &id, &by).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The reason of silences that links of messages made.
const BY_LINK: &str = "By the link of a message.";

/// The most of these that last for a folder at the same time: whoever has a link must not use up everybody's.
const MOST_BY_LINK: usize = 4;

/// Silences a folder for whoever has the link of a message.
pub(crate) async fn by_link(
    app: &App,
    folder: &str,
    for_seconds: u32,
    name: String,
    by: &By,
) -> Result<(), Problem> {
    let said = Said {
        matcher: Meant {
            folders: vec![folder.to_owned()],
            ..Meant::default()
        },
        starts_at: None,
        ends_at: None,
        for_seconds: Some(for_seconds),
        hours: String::new(),
        reason: BY_LINK.to_owned(),
        name,
    };
    let now = OffsetDateTime::now_utc();
    let lasting = app.silences.read().lasting(folder, BY_LINK, now);
    if lasting >= MOST_BY_LINK {
        return Err(Kind::TooManySilences.because(format!(
            "Links of messages silence this folder {MOST_BY_LINK} times over already. Log in to silence it for longer."
        )));
    }
    silence(app, said, by).await.map(drop)
}

/// Stores what was said.
pub(super) async fn silence(app: &App, said: Said, by: &By) -> Result<Silence, Problem> {
    let now = OffsetDateTime::now_utc();
    let silence = read(said, by, now)?;
    silence
        .check_new(now)
        .map_err(|error| Kind::InvalidSilence.because(sentence(&error.to_string())))?;
    if app.silences.read().count(now) >= MOST {
        return Err(Kind::TooManySilences.because(format!(
            "There are {MOST} silences that last or are to come; take some back, or make one that means more alerts."
        )));
    }
    let silence = app.broker.add_silence(silence, by.name()).await?;
    let key = key(&silence.id)?;
    let seen = app.silences.until(|silences| silences.has(&key));
    log_unseen(seen.await, &key);
    Ok(silence)
}

/// What was said as a silence, not checked yet.
fn read(said: Said, by: &By, now: OffsetDateTime) -> Result<Silence, Problem> {
    let starts_at = said.starts_at.unwrap_or(now);
    let hours = said.hours.split_whitespace().collect::<Vec<_>>().join(" ");
    let recurs = !hours.is_empty();
    let ends_at = match (said.ends_at, said.for_seconds) {
        (Some(ends_at), None) => Some(ends_at),
        (None, Some(seconds)) => starts_at.checked_add(Duration::seconds(seconds.into())),
        (None, None) if recurs => starts_at.checked_add(RECURS),
        _ => {
            return Err(Kind::InvalidSilence.because(
                "It must say either endsAt, when it ends, or forSeconds, how long it lasts.",
            ));
        }
    };
    let trim = |texts: Vec<String>| texts.iter().map(|it| it.trim().to_owned()).collect();
    Ok(Silence {
        matcher: Some(AlertMatcher {
            folders: trim(said.matcher.folders),
            sites: trim(said.matcher.sites),
            areas: trim(said.matcher.areas),
            tags: trim(said.matcher.tags),
            kinds: trim(said.matcher.kinds),
            subjects: trim(said.matcher.subjects),
        }),
        starts_at: Some(timestamp(starts_at)),
        ends_at: ends_at.filter(|_| !recurs).map(timestamp),
        recurs_until: ends_at.filter(|_| recurs).map(timestamp),
        hours,
        reason: said.reason.trim().to_owned(),
        name: match by.name() {
            "" => said.name.trim().to_owned(),
            known => known.to_owned(),
        },
        created_at: Some(timestamp(now)),
        id: String::new(),
    })
}

pub(super) async fn take_back(app: &App, id: &str, by: &By) -> Result<(), Problem> {
    let key = key(id)?;
    if !app.silences.read().has(&key) {
        return Err(unknown(id));
    }
    app.broker.remove_silence(&key, by.name()).await?;
    let seen = app.silences.until(|silences| !silences.has(&key));
    log_unseen(seen.await, &key);
    Ok(())
}

fn key(id: &str) -> Result<SilenceKey, Problem> {
    id.parse().map_err(|_: InvalidSilenceKey| unknown(id))
}

fn unknown(id: &str) -> Problem {
    Kind::UnknownSilence.because(format!(
        "There is no silence {id:?}; GET {PATH} lists them."
    ))
}
