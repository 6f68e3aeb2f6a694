//! Pictures as answers, and names of files in headers.

use std::collections::BTreeMap;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, HeaderValue, header, request::Parts},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use event_bus::{Exhibit, Folder, FrameArrival, Stored};
use fingerprint::Format;
use headers::ETag;
use percent_encoding::percent_decode_str;
use proto::{
    from_timestamp, rfc3339,
    v1::{Proposal, Upload},
};
use serde::Deserialize;
use utoipa::{
    IntoParams, IntoResponses,
    openapi::{
        self, Content, Header, HeaderBuilder, RefOr, ResponseBuilder,
        schema::{Object, ObjectBuilder, Type},
    },
};

use super::{
    names::of_frame,
    thumbnails::{PictureName, Width},
};
use crate::{
    app::App,
    broker::Broker,
    folder_writer::{unknown_normal, unknown_proposal},
    front_door::{
        addresses::encoded,
        conditions::{Conditions, etag},
        extract::{Search, switch},
        schemas::{Switch, schemas},
    },
    problem::{Kind, Problem},
};

/// A picture that can be sent.
pub(crate) enum Picture {
    Normal(Folder, Upload),
    Proposal(Folder, Proposal),
    /// A reference picture; whether the address that it is asked for at always gives this one.
    Image(Folder, Upload, Lasts),
    Evidence(String, Exhibit),
    Frame(Stored<FrameArrival>),
}

/// How long an address goes on giving the same picture.
#[derive(Clone, Copy)]
pub(crate) enum Lasts {
    Forever,
    UntilTheNext,
}

/// How a picture is asked for.
pub(crate) struct Wanted {
    width: Option<Width>,
    disposition: Disposition,
    conditions: Conditions,
}

/// How a browser is to treat a picture.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Disposition {
    Inline,
    Attachment,
}

schemas! {
    /// Of a picture in small, in pixels.
    SmallWidth: ObjectBuilder::new()
        .schema_type(Type::Integer)
        .enum_values(Some(Width::ALL.map(Width::pixels)));
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PictureQuery {
    /// How wide it is to be, in pixels; then it is a JPEG. It is never made wider than it is.
    #[param(value_type = Option<SmallWidth>, inline)]
    width: Option<String>,
    /// Whether it is to be saved rather than shown.
    #[param(value_type = Option<Switch>, inline)]
    download: Option<String>,
}

/// The answers that carry a picture, or tell that the client has it.
pub(crate) struct Answers;

impl IntoResponses for Answers {
    fn responses() -> BTreeMap<String, RefOr<openapi::Response>> {
        let whole = answer("The picture").header("Accept-Ranges", text("Always `bytes`"));
        let part = answer("The part that was asked for by `Range`").header(
            "Content-Range",
            text("Which part, and how many bytes there are"),
        );
        let unchanged = ResponseBuilder::new()
            .description("The client has it, as it said by `If-None-Match`")
            .header("ETag", text("As in the full answer"));
        [("200", whole), ("206", part), ("304", unchanged)]
            .map(|(status, response)| (status.to_owned(), response.build().into()))
            .into()
    }
}

fn answer(description: &str) -> ResponseBuilder {
    let response = ResponseBuilder::new()
        .description(description)
        .header("ETag", text("Names these very bytes"))
        .header("Cache-Control", text("For how long they may be kept"))
        .header(
            "Content-Disposition",
            text("What it is called once it is saved"),
        );
    let response = response.content("application/octet-stream", Content::default());
    Format::ALL.into_iter().fold(response, |response, format| {
        response.content(format.content_type(), Content::default())
    })
}

fn text(description: &str) -> Header {
    HeaderBuilder::new()
        .schema(Some(Object::with_type(Type::String)))
        .description(Some(description))
        .build()
}

impl<S: Send + Sync> FromRequestParts<S> for Wanted {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Search(query) = Search::<PictureQuery>::from_request_parts(parts, state).await?;
        let Ok(conditions) = Conditions::from_request_parts(parts, state).await;
        Ok(Wanted {
            conditions,
            width: query.width.as_deref().map(Width::parse).transpose()?,
            disposition: Disposition::parse(query.download.as_deref())?,
        })
    }
}

