//! Calls of Slack's web API. Each answers with JSON, in which `ok` says whether it worked, whatever the status.

use reqwest::{Client, Url};
use serde_json::Value;

use super::trouble::{self, Failure};
use crate::{
    SpecError,
    http::{self, Place, Refusal},
    secret::SecretFile,
};

const API: &str = "https://slack.com/api";

pub(super) struct Api {
    client: Client,
    place: Place,
    token: SecretFile,
}

/// The body of a call.
pub(super) enum Arguments<'a> {
    Json(&'a Value),
    Form(&'a [(&'a str, &'a str)]),
}

impl Api {
    pub(super) fn of(
        url: Option<&crate::Url>,
        token: SecretFile,
        client: impl FnOnce(&str) -> Result<Client, SpecError>,
    ) -> Result<Self, SpecError> {
        let place = Place::at("api-url", url.map_or(API, |url| &url.0))?;
        Ok(Api {
            client: client(place.host())?,
            place,
            token,
        })
    }

    /// Calls a method, and gives what it answers where that is `ok`.
    pub(super) async fn call(
        &self,
        method: &str,
        arguments: Arguments<'_>,
    ) -> Result<Value, Failure> {
        let token = self.token.read().await.map_err(Refusal::now)?;
        let mut url = self.place.url().await.map_err(Refusal::now)?;
        let path = format!("{}/{method}", url.path().trim_end_matches('/'));
        url.set_path(&path);
        let request = self.client.post(url).bearer_auth(&token);
        let request = match arguments {
            Arguments::Json(json) => request
                .header("content-type", "application/json; charset=utf-8")
                .body(json.to_string()),
            Arguments::Form(pairs) => request.form(pairs),
        };
        let host = self.place.host();
        let answer = http::ask(request, host).await?;
        let (status, after) = (answer.status, answer.retry_after);
        let answer = answer.accepted(host, &[token])?;
        let json: Value = serde_json::from_slice(&answer.body).map_err(|_| {
            let code = status.as_u16();
            Refusal::now(format!(
                "{host} answers {code} to {method} with what is no JSON"
            ))
        })?;
        match json["ok"].as_bool() {
            Some(true) => Ok(json),
            _ => Err(trouble::of_call(method, &json, after)),
        }
    }

    /// Sends the bytes of a file to where Slack said they go. The token does not go along.
    pub(super) async fn upload(&self, to: &str, bytes: bytes::Bytes) -> Result<(), Refusal> {
        let ours = self.place.url().await.map_err(Refusal::now)?;
        let to = Url::parse(to).ok();
        // A test's API may be without TLS on this machine; Slack's never is.
        let to = to.filter(|to| to.scheme() == "https" || to.origin() == ours.origin());
        let to = to.ok_or_else(|| Refusal::now("Slack names no place for the picture"))?;
        let host = to.host_str().unwrap_or_default().to_owned();
        let secrets = http::secrets(&to);
        let request = self
            .client
            .post(to)
            .header("content-type", "application/octet-stream")
            .body(bytes);
        let answer = http::ask(request, &host).await?;
        answer.accepted(&host, &secrets).map(drop)
    }
}
