//! Pictures as answers, and names of files in headers.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use fingerprint::Format;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::problem::{Kind, Problem};

/// How a browser is to treat a picture.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disposition {
    Inline,
    Attachment,
}

/// All but the `attr-char` of RFC 5987.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A name as part of a path.
pub(crate) fn encoded(name: &str) -> String {
    utf8_percent_encode(name, ENCODED).to_string()
}

/// Lets a browser keep a picture whose bytes at this address never change.
pub(crate) fn unchanging(mut response: Response) -> Response {
    response.headers_mut().insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, max-age=31536000, immutable"),
    );
    response
}

/// A stored picture; its type is what its bytes say.
pub(crate) fn stored(
    bytes: Bytes,
    name: &str,
    disposition: Disposition,
) -> Result<Response, Problem> {
    let format = Format::sniff(&bytes)
        .ok_or_else(|| Kind::Internal.because("The stored picture is damaged."))?;
    let word = match disposition {
        Disposition::Inline => "inline",
        Disposition::Attachment => "attachment",
    };
    let value = format!("{word}; filename*=UTF-8''{}", encoded(name));
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static(format.content_type()),
        ),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::try_from(value).expect("percent encoding leaves ASCII alone"),
        ),
    ];
    Ok((headers, Body::from(bytes)).into_response())
}

/// The name that a request's `Content-Disposition` gives its body.
pub(crate) fn attached_name(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_DISPOSITION)?.as_bytes();
    let value = String::from_utf8_lossy(value);
    let parameter = |wanted: &str| {
        value.split(';').find_map(|part| {
            let (key, value) = part.split_once('=')?;
            key.trim()
                .eq_ignore_ascii_case(wanted)
                .then(|| value.trim().trim_matches('"').to_owned())
        })
    };
    let extended = parameter("filename*").and_then(|value| {
        let (_, encoded) = value.split_once("''")?;
        Some(percent_decode_str(encoded).decode_utf8_lossy().into_owned())
    });
    extended.or_else(|| parameter("filename"))
}
