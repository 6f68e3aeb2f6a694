//! Who comes in, and may do what they ask for: what every request passes, after the table of permissions.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{MatchedPath, RawPathParams, Request, State, rejection::RawPathParamsRejection},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::StreamExt;

use crate::{
    access::{Access, Change, Gate, Need, Outcome, Peer, Permission, Visitor},
    app::App,
    problem::{Kind, Problem},
};

/// Refuses what is for a name that is none of ours.
pub(crate) async fn refuse_other_hosts(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let named = app.access.hosts.check(request.headers(), request.uri());
    named.map_err(|named| {
        Kind::WrongHost.because(format!(
            "This service does not answer to {named:?}; if it is to, start it with --allowed-hosts and that name."
        ))
    })?;
    Ok(next.run(request).await)
}

/// Lets in whoever may do what they ask for; says in the audit what they changed.
pub(crate) async fn admit(
    State(app): State<Arc<App>>,
    path: Option<MatchedPath>,
    params: Result<RawPathParams, RawPathParamsRejection>,
    mut request: Request,
    next: Next,
) -> Response {
    let permission = Permission::of(request.method(), path.as_ref().map(MatchedPath::as_str));
    let visitor = match identify(&app.access, &request) {
        Ok(visitor) => visitor,
        Err(_) if permission.need == Need::Nothing => Visitor::Nobody,
        Err(problem) => return problem.into_response(),
    };
    let asked = Asked::new(&app, &request, params.ok());
    request.extensions_mut().insert(visitor.clone());
    let mut response = match allowed(&visitor, permission, &asked) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    if let Some(what) = permission.change.filter(|_| visitor != Visitor::Nobody) {
        let change = asked.change(&visitor, what);
        app.access.audit(&change, outcome(response.status()));
    }
    if app.access.gate().is_some() && is_endless(&response) {
        response = until_over(response, Arc::clone(&app), visitor.clone());
    }
    response.extensions_mut().insert(visitor);
    response
}

/// What is left of a request when it has been handed on.
struct Asked {
    method: Method,
    path: String,
    folder: Option<String>,
    id: Option<String>,
    client: std::net::IpAddr,
}

impl Asked {
    fn new(app: &App, request: &Request, params: Option<RawPathParams>) -> Self {
        let param = |wanted| {
            let found = params.iter().flatten().find(|(name, _)| *name == wanted);
            found.map(|(_, value)| value.to_owned())
        };
        Asked {
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            folder: param("folder"),
            id: param("id"),
            client: client(&app.access, request),
        }
    }

    fn change<'a>(&'a self, visitor: &'a Visitor, what: &'static str) -> Change<'a> {
        Change {
            visitor,
            what,
            method: self.method.as_str(),
            path: &self.path,
            folder: self.folder.as_deref(),
            id: self.id.as_deref(),
            client: self.client,
        }
    }
}

fn client(access: &Access, request: &Request) -> std::net::IpAddr {
    let peer = request.extensions().get::<Peer>();
    let peer = *peer.expect("every connection says where it comes from");
    access.clients.address(peer, request.headers())
}

fn identify(access: &Access, request: &Request) -> Result<Visitor, Problem> {
    let Some(gate) = access.gate() else {
        return Ok(Visitor::Anyone);
    };
    match bearer(request.headers())? {
        Some(token) => gate.admit_token(token),
        None => Ok(Visitor::Nobody),
    }
}

/// The token in a request. Other kinds of `Authorization` are meant for a proxy on the way.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let values = headers.get_all(header::AUTHORIZATION).iter();
    let mut tokens = values.filter_map(|value| token(value));
    match (tokens.next(), tokens.next()) {
        (Some(_), Some(_)) => Err(Kind::NotLoggedIn.because("More than one token was sent.")),
        (token, _) => Ok(token),
    }
}

/// What stands behind `Bearer`; a text that no token has where that is not ASCII.
fn token(value: &HeaderValue) -> Option<&str> {
    let (scheme, rest) = value.as_bytes().split_at_checked("Bearer".len())?;
    if !scheme.eq_ignore_ascii_case(b"Bearer") || !rest.is_empty() && !rest.starts_with(b" ") {
        return None;
    }
    Some(std::str::from_utf8(rest).unwrap_or_default().trim())
}

fn allowed(visitor: &Visitor, permission: Permission, asked: &Asked) -> Result<(), Problem> {
    let Need::Role(role) = permission.need else {
        return Ok(());
    };
    if visitor.may(role) {
        return Ok(());
    }
    let Asked { method, path, .. } = asked;
    Err(match visitor.role() {
        None => Kind::NotLoggedIn.because(
            "Nobody is let in here without a token, sent as Authorization: Bearer fw_…; `framewatch token add` makes one.",
        ),
        Some(has) => Kind::NotAllowed.because(format!(
            "{method} {path} takes the role {role}; {} has the role {has}.",
            visitor.who()
        )),
    })
}

fn outcome(status: StatusCode) -> Outcome {
    if status.is_server_error() {
        Outcome::Failed
    } else if status.is_client_error() {
        Outcome::Refused
    } else {
        Outcome::Done
    }
}

/// Whether an answer is server-sent events.
fn is_endless(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"))
}

/// Ends an answer when its reader is no longer let in.
fn until_over(response: Response, app: Arc<App>, visitor: Visitor) -> Response {
    let over = Box::pin(async move {
        if let Some(gate) = app.access.gate() {
            Gate::until_over(gate, &visitor).await;
        }
    });
    response.map(|body| Body::from_stream(body.into_data_stream().take_until(over)))
}
