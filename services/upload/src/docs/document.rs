//! The document of the API, made of the handlers and what they take and give.

use std::sync::{Arc, OnceLock};

use axum::{Extension, response::Response};
use serde_json::Value;
use utoipa::{
    Modify, OpenApi as _,
    openapi::{
        OpenApi,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use super::links::Links;
use crate::{
    front_door::conditions::Conditions,
    problem::{Problem, Refused},
};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Framewatch",
        description = "Watches cameras against reference pictures. JSON is the proto3 JSON of the messages in \
                       `framewatch/v1`: a field that has its default value is left out, and 64-bit numbers are strings. \
                       Whatever is refused answers with a problem (RFC 9457) whose `detail` names what was wrong and \
                       what would be right.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    tags(
        (name = "folders", description = "What is watched: a camera and its reference each"),
        (name = "images", description = "Reference pictures"),
        (name = "normals", description = "Normal pictures: those that are right as well as the reference"),
        (name = "proposals", description = "Frames that are proposed as normal pictures"),
        (name = "alerts", description = "Episodes in which a view did not look like its reference"),
        (name = "notifications", description = "Who is told of alerts, and who is not"),
        (name = "rules", description = "How frames are judged"),
        (name = "cameras", description = "Cameras that are connected to, as they are set on the page or by API"),
        (name = "events", description = "What happens, as it happens"),
        (name = "legacy", description = "The calls of the system that this one replaces"),
    ),
    components(schemas(Problem, Refused)),
    modifiers(&Tokens),
    security((), ("token" = []))
)]
struct Api;

/// Describes how those who have an account show that they do.
struct Tokens;

impl Modify for Tokens {
    fn modify(&self, document: &mut OpenApi) {
        let token = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some(
                "A token of `framewatch token add`, where there are accounts",
            ))
            .build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(token));
    }
}

/// The document of the API.
#[derive(Clone)]
pub(crate) struct Document(Arc<OpenApi>);

impl Document {
    /// The document of these calls, as they were declared.
    pub(crate) fn of(calls: OpenApi) -> Self {
        let mut document = Api::openapi().merge_from(calls);
        Links.modify(&mut document);
        Document(Arc::new(document))
    }

    pub(super) fn value(&self) -> Value {
        serde_json::to_value(&*self.0).expect("the document has nothing that JSON cannot say")
    }
}

/// All documents of a process are the same: they are made of what is compiled in.
static JSON: OnceLock<String> = OnceLock::new();

pub(super) async fn json(
    Extension(Document(document)): Extension<Document>,
    conditions: Conditions,
) -> Response {
    let json = JSON.get_or_init(|| {
        let json = document.to_pretty_json();
        json.expect("the document has nothing that JSON cannot say")
    });
    conditions.send_file("application/json", json)
}
