//! Which settings go with which type, and what those say that all types have.

use std::time::Duration;

use super::{
    ReceiverKind::{self, Alertmanager, Email, Slack, Webhook},
    ReceiverSpec, SpecError,
};

const USUAL_TIMEOUT: Duration = Duration::from_secs(30);
const LEAST_TIMEOUT: Duration = Duration::from_secs(1);
const LONGEST_TIMEOUT: Duration = Duration::from_secs(120);

impl ReceiverSpec {
    /// Refuses a setting that the type doesn't have.
    pub(crate) fn check_settings(&self) -> Result<(), SpecError> {
        let foreign = self.settings().into_iter();
        let mut foreign = foreign.filter(|(_, is_set, of)| *is_set && !of.contains(&self.kind));
        match foreign.next() {
            None => Ok(()),
            Some((setting, _, of)) => {
                let of: Vec<_> = of.iter().map(|kind| kind.word()).collect();
                let (has, own) = (of.join(", "), self.kind.word());
                let why = format!("type = \"{own}\" has no such setting; it is of {has}");
                Err(SpecError { setting, why })
            }
        }
    }

    /// Each setting that not every type has, whether it is given, and which types have it.
    fn settings(&self) -> [(&'static str, bool, &'static [ReceiverKind]); 18] {
        [
            (
                "template",
                self.template.is_some(),
                &[Webhook, Email, Slack],
            ),
            ("url", self.url.is_some(), &[Webhook, Alertmanager]),
            (
                "url-file",
                self.url_file.is_some(),
                &[Webhook, Slack, Alertmanager],
            ),
            ("format", self.format.is_some(), &[Webhook]),
            ("content-type", self.content_type.is_some(), &[Webhook]),
            ("secret-file", self.secret_file.is_some(), &[Webhook]),
            ("picture", self.picture.is_some(), &[Webhook, Email, Slack]),
            (
                "token-file",
                self.token_file.is_some(),
                &[Webhook, Slack, Alertmanager],
            ),
            (
                "username",
                self.username.is_some(),
                &[Webhook, Email, Alertmanager],
            ),
            (
                "password-file",
                self.password_file.is_some(),
                &[Webhook, Email, Alertmanager],
            ),
            ("channel", self.channel.is_some(), &[Slack]),
            ("api-url", self.api_url.is_some(), &[Slack]),
            ("server", self.server.is_some(), &[Email]),
            ("tls", self.tls.is_some(), &[Email]),
            ("from", self.from.is_some(), &[Email]),
            ("to", self.to.is_some(), &[Email]),
            (
                "time-zone",
                self.time_zone.is_some(),
                &[Webhook, Email, Slack],
            ),
            (
                "ca-file",
                self.ca_file.is_some(),
                &[Webhook, Email, Slack, Alertmanager],
            ),
        ]
    }

    /// How long sending may take as a whole.
    pub(crate) fn whole_timeout(&self) -> Result<Duration, SpecError> {
        let Some(text) = &self.timeout else {
            return Ok(USUAL_TIMEOUT);
        };
        match humantime::parse_duration(text) {
            Ok(timeout) if (LEAST_TIMEOUT..=LONGEST_TIMEOUT).contains(&timeout) => Ok(timeout),
            _ => Err(SpecError {
                setting: "timeout",
                why: "it is a time from \"1s\" to \"2m\", as in \"30s\"".to_owned(),
            }),
        }
    }
}

impl ReceiverKind {
    /// As it stands in a configuration.
    pub fn word(self) -> &'static str {
        match self {
            Webhook => "webhook",
            Email => "email",
            Slack => "slack",
            Alertmanager => "alertmanager",
        }
    }
}
