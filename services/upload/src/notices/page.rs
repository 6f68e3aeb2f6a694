//! The page of messages to people: to whom what was sent when, what failed and why, and what waits.

use std::{sync::Arc, time::Duration};

use askama::Template;
use axum::{
    Extension,
    extract::State,
    response::{Html, IntoResponse},
};
use event_bus::{AlertKey, Standing};
use time::OffsetDateTime;

use super::{
    api::{self, NoticeEntry, NoticeQuery},
    known::Waiting,
};
use crate::{
    access::Visitor,
    app::App,
    front_door::{extract::Search, moment::Moment, pages::render},
    live::{
        self,
        drawing::{Drawing, Part},
        follow::{Has, Page},
    },
    problem::Problem,
};

#[derive(Template)]
#[template(path = "notices/page.html")]
struct NoticesPage {
    drawing: Drawing,
    is_narrowed: bool,
    /// The address where a demo shows the messages that it catches.
    caught: Option<String>,
    /// The receivers to choose from, and whether each is chosen.
    to: Vec<(String, bool)>,
    /// The same of states: as a word, in words.
    states: Vec<(&'static str, &'static str, bool)>,
    visitor: Visitor,
    is_connected: bool,
}

/// The parts of the page that may change.
#[derive(Template, Clone, Copy)]
#[template(path = "notices/parts.html")]
struct Parts<'a> {
    /// Which of them is drawn.
    part: &'a str,
    receivers: &'a [ReceiverRow],
    rows: &'a [Row],
    total: usize,
    next: Option<&'a str>,
    is_narrowed: bool,
}

/// A receiver in words.
struct ReceiverRow {
    name: String,
    slug: &'static str,
    words: &'static str,
    /// What waits for it and why, each as a sentence.
    sentences: Vec<String>,
}

/// What a receiver was told of an alert, in words.
struct Row {
    slug: &'static str,
    words: &'static str,
    receiver: String,
    what: String,
    /// Where the alert is shown, if it can be.
    alert: Option<AlertKey>,
    /// What happened, and when.
    facts: Vec<(String, Option<Moment>)>,
    /// What is wrong; empty where nothing is.
    why: String,
}

/// The page, as somebody sees it.
struct Shown {
    app: Arc<App>,
    query: NoticeQuery,
}

impl Page for Shown {
    const AT_LEAST_EVERY: Duration = Duration::from_secs(5);

    fn version(&self) -> u64 {
        self.app.notices.version()
    }

    fn draw(&self) -> Result<Option<Drawing>, Problem> {
        let page = api::page(&self.app, &self.query, "/notices")?;
        let rows: Vec<_> = page.notices.into_iter().map(Row::new).collect();
        let waiting = self.app.notices.read().waiting();
        let receivers: Vec<_> = waiting.into_iter().map(ReceiverRow::new).collect();
        let parts = Parts {
            part: "",
            receivers: &receivers,
            rows: &rows,
            total: page.total,
            next: page.next.as_deref(),
            is_narrowed: !self.query.is_for_everything(),
        };
        let drawn = ["receivers", "told"].into_iter();
        let drawn = drawn.map(|part| Part::new(part, &Parts { part, ..parts }));
        Ok(Some(Drawing::new(
            drawn.collect::<Result<_, _>>()?,
            Vec::new(),
        )))
    }
}

pub(super) async fn page(
    State(app): State<Arc<App>>,
    Search(query): Search<NoticeQuery>,
    Extension(visitor): Extension<Visitor>,
) -> Result<Html<String>, Problem> {
    let shown = Shown {
        app: Arc::clone(&app),
        query: query.clone(),
    };
    let waiting = app.notices.read().waiting();
    let chosen = |text: &Option<String>, value: &str| text.as_deref() == Some(value);
    render(&NoticesPage {
        drawing: shown.draw()?.unwrap_or_default(),
        to: waiting
            .iter()
            .map(|it| it.receiver.to_string())
            .map(|name| (name.clone(), chosen(&query.receiver, &name)))
            .collect(),
        states: Standing::ALL
            .map(|it| {
                let (_, words) = shown_as(it.word());
                (it.word(), words, chosen(&query.state, it.word()))
            })
            .to_vec(),
        caught: app.config.messages_at.clone(),
        is_narrowed: !query.is_for_everything(),
        visitor,
        is_connected: app.broker.is_connected(),
    })
}

