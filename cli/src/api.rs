//! The upload service's HTTP API, as a client.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context as _, anyhow};
use bytes::Bytes;
use reqwest::{
    Body, Client, RequestBuilder, Response,
    header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue},
};
use serde::Deserialize;
use service_runtime::Failure;

use crate::proxy;

/// Where the upload service is.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Server")]
pub(crate) struct ApiConfig {
    /// The upload service
    #[arg(
        long,
        env = "FRAMEWATCH_URL",
        default_value = "http://127.0.0.1:5000",
        value_name = "URL"
    )]
    pub(crate) url: String,

    /// The token to come in with, where the service wants one; `framewatch token add` makes it
    #[arg(
        long,
        env = "FRAMEWATCH_TOKEN",
        hide_env_values = true,
        value_name = "TOKEN"
    )]
    pub(crate) token: Option<String>,

    /// File with the token
    #[arg(
        long,
        env = "FRAMEWATCH_TOKEN_FILE",
        value_name = "FILE",
        conflicts_with = "token"
    )]
    pub(crate) token_file: Option<PathBuf>,
}

impl ApiConfig {
    fn token(&self) -> Result<Option<String>, Failure> {
        let Some(path) = &self.token_file else {
            return Ok(self.token.clone());
        };
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the token in {}", path.display()))
            .map_err(Failure::Usage)?;
        Ok(Some(text.trim_end().to_owned()))
    }
}

/// A client of one upload service.
pub(crate) struct Api {
    client: Client,
    base: String,
}

/// The service's answer about pictures that it has stored.
#[derive(Deserialize)]
pub(crate) struct Stored {
    images: Vec<proto::v1::Upload>,
}

impl Stored {
    /// The id of the picture.
    pub(crate) fn id(self) -> Result<String, Failure> {
        let upload = self.images.into_iter().next();
        Ok(upload.context("the answer names no picture")?.id)
    }
}

/// The service's answer when it refuses (RFC 9457).
#[derive(Deserialize)]
struct Problem {
    title: String,
    #[serde(default)]
    detail: String,
}

/// Before a client for HTTP is made. Another part of the process may have chosen already: the same.
pub(crate) fn choose_cryptography() {
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
}

impl Api {
    pub(crate) fn new(config: &ApiConfig) -> Result<Self, Failure> {
        choose_cryptography();
        let mut client = Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .default_headers(credentials(config.token()?.as_deref())?);
        if proxy::is_loopback(&config.url) {
            client = client.no_proxy();
        }
        Ok(Api {
            client: client.build()?,
            base: config.url.trim_end_matches('/').to_owned(),
        })
    }

    pub(crate) async fn get<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
    ) -> Result<T, Failure> {
        let response = self.ask(self.client.get(self.address(path))).await?;
        answer(response).await
    }

    /// The bytes at an address, unchanged.
    pub(crate) async fn bytes(&self, path: &str) -> Result<Bytes, Failure> {
        let response = self.ask(self.client.get(self.address(path))).await?;
        let bytes = response.bytes().await;
        bytes
            .with_context(|| format!("{path} was not sent whole"))
            .map_err(Failure::Unavailable)
    }

    /// Puts something there, in JSON.
    pub(crate) async fn put<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        body: &impl serde::Serialize,
    ) -> Result<T, Failure> {
        let request = self.client.put(self.address(path)).json(body);
        answer(self.ask(request).await?).await
    }

    /// Has something done there for which nothing need be sent.
    pub(crate) async fn post<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Failure> {
        let request = self.client.post(self.address(path)).query(query);
        answer(self.ask(request).await?).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Result<(), Failure> {
        self.ask(self.client.delete(self.address(path))).await?;
        Ok(())
    }

    /// Deletes what there may be much of, and so takes long; the answer says what.
    pub(crate) async fn delete_many<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
    ) -> Result<T, Failure> {
        let request = self.client.delete(self.address(path));
        answer(self.ask_for(request, Duration::from_secs(600)).await?).await
    }

    /// The same as `get`, where the service may look at pictures for the better part of a minute.
    pub(crate) async fn get_with_patience<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
    ) -> Result<T, Failure> {
        let request = self.client.get(self.address(path));
        answer(self.ask_for(request, Duration::from_secs(90)).await?).await
    }

    async fn ask(&self, request: RequestBuilder) -> Result<Response, Failure> {
        self.ask_for(request, Duration::from_secs(30)).await
    }

    /// Waits so long for the answer, all of it.
    async fn ask_for(
        &self,
        request: RequestBuilder,
        how_long: Duration,
    ) -> Result<Response, Failure> {
        self.accepted(request.timeout(how_long).send().await).await
    }

    /// Uploads one picture of so many bytes to `path`; the answer is its id.
    pub(crate) async fn upload(
        &self,
        path: &str,
        name: &str,
        length: usize,
        picture: impl Into<Body>,
    ) -> Result<String, Failure> {
        let response = self
            .client
            .post(self.address(path))
            .query(&[("name", name)])
            .header(CONTENT_TYPE, "application/octet-stream")
            .header(CONTENT_LENGTH, length)
            .body(picture)
            .send()
            .await;
        let stored: Stored = self.accepted(response).await?.json().await?;
        stored.id()
    }

    async fn accepted(&self, response: reqwest::Result<Response>) -> Result<Response, Failure> {
        let response = response
            .with_context(|| {
                let suspicion = proxy::suspicion(&self.base);
                format!("no upload service at {}{suspicion}", self.base)
            })
            .map_err(Failure::Unavailable)?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let error = match response.json::<Problem>().await {
            Ok(problem) if problem.detail.is_empty() => anyhow!(problem.title),
            Ok(problem) => anyhow!("{}: {}", problem.title, problem.detail),
            Err(_) => anyhow!(
                "{} answered {status}{}",
                self.base,
                proxy::suspicion(&self.base)
            ),
        };
        Err(if status.is_server_error() {
            Failure::Unavailable(error)
        } else {
            Failure::Usage(error)
        })
    }

    fn address(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

fn credentials(token: Option<&str>) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    if let Some(token) = token {
        let value = HeaderValue::from_str(&format!("Bearer {token}"));
        let mut value = value.map_err(|_| {
            Failure::Usage(anyhow!(
                "the token has characters that no token has; it must be one that `framewatch token add` made"
            ))
        })?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    Ok(headers)
}

async fn answer<T: serde::de::DeserializeOwned>(response: Response) -> Result<T, Failure> {
    Ok(response
        .json()
        .await
        .context("the answer is not what it should be")?)
}
