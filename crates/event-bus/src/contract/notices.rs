//! The bucket `notices`: what each receiver was told of each episode, and what it is being told.

use std::{fmt, str::FromStr};

use data_encoding::HEXLOWER;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{
    acknowledgements::{AlertKey, InvalidAlertKey},
    alerts,
    declaration::{Backup, Declaration},
    pass::Pass,
    rights::{Right, Service},
};
use crate::nats::{
    bucket::{BucketNames, Change, KeyValue, KeyValueBucket, key_value_names, values_as_json},
    bus::Bus,
};

pub(super) const DECLARATION: Declaration = Declaration {
    // A restore leaves what people were told: it was said.
    backup: Backup::No,
    max_age: Some(alerts::MAX_AGE),
    rights: &[
        // It puts back what was deleted.
        (Service::Upload, &[Right::Write, Right::Follow]),
        (
            Service::Notifier,
            &[Right::Write, Right::Follow, Right::Ask, Right::Continue],
        ),
    ],
    ..Declaration::key_value(
        Notices::NAMES,
        "Who was told of which alert, and what failed",
    )
};

/// What receivers were told of alerts: the bucket `notices`, an entry an episode and receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notices;

/// What a receiver was told of an alert has changed.
pub type NoticeChange = Change<Notices>;

/// The name of a receiver: `[a-z0-9][a-z0-9_-]{0,39}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReceiverName(String);

/// A text that names no receiver.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no name of a receiver: it has 1 to 40 lower-case letters, digits, `_` and `-`, and begins with a letter or digit"
)]
pub struct InvalidReceiverName(String);

const MAX_NAME: usize = 40;

impl ReceiverName {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ReceiverName {
    type Err = InvalidReceiverName;

    fn from_str(name: &str) -> Result<Self, InvalidReceiverName> {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let is_right = (1..=MAX_NAME).contains(&name.len())
            && is_plain(name.as_bytes()[0])
            && name
                .bytes()
                .all(|byte| is_plain(byte) || matches!(byte, b'_' | b'-'));
        match is_right {
            true => Ok(ReceiverName(name.to_owned())),
            false => Err(InvalidReceiverName(
                name.chars().take(MAX_NAME + 1).collect(),
            )),
        }
    }
}

impl TryFrom<String> for ReceiverName {
    type Error = InvalidReceiverName;

    fn try_from(name: String) -> Result<Self, InvalidReceiverName> {
        name.parse()
    }
}

impl From<ReceiverName> for String {
    fn from(name: ReceiverName) -> String {
        name.0
    }
}

impl fmt::Display for ReceiverName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Names a notice: which episode, and which receiver.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NoticeKey {
    /// The episode.
    pub episode: AlertKey,
    /// The receiver.
    pub receiver: ReceiverName,
}

/// A text that is no such key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidNoticeKey {
    /// It has no two parts.
    #[error("it is not named <alert>=<receiver>")]
    Unnamed,
    /// The first part is no episode.
    #[error(transparent)]
    Episode(#[from] InvalidAlertKey),
    /// The second part is no receiver.
    #[error(transparent)]
    Receiver(#[from] InvalidReceiverName),
}

impl fmt::Display for NoticeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.episode, self.receiver)
    }
}

impl FromStr for NoticeKey {
    type Err = InvalidNoticeKey;

    fn from_str(text: &str) -> Result<Self, InvalidNoticeKey> {
        let (episode, receiver) = text.split_once('=').ok_or(InvalidNoticeKey::Unnamed)?;
        Ok(NoticeKey {
            episode: episode.parse()?,
            receiver: receiver.parse()?,
        })
    }
}

impl AlertKey {
    /// The key of any alert's episode: its id, or where somebody else has given it one that can be no key, a digest of that.
    pub fn of_episode(id: &str) -> Self {
        id.parse().unwrap_or_else(|_| {
            let digest = digest(&SHA256, id.as_bytes());
            format!("sha256-{}", HEXLOWER.encode(&digest.as_ref()[..16]))
                .parse()
                .expect("letters, digits and a hyphen are a key")
        })
    }
}

/// Why a message is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Telling {
    /// It is over.
    Resolved,
    /// It is still so.
    Reminder,
    /// It fires.
    Firing,
    /// It fires, and nobody has it in hand.
    Escalation,
}

impl Telling {
    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Telling::Resolved => "resolved",
            Telling::Reminder => "reminder",
            Telling::Firing => "firing",
            Telling::Escalation => "escalation",
        }
    }
}

/// What a receiver was told of an episode, and what it is being told.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    /// The alert's id.
    pub alert: String,
    /// Its folder.
    pub folder: String,
    /// What it is about: `view`, `camera`.
    pub subject: String,
    /// Its sentence.
    pub what: String,
    /// By what it was grouped with others, and its route: of the last message.
    #[serde(default)]
    pub group: String,
    /// When the receiver took the message that it fires.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub told_at: Option<OffsetDateTime>,
    /// When it took the last message that says so.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub last_told_at: Option<OffsetDateTime>,
    /// When it took the message that it is over.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub end_told_at: Option<OffsetDateTime>,
    /// How many messages about it the receiver took.
    #[serde(default)]
    pub messages: u32,
    /// The message that is being sent. It was stored before it is sent the first time, and goes on until the receiver has
    /// taken or refused it.
    #[serde(default)]
    pub sending: Option<Sending>,
    /// The last message that was given up.
    #[serde(default)]
    pub failed: Option<Failed>,
    /// By what the receiver finds the first message again.
    #[serde(default)]
    pub thread: Option<String>,
    /// What the link of a message about this alert alone lets people do.
    #[serde(default)]
    pub pass: Option<Pass>,
}

