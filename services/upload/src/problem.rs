//! Everything that can go wrong as a client sees it: problem details after RFC 9457. This is the one place that maps
//! errors to HTTP.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use proto::v1::Upload;
use serde::Serialize;
use utoipa::ToSchema;

/// A refusal or failure: of a kind, and the sentence that names the offending thing and what would be right.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) kind: Kind,
    pub(crate) detail: String,
    /// Where a request carried several pictures: what became of each.
    pub(crate) pictures: Option<Box<Pictures>>,
}

/// What became of the pictures of one request.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Pictures {
    /// Those that are stored.
    pub(crate) images: Vec<Upload>,
    pub(crate) refused: Vec<Refused>,
}

impl Pictures {
    /// A problem where some were refused.
    pub(crate) fn all_taken(self) -> Result<(), Problem> {
        let refused = self.refused.len();
        if refused == 0 {
            return Ok(());
        }
        let all = refused + self.images.len();
        Err(Problem {
            pictures: Some(Box::new(self)),
            ..Kind::SomeRefused.because(format!("{refused} of {all} pictures were not taken."))
        })
    }
}

/// A picture that was not taken.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Refused {
    /// The file's name as it came.
    pub(crate) name: String,
    pub(crate) problem: Problem,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    InvalidRequest,
    InvalidFolder,
    EmptyPicture,
    CrossSite,
    NotLoggedIn,
    NotAllowed,
    NotOverHttp,
    WrongHost,
    NotFound,
    UnknownFolder,
    UnknownImage,
    UnknownAlert,
    UnknownSilence,
    UnknownLink,
    ExpiredLink,
    UnknownReceiver,
    NoEvidence,
    NoHeatMap,
    NoReference,
    NoFrame,
    MethodNotAllowed,
    TooManyNormals,
    TooManySilences,
    NoCameraKey,
    NoRoom,
    TooManyFolders,
    TooSlow,
    TooLarge,
    TooManyFiles,
    UnknownFormat,
    UnsatisfiableRange,
    UnreadablePicture,
    UnreadableFrame,
    InvalidRule,
    InvalidFolderDetails,
    InvalidAcknowledgement,
    InvalidSilence,
    InvalidRoutes,
    InvalidCamera,
    SomeRefused,
    AllRefused,
    Busy,
    Unavailable,
    Internal,
}

/// When to come back, in seconds, after a 503.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("2");

impl Kind {
    pub(crate) fn because(self, detail: impl Into<String>) -> Problem {
        Problem {
            kind: self,
            detail: detail.into(),
            pictures: None,
        }
    }

    pub(crate) fn status(self) -> StatusCode {
        self.described().0
    }

