//! The page of the API: the document for people to read.

mod schema;
mod text;

use std::sync::{Arc, OnceLock};

use askama::Template;
use axum::{
    Extension,
    extract::{Path, State},
    response::{Html, Redirect},
};
use serde_json::Value;

use self::{
    schema::{Field, Type},
    text::Text,
};
use super::document::Document;
use crate::{
    access::Visitor,
    app::App,
    front_door::pages::render,
    problem::{Kind, Problem},
};

#[derive(Template)]
#[template(path = "docs/page.html")]
struct DocsPage {
    reference: &'static Reference,
    visitor: Visitor,
    is_connected: bool,
}

/// The document as the page shows it.
struct Reference {
    about: Text,
    groups: Vec<Group>,
    schemas: Vec<Schema>,
    problems: Vec<ProblemKind>,
}

/// Calls about one thing.
struct Group {
    name: String,
    about: Text,
    calls: Vec<Call>,
}

struct Call {
    id: String,
    method: String,
    path: String,
    summary: String,
    about: Text,
    parameters: Vec<Field>,
    body: Vec<Content>,
    answers: Vec<Answer>,
}

/// A media type, and what is in it.
struct Content {
    media_type: String,
    what: Option<Type>,
}

struct Answer {
    status: String,
    about: Text,
    contents: Vec<Content>,
    headers: Vec<Field>,
    /// The kinds of problems that it may be.
    problems: Vec<String>,
}

struct Schema {
    name: String,
    about: Text,
    /// What it has beside the fields of its own.
    includes: Vec<Type>,
    fields: Vec<Field>,
    /// Where it has no fields.
    plain: Option<Type>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct ProblemKind {
    status: u64,
    slug: String,
    title: String,
}

/// All documents of a process are the same, so it is made once.
static REFERENCE: OnceLock<Reference> = OnceLock::new();

fn reference(document: &Document) -> &'static Reference {
    REFERENCE.get_or_init(|| Reference::new(&document.value()))
}

pub(super) async fn docs(
    State(app): State<Arc<App>>,
    Extension(visitor): Extension<Visitor>,
    Extension(document): Extension<Document>,
) -> Result<Html<String>, Problem> {
    render(&DocsPage {
        reference: reference(&document),
        visitor,
        is_connected: app.broker.is_connected(),
    })
}

/// The type of a problem is an address; this is what is there.
pub(super) async fn problem(
    Extension(document): Extension<Document>,
    Path(slug): Path<String>,
) -> Result<Redirect, Problem> {
    let mut known = reference(&document).problems.iter();
    if known.any(|problem| problem.slug == slug) {
        return Ok(Redirect::to(&format!("/docs#problem-{slug}")));
    }
    Err(Kind::NotFound.because(format!("There is no problem {slug:?}; /docs lists them.")))
}

impl Reference {
    fn new(document: &Value) -> Self {
        let calls = calls(document);
        let groups = document["tags"].as_array().into_iter().flatten();
        let schemas = members(&document["components"]["schemas"]);
        let mut problems = ProblemKind::of_calls(document);
        problems.extend([Kind::NotFound, Kind::MethodNotAllowed].map(ProblemKind::new));
        problems.sort();
        problems.dedup();
        Reference {
            about: Text::new(&document["info"]["description"]),
            groups: groups.map(|tag| Group::new(tag, &calls)).collect(),
            schemas: schemas
                .map(|(name, schema)| Schema::new(name, schema))
                .collect(),
            problems,
        }
    }
}

/// Every call with its method and path.
fn calls(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = members(&document["paths"]);
    let calls = paths
        .flat_map(|(path, item)| members(item).map(move |(method, call)| (method, path, call)));
    calls.collect()
}

impl Group {
    fn new(tag: &Value, calls: &[(&str, &str, &Value)]) -> Self {
        let ours = calls.iter().filter(|(_, _, call)| {
            let tags = call["tags"].as_array();
            tags.is_some_and(|tags| tags.contains(&tag["name"]))
        });
        Group {
            name: string(&tag["name"]),
            about: Text::new(&tag["description"]),
            calls: ours
                .map(|(method, path, call)| Call::new(method, path, call))
                .collect(),
        }
    }
}

impl Call {
    fn new(method: &str, path: &str, call: &Value) -> Self {
        let parameters = call["parameters"].as_array().into_iter().flatten();
        Call {
            id: string(&call["operationId"]),
            method: method.to_ascii_uppercase(),
            path: path.to_owned(),
            summary: string(&call["summary"]),
            about: Text::new(&call["description"]),
            parameters: parameters.map(Field::of_parameter).collect(),
            body: contents(&call["requestBody"]),
            answers: members(&call["responses"])
                .map(|(status, answer)| Answer::new(status, answer))
                .collect(),
        }
    }
}

impl Answer {
    fn new(status: &str, answer: &Value) -> Self {
        let problem = &answer["content"]["application/problem+json"];
        Answer {
            status: status.to_owned(),
            about: Text::new(&answer["description"]),
            contents: contents(answer),
            headers: members(&answer["headers"])
                .map(|(name, header)| Field::of_header(name, header))
                .collect(),
            problems: members(&problem["examples"])
                .map(|(slug, _)| slug.to_owned())
                .collect(),
        }
    }
}

fn contents(of: &Value) -> Vec<Content> {
    let contents = members(&of["content"]);
    let contents = contents.filter(|(media_type, _)| *media_type != "application/problem+json");
    contents
        .map(|(media_type, content)| Content {
            media_type: media_type.to_owned(),
            what: content.get("schema").map(Type::new),
        })
        .collect()
}

impl Schema {
    fn new(name: &str, schema: &Value) -> Self {
        let parts = schema["allOf"].as_array();
        let parts: Vec<&Value> = parts.map_or_else(|| vec![schema], |parts| parts.iter().collect());
        let (referred, own): (Vec<&Value>, Vec<&Value>) = parts
            .into_iter()
            .partition(|part| part.get("$ref").is_some());
        let fields: Vec<Field> = own.iter().flat_map(|part| Field::all_of(part)).collect();
        let is_plain = fields.is_empty() && referred.is_empty();
        Schema {
            name: name.to_owned(),
            about: Text::new(&schema["description"]),
            includes: referred.into_iter().map(Type::new).collect(),
            fields,
            plain: is_plain.then(|| Type::new(schema)),
        }
    }
}

impl ProblemKind {
    fn new(kind: Kind) -> Self {
        ProblemKind {
            status: kind.status().as_u16().into(),
            slug: kind.slug().to_owned(),
            title: kind.title().to_owned(),
        }
    }

    /// Those of the examples.
    fn of_calls(document: &Value) -> Vec<Self> {
        let calls = calls(document).into_iter();
        let answers = calls.flat_map(|(_, _, call)| members(&call["responses"]));
        let examples = answers.flat_map(|(_, answer)| {
            members(&answer["content"]["application/problem+json"]["examples"])
        });
        examples
            .map(|(slug, example)| ProblemKind {
                status: example["value"]["status"].as_u64().unwrap_or_default(),
                slug: slug.to_owned(),
                title: string(&example["value"]["title"]),
            })
            .collect()
    }
}

/// The members of an object; none where it is none.
fn members(object: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let members = object.as_object().into_iter().flatten();
    members.map(|(name, value)| (name.as_str(), value))
}

fn string(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