/// A message that is being sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sending {
    /// Its key, the same however often it is sent. Episodes that are told together have the same.
    pub key: String,
    /// Why it is sent.
    pub telling: Telling,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    /// How often it was sent and the receiver did not take it.
    #[serde(default)]
    pub tries: u32,
    /// Not before then is it sent again.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub not_before: Option<OffsetDateTime>,
    /// What was wrong the last time.
    #[serde(default)]
    pub why: String,
}

/// A message that was given up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failed {
    /// Its key.
    pub key: String,
    /// Why it was sent.
    pub telling: Telling,
    /// When it was given up.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// What is wrong.
    pub why: String,
}

/// The state of what a receiver is told of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// A message is on its way.
    Sending,
    /// The receiver has not taken a message, and is asked again.
    Retrying,
    /// The last message was given up.
    Failed,
    /// It was told that the alert fires, and not yet that it is over.
    Told,
    /// It was told that the alert is over.
    EndTold,
    /// It was told of nothing.
    Untold,
}

impl Standing {
    /// All of them.
    pub const ALL: [Standing; 6] = [
        Standing::Sending,
        Standing::Retrying,
        Standing::Failed,
        Standing::Told,
        Standing::EndTold,
        Standing::Untold,
    ];

    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Standing::Sending => "sending",
            Standing::Retrying => "retrying",
            Standing::Failed => "failed",
            Standing::Told => "told",
            Standing::EndTold => "end-told",
            Standing::Untold => "untold",
        }
    }
}

impl Notice {
    /// How it stands.
    pub fn standing(&self) -> Standing {
        match (&self.sending, &self.failed) {
            (Some(sending), _) if sending.tries == 0 => Standing::Sending,
            (Some(_), _) => Standing::Retrying,
            (None, Some(_)) => Standing::Failed,
            (None, None) if self.end_told_at.is_some() => Standing::EndTold,
            (None, None) if self.told_at.is_some() => Standing::Told,
            (None, None) => Standing::Untold,
        }
    }

    /// When the last of it happened.
    pub fn changed_at(&self) -> Option<OffsetDateTime> {
        let sending = self.sending.as_ref().map(|it| it.since);
        let failed = self.failed.as_ref().map(|it| it.at);
        let told = self.last_told_at.max(self.told_at).max(self.end_told_at);
        told.max(sending).max(failed)
    }
}

impl KeyValueBucket for Notices {
    const NAMES: BucketNames = key_value_names!("notices");
    type Key = NoticeKey;
    type Value = Notice;

    values_as_json!();
}

impl Bus {
    /// What receivers were told of alerts.
    pub fn notices(&self) -> KeyValue<Notices> {
        self.key_value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_what_its_name_says() {
        let key = NoticeKey {
            episode: AlertKey::of_episode("dock-1795516800123-0a1b2c3d"),
            receiver: "ops".parse().unwrap(),
        };
        assert_eq!(key.to_string(), "dock-1795516800123-0a1b2c3d=ops");
        assert_eq!(key.to_string().parse(), Ok(key));
        assert!("dock".parse::<NoticeKey>().is_err());
        for name in ["", "Ops", "-ops", "a=b", "a b", &"x".repeat(41)] {
            assert!(name.parse::<ReceiverName>().is_err(), "{name}");
        }
    }

    #[test]
    fn how_it_stands_is_what_is_on_its_way_then_what_failed_then_what_was_told() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let notice: Notice = serde_json::from_str(
            r#"{"alert": "a", "folder": "dock", "subject": "view", "what": "It is covered"}"#,
        )
        .unwrap();
        assert_eq!(notice.standing(), Standing::Untold);
        let told = Notice {
            told_at: Some(now),
            ..notice
        };
        assert_eq!(told.standing(), Standing::Told);
        let failed = Notice {
            failed: Some(Failed {
                key: "k".to_owned(),
                telling: Telling::Resolved,
                at: now + time::Duration::HOUR,
                why: "404".to_owned(),
            }),
            ..told.clone()
        };
        assert_eq!(failed.standing(), Standing::Failed);
        assert_eq!(failed.changed_at(), Some(now + time::Duration::HOUR));
        let sending = |tries| Notice {
            sending: Some(Sending {
                key: "k".to_owned(),
                telling: Telling::Reminder,
                since: now,
                tries,
                not_before: None,
                why: String::new(),
            }),
            ..failed.clone()
        };
        assert_eq!(sending(0).standing(), Standing::Sending);
        assert_eq!(sending(1).standing(), Standing::Retrying);
        let over = Notice {
            end_told_at: Some(now),
            ..told
        };
        assert_eq!(over.standing(), Standing::EndTold);
    }

    #[test]
    fn any_alert_has_a_key() {
        let key = AlertKey::of_episode("an alert > of somebody else");
        assert!(key.to_string().starts_with("sha256-"), "{key}");
        assert_eq!(key.to_string().parse(), Ok(key));
    }
}
