//! The demo's messages, caught on loopback and shown on a page of their own: a newcomer sees what people would be sent, without
//! an account anywhere.

use std::{
    collections::VecDeque,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
};

use parking_lot::Mutex;

use anyhow::Context as _;
use askama::Template;
use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use data_encoding::BASE64;
use serde::Deserialize;
use service_runtime::{Failure, listen};
use time::OffsetDateTime;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::data_folder::DataFolder;

const PORT: u16 = 5025;

/// How many messages are shown.
const MOST: usize = 50;

/// The most bytes of a message with its picture.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// Only loopback connects.
const CONNECTIONS: usize = 64;

/// In the data folder.
const ROUTES: &str = "demo-notify.toml";

/// Takes what the demo's notifier sends.
pub(super) struct Catcher {
    listener: TcpListener,
    address: SocketAddr,
}

struct Page {
    caught: Mutex<VecDeque<Caught>>,
    /// The file of routes.
    file: String,
    /// Where the web page is.
    web: String,
}

#[derive(Clone)]
struct Caught {
    key: String,
    at: String,
    subject: String,
    text: String,
    /// A JPEG in base64; empty where there is none.
    picture: String,
    shows: String,
    links: Vec<(&'static str, String)>,
}

#[derive(Template)]
#[template(path = "caught.html")]
struct CaughtPage<'a> {
    messages: Vec<Caught>,
    file: &'a str,
    web: &'a str,
}

/// The parts of a webhook's body that are shown.
#[derive(Deserialize)]
struct Body {
    key: String,
    subject: String,
    text: String,
    #[serde(default)]
    links: Links,
    picture: Option<Picture>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Links {
    open: String,
    acknowledge: String,
    snooze: String,
}

#[derive(Deserialize)]
struct Picture {
    data: String,
    shows: String,
}

impl Catcher {
    /// Takes a port for it.
    pub(super) async fn open() -> Result<Self, Failure> {
        let usual = SocketAddr::from((Ipv4Addr::LOCALHOST, PORT));
        let listener = listen(None, usual, "messages").await?;
        let address = listener.local_addr()?;
        Ok(Catcher { listener, address })
    }

    /// The address of the page that shows what it has caught.
    pub(super) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Writes the file of routes by which all is told to it: a file to begin with.
    pub(super) fn routes(&self, data: &DataFolder) -> Result<PathBuf, Failure> {
        let path = data.path().join(ROUTES);
        let text = format!(
            "# Whom the demo tells. Written anew at each start of `framewatch up --demo`; with --notify it is a file of yours.\n\
             [receiver.demo]\ntype = \"webhook\"\nurl = \"http://{}/caught\"\npicture = true\n\n\
             [[route]]\nto = [\"demo\"]\ngroup-wait = \"2s\"\n",
            self.address
        );
        std::fs::write(&path, text)
            .with_context(|| format!("cannot write {}", path.display()))
            .map_err(Failure::Usage)?;
        Ok(path)
    }

    /// Takes messages and shows them, until shutdown.
    pub(super) async fn run(self, file: PathBuf, web: SocketAddr, shutdown: CancellationToken) {
        let page = Arc::new(Page {
            caught: Mutex::default(),
            file: file.display().to_string(),
            web: format!("http://{web}"),
        });
        let router = Router::new()
            .route("/", get(show))
            .route("/caught", post(take))
            .layer(DefaultBodyLimit::max(MAX_BYTES))
            .with_state(page);
        let limits = http_server::Limits {
            connections: CONNECTIONS,
            per_address: CONNECTIONS,
            proxies: Vec::new(),
        };
        http_server::serve(self.listener, router, limits, &shutdown).await;
    }
}

async fn take(
    State(page): State<Arc<Page>>,
    body: Bytes,
) -> Result<StatusCode, (StatusCode, String)> {
    let body: Body = serde_json::from_slice(&body)
        .map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))?;
    let mut caught = page.caught.lock();
    // One that is sent again is the same.
    caught.retain(|known| known.key != body.key);
    caught.push_front(body.into());
    caught.truncate(MOST);
    Ok(StatusCode::NO_CONTENT)
}

async fn show(State(page): State<Arc<Page>>) -> Response {
    let messages = {
        let caught = page.caught.lock();
        caught.iter().cloned().collect()
    };
    let shown = CaughtPage {
        messages,
        file: &page.file,
        web: &page.web,
    };
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'none'",
        ),
    ];
    match shown.render() {
        Ok(html) => (headers, html).into_response(),
        Err(error) => {
            tracing::error!(%error, "the demo's messages cannot be shown");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

impl From<Body> for Caught {
    fn from(body: Body) -> Self {
        let Links {
            open,
            acknowledge,
            snooze,
        } = body.links;
        let links = [
            ("Open", open),
            ("Acknowledge", acknowledge),
            ("Snooze", snooze),
        ];
        let is_link = |url: &String| url.starts_with("http://") || url.starts_with("https://");
        let picture = body.picture;
        // It becomes part of an address.
        let picture = picture.filter(|it| BASE64.decode(it.data.as_bytes()).is_ok());
        let (picture, shows) = picture.map(|it| (it.data, it.shows)).unwrap_or_default();
        let now = OffsetDateTime::now_utc();
        Caught {
            key: body.key,
            at: proto::rfc3339(now.replace_nanosecond(0).unwrap_or(now)),
            subject: body.subject,
            text: body.text,
            picture,
            shows,
            links: links.into_iter().filter(|(_, url)| is_link(url)).collect(),
        }
    }
}