/// Tells what becomes of the page.
pub(super) async fn follow(
    State(app): State<Arc<App>>,
    Search(query): Search<NoticeQuery>,
    Search(has): Search<Has>,
) -> Result<impl IntoResponse, Problem> {
    let shown = Shown {
        app: Arc::clone(&app),
        query,
    };
    live::follow::follow(&app, shown, &has)
}

/// A state's mark and words.
fn shown_as(state: &str) -> (&'static str, &'static str) {
    match state {
        "sending" => ("waiting", "Being sent"),
        "retrying" => ("mismatch", "Not taken yet"),
        "failed" => ("camera", "Failed"),
        "told" => ("ok", "Told"),
        "end-told" => ("ok", "Told, of its end too"),
        _ => ("idle", "Not told"),
    }
}

impl ReceiverRow {
    fn new(it: Waiting) -> Self {
        let (slug, words) = match (it.is_attended, &it.rests, it.waiting) {
            (false, ..) => ("camera", "No notifier sends to it"),
            (true, Some(_), _) => ("mismatch", "Does not take messages"),
            (true, None, 1..) => ("waiting", "Messages wait"),
            (true, None, 0) => ("ok", "Nothing waits"),
        };
        let mut sentences = Vec::new();
        if it.waiting > 0 {
            sentences.push(match it.held_by_rate {
                0 => format!("{} to be told.", wait(it.waiting)),
                held => format!(
                    "{} to be told, {held} of them for its rate.",
                    wait(it.waiting)
                ),
            });
        }
        if it.held > 0 {
            sentences.push(format!(
                "{} not told: silenced, out of hours, or held back by the camera's.",
                alerts(it.held)
            ));
        }
        if let Some((rests, why)) = it.rests {
            let seconds = rests.as_millis().div_ceil(1000);
            sentences.push(format!("Left alone for {seconds} s: {why}"));
        }
        ReceiverRow {
            name: it.receiver.to_string(),
            slug,
            words,
            sentences,
        }
    }
}

fn wait(count: u64) -> String {
    let verb = if count == 1 { "waits" } else { "wait" };
    format!("{} {verb}", alerts(count))
}

fn alerts(count: u64) -> String {
    match count {
        1 => "1 alert".to_owned(),
        count => format!("{count} alerts"),
    }
}

impl Row {
    fn new(it: NoticeEntry) -> Self {
        let (slug, words) = shown_as(it.state);
        let facts = facts(&it);
        let sending = it.sending.filter(|it| it.tries > 0);
        let why = match (&sending, &it.failed) {
            (Some(sending), _) => sending.why.clone(),
            (None, Some(failed)) if it.state == "failed" => failed.why.clone(),
            _ => String::new(),
        };
        Row {
            slug,
            words,
            receiver: it.receiver,
            what: it.what,
            alert: it.alert.parse().ok(),
            facts,
            why,
        }
    }
}

fn facts(it: &NoticeEntry) -> Vec<(String, Option<Moment>)> {
    let moment = |at: Option<OffsetDateTime>| at.and_then(Moment::new);
    let mut facts = Vec::new();
    let mut add = |words: &str, at: Option<OffsetDateTime>| {
        if at.is_some() {
            facts.push((words.to_owned(), moment(at)));
        }
    };
    add("told", it.told_at);
    add(
        "again",
        it.last_told_at.filter(|_| it.last_told_at != it.told_at),
    );
    add("told of its end", it.end_told_at);
    if let Some(failed) = &it.failed {
        add(&format!("{}: given up", failed.telling), Some(failed.at));
    }
    if let Some(sending) = &it.sending {
        add(
            &format!("{}: being sent since", sending.telling),
            Some(sending.since),
        );
        let tried = match sending.tries {
            1 => "tried once, again at".to_owned(),
            tries => format!("tried {tries} times, again at"),
        };
        add(&tried, sending.not_before.filter(|_| sending.tries > 0));
    }
    facts
}
