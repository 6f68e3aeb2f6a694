//! What others ask: what the routes are, who would be told of an alert, whether a receiver takes a message, and to tell by
//! other routes. So many receivers are tried at a time and in a minute.

use std::{sync::Arc, time::Duration};

use event_bus::{
    NotifierAnswer, NotifierQuestion, ReceiverName, ReceiverSaid, RouteSaid, RoutesSaid,
    SupposedAlert, Tested,
};
use proto::v1::{Alert, Finding, Kind, Subject};
use receivers::{Outcome, ReceiverKind};
use tokio::{
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_util::task::TaskTracker;

use crate::{
    cases::would_tell,
    delivery::Shared,
    in_force,
    outbox::Now,
    routes::{Addressee, GroupBy, Route, Routes},
};

/// How many receivers are tried at the same time.
const MOST_AT_A_TIME: usize = 4;

/// How long after a try its place stays taken. That allows twenty tries in a minute.
const RESTS: Duration = Duration::from_secs(12);

/// How long a try may take, whatever the receiver's own limit is, since whoever asks is waiting.
const TRIED_WITHIN: Duration = Duration::from_secs(40);

const RETRY: Duration = Duration::from_secs(5);

/// Answers until it is dropped.
pub(crate) async fn answer(shared: Shared) {
    let mut questions = loop {
        match shared.bus.notifier_questions().await {
            Ok(questions) => break questions,
            Err(error) => tracing::warn!(%error, "questions are not answered yet"),
        }
        sleep(RETRY).await;
    };
    let places = Arc::new(Semaphore::new(MOST_AT_A_TIME));
    let tracker = TaskTracker::new();
    while let Some(asked) = questions.next().await {
        let receiver = match &asked.question {
            NotifierQuestion::Routes => {
                let said = shared.said();
                asked.answer(NotifierAnswer::Routes(said)).await;
                continue;
            }
            NotifierQuestion::SetRoutes(given) => {
                let answer = in_force::set(&shared, given).await;
                asked.answer(answer).await;
                continue;
            }
            NotifierQuestion::UnsetRoutes { by } => {
                let answer = in_force::unset(&shared, by).await;
                asked.answer(answer).await;
                continue;
            }
            NotifierQuestion::WouldTell(supposed) => {
                let told = would_tell(
                    &shared.knowledge.read(),
                    &shared.routes(),
                    supposed_alert(supposed),
                    shared.now(),
                );
                asked.answer(NotifierAnswer::WouldTell(told)).await;
                continue;
            }
            NotifierQuestion::Test { receiver } => receiver.clone(),
        };
        let routes = shared.routes();
        // One that there isn't takes no place from those that there are.
        if !routes.receivers.contains_key(&receiver) {
            asked.answer(NotifierAnswer::UnknownReceiver).await;
            continue;
        }
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            asked.answer(NotifierAnswer::Busy).await;
            continue;
        };
        tracker.spawn(async move {
            let came_of_it = tried(&routes, &receiver).await;
            asked.answer(came_of_it).await;
            sleep(RESTS).await;
            drop(place);
        });
    }
}

async fn tried(routes: &Routes, receiver: &ReceiverName) -> NotifierAnswer {
    let trying = timeout(TRIED_WITHIN, routes.try_receiver(receiver.as_str()));
    let outcome = match trying.await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => return NotifierAnswer::UnknownReceiver,
        Err(_) => Outcome::TryAgain {
            after: None,
            why: format!("it did not answer within {TRIED_WITHIN:?}"),
        },
    };
    tracing::info!(%receiver, ?outcome, "a test message was asked for");
    NotifierAnswer::Tested(match outcome {
        Outcome::Delivered(_) => Tested::Taken,
        Outcome::TryAgain { why, .. } => Tested::NotTaken { why },
        Outcome::Refused { why } => Tested::Refused { why },
    })
}

fn supposed_alert(supposed: &SupposedAlert) -> Alert {
    let subject = match supposed.subject.as_str() {
        "camera" => Subject::Camera,
        _ => Subject::View,
    };
    let kind = Kind::of_word(&supposed.kind).unwrap_or_default();
    Alert {
        folder: supposed.folder.clone(),
        subject: subject.into(),
        findings: vec![Finding::certain(kind, "")],
        ..Alert::default()
    }
}

impl Shared {
    /// What the routes are, without the secrets of receivers.
    pub(crate) fn said(&self) -> RoutesSaid {
        let (routes, now) = (self.routes(), self.now());
        let refused = self.refused.read().clone();
        let receivers = routes.receivers.iter();
        let link = routes.link.as_ref();
        RoutesSaid {
            receivers: receivers
                .map(|(name, addressee)| (name.clone(), addressee.said()))
                .collect(),
            routes: routes.routes.iter().map(|it| it.said(now)).collect(),
            left_out: 0,
            link: link.map_or_else(String::new, ToString::to_string),
            refused,
            text: routes.text.clone(),
            set: routes.set.clone(),
        }
    }
}

impl Addressee {
    fn said(&self) -> ReceiverSaid {
        let kind = match self.receiver.kind() {
            ReceiverKind::Webhook => "webhook",
            ReceiverKind::Email => "email",
            ReceiverKind::Slack => "slack",
            ReceiverKind::Alertmanager => "alertmanager",
        };
        ReceiverSaid {
            kind: kind.to_owned(),
            place: self.receiver.place().into_owned(),
            rate: self.rate.map_or_else(String::new, |rate| rate.to_string()),
        }
    }
}

impl Route {
    fn said(&self, now: Now) -> RouteSaid {
        let escalate = self.escalate.as_ref();
        let hours = self.hours.as_ref();
        RouteSaid {
            what: self.matcher.words(),
            tells_ends: self.tells_ends,
            to: self.to.clone(),
            group_by: self
                .group_by
                .iter()
                .map(|by: &GroupBy| by.word().to_owned())
                .collect(),
            group_wait: self.group_wait.as_secs(),
            group_interval: self.group_interval.as_secs(),
            remind: self.remind.map(|remind| remind.as_secs()),
            escalate_after: escalate.map(|it| it.after.as_secs()),
            escalate_to: escalate.map(|it| it.to.clone()).unwrap_or_default(),
            hours: hours.map_or_else(String::new, ToString::to_string),
            is_open: hours.is_none_or(|hours| hours.contain(now.wall)),
        }
    }
}
