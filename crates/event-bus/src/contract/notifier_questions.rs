//! `notifier-questions`: whoever asks what a notifier's file of routes says, who would be told of an alert, or has a receiver
//! tried. Questions and answers in no stream: an answer is of the moment. Nothing in them is a secret.

use std::{collections::BTreeMap, time::Duration};

use async_nats::SubscribeError;
use serde::{Deserialize, Serialize};

use super::{notices::ReceiverName, routes::RoutesText};
use crate::{
    folder::Folder,
    nats::{
        bus::Bus,
        questions::{AskError, Asked, Questions},
    },
};

const SUBJECT: &str = "notifier-questions";

/// One copy of the service answers.
const GROUP: &str = "framewatch-notifier";

/// What a notifier can be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "ask")]
pub enum NotifierQuestion {
    /// The routes in force.
    Routes,
    /// Who would be told of an alert, were there one.
    WouldTell(SupposedAlert),
    /// To send a test message to a receiver.
    Test {
        /// Which.
        receiver: ReceiverName,
    },
    /// To tell by these routes from now on, in place of the file's.
    SetRoutes(RoutesText),
    /// To tell by the file's routes again.
    UnsetRoutes {
        /// Who asks; empty where nobody logs in.
        by: String,
    },
}

/// An alert that might be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SupposedAlert {
    /// The folder's name; there need be no such folder.
    pub folder: String,
    /// A word of `Kind`, with hyphens.
    pub kind: String,
    /// What it is about: `view`, `camera`.
    pub subject: String,
}

/// What a notifier answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "answer")]
pub enum NotifierAnswer {
    /// The routes in force.
    Routes(RoutesSaid),
    /// Who would be told.
    WouldTell(WouldTell),
    /// The result of a test message.
    Tested(Tested),
    /// Too many receivers are being tried.
    Busy,
    /// The file has no such receiver.
    UnknownReceiver,
    /// Routes that cannot be: nothing has changed.
    RoutesRefused {
        /// All that is wrong, by line.
        why: String,
    },
    /// Routes could not be stored: whether they hold is not known.
    RoutesNotStored {
        /// Why.
        why: String,
    },
}

/// The routes in force, without secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoutesSaid {
    /// Who can be told.
    pub receivers: BTreeMap<ReceiverName, ReceiverSaid>,
    /// Who is told of what, in order.
    pub routes: Vec<RouteSaid>,
    /// How many routes were left out because an answer has no room for them.
    #[serde(default)]
    pub left_out: usize,
    /// The page that messages lead to; empty where they lead nowhere.
    #[serde(default)]
    pub link: String,
    /// Why the file as it now is does not hold, and the one before it still does; empty where it holds.
    #[serde(default)]
    pub refused: String,
    /// The routes as tables `[[route]]`, to be changed and set; empty where there is no room for them.
    #[serde(default)]
    pub text: String,
    /// Who set them by page or API; `None` where the file's hold.
    #[serde(default)]
    pub set: Option<RoutesSet>,
}

/// Who set the routes, and when.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoutesSet {
    /// Who did; empty where nobody logs in.
    pub by: String,
    /// When, as in RFC 3339.
    pub at: String,
}

/// Somebody who can be told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReceiverSaid {
    /// What it is: `webhook`, `email`, `slack`, `alertmanager`.
    pub kind: String,
    /// Where it is, for people: a host, a channel.
    pub place: String,
    /// The most messages that it is sent, as `10/min`; empty where there is no such limit.
    #[serde(default)]
    pub rate: String,
}

/// Who is told of what. Times are in seconds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteSaid {
    /// Which alerts, in words; empty where all.
    pub what: String,
    /// Whether the ends of alerts are told as well.
    pub tells_ends: bool,
    /// Who is told.
    pub to: Vec<ReceiverName>,
    /// What the alerts of a message have in common, in the file's words.
    #[serde(default)]
    pub group_by: Vec<String>,
    /// How long a message waits for other alerts, to tell them together.
    pub group_wait: u64,
    /// How long after a message of a group the next one may be sent.
    #[serde(default)]
    pub group_interval: u64,
    /// After how long it is told again that an alert still fires.
    #[serde(default)]
    pub remind: Option<u64>,
    /// After how long others are told where nobody has it in hand.
    #[serde(default)]
    pub escalate_after: Option<u64>,
    /// These others.
    #[serde(default)]
    pub escalate_to: Vec<ReceiverName>,
    /// When people are told; empty where always.
    #[serde(default)]
    pub hours: String,
    /// Whether people are told at this moment.
    pub is_open: bool,
}

/// Who would be told of an alert.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WouldTell {
    /// Each who would be told, once.
    pub receivers: Vec<WouldBeTold>,
    /// Why nobody is told of what fires now: `silence`, `camera`; empty where nothing holds it back.
    #[serde(default)]
    pub held: String,
}

/// A receiver that would be told of an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WouldBeTold {
    /// Who.
    pub receiver: ReceiverName,
    /// By which route, counted from 1.
    pub route: usize,
    /// After how many seconds, where it is told only of what nobody has in hand by then.
    #[serde(default)]
    pub escalates_after: Option<u64>,
    /// Whether it is within the route's hours now.
    pub is_open: bool,
}

/// The result of a test message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "outcome")]
pub enum Tested {
    /// The receiver has taken it.
    Taken,
    /// It has not, and might later.
    NotTaken {
        /// Why.
        why: String,
    },
    /// It does not, and never will.
    Refused {
        /// Why.
        why: String,
    },
}

/// The questions that notifiers are asked.
pub type NotifierQuestions = Questions<NotifierQuestion>;

impl SupposedAlert {
    /// One of this folder.
    pub fn of(folder: &Folder, kind: &str, subject: &str) -> Self {
        SupposedAlert {
            folder: folder.to_string(),
            kind: kind.to_owned(),
            subject: subject.to_owned(),
        }
    }
}

impl Bus {
    /// Asks a notifier, and waits so long for its answer.
    ///
    /// # Errors
    /// When none answers.
    pub async fn ask_notifier(
        &self,
        question: &NotifierQuestion,
        within: Duration,
    ) -> Result<NotifierAnswer, AskError> {
        let answer = self.ask(SUBJECT, question, within).await?;
        serde_json::from_slice(&answer).map_err(AskError::unreadable)
    }

    /// What notifiers are asked, from now on. The client subscribes again after a reconnect.
    ///
    /// # Errors
    /// When the connection is closed.
    pub async fn notifier_questions(&self) -> Result<NotifierQuestions, SubscribeError> {
        self.questions(SUBJECT, GROUP).await
    }
}

impl Asked<NotifierQuestion> {
    /// Answers. Of more routes than the server takes in a message the first are told, and how many are left out.
    pub async fn answer(self, mut answer: NotifierAnswer) {
        let most = self.max_bytes();
        let encoded = loop {
            let encoded = match serde_json::to_vec(&answer) {
                Ok(encoded) => encoded,
                Err(error) => {
                    tracing::warn!(%error, "an answer cannot be encoded");
                    return;
                }
            };
            match &mut answer {
                NotifierAnswer::Routes(said) if encoded.len() > most && !said.text.is_empty() => {
                    said.text.clear();
                }
                NotifierAnswer::Routes(said) if encoded.len() > most && !said.routes.is_empty() => {
                    let kept = said.routes.len() / 2;
                    said.left_out += said.routes.len() - kept;
                    said.routes.truncate(kept);
                }
                _ => break encoded,
            }
        };
        self.send(encoded.into()).await;
    }
}
