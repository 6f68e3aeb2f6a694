//! A server that takes messages by HTTP: as JSON, as events of CloudEvents, or as a template has them.

mod cloud_event;
mod signature;

use std::path::Path;

use reqwest::{
    Client,
    header::{CONTENT_TYPE, HeaderValue},
};
use serde_json::Value;
use time::OffsetDateTime;

use crate::{
    Handle, Message, ReceiverSpec, SpecError, WebhookFormat,
    body::{self, Pictures},
    http::{self, Login, Place, Refusal},
    plain,
    template::{Escape, Template},
    wording::Wording,
};
use signature::Signer;

pub(crate) struct Webhook {
    name: String,
    client: Client,
    place: Place,
    login: Login,
    signer: Option<Signer>,
    pictures: Pictures,
    form: Form,
}

/// What is sent.
enum Form {
    Json,
    CloudEvent,
    Own(Box<Own>),
}

/// A form of its own, made by a template.
struct Own {
    template: Template,
    content_type: HeaderValue,
    escape: Escape,
}

impl Webhook {
    pub(crate) fn of(name: &str, spec: &ReceiverSpec, beside: &Path) -> Result<Self, SpecError> {
        let place = Place::of(spec, beside)?;
        let secret = spec.secret_file.as_deref();
        let signer = secret.map(|path| Signer::of(path, beside)).transpose()?;
        Ok(Webhook {
            name: name.to_owned(),
            client: http::client(spec, beside, place.host())?,
            login: Login::of(spec, beside)?,
            signer,
            pictures: match spec.picture {
                Some(true) => Pictures::Inside,
                Some(false) | None => Pictures::LeftOut,
            },
            form: Form::of(name, spec)?,
            place,
        })
    }

    pub(crate) fn takes_pictures(&self) -> bool {
        self.pictures == Pictures::Inside
    }

    pub(crate) fn place(&self) -> &str {
        self.place.host()
    }

    pub(crate) async fn send(
        &self,
        message: &Message,
        wording: &Wording,
    ) -> Result<Option<Handle>, Refusal> {
        let url = self.place.url().await.map_err(Refusal::now)?;
        let mut secrets = http::secrets(&url);
        let key = plain::key(&message.key);
        let now = OffsetDateTime::now_utc();
        let (body, content_type) = self.body(message, wording, &key, now);
        let mut request = self
            .client
            .post(url)
            .header(CONTENT_TYPE, content_type)
            .header("idempotency-key", &key);
        if let Some(signer) = &self.signer {
            let headers = signer.headers(&key, now.unix_timestamp(), &body).await;
            for (name, value) in headers.map_err(Refusal::now)? {
                request = request.header(name, value);
            }
        }
        let (request, more) = self.login.add(request).await.map_err(Refusal::now)?;
        secrets.extend(more);
        let host = self.place.host();
        let answer = http::ask(request.body(body), host).await?;
        answer.accepted(host, &secrets)?;
        Ok(None)
    }

    fn body(
        &self,
        message: &Message,
        wording: &Wording,
        key: &str,
        now: OffsetDateTime,
    ) -> (String, HeaderValue) {
        let json = body::json(&self.name, message, wording, self.pictures);
        if let Form::Own(own) = &self.form
            && let Some(text) = own.text(&json)
        {
            return (text, own.content_type.clone());
        }
        match self.form {
            Form::CloudEvent => (
                cloud_event::of(message, json, key, now).to_string(),
                HeaderValue::from_static(cloud_event::CONTENT_TYPE),
            ),
            Form::Json | Form::Own(_) => (json.to_string(), HeaderValue::from_static(JSON)),
        }
    }
}

impl Own {
    fn text(&self, json: &Value) -> Option<String> {
        self.template.render(json, |text| match self.escape {
            Escape::Json => is_json(text),
            _ => Ok(()),
        })
    }
}

const JSON: &str = "application/json";

fn is_json(text: &str) -> Result<(), String> {
    match serde_json::from_str::<Value>(text) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("what the template gives is no JSON: {error}")),
    }
}

impl Form {
    fn of(name: &str, spec: &ReceiverSpec) -> Result<Self, SpecError> {
        let format = spec.format.unwrap_or_default();
        match (&spec.template, format, &spec.content_type) {
            (None, _, Some(_)) => Err(SpecError {
                setting: "content-type",
                why: "it says what a template gives: without a template there is nothing to say"
                    .to_owned(),
            }),
            (None, WebhookFormat::Json, None) => Ok(Form::Json),
            (None, WebhookFormat::CloudEvents, None) => Ok(Form::CloudEvent),
            (Some(_), WebhookFormat::CloudEvents, _) => Err(SpecError {
                setting: "template",
                why: "an event of CloudEvents has a form of its own: leave out template or format"
                    .to_owned(),
            }),
            (Some(template), WebhookFormat::Json, content_type) => {
                let content_type = content_type.as_deref().unwrap_or(JSON);
                let escape = escape_of(content_type);
                Ok(Form::Own(Box::new(Own {
                    template: Template::of(name, template, escape)?,
                    content_type: content_type.parse().map_err(|_| SpecError {
                        setting: "content-type",
                        why: "it is a media type, as in \"text/plain; charset=utf-8\"".to_owned(),
                    })?,
                    escape,
                })))
            }
        }
    }
}

fn escape_of(content_type: &str) -> Escape {
    let media = content_type.split(';').next().unwrap_or_default().trim();
    match media.to_ascii_lowercase().as_str() {
        "application/json" => Escape::Json,
        media if media.ends_with("+json") => Escape::Json,
        "text/html" | "application/xml" | "text/xml" => Escape::Html,
        _ => Escape::None,
    }
}