    pub(crate) fn title(self) -> &'static str {
        self.described().2
    }

    /// The last part of the type.
    pub(crate) fn slug(self) -> &'static str {
        self.described().1
    }

    /// Status, the last part of the type, title.
    fn described(self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Kind::InvalidRequest => (S::BAD_REQUEST, "invalid-request", "Invalid request"),
            Kind::InvalidFolder => (S::BAD_REQUEST, "invalid-folder", "Not a folder name"),
            Kind::EmptyPicture => (S::BAD_REQUEST, "empty-picture", "Empty picture"),
            Kind::CrossSite => (S::FORBIDDEN, "cross-site", "Request from another site"),
            Kind::NotLoggedIn => (S::UNAUTHORIZED, "not-logged-in", "Not logged in"),
            Kind::NotAllowed => (S::FORBIDDEN, "not-allowed", "Not allowed"),
            Kind::NotOverHttp => (S::FORBIDDEN, "not-over-http", "Not over plain http"),
            Kind::WrongHost => (S::MISDIRECTED_REQUEST, "wrong-host", "Wrong host"),
            Kind::NotFound => (S::NOT_FOUND, "not-found", "Not found"),
            Kind::UnknownFolder => (S::NOT_FOUND, "unknown-folder", "Unknown folder"),
            Kind::UnknownImage => (S::NOT_FOUND, "unknown-image", "Unknown image"),
            Kind::UnknownAlert => (S::NOT_FOUND, "unknown-alert", "Unknown alert"),
            Kind::UnknownSilence => (S::NOT_FOUND, "unknown-silence", "Unknown silence"),
            Kind::UnknownLink => (S::NOT_FOUND, "unknown-link", "Unknown link"),
            Kind::ExpiredLink => (S::GONE, "expired-link", "The link is too old"),
            Kind::UnknownReceiver => (S::NOT_FOUND, "unknown-receiver", "Unknown receiver"),
            Kind::NoEvidence => (S::NOT_FOUND, "no-evidence", "No evidence"),
            Kind::NoHeatMap => (S::NOT_FOUND, "no-heat-map", "No heat map"),
            Kind::NoReference => (S::NOT_FOUND, "no-reference", "No reference"),
            Kind::NoFrame => (S::NOT_FOUND, "no-frame", "No frame"),
            Kind::MethodNotAllowed => (
                S::METHOD_NOT_ALLOWED,
                "method-not-allowed",
                "Method not allowed",
            ),
            Kind::TooManyNormals => (S::CONFLICT, "too-many-normals", "Too many normal pictures"),
            Kind::TooManySilences => (S::CONFLICT, "too-many-silences", "Too many silences"),
            Kind::NoCameraKey => (
                S::CONFLICT,
                "no-camera-key",
                "No key for cameras' passwords",
            ),
            Kind::NoRoom => (S::INSUFFICIENT_STORAGE, "no-room", "No room for more"),
            Kind::TooManyFolders => (
                S::INSUFFICIENT_STORAGE,
                "too-many-folders",
                "Too many folders",
            ),
            Kind::TooSlow => (S::REQUEST_TIMEOUT, "too-slow", "Request not sent in time"),
            Kind::TooLarge => (S::PAYLOAD_TOO_LARGE, "too-large", "Too large"),
            Kind::TooManyFiles => (S::PAYLOAD_TOO_LARGE, "too-many-files", "Too many files"),
            Kind::UnknownFormat => (
                S::UNSUPPORTED_MEDIA_TYPE,
                "unknown-format",
                "Not a picture of an accepted format",
            ),
            Kind::UnsatisfiableRange => (
                S::RANGE_NOT_SATISFIABLE,
                "unsatisfiable-range",
                "No such part",
            ),
            Kind::UnreadablePicture => (
                S::UNPROCESSABLE_ENTITY,
                "unreadable-picture",
                "Unreadable picture",
            ),
            Kind::UnreadableFrame => (
                S::UNPROCESSABLE_ENTITY,
                "unreadable-frame",
                "The latest frame is no picture",
            ),
            Kind::InvalidRule => (S::UNPROCESSABLE_ENTITY, "invalid-rule", "Invalid rule"),
            Kind::InvalidFolderDetails => (
                S::UNPROCESSABLE_ENTITY,
                "invalid-folder-details",
                "Invalid details of a folder",
            ),
            Kind::InvalidAcknowledgement => (
                S::UNPROCESSABLE_ENTITY,
                "invalid-acknowledgement",
                "Invalid acknowledgement",
            ),
            Kind::InvalidSilence => (
                S::UNPROCESSABLE_ENTITY,
                "invalid-silence",
                "Invalid silence",
            ),
            Kind::InvalidRoutes => (S::UNPROCESSABLE_ENTITY, "invalid-routes", "Invalid routes"),
            Kind::InvalidCamera => (S::UNPROCESSABLE_ENTITY, "invalid-camera", "Invalid camera"),
            Kind::SomeRefused => (
                S::UNPROCESSABLE_ENTITY,
                "some-refused",
                "Not every picture was taken",
            ),
            Kind::AllRefused => (
                S::UNPROCESSABLE_ENTITY,
                "all-refused",
                "No picture was taken",
            ),
            Kind::Busy => (S::SERVICE_UNAVAILABLE, "busy", "Busy"),
            Kind::Unavailable => (S::SERVICE_UNAVAILABLE, "unavailable", "Unavailable"),
            Kind::Internal => (S::INTERNAL_SERVER_ERROR, "internal", "Internal error"),
        }
    }
}

impl Problem {
    /// The word under which it is counted.
    pub(crate) fn slug(&self) -> &'static str {
        self.kind.slug()
    }

    /// Whether what follows in the same request could fare no better.
    pub(crate) fn ends_request(&self) -> bool {
        self.kind.status().is_server_error()
            || matches!(
                self.kind,
                Kind::TooSlow | Kind::InvalidRequest | Kind::TooManyNormals
            )
    }
}

#[derive(Serialize)]
struct Details<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    #[serde(flatten)]
    pictures: Option<&'a Pictures>,
}

impl Serialize for Problem {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (status, slug, title) = self.kind.described();
        let details = Details {
            r#type: format!("/problems/{slug}"),
            title,
            status: status.as_u16(),
            detail: &self.detail,
            pictures: self.pictures.as_deref(),
        };
        details.serialize(serializer)
    }
}

impl IntoResponse for Problem {
    /// The problem also goes along as an extension, so that a browser can be given a page instead.
    fn into_response(self) -> Response {
        let mut response = (self.kind.status(), Json(&self)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if self.kind.status() == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, RETRY_AFTER);
        }
        if self.kind == Kind::NotLoggedIn {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if self.kind == Kind::TooSlow {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// An error's text as a sentence, which a problem's detail is: errors are written to be part of one.
pub(crate) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(char::to_uppercase);
    let mut sentence: String = first.into_iter().flatten().chain(chars).collect();
    if !sentence.ends_with('.') {
        sentence.push('.');
    }
    sentence
}
