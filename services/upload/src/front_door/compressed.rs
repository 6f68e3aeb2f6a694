//! Compression of what is text and made for one answer: pages, JSON, events. Pictures are compressed as they are, and what has
//! an `ETag` is sent as it is, since the tag says which bytes they are.

use axum::http::{Extensions, HeaderMap, StatusCode, Version, header};
use tower_http::{
    CompressionLevel,
    compression::{
        CompressionLayer, Predicate,
        predicate::{And, SizeAbove},
    },
};

/// What is shorter is a packet, whether it is compressed or not.
const LEAST_BYTES: u64 = 1024;

type When = And<SizeAbove, fn(StatusCode, Version, &HeaderMap, &Extensions) -> bool>;

/// By gzip, for whoever takes it. Events are flushed as they come.
pub(crate) fn layer() -> CompressionLayer<When> {
    let when = SizeAbove::new(LEAST_BYTES).and(is_text as fn(_, _, &_, &_) -> _);
    CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(when)
}

fn is_text(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.map_or(&b""[..], |kind| kind.as_bytes());
    let kinds = [
        "text/html",
        "text/event-stream",
        "application/json",
        "application/problem+json",
    ];
    let is_one = kinds.iter().any(|it| kind.starts_with(it.as_bytes()));
    is_one && !headers.contains_key(header::ETAG)
}
