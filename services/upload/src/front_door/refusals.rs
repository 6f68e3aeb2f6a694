//! What calls refuse, as the document of the API says it: problems by status, each with an example.

use std::{collections::BTreeMap, marker::PhantomData};

use serde_json::json;
use utoipa::{
    IntoResponses, PartialSchema, ToSchema,
    openapi::{
        Content, ContentBuilder, Ref, RefOr, Response, ResponseBuilder, example::ExampleBuilder,
        schema::Schema,
    },
};

use crate::problem::{Kind, Problem};

/// What a call refuses because of the parts that it is made of, and what every call may: of the types in `T`.
pub(crate) struct Refusals<T>(PhantomData<T>);

/// Problems that come together.
pub(crate) trait Refuses {
    const KINDS: &'static [Kind];
}

macro_rules! refuses {
    ($($(#[$doc:meta])* $part:ident: $($kind:ident),+;)+) => {$(
        $(#[$doc])*
        pub(crate) struct $part;

        impl Refuses for $part {
            const KINDS: &'static [Kind] = &[$(Kind::$kind),+];
        }
    )+};
}

refuses! {
    /// Variables of the path or the query.
    Asked: InvalidRequest;
    /// The name of a folder that need not exist.
    Named: InvalidFolder;
    /// The name of a folder.
    Folder: InvalidFolder, UnknownFolder;
    Image: UnknownImage;
    Reference: NoReference;
    Alert: UnknownAlert;
    Evidence: NoEvidence;
    HeatMap: NoHeatMap;
    Frame: NoFrame, UnreadableFrame;
    /// A part of a picture.
    Part: UnsatisfiableRange;
    /// A change.
    Change: CrossSite, NoRoom;
    /// A body of some fields.
    Body: TooSlow, TooLarge;
    Rule: InvalidRule, TooManyFolders;
    /// What is said of a folder.
    Details: InvalidFolderDetails, TooManyFolders;
    Acknowledgement: InvalidAcknowledgement;
    Silence: InvalidSilence, TooManySilences;
    Routes: InvalidRoutes;
    /// One that must be there.
    OneSilence: UnknownSilence;
    /// A receiver that is to be tried.
    OneReceiver: UnknownReceiver, Busy;
    Camera: InvalidCamera, NoCameraKey, TooManyFolders;
    /// A camera that is to be tried.
    CameraTest: InvalidCamera, NoCameraKey, Busy;
    /// Pictures as the body.
    Pictures: EmptyPicture, TooSlow, TooLarge, TooManyFiles, UnknownFormat, UnreadablePicture, AllRefused, NoRoom, TooManyFolders, Busy;
    /// One more normal picture, from the body or from a camera.
    Normal: NoReference, TooManyNormals, NoFrame, UnreadableFrame, UnknownAlert, NoEvidence;
    /// One more normal picture, which was proposed.
    Accepted: NoReference, TooManyNormals, EmptyPicture, UnknownFormat, UnreadablePicture, NoRoom;
    /// A form of pictures.
    PictureForm: SomeRefused;
    /// A place among the viewers of events.
    Seat: Busy;
    /// A turn at what is done for one request at a time.
    Turn: Busy;
}

const ALWAYS: &[Kind] = &[
    Kind::NotLoggedIn,
    Kind::NotAllowed,
    Kind::WrongHost,
    Kind::Unavailable,
    Kind::Internal,
];

macro_rules! together {
    ($($part:ident)+) => {
        impl<$($part: Refuses),+> IntoResponses for Refusals<($($part,)+)> {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                by_status(&[$($part::KINDS,)+ ALWAYS].concat())
            }
        }
    };
}

together!(A);
together!(A B);
together!(A B C);
together!(A B C D);
together!(A B C D E);

impl IntoResponses for Refusals<()> {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        by_status(ALWAYS)
    }
}

fn by_status(kinds: &[Kind]) -> BTreeMap<String, RefOr<Response>> {
    let mut responses: BTreeMap<String, Vec<Kind>> = BTreeMap::new();
    for kind in kinds {
        let status = kind.status().as_str().to_owned();
        let together = responses.entry(status).or_default();
        if !together.contains(kind) {
            together.push(*kind);
        }
    }
    let responses = responses.into_iter();
    responses
        .map(|(status, kinds)| (status, response(&kinds).into()))
        .collect()
}

fn response(kinds: &[Kind]) -> Response {
    let titles: Vec<&str> = kinds.iter().map(|kind| kind.title()).collect();
    ResponseBuilder::new()
        .description(titles.join(", "))
        .content("application/problem+json", content(kinds))
        .build()
}

fn content(kinds: &[Kind]) -> Content {
    let examples = kinds.iter().map(|kind| {
        let problem = kind.because(format!("{}.", kind.title()));
        let example = ExampleBuilder::new().value(Some(json!(problem)));
        (kind.slug(), example.build())
    });
    ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(Problem::name())))
        .examples_from_iter(examples)
        .build()
}

impl PartialSchema for Problem {
    fn schema() -> RefOr<Schema> {
        let schema = json!({
            "type": "object",
            "description": "What was refused or went wrong (RFC 9457).",
            "required": ["type", "title", "status", "detail"],
            "properties": {
                "type": {
                    "type": "string",
                    "description": "Of which kind it is.",
                    "pattern": "^/problems/[a-z-]+$",
                },
                "title": {"type": "string", "description": "The kind in words."},
                "status": {"type": "integer", "minimum": 400, "maximum": 599},
                "detail": {
                    "type": "string",
                    "description": "What exactly was wrong, and what would be right.",
                },
                "images": {
                    "type": "array",
                    "description": "Of several pictures, those that are stored.",
                    "items": {"$ref": "#/components/schemas/Upload"},
                },
                "refused": {
                    "type": "array",
                    "description": "Of several pictures, those that are not.",
                    "items": {"$ref": "#/components/schemas/Refused"},
                },
            },
        });
        serde_json::from_value(schema).expect("this is a schema")
    }
}

impl ToSchema for Problem {}