impl Disposition {
    fn parse(download: Option<&str>) -> Result<Self, Problem> {
        let meaning = "1 to save the picture, 0 to show it";
        Ok(match switch("download", download, meaning)? {
            true => Disposition::Attachment,
            false => Disposition::Inline,
        })
    }
}

impl Wanted {
    /// The same, to be saved rather than shown.
    pub(crate) fn for_saving(self) -> Self {
        Wanted {
            disposition: Disposition::Attachment,
            ..self
        }
    }

    /// The answer with a picture.
    pub(crate) async fn answer(&self, app: &App, picture: &Picture) -> Result<Response, Problem> {
        if let Some(unchanged) = self.unchanged(picture) {
            return Ok(unchanged);
        }
        if let Some(width) = self.width {
            let name = picture.name();
            let small = app.thumbnails.of(&name, width, picture.read(&app.broker));
            if let Some(small) = small.await? {
                return Ok(self.small(picture, width, small));
            }
        }
        let bytes = picture.read(&app.broker).await?;
        match (Format::sniff(&bytes), picture) {
            (Some(format), _) => {
                let file = picture.file_name(format);
                Ok(self.send(picture, bytes, format, &file))
            }
            // What a camera sent is evidence though it is no picture: of an alert that says so.
            (None, Picture::Evidence(..)) => Ok(self.send_as_it_came(picture, bytes)),
            (None, _) => Err(Kind::Internal.because("The stored picture is damaged.")),
        }
    }

    /// The answer, if it can be given without the picture's bytes.
    pub(crate) fn at_hand(&self, app: &App, picture: &Picture) -> Option<Response> {
        self.unchanged(picture).or_else(|| {
            let width = self.width?;
            let small = app.thumbnails.kept(&picture.name(), width)??;
            Some(self.small(picture, width, small))
        })
    }

    fn unchanged(&self, picture: &Picture) -> Option<Response> {
        let unchanged = self.conditions.unchanged(&self.etag(picture))?;
        Some((picture.lasts().header(), unchanged).into_response())
    }

    fn small(&self, picture: &Picture, width: Width, bytes: Bytes) -> Response {
        let full = picture.file_name(Format::Jpeg);
        let stem = full.rsplit_once('.').map_or(&*full, |(stem, _)| stem);
        self.send(picture, bytes, Format::Jpeg, &format!("{stem}-{width}.jpg"))
    }

    fn send(&self, picture: &Picture, bytes: Bytes, format: Format, file: &str) -> Response {
        self.send_as(
            picture,
            bytes,
            format.content_type(),
            self.disposition,
            file,
        )
    }

    /// Never shown: nobody knows what it is.
    fn send_as_it_came(&self, picture: &Picture, bytes: Bytes) -> Response {
        let file = format!("{}.bin", picture.tag());
        let content_type = "application/octet-stream";
        self.send_as(picture, bytes, content_type, Disposition::Attachment, &file)
    }

    fn send_as(
        &self,
        picture: &Picture,
        bytes: Bytes,
        content_type: &'static str,
        disposition: Disposition,
        file: &str,
    ) -> Response {
        let response = self.conditions.send(&self.etag(picture), bytes);
        if !response.status().is_success() {
            return response;
        }
        let word = match disposition {
            Disposition::Inline => "inline",
            Disposition::Attachment => "attachment",
        };
        let disposition = format!("{word}; filename*=UTF-8''{}", encoded(file));
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
            (
                header::CONTENT_DISPOSITION,
                HeaderValue::try_from(disposition).expect("percent encoding leaves ASCII alone"),
            ),
        ];
        (headers, picture.lasts().header(), response).into_response()
    }

    fn etag(&self, picture: &Picture) -> ETag {
        let name = picture.tag();
        match self.width {
            Some(width) => etag(&format!("{name}-{width}")),
            None => etag(&name),
        }
    }
}

