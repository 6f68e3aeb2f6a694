//! Parts of requests, refused with a problem where they are not what they should be.

use std::time::Duration;

use axum::{
    body::to_bytes,
    extract::{FromRequestParts, Path, Query, Request, rejection::QueryRejection},
    http::request::Parts,
};
use bytes::Bytes;
use http_body_util::LengthLimitError;
use serde::de::{DeserializeOwned, IgnoredAny};
use tokio::time::timeout;

use crate::problem::{Kind, Problem, sentence};

/// The largest body of a few fields.
const MAX_BYTES: usize = 16 * 1024;

/// The variables of the path.
pub(crate) struct Params<T>(pub(crate) T);

/// The query string.
pub(crate) struct Search<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(params)) => Ok(Params(params)),
            Err(error) => Err(Kind::InvalidRequest.because(sentence(&error.body_text()))),
        }
    }
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Search<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(search)) => Ok(Search(search)),
            Err(error) => Err(unreadable_query(&error)),
        }
    }
}

fn unreadable_query(error: &QueryRejection) -> Problem {
    let says = error.body_text();
    let why = says.strip_prefix("Failed to deserialize query string: ");
    let why = why.unwrap_or(&says);
    Kind::InvalidRequest.because(format!("The query of the address cannot be read: {why}."))
}

/// The value of a variable of a query. An empty one, as a form sends it, counts as none.
pub(crate) fn given(value: &Option<String>) -> Option<&str> {
    value.as_deref().filter(|text| !text.is_empty())
}

/// The value of a switch of a query: off, unless it is there. `meaning` says what each value is for.
pub(crate) fn switch(name: &str, value: Option<&str>, meaning: &str) -> Result<bool, Problem> {
    match value {
        None | Some("0" | "false") => Ok(false),
        Some("1" | "true") => Ok(true),
        Some(other) => {
            Err(Kind::InvalidRequest.because(format!("{name} is {other:?}; it must be {meaning}.")))
        }
    }
}

/// How many items a page of a list has, checked.
pub(crate) fn page_size(asked: Option<usize>) -> Result<usize, Problem> {
    const USUAL: usize = 50;
    const MOST: usize = 200;
    match asked {
        None => Ok(USUAL),
        Some(limit @ 1..=MOST) => Ok(limit),
        Some(limit) => Err(Kind::InvalidRequest.because(format!(
            "limit is {limit}; it must be a number from 1 to {MOST}."
        ))),
    }
}

/// The fields of a form. `what` is its name at the beginning of a sentence.
pub(crate) async fn form<T: DeserializeOwned>(request: Request, what: &str) -> Result<T, Problem> {
    long_form(request, what, MAX_BYTES).await
}

/// The same, of up to so many bytes.
pub(crate) async fn long_form<T: DeserializeOwned>(
    request: Request,
    what: &str,
    max_bytes: usize,
) -> Result<T, Problem> {
    let body = small_body(request, what, max_bytes).await?;
    serde_urlencoded::from_bytes(&body)
        .map_err(|error| Kind::InvalidRequest.because(sentence(&error.to_string())))
}

/// A body in JSON. `what` is its name at the beginning of a sentence; JSON that does not say it is a problem of the kind
/// `invalid`, whose detail ends with an example.
pub(crate) async fn json<T: DeserializeOwned>(
    request: Request,
    what: &str,
    invalid: Kind,
    example: &str,
) -> Result<T, Problem> {
    let body = small_body(request, what, MAX_BYTES).await?;
    read_json(&body, what, invalid, example)
}

/// The same, of up to so many bytes.
pub(crate) async fn long_json<T: DeserializeOwned>(
    request: Request,
    what: &str,
    invalid: Kind,
    example: &str,
    max_bytes: usize,
) -> Result<T, Problem> {
    let body = small_body(request, what, max_bytes).await?;
    read_json(&body, what, invalid, example)
}

/// The same, where there need not be a body; `null` is none either.
pub(crate) async fn json_if_any<T: DeserializeOwned>(
    request: Request,
    what: &str,
    invalid: Kind,
    example: &str,
) -> Result<Option<T>, Problem> {
    let body = small_body(request, what, MAX_BYTES).await?;
    match body.is_empty() {
        true => Ok(None),
        false => read_json(&body, what, invalid, example),
    }
}

fn read_json<T: DeserializeOwned>(
    body: &[u8],
    what: &str,
    invalid: Kind,
    example: &str,
) -> Result<T, Problem> {
    // A struct could be read of one.
    if serde_json::from_slice::<Vec<IgnoredAny>>(body).is_ok() {
        return Err(invalid.because(format!("{what} is no list; it looks like {example}.")));
    }
    serde_json::from_slice(body).map_err(|error| {
        let kind = match error.is_data() {
            true => invalid,
            false => Kind::InvalidRequest,
        };
        let why = sentence(&error.to_string());
        kind.because(format!("{why} {what} looks like {example}."))
    })
}

/// What is said of a body that ends early, or whose chunks cannot be told apart.
pub(crate) fn broken_off() -> Problem {
    Kind::InvalidRequest.because("The request broke off before its end.")
}

/// The whole body of a request that carries a few fields.
async fn small_body(request: Request, what: &str, max_bytes: usize) -> Result<Bytes, Problem> {
    const PATIENCE: Duration = Duration::from_secs(10);
    timeout(PATIENCE, to_bytes(request.into_body(), max_bytes))
        .await
        .map_err(|_| Kind::TooSlow.because(format!("{what} was not sent within 10 s.")))?
        .map_err(|error| match error.into_inner().is::<LengthLimitError>() {
            true => Kind::TooLarge.because(format!("{what} has at most {max_bytes} bytes.")),
            false => broken_off(),
        })
}
