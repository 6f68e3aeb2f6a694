//! What is to be said.

use bytes::Bytes;
use proto::{
    from_timestamp,
    v1::{Alert, Finding, Phase, Subject},
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// One message, as every kind of receiver can be told it.
#[derive(Debug, Clone)]
pub struct Message {
    /// The same whenever this message is sent again, and no other message's: who receives it may know it again by this.
    pub key: String,
    /// Why it is sent.
    pub occasion: Occasion,
    /// What its alerts have in common, where they are told together.
    pub group: Option<Group>,
    /// The alerts that it tells of: one, or those of a group. Only a test has none.
    pub told: Vec<Told>,
    /// The picture to go with it.
    pub picture: Option<Picture>,
    /// Where its links lead.
    pub links: Links,
}

/// Why a message is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Occasion {
    /// Something is wrong since not long ago.
    Firing,
    /// It still is.
    Reminder,
    /// Nobody has acknowledged it.
    Escalation,
    /// It is over.
    Resolved,
    /// Somebody wants to see whether messages arrive.
    Test,
}

/// What the alerts of a message have in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// By what they are grouped: `site`, `area`, `folder`, `kind`, a tag's name.
    pub by: String,
    /// The value that they share: `hamburg`. Empty where they have none.
    pub name: String,
    /// How many cameras the site has, where the alerts are of a site's cameras and fire. The alerts are of some of
    /// these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cameras: Option<usize>,
}

/// One alert, as it is told. [`Told::of`] makes it of an alert; title, site and link come from elsewhere.
#[derive(Debug, Clone)]
pub struct Told {
    /// The folder's name.
    pub folder: String,
    /// Its title; empty where it has none.
    pub title: String,
    /// Where its camera is; empty where that is not known.
    pub site: String,
    /// What the alert is about: the view or the camera.
    pub subject: Subject,
    /// What is wrong, in a word or two that fit many alerts as well: `silent`, `covered`, `different`.
    pub kind: String,
    /// Why it is told, in a sentence: what is wrong, or how it ended.
    pub why: String,
    /// Since when it is so.
    pub since: Option<OffsetDateTime>,
    /// Until when it was; `None` while it is.
    pub ended: Option<OffsetDateTime>,
    /// The alert itself: the last event of its episode.
    pub alert: Alert,
    /// Its page.
    pub link: Option<String>,
}

impl Told {
    /// What an alert itself says.
    pub fn of(alert: Alert) -> Self {
        let kind = alert.findings.first().map(Finding::kind);
        let at = |at: &Option<pbjson_types::Timestamp>| at.as_ref().and_then(from_timestamp);
        Told {
            folder: alert.folder.clone(),
            title: String::new(),
            site: String::new(),
            // In alerts of earlier versions, which were all about the view, it is not said.
            subject: match alert.subject() {
                Subject::Camera => Subject::Camera,
                _ => Subject::View,
            },
            // What fired an alert of an earlier version, which has no findings, was always this.
            kind: kind.map_or_else(|| "different".to_owned(), |kind| kind.words()),
            why: alert.message.clone(),
            since: at(&alert.fired_at),
            ended: at(&alert.resolved_at).filter(|_| alert.phase() == Phase::Resolved),
            link: None,
            alert,
        }
    }
}

/// A picture that goes with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// A JPEG.
    pub jpeg: Bytes,
    /// What it shows, in words, for people who cannot see it.
    pub shows: String,
}

/// The links of a message. Those that do not exist are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Links {
    /// The page of the alert, or of the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<String>,
    /// A page that asks whether to acknowledge it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledge: Option<String>,
    /// A page that asks whether to hear nothing of it for a while.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snooze: Option<String>,
}
