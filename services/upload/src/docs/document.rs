//! The document of the API, made of the handlers and what they take and give.

use std::sync::LazyLock;

use axum::response::Response;
use serde_json::Value;
use utoipa::{
    Modify,
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
pub(crate) struct Api;

/// How those who have an account say so.
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

static DOCUMENT: LazyLock<OpenApi> = LazyLock::new(|| {
    let mut document = crate::router::api().into_openapi();
    Links.modify(&mut document);
    document
});

static JSON: LazyLock<String> = LazyLock::new(|| {
    let json = DOCUMENT.to_pretty_json();
    json.expect("the document has nothing that JSON cannot say")
});

pub(crate) async fn json(conditions: Conditions) -> Response {
    conditions.send_file("application/json", &JSON)
}

pub(crate) fn document() -> Value {
    serde_json::to_value(&*DOCUMENT).expect("the document has nothing that JSON cannot say")
}

/// Method and path of every call.
#[cfg(test)]
pub(crate) fn calls() -> std::collections::BTreeSet<(String, String)> {
    let document = document();
    let paths = document["paths"].as_object().expect("it has paths").iter();
    let calls = paths.flat_map(|(path, item)| {
        let methods = item.as_object().expect("a path has methods").keys();
        methods.map(|method| (method.to_uppercase(), path.clone()))
    });
    calls.collect()
}
