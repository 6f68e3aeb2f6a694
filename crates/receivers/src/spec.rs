//! What a configuration says of one receiver.

mod check;

use std::{fmt, path::PathBuf};

use serde::{Deserialize, Serialize};

/// A table `[receiver.NAME]`. It is read strictly; which settings go with which type is checked by
/// [`Receiver::of`](crate::Receiver::of). Secrets come from files, whose paths stand here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ReceiverSpec {
    /// The type of the receiver.
    #[serde(rename = "type")]
    pub kind: ReceiverKind,
    /// The most messages that it takes, as in `10/min`. It is not read here: the sender keeps to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<String>,
    /// The time zone in which times are told, as in `Europe/Berlin`. The default is UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// How long sending may take as a whole. The default is `30s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<String>,
    /// A Jinja template whose text is sent instead of the usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// The URL of a webhook or an Alertmanager.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<Url>,
    /// The file with the URL of a webhook or of Slack, where the URL is a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url_file: Option<PathBuf>,
    /// For a webhook: what is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<WebhookFormat>,
    /// For a webhook with a template: the media type of the template's text. The default is JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// For a webhook: the file with the secret that signs its messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_file: Option<PathBuf>,
    /// Whether the picture goes with the message. By default it does in mails, and in Slack where a bot sends them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<bool>,
    /// The file with a bearer token, for a webhook or an Alertmanager; for Slack, with the bot's token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_file: Option<PathBuf>,
    /// The name to log in with: to a mail server, a webhook, Alertmanager.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The file with the password that goes with the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// The file with the certificates (PEM) of those who may have signed the server's. The default is the system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// For Slack: the channel, as in `#cctv` or `C0123456789`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// For Slack: the address of its API, where it is not Slack's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_url: Option<Url>,
    /// For e-mail: the mail server, as in `mail.example.org` or `mail.example.org:587`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// For e-mail: how the connection is secured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<MailTls>,
    /// For e-mail: the sender, as in `Framewatch <framewatch@example.org>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// For e-mail: the addressees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Vec<String>>,
}

/// The types of receivers.
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

/// What is sent to a webhook.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WebhookFormat {
    /// A message's JSON, as it is.
    #[default]
    Json,
    /// The same as the data of an event of CloudEvents 1.0, in its structured mode.
    CloudEvents,
}

/// How the connection to a mail server is secured.
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

/// A fault in the configuration of a receiver.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {why}")]
pub struct SpecError {
    /// The setting by its name in the file, as in `token-file`. One that is missing is named as well.
    pub setting: &'static str,
    /// What is wrong, and what would be right.
    pub why: String,
}
