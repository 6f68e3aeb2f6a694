//! Who comes in, and may do what they ask for: what every request passes, after the table of permissions.

use std::{convert::Infallible, net::IpAddr, sync::Arc};

use axum::{
    body::Body,
    extract::{
        FromRequestParts, MatchedPath, RawPathParams, Request, State,
        rejection::RawPathParamsRejection,
    },
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::StreamExt;
use http_server::Peer;

use super::{
    Access, By, Change, Client, Gate, Outcome, Visitor, WrongHost, login,
    permissions::{Need, Permission, Permissions},
};
use crate::{
    app::App,
    front_door::{guard::says_where_from, pages::accepts_pages},
    problem::{Kind, Problem},
};

/// Refuses what is for a name that is none of ours.
pub(crate) async fn refuse_other_hosts(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let named = app.access.hosts.check(request.headers(), request.uri());
    named.map_err(|wrong| {
        let kind = match wrong {
            WrongHost::NotOurs(_) => Kind::WrongHost,
            WrongHost::Invalid(_) | WrongHost::Several => Kind::InvalidRequest,
        };
        kind.because(wrong.to_string())
    })?;
    Ok(next.run(request).await)
}

/// Lets in whoever may do what they ask for; says in the audit what they changed.
pub(crate) async fn admit(
    State((app, permissions)): State<(Arc<App>, Arc<Permissions>)>,
    path: Option<MatchedPath>,
    params: Result<RawPathParams, RawPathParamsRejection>,
    mut request: Request,
    next: Next,
) -> Response {
    let permission = permissions.of(request.method(), path.as_ref().map(MatchedPath::as_str));
    let visitor = match identify(&app.access, request.headers()).await {
        Ok(visitor) => visitor,
        Err(_) if permission.need == Need::Nothing => Visitor::Nobody,
        Err(problem) => return problem.into_response(),
    };
    let client = client(&app, &request);
    // Whoever shows a pass is nobody by name.
    let is_told_of = visitor != Visitor::Nobody || permission.need == Need::Nothing;
    let change = permission.change.filter(|_| is_told_of);
    let change = change.map(|what| Asked::new(what, &request, params.ok(), client));
    request.extensions_mut().insert(visitor.clone());
    request.extensions_mut().insert(Client(client));
    let mut response = match refusal(&visitor, permission, &request) {
        None => next.run(request).await,
        Some(refusal) => refusal,
    };
    if let Some(change) = change {
        change.audit(&app.access, &visitor, response.status());
    }
    if app.access.gate().is_some() && is_endless(&response) {
        response = until_over(response, Arc::clone(&app), visitor.clone());
    }
    response.extensions_mut().insert(visitor);
    response
}

impl<S: Sync> FromRequestParts<S> for By {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let visitor = parts.extensions.get::<Visitor>();
        Ok(visitor.expect("every request has passed `admit`").into())
    }
}

fn client(app: &App, request: &Request) -> IpAddr {
    let peer = request.extensions().get::<Peer>();
    let peer = *peer.expect("every connection says where it comes from");
    app.access.clients.address(peer, request.headers())
}

/// What the audit says of a request. It is kept here because the request is handed on before that.
struct Asked {
    what: &'static str,
    method: Method,
    path: String,
    folder: Option<String>,
    id: Option<String>,
    client: IpAddr,
}

impl Asked {
    fn new(
        what: &'static str,
        request: &Request,
        params: Option<RawPathParams>,
        client: IpAddr,
    ) -> Self {
        let param = |wanted| {
            let found = params.iter().flatten().find(|(name, _)| *name == wanted);
            found.map(|(_, value)| value.to_owned())
        };
        Asked {
            what,
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            folder: param("folder"),
            id: param("id"),
            client,
        }
    }

    fn audit(&self, access: &Access, visitor: &Visitor, status: StatusCode) {
        let change = Change {
            who: &visitor.who(),
            role: visitor.role(),
            how: visitor.how(),
            what: self.what,
            method: self.method.as_str(),
            path: &self.path,
            folder: self.folder.as_deref(),
            id: self.id.as_deref(),
            client: self.client,
        };
        access.audit(&change, outcome(status));
    }
}

async fn identify(access: &Access, headers: &HeaderMap) -> Result<Visitor, Problem> {
    let Some(gate) = access.gate() else {
        return Ok(Visitor::Anyone);
    };
    if let Some(token) = bearer(headers)? {
        return gate.admit_token(token);
    }
    match gate.cookies().read(headers) {
        Some(shown) => gate.admit_session(&shown).await,
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

/// What follows `Bearer`. If that is not ASCII, a text that no token has.
fn token(value: &HeaderValue) -> Option<&str> {
    let (scheme, rest) = value.as_bytes().split_at_checked("Bearer".len())?;
    if !scheme.eq_ignore_ascii_case(b"Bearer") || !rest.is_empty() && !rest.starts_with(b" ") {
        return None;
    }
    Some(std::str::from_utf8(rest).unwrap_or_default().trim())
}

/// The answer to somebody who may not do what they ask for.
fn refusal(visitor: &Visitor, permission: Permission, request: &Request) -> Option<Response> {
    if let Need::Role(role) = permission.need
        && !visitor.may(role)
    {
        return Some(match visitor.role() {
            None if wants_page(request) => login::redirect_from(request.uri()).into_response(),
            None => Kind::NotLoggedIn
                .because("Log in at /login, or send a token that `framewatch token add` made as Authorization: Bearer fw_….")
                .into_response(),
            Some(has) => Kind::NotAllowed
                .because(format!(
                    "{} {} takes the role {role}; {} has the role {has}.",
                    request.method(),
                    request.uri().path(),
                    visitor.who()
                ))
                .into_response(),
        });
    }
    // A browser shows the cookie whoever made it send the request, so it has to say who did.
    let is_by_cookie = visitor.user().is_some();
    if is_by_cookie && !request.method().is_safe() && !says_where_from(request.headers()) {
        let detail = "This change came with a session's cookie, but does not say from which site's page: programs send a \
                      token instead.";
        return Some(Kind::CrossSite.because(detail).into_response());
    }
    None
}

/// Whether it is a browser on its way to a page.
fn wants_page(request: &Request) -> bool {
    request.method().is_safe()
        && !request.uri().path().starts_with("/api/")
        && accepts_pages(request.headers())
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
