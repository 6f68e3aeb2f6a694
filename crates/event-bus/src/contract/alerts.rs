//! `ALERTS`: the alert state of each of a folder's subjects, its view and its camera, is its last event.

use std::{fmt, str::FromStr, time::Duration};

use async_nats::{SubscribeError, Subscriber, jetstream::message::PublishMessage};
use futures::StreamExt as _;
use proto::v1::{Alert, Phase, Subject};
use time::OffsetDateTime;

use super::{
    by_folder,
    declaration::{Backup, DAY, Declaration},
    rights::{Right, Service},
};
use crate::{
    folder::{Folder, InvalidFolder},
    nats::{
        bus::Bus,
        codec::from_protobuf,
        event::{Event, Message, Undecodable},
        headers::value,
        publish::Expected,
        publish_error::PublishError,
    },
};

/// How long we keep alerts, the pictures behind them, and who acknowledged them.
pub(super) const MAX_AGE: Duration = Duration::from_secs(90 * DAY.as_secs());

const SUBJECTS: &str = "alerts.>";

/// How many events of a view or a camera are kept: 10,000 episodes. The last event is the state; it never goes before
/// the others.
const NEWEST_KEPT: u16 = 20_000;

pub(super) const DECLARATION: Declaration = Declaration {
    is_state: true,
    newest_kept: Some(NEWEST_KEPT),
    max_age: Some(MAX_AGE),
    backup: Backup::Everything,
    rights: &[
        (
            Service::Comparator,
            &[
                Right::Write,
                Right::Follow,
                Right::Ask,
                Right::Continue,
                Right::Hear,
            ],
        ),
        (Service::Upload, &[Right::Follow, Right::PutBack]),
        (Service::Sink, &[Right::Follow]),
        (Service::Notifier, &[Right::Follow, Right::Ask]),
        (Service::Subscriber, &[Right::Hear]),
    ],
    ..Declaration::stream("ALERTS", SUBJECTS, "Alerts: firing, resolved")
};

const ALERT: &str = "framewatch.v1.Alert";
const PHASE: &str = "Phase";
const ALERT_ID: &str = "Alert-Id";
const MESSAGE: &str = "Message";
const SUBJECT: &str = "Subject";

/// The last token of the subject of a camera's alerts.
const CAMERA: &str = "camera";

/// What an alert is about: a folder's view, on `alerts.<folder>`, or its camera, on `alerts.<folder>.camera`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AlertSubject {
    /// The folder.
    pub folder: Folder,
    /// Which of the two.
    pub subject: Subject,
}

impl AlertSubject {
    /// The folder's view.
    pub fn view(folder: &Folder) -> Self {
        AlertSubject {
            folder: folder.clone(),
            subject: Subject::View,
        }
    }

    /// The folder's camera.
    pub fn camera(folder: &Folder) -> Self {
        AlertSubject {
            folder: folder.clone(),
            subject: Subject::Camera,
        }
    }
}

/// As the subject has it after its first token.
impl fmt::Display for AlertSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.subject {
            Subject::View | Subject::Unspecified => self.folder.fmt(f),
            Subject::Camera => write!(f, "{}.{CAMERA}", self.folder),
        }
    }
}

/// A text that names no subject of alerts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAlertSubject {
    /// Its first part is no folder.
    #[error(transparent)]
    Folder(#[from] InvalidFolder),
    /// What follows after the folder is unknown.
    #[error("{0:?} is neither <folder> nor <folder>.{CAMERA}")]
    Other(String),
}

impl FromStr for AlertSubject {
    type Err = InvalidAlertSubject;

    fn from_str(text: &str) -> Result<Self, InvalidAlertSubject> {
        match text.split_once('.') {
            None => Ok(AlertSubject::view(&text.parse()?)),
            Some((folder, CAMERA)) => Ok(AlertSubject::camera(&folder.parse()?)),
            Some(_) => Err(InvalidAlertSubject::Other(text.chars().take(80).collect())),
        }
    }
}

impl Event for Alert {
    type Key = AlertSubject;
    const STREAM: &'static str = DECLARATION.stream;
    const SUBJECTS: &'static str = SUBJECTS;

    fn subject(key: &AlertSubject) -> String {
        format!("alerts.{key}")
    }

    fn key(subject: &str) -> Result<AlertSubject, Undecodable> {
        let (_, rest) = subject.split_once('.').unwrap_or_default();
        rest.parse()
            .map_err(|error| Undecodable(format!("subject {subject:?}: {error}")))
    }

    fn decode(
        _: &AlertSubject,
        message: Message<'_>,
        _: OffsetDateTime,
    ) -> Result<Self, Undecodable> {
        let alert: Alert = from_protobuf(message.payload)?;
        // An alert whose phase this version does not know must not pass for one that is over.
        match alert.phase() {
            Phase::Unspecified => Err(Undecodable(
                "an alert without a phase that this version knows".to_owned(),
            )),
            Phase::Firing | Phase::Resolved => Ok(alert),
        }
    }
}

impl Bus {
    /// Publishes a change of a subject's alert state, if it is still as expected.
    pub async fn publish_alert(
        &self,
        subject: &AlertSubject,
        alert: &Alert,
        expected: Expected,
    ) -> Result<u64, PublishError> {
        let message = message(subject, alert).expected_last_subject_sequence(expected.0);
        self.publish::<Alert>(subject, message).await
    }
}

/// Alerts as they are published: at once, also while no server follows the stream for us, and whether it takes them or not.
pub struct HeardAlerts(Subscriber);

impl Bus {
    /// Listens from now on. What is published while there is no connection is not heard ([`Bus::connections`]).
    ///
    /// # Errors
    /// When the connection is closed.
    pub async fn hear_alerts(&self) -> Result<HeardAlerts, SubscribeError> {
        let messages = self.client().subscribe(SUBJECTS).await?;
        Ok(HeardAlerts(messages))
    }
}

impl HeardAlerts {
    /// What the next one is about; `None` once the connection is closed.
    pub async fn next(&mut self) -> Option<AlertSubject> {
        loop {
            let message = self.0.next().await?;
            if let Ok(subject) = <Alert as Event>::key(&message.subject) {
                return Some(subject);
            }
        }
    }
}

/// The message that expects nothing of the state before it.
pub(crate) fn message(subject: &AlertSubject, alert: &Alert) -> PublishMessage {
    let message = by_folder::message(ALERT, &subject.folder, alert)
        .header(SUBJECT, subject.subject.word())
        .header(ALERT_ID, value(&alert.id))
        .header(PHASE, alert.phase().word())
        .header(MESSAGE, value(&alert.message));
    by_folder::with_similarity(message, alert.similarity)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_are_read_by_place() {
        let folder = "dock".parse().unwrap();
        for key in [AlertSubject::view(&folder), AlertSubject::camera(&folder)] {
            let subject = <Alert as Event>::subject(&key);
            assert_eq!(<Alert as Event>::key(&subject).unwrap(), key);
        }
        for subject in [
            "alerts",
            "alerts.Dock",
            "alerts.dock.view",
            "alerts.dock.camera.x",
        ] {
            assert!(<Alert as Event>::key(subject).is_err(), "{subject}");
        }
    }
}
