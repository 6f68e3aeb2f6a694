//! What a configuration says of one receiver.

mod check;

use std::{fmt, path::PathBuf};

use serde::{Deserialize, Serialize};

/// A table `[receiver.NAME]`. It is read strictly; which settings go with which type is checked by
/// [`Receiver::of`](crate::Receiver::of). Secrets come from files, whose paths stand here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ReceiverSpec {
    /// What it is.
    #[serde(rename = "type")]
    pub kind: ReceiverKind,
    /// How many messages it takes at most, as in `10/min`. Not read here: it is for who sends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<String>,
    /// The time zone in which times are told, as in `Europe/Berlin`; UTC without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// How long sending may take as a whole, as in `30s`, which it is without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<String>,
    /// What is sent instead of the usual text: a template of Jinja.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// Where it is: of a webhook, of Alertmanager.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<Url>,
    /// The file with the URL, where that is a secret: of a webhook, of Slack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url_file: Option<PathBuf>,
    /// Of a webhook: what is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<WebhookFormat>,
    /// Of a webhook with a template: the media type of what that gives. JSON without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// Of a webhook: the file with the secret by which its messages are signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_file: Option<PathBuf>,
    /// Whether the picture goes with the message. In mails and Slack it does without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<bool>,
    /// The file with a bearer token: of a webhook, of Alertmanager; of Slack, the bot's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_file: Option<PathBuf>,
    /// The name to log in with: to a mail server, a webhook, Alertmanager.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The file with the password that goes with the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// The file with the certificates (PEM) of those who may have signed the server's. The system's without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// Of Slack: the channel, as in `#cctv` or `C0123456789`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Of Slack: where its API is, if not where Slack has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_url: Option<Url>,
    /// Of e-mail: the mail server, as in `mail.example.org` or `mail.example.org:587`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// Of e-mail: how the connection is made safe.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<MailTls>,
    /// Of e-mail: who it comes from, as in `Framewatch <framewatch@example.org>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Of e-mail: whom it goes to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Vec<String>>,
}

/// What a receiver is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReceiverKind {
    /// A server that takes messages by HTTP.
    Webhook,
    /// A mail server, and whom its mails go to.
    Email,
    /// A channel of Slack.
    Slack,
    /// An Alertmanager of Prometheus.
    Alertmanager,
}

/// What a webhook is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WebhookFormat {
    /// A message's JSON, as it is.
    #[default]
    Json,
    /// That as the data of an event of CloudEvents 1.0, in its structured mode.
    CloudEvents,
}

/// How the connection to a mail server is made safe.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MailTls {
    /// It begins in the clear and goes on with TLS; where the server offers none, nothing is sent. Port 587.
    #[default]
    Starttls,
    /// It is TLS from the beginning. Port 465.
    Implicit,
    /// Not at all: only to a server on this machine. Port 25.
    None,
    /// Not at all, and to whatever server: passwords and mails can be read on the way.
    NoneAnywhere,
}

/// A URL, which may hold a secret: what shows it for debugging shows none of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Url(pub String);

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Url(…)")
    }
}

/// What is wrong with what a configuration says of a receiver.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {why}")]
pub struct SpecError {
    /// The setting by its name in the file, as in `token-file`. One that is missing is named as well.
    pub setting: &'static str,
    /// What is wrong with it, and what is right.
    pub why: String,
}
