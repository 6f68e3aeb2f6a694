//! Requests by HTTP: with a login, without following where a server sends them, and reading no more of an answer than is of
//! use.

mod answer;
mod place;

use std::{path::Path, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::{
    Client, RequestBuilder,
    header::{AUTHORIZATION, HeaderValue},
    redirect::Policy,
};

use crate::{ReceiverSpec, SpecError, fault, secret, secret::SecretFile};
pub(crate) use answer::{Refusal, ask};
pub(crate) use place::{Place, is_loopback, secrets};

const CONNECT: Duration = Duration::from_secs(10);

/// A client for what is at this host.
pub(crate) fn client(spec: &ReceiverSpec, beside: &Path, host: &str) -> Result<Client, SpecError> {
    // The first one that is installed holds: a program may have chosen already.
    drop(rustls::crypto::ring::default_provider().install_default());
    let mut client = Client::builder()
        .redirect(Policy::none())
        .connect_timeout(CONNECT)
        .pool_max_idle_per_host(1)
        .pool_idle_timeout(Duration::from_secs(30))
        .user_agent("framewatch");
    if place::is_loopback(host) {
        client = client.no_proxy();
    }
    if let Some(path) = &spec.ca_file {
        let pem = secret::authority(path, beside)?;
        let authorities = reqwest::Certificate::from_pem_bundle(&pem);
        client = client.tls_certs_only(authorities.map_err(|error| SpecError {
            setting: "ca-file",
            why: fault::words(&error),
        })?);
    }
    client.build().map_err(|error| SpecError {
        setting: "type",
        why: format!("no client for HTTP: {}", fault::words(&error)),
    })
}

/// How a request shows who sends it.
#[derive(Debug, Clone)]
pub(crate) enum Login {
    None,
    Bearer(SecretFile),
    Basic(String, SecretFile),
}

impl Login {
    pub(crate) fn of(spec: &ReceiverSpec, beside: &Path) -> Result<Self, SpecError> {
        let missing = |setting, beside| {
            let why = format!("it is needed beside {beside}");
            Err(SpecError { setting, why })
        };
        match (&spec.token_file, &spec.username, &spec.password_file) {
            (None, None, None) => Ok(Login::None),
            (Some(token), None, None) => {
                Ok(Login::Bearer(SecretFile::of("token-file", token, beside)?))
            }
            (None, Some(name), Some(password)) => {
                let password = SecretFile::of("password-file", password, beside)?;
                Ok(Login::Basic(name.clone(), password))
            }
            (None, Some(_), None) => missing("password-file", "username"),
            (None, None, Some(_)) => missing("username", "password-file"),
            (Some(_), ..) => Err(SpecError {
                setting: "token-file",
                why: "it takes the place of username and password-file: give one or the other"
                    .to_owned(),
            }),
        }
    }

    /// The request with it, and what of it is secret.
    pub(crate) async fn add(
        &self,
        request: RequestBuilder,
    ) -> Result<(RequestBuilder, Vec<String>), String> {
        let (value, secret) = match self {
            Login::None => return Ok((request, Vec::new())),
            Login::Bearer(token) => {
                let token = token.read().await?;
                (format!("Bearer {token}"), token)
            }
            Login::Basic(name, password) => {
                let password = password.read().await?;
                let pair = STANDARD.encode(format!("{name}:{password}"));
                (format!("Basic {pair}"), password)
            }
        };
        let mut value = HeaderValue::try_from(value)
            .map_err(|_| "the login holds what cannot stand in a header of HTTP".to_owned())?;
        value.set_sensitive(true);
        Ok((request.header(AUTHORIZATION, value), vec![secret]))
    }
}
