//! Parts of requests, refused with a problem where they are not what they should be.

use axum::{
    extract::{FromRequestParts, Path, Query},
    http::request::Parts,
};
use serde::de::DeserializeOwned;

use crate::{
    inspection::sentence,
    problem::{Kind, Problem},
};

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
            Err(error) => Err(Kind::InvalidRequest.because(sentence(&error.body_text()))),
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
