//! Taking pictures from a request: one after another, each bounded, and no more than one in memory.

use std::{borrow::Cow, convert::Infallible, net::IpAddr, time::Duration};

use axum::{
    extract::{FromRequest, Multipart, Request, multipart::Field},
    http::{HeaderMap, header},
};
use bytes::Bytes;
use event_bus::Folder;
use fingerprint::Format;
use futures::StreamExt;
use proto::v1::Upload;
use tokio::time::{Instant, timeout};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Content, Ref, RefOr, Required,
        request_body::RequestBodyBuilder,
        schema::{ArrayBuilder, KnownFormat, ObjectBuilder, SchemaFormat},
    },
};
use utoipa_axum::router::UtoipaMethodRouter;

use super::{
    metered::{Allowance, metered},
    sending,
};
use crate::{
    access::{By, Client},
    app::App,
    folder_writer::{Becomes, Normals},
    front_door::{
        extract::broken_off,
        schemas::{schemas, text},
    },
    problem::{Kind, Pictures, Problem, Refused, sentence},
};

/// The largest part that is no picture. Such parts are ignored, but for [`KEEP_NORMALS`].
const MAX_OTHER_PART: usize = 4096;

/// How many files may be refused by name. What comes after that is not read.
const MOST_REFUSED: usize = 1000;

/// The field of a form that says `true` where the references that follow leave the normal pictures as they are.
const KEEP_NORMALS: &str = "keepNormals";

schemas! {
    /// The bytes of a picture.
    File: text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)));
    /// A form that carries pictures; parts by other names are ignored.
    PictureForm: ObjectBuilder::new()
        .description(Some("Pictures; parts by other names are ignored."))
        .property("file", ArrayBuilder::new().items(<File as PartialSchema>::schema()).min_items(Some(1)))
        .required("file");
}

/// Says of calls that post something that it is what [`receive`] takes.
pub(crate) fn taking_pictures<S>(
    mut calls: UtoipaMethodRouter<S, Infallible>,
) -> UtoipaMethodRouter<S, Infallible> {
    let (schemas, paths, _) = &mut calls;
    let mut content = |name: Cow<'static, str>, schema| {
        let content = Content::new(Some(Ref::from_schema_name(name.clone())));
        schemas.push((name.into_owned(), schema));
        content
    };
    let file = content(File::name(), File::schema());
    let form = content(PictureForm::name(), PictureForm::schema());
    let body = RequestBodyBuilder::new()
        .description(Some("A picture, or a form of pictures"))
        .required(Some(Required::True))
        .content("multipart/form-data", form);
    let body = Format::ALL.into_iter().fold(body, |body, format| {
        body.content(format.content_type(), file.clone())
    });
    let body = RefOr::T(body.build());
    let posts = paths.paths.values_mut().flat_map(|item| &mut item.post);
    posts.for_each(|call| call.request_body = Some(body.clone()));
    calls
}

/// Receives all pictures of a request. `Err` where none was taken.
pub(crate) async fn receive(
    app: &App,
    folder: &Folder,
    name: Option<String>,
    becomes: Becomes,
    by: By,
    request: Request,
) -> Result<Pictures, Problem> {
    let _place = app.uploads.take(client(&request)).await?;
    let mut receiver = Receiver {
        app,
        folder,
        becomes,
        by,
        time_left: app.config.upload_timeout(),
        bytes_left: app.config.max_bytes() * app.config.max_files() as u64,
        taken: Pictures {
            images: Vec::new(),
            refused: Vec::new(),
        },
    };
    match media_type(request.headers()) {
        Some(media_type) if media_type.starts_with("multipart/") => {
            receiver.multipart(request).await
        }
        _ => receiver.bare(name, request).await,
    }
    verdict(receiver.taken)
}

/// Who sends a request.
fn client(request: &Request) -> IpAddr {
    let client = request.extensions().get::<Client>();
    client.expect("each request is admitted first").0
}

fn verdict(mut taken: Pictures) -> Result<Pictures, Problem> {
    if !taken.images.is_empty() {
        return Ok(taken);
    }
    if let [_] = taken.refused.as_slice()
        && let Some(only) = taken.refused.pop()
    {
        return Err(only.problem);
    }
    let problem = match taken.refused.last() {
        None => Kind::InvalidRequest
            .because("No picture was sent; send one or several in the form field `file`."),
        Some(last) if last.problem.kind.status().is_server_error() => last.problem.clone(),
        Some(_) => Kind::AllRefused.because("None of the pictures can be taken."),
    };
    Err(Problem {
        pictures: Some(Box::new(taken)),
        ..problem
    })
}