impl Picture {
    fn name(&self) -> PictureName {
        match self {
            // No reference and normal picture of a folder have the same id.
            Picture::Image(folder, upload, _) | Picture::Normal(folder, upload) => {
                PictureName::Image(folder.clone(), upload.id.clone())
            }
            Picture::Proposal(folder, proposal) => {
                PictureName::Proposal(folder.clone(), proposal.id.clone())
            }
            Picture::Evidence(alert, exhibit) => PictureName::Evidence(alert.clone(), *exhibit),
            Picture::Frame(frame) => PictureName::Frame(frame.key.clone(), frame.stored_at),
        }
    }

    /// A word for its bytes.
    fn tag(&self) -> String {
        match self {
            Picture::Image(_, upload, _) | Picture::Normal(_, upload) => encoded(&upload.id),
            Picture::Proposal(_, proposal) => encoded(&proposal.id),
            Picture::Evidence(alert, exhibit) => format!("{}-{}", encoded(alert), exhibit.word()),
            Picture::Frame(frame) => frame.stored_at.unix_timestamp_nanos().to_string(),
        }
    }

    pub(crate) async fn read(&self, broker: &Broker) -> Result<Bytes, Problem> {
        match self {
            Picture::Normal(folder, Upload { id, .. }) => {
                let bytes = broker.normal(folder, id).await?.whole()?;
                bytes.ok_or_else(|| unknown_normal(folder, id))
            }
            Picture::Proposal(folder, Proposal { id, .. }) => {
                let bytes = broker.proposal(folder, id).await?;
                bytes.ok_or_else(|| unknown_proposal(folder, id))
            }
            Picture::Image(folder, Upload { id, .. }, _) => {
                let bytes = broker.picture(folder, id).await?;
                bytes.ok_or_else(|| unknown_image(folder, id))
            }
            Picture::Evidence(alert, exhibit) => {
                let bytes = broker.evidence(alert, *exhibit).await?.whole()?;
                bytes.ok_or_else(|| {
                    let word = exhibit.word();
                    Kind::NoEvidence
                        .because(format!("The {word} behind the alert {alert} was not kept."))
                })
            }
            Picture::Frame(frame) => Ok(frame.event.picture.clone()),
        }
    }

    /// What it is called once it is saved.
    fn file_name(&self, format: Format) -> String {
        let extension = format.extension();
        match self {
            Picture::Image(_, upload, _) | Picture::Normal(_, upload) => upload.name.clone(),
            Picture::Proposal(_, proposal) => {
                let frame = proposal.frame.as_ref();
                let at = frame.and_then(|frame| frame.stored_at.as_ref());
                of_frame(at.and_then(from_timestamp), format)
            }
            Picture::Evidence(alert, exhibit) => format!("{alert}-{}.{extension}", exhibit.word()),
            Picture::Frame(Stored { key, stored_at, .. }) => {
                format!("{key}-{}.{extension}", rfc3339(*stored_at))
            }
        }
    }

    fn lasts(&self) -> Lasts {
        match self {
            Picture::Image(_, _, lasts) => *lasts,
            Picture::Evidence(..) | Picture::Normal(..) | Picture::Proposal(..) => Lasts::Forever,
            Picture::Frame(_) => Lasts::UntilTheNext,
        }
    }
}

impl Lasts {
    fn header(self) -> [(HeaderName, HeaderValue); 1] {
        let value = match self {
            Lasts::Forever => "private, max-age=31536000, immutable",
            Lasts::UntilTheNext => "private, no-cache",
        };
        [(header::CACHE_CONTROL, HeaderValue::from_static(value))]
    }
}

pub(crate) fn unknown_image(folder: &Folder, id: &str) -> Problem {
    Kind::UnknownImage.because(format!("The folder {folder} has no image {id:?}."))
}

/// The name that a request's `Content-Disposition` gives its body.
pub(super) fn attached_name(headers: &HeaderMap) -> Option<String> {
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
