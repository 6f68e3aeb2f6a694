//! A channel of Slack: by an incoming webhook, which takes text alone, or by a bot's token, with pictures and threads.

mod api;
mod bot;
mod mrkdwn;
mod trouble;

use std::path::Path;

use reqwest::Client;
use serde_json::json;

use crate::{
    Handle, Message, ReceiverSpec, SpecError,
    body::{self, Pictures},
    http::{self, Place, Refusal},
    template::{Escape, Template},
    wording::Wording,
};
use bot::Bot;

pub(crate) struct Slack {
    name: String,
    template: Option<Template>,
    way: Way,
}

enum Way {
    Webhook { client: Client, place: Place },
    Bot(Bot),
}

/// Slack cuts texts off behind 40,000 characters and shows those beyond 4,000 folded.
const MAX_CHARS: usize = 4000;

impl Slack {
    pub(crate) fn of(name: &str, spec: &ReceiverSpec, beside: &Path) -> Result<Self, SpecError> {
        let template = spec.template.as_deref();
        let template = template.map(|source| Template::of(name, source, Escape::Slack));
        Ok(Slack {
            name: name.to_owned(),
            template: template.transpose()?,
            way: Way::of(name, spec, beside)?,
        })
    }

    pub(crate) fn takes_pictures(&self) -> bool {
        match &self.way {
            Way::Webhook { .. } => false,
            Way::Bot(bot) => bot.takes_pictures(),
        }
    }

    pub(crate) fn place(&self) -> String {
        match &self.way {
            Way::Webhook { place, .. } => place.host().to_owned(),
            Way::Bot(bot) => bot.channel().to_owned(),
        }
    }

    pub(crate) async fn send(
        &self,
        message: &Message,
        wording: &Wording,
        thread: Option<&Handle>,
    ) -> Result<Option<Handle>, Refusal> {
        let text = self.text(message, wording);
        match &self.way {
            Way::Bot(bot) => bot.send(message, wording, &text, thread).await.map(Some),
            Way::Webhook { client, place } => {
                let url = place.url().await.map_err(Refusal::now)?;
                let secrets = http::secrets(&url);
                let request = client.post(url).json(&json!({ "text": text }));
                let answer = http::ask(request, place.host()).await?;
                let accepted = answer.accepted(place.host(), &secrets);
                accepted.map_err(trouble::of_webhook)?;
                Ok(None)
            }
        }
    }

    fn text(&self, message: &Message, wording: &Wording) -> String {
        let from_template = self.template.as_ref().and_then(|template| {
            let json = body::json(&self.name, message, wording, Pictures::LeftOut);
            let text = template.render(&json, |text| match text.trim() {
                "" => Err("what the template gives is empty".to_owned()),
                _ => Ok(()),
            });
            text.map(|text| crate::plain::lines(&text, MAX_CHARS))
        });
        from_template.unwrap_or_else(|| mrkdwn::of(message.occasion, wording))
    }
}

impl Way {
    fn of(name: &str, spec: &ReceiverSpec, beside: &Path) -> Result<Self, SpecError> {
        let fault = |setting, why: &str| {
            let why = why.to_owned();
            Err(SpecError { setting, why })
        };
        match (&spec.url_file, &spec.token_file, &spec.channel) {
            (Some(_), None, None) => {
                let place = Place::of(spec, beside)?;
                if spec.picture == Some(true) {
                    return fault(
                        "picture",
                        "Slack's webhooks take no pictures; a bot does, by token-file and channel",
                    );
                }
                let client = http::client(spec, beside, place.host())?;
                Ok(Way::Webhook { client, place })
            }
            (None, Some(token), Some(channel)) => {
                Ok(Way::Bot(Bot::of(name, spec, token, channel, beside)?))
            }
            (None, Some(_), None) => fault(
                "channel",
                "it is needed beside token-file, as in channel = \"#cctv\"",
            ),
            (None, None, Some(_)) => fault(
                "token-file",
                "it is needed beside channel: the file with the bot's token",
            ),
            (Some(_), ..) => fault(
                "url-file",
                "a webhook has a channel of its own: give url-file, or token-file and channel",
            ),
            (None, None, None) => fault(
                "token-file",
                "it is missing: token-file and channel for a bot, or url-file for a webhook",
            ),
        }
    }
}