struct Receiver<'a> {
    app: &'a App,
    folder: &'a Folder,
    becomes: Becomes,
    by: By,
    /// For the client to send; what we need for ourselves does not count.
    time_left: Duration,
    /// How many more bytes the whole request may have.
    bytes_left: u64,
    taken: Pictures,
}

impl Receiver<'_> {
    async fn bare(&mut self, name: Option<String>, request: Request) {
        let name = name
            .or_else(|| sending::attached_name(request.headers()))
            .unwrap_or_default();
        let result = match self.read_bare(request).await {
            Ok(bytes) => self.take(&name, bytes).await,
            Err(problem) => Err(problem),
        };
        self.note(name, result);
    }

    async fn read_bare(&mut self, request: Request) -> Result<Bytes, Problem> {
        if declared_length(request.headers())
            .is_some_and(|bytes| bytes > self.app.config.max_bytes())
        {
            return Err(self.too_large());
        }
        let mut chunks = request.into_body().into_data_stream();
        let mut bytes = Vec::new();
        while let Some(chunk) = self.in_time(chunks.next()).await? {
            let chunk = chunk.map_err(|_| broken_off())?;
            if !self.fits(&bytes, &chunk) {
                return Err(self.too_large());
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.into())
    }

    async fn multipart(&mut self, request: Request) {
        let (parts, body) = request.into_parts();
        let (body, allowance) = metered(body);
        let request = Request::from_parts(parts, body);
        let mut multipart = match Multipart::from_request(request, &()).await {
            Ok(multipart) => multipart,
            Err(error) => {
                let problem = Kind::InvalidRequest.because(sentence(&error.body_text()));
                return self.note(String::new(), Err(problem));
            }
        };
        loop {
            let (name, result) = match self.next_part(&mut multipart, &allowance).await {
                Ok(Some((name, read))) => match read {
                    Ok(bytes) => {
                        let result = self.take(&name, bytes).await;
                        (name, result)
                    }
                    Err(problem) => (name, Err(problem)),
                },
                Ok(None) => return,
                Err(problem) => (String::new(), Err(problem)),
            };
            let ends = matches!(&result, Err(problem) if problem.ends_request());
            self.note(name, result);
            if ends || self.bytes_left == 0 || self.taken.refused.len() == MOST_REFUSED {
                return;
            }
        }
    }

    /// The name and bytes of the next picture.
    async fn next_part(
        &mut self,
        multipart: &mut Multipart,
        allowance: &Allowance,
    ) -> Result<Option<(String, Result<Bytes, Problem>)>, Problem> {
        loop {
            let next = self.in_time(multipart.next_field()).await?;
            let Some(mut field) = next.map_err(|error| unreadable_request(&error))? else {
                return Ok(None);
            };
            let is_file = matches!(field.name(), Some("file" | "files"));
            let name = shown(field.file_name().unwrap_or_default());
            if !is_file {
                self.skip(&mut field, allowance).await?;
                continue;
            }
            if self.taken.images.len() + self.taken.refused.len() >= self.app.config.max_files() {
                while self.next_chunk(&mut field, allowance).await?.is_some() {}
                self.spend(256)?;
                return Ok(Some((name, Err(self.too_many_files()))));
            }
            let read = self.read_part(&mut field, allowance).await;
            // A form in which no file was chosen.
            if name.is_empty() && matches!(&read, Ok(bytes) if bytes.is_empty()) {
                continue;
            }
            return Ok(Some((name, read)));
        }
    }

    async fn read_part(
        &mut self,
        field: &mut Field<'_>,
        allowance: &Allowance,
    ) -> Result<Bytes, Problem> {
        let mut bytes = Vec::new();
        let mut is_too_large = false;
        while let Some(chunk) = self.next_chunk(field, allowance).await? {
            is_too_large = is_too_large || !self.fits(&bytes, &chunk);
            if is_too_large {
                bytes = Vec::new();
            } else {
                bytes.extend_from_slice(&chunk);
            }
        }
        match is_too_large {
            true => Err(self.too_large()),
            false => Ok(bytes.into()),
        }
    }

    async fn skip(&mut self, field: &mut Field<'_>, allowance: &Allowance) -> Result<(), Problem> {
        let name = shown(field.name().unwrap_or_default());
        if field.file_name().is_some_and(|name| !name.is_empty()) {
            return Err(Kind::InvalidRequest.because(format!(
                "A file was sent in the form field {name:?}; pictures belong into `file`."
            )));
        }
        let mut value = Vec::new();
        while let Some(chunk) = self.next_chunk(field, allowance).await? {
            value.extend_from_slice(&chunk);
            if value.len() > MAX_OTHER_PART {
                return Err(Kind::InvalidRequest.because(format!(
                    "The form field {name:?} is longer than {MAX_OTHER_PART} bytes; pictures belong into `file`."
                )));
            }
        }
        if name == KEEP_NORMALS && value == b"true" && matches!(self.becomes, Becomes::Reference(_))
        {
            self.becomes = Becomes::Reference(Normals::Kept);
        }
        // Parts without any content are not free either.
        self.spend(256)
    }

    async fn next_chunk(
        &mut self,
        field: &mut Field<'_>,
        allowance: &Allowance,
    ) -> Result<Option<Bytes>, Problem> {
        let chunk = self.in_time(field.chunk()).await?;
        let chunk = chunk.map_err(|error| unreadable_request(&error))?;
        if let Some(chunk) = &chunk {
            allowance.give_back(chunk.len());
            self.spend(chunk.len() as u64)?;
        }
        Ok(chunk)
    }

    fn spend(&mut self, bytes: u64) -> Result<(), Problem> {
        match self.bytes_left.checked_sub(bytes) {
            Some(left) => {
                self.bytes_left = left;
                Ok(())
            }
            None => {
                self.bytes_left = 0;
                Err(Kind::TooManyFiles
                    .because("The request as a whole is too large; send its pictures one by one."))
            }
        }
    }

    async fn take(&self, name: &str, bytes: Bytes) -> Result<Upload, Problem> {
        let inspected = self.app.inspection.inspect(bytes).await?;
        self.app
            .folders
            .add_picture(self.folder, name, inspected, self.becomes, self.by.clone())
            .await
    }

    fn note(&mut self, name: String, result: Result<Upload, Problem>) {
        let outcome = match &result {
            Ok(_) => "accepted",
            Err(problem) => problem.slug(),
        };
        metrics::counter!("framewatch_uploads_total", "result" => outcome).increment(1);
        match result {
            Ok(upload) => self.taken.images.push(upload),
            Err(problem) => self.taken.refused.push(Refused { name, problem }),
        }
    }

    async fn in_time<T>(&mut self, reading: impl Future<Output = T>) -> Result<T, Problem> {
        let begun = Instant::now();
        let result = timeout(self.time_left, reading).await;
        self.time_left = self.time_left.saturating_sub(begun.elapsed());
        result.map_err(|_| {
            let seconds = self.app.config.upload_timeout_s;
            Kind::TooSlow.because(format!("The request was not sent within {seconds} s."))
        })
    }

    fn fits(&self, bytes: &[u8], chunk: &[u8]) -> bool {
        (bytes.len() + chunk.len()) as u64 <= self.app.config.max_bytes()
    }

    fn too_large(&self) -> Problem {
        let megabytes = self.app.config.max_upload_mb;
        Kind::TooLarge.because(format!(
            "The picture is larger than {megabytes} MB, which is the most that is accepted."
        ))
    }

    fn too_many_files(&self) -> Problem {
        let files = self.app.config.max_upload_files;
        let which = match self.taken.refused.len() + 1 {
            MOST_REFUSED => "this and the following ones",
            _ => "this one",
        };
        Kind::TooManyFiles.because(format!(
            "At most {files} files are accepted in one request; send {which} in another."
        ))
    }
}

fn media_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(value.trim().to_ascii_lowercase())
}

fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

fn unreadable_request(error: &axum::extract::multipart::MultipartError) -> Problem {
    tracing::debug!(%error, "a multipart request cannot be read");
    Kind::InvalidRequest
        .because("The multipart form is incomplete or damaged, or the head of a part is too long.")
}

/// A name as it is shown again: of bounded length and without control characters.
fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(120).collect()
}
