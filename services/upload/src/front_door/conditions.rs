//! What a client has already, and which part of the rest it wants (RFC 9110, sections 13 and 14).

use std::{
    convert::Infallible,
    hash::{DefaultHasher, Hash, Hasher},
};

use axum::{
    body::Body,
    extract::{FromRequestParts, OptionalFromRequestParts},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use headers::{ETag, HeaderMapExt, IfNoneMatch, IfRange};
use range_requests::{headers::range::HttpRange, serve_file_with_http_range};

use crate::problem::Kind;

/// The conditions of a request. Those that make no sense are ignored, as is a range of several parts.
pub(crate) struct Conditions {
    if_none_match: Option<IfNoneMatch>,
    range: Option<HttpRange>,
    if_range: Option<IfRange>,
}

impl<S: Send + Sync> FromRequestParts<S> for Conditions {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        Ok(Conditions {
            if_none_match: parts.headers.typed_get(),
            range: HttpRange::from_request_parts(parts, state).await?,
            if_range: parts.headers.typed_get(),
        })
    }
}

impl Conditions {
    /// The answer to a client that has these bytes.
    pub(crate) fn unchanged(&self, etag: &ETag) -> Option<Response> {
        let is_changed = self.if_none_match.as_ref()?.precondition_passes(etag);
        (!is_changed).then(|| tagged(StatusCode::NOT_MODIFIED.into_response(), etag))
    }

    /// A text that changes only with this program.
    pub(crate) fn send_file(&self, content_type: &'static str, text: &'static str) -> Response {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let etag = etag(&format!("{:016x}", hasher.finish()));
        let response = self
            .unchanged(&etag)
            .unwrap_or_else(|| self.send(&etag, Bytes::from_static(text.as_bytes())));
        let mut headers = HeaderMap::new();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        if response.status().is_success() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        (headers, response).into_response()
    }

    /// The bytes, or the part of them that is asked for.
    pub(crate) fn send(&self, etag: &ETag, bytes: Bytes) -> Response {
        let is_another = |since: &IfRange| since.is_modified(Some(etag), None);
        let is_whole = self.if_range.as_ref().is_some_and(is_another);
        let range = self.range.filter(|_| !is_whole);
        let length = bytes.len();
        let response = match serve_file_with_http_range(bytes, range) {
            Ok(part) => match part.header() {
                Some(range) => (
                    StatusCode::PARTIAL_CONTENT,
                    [(header::CONTENT_RANGE, HeaderValue::from(&range))],
                    Body::from(part.into_body()),
                )
                    .into_response(),
                None => Body::from(part.into_body()).into_response(),
            },
            Err(unsatisfiable) => {
                let problem = Kind::UnsatisfiableRange.because(format!(
                    "There are {length} bytes, from 0 to {}.",
                    length.saturating_sub(1)
                ));
                let range = HeaderValue::from(&unsatisfiable.header());
                return ([(header::CONTENT_RANGE, range)], problem).into_response();
            }
        };
        let ranges = HeaderValue::from_static("bytes");
        tagged(
            ([(header::ACCEPT_RANGES, ranges)], response).into_response(),
            etag,
        )
    }
}

/// The tag of what this names: of all that the same address ever gives, it must name one.
pub(crate) fn etag(name: &str) -> ETag {
    let quoted = format!("\"{name}\"");
    quoted
        .parse()
        .expect("what is without quotes and spaces can be a tag")
}

fn tagged(mut response: Response, etag: &ETag) -> Response {
    response.headers_mut().typed_insert(etag.clone());
    response
}
