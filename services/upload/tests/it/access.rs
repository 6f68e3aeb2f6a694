//! Who is let in, and who may do what.

use std::{fs, path::Path, time::Duration};

use accounts::{
    Accounts, ChangeError, FileError, Issued, Note, Password, Role, Token, User, UsersFile,
};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use tempfile::TempDir;
use test_support::{NatsServer, eventually, soon};
use time::OffsetDateTime;
use upload::{AccessConfig, Config};

use crate::{
    pictures::jpeg,
    service::{Service, problem},
};

/// Everybody's.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// A users file with a token of each role.
pub(crate) struct Site {
    folder: TempDir,
    pub(crate) viewer: Issued,
    pub(crate) operator: Issued,
    pub(crate) admin: Issued,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Change(#[from] ChangeError),
}

impl Site {
    pub(crate) fn new() -> Self {
        let issue = |role| issue(role, time::Duration::HOUR);
        let site = Site {
            folder: TempDir::new().unwrap(),
            viewer: issue(Role::Viewer),
            operator: issue(Role::Operator),
            admin: issue(Role::Admin),
        };
        for issued in [&site.viewer, &site.operator, &site.admin] {
            site.add(issued);
        }
        site
    }

    pub(crate) fn file(&self) -> UsersFile {
        UsersFile::new(self.folder.path().join("users.toml"))
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Accounts) -> Result<(), ChangeError>) {
        let changed = self
            .file()
            .change(|accounts| change(accounts).map_err(Error::from));
        changed.unwrap();
    }

    pub(crate) fn add(&self, issued: &Issued) {
        self.change(|accounts| {
            accounts.add_token(issued.token.clone());
            Ok(())
        });
    }

    pub(crate) fn add_user(&self, name: &str, role: Role) {
        let user = User {
            name: name.parse().unwrap(),
            role,
            password: Password::new(PASSWORD.to_owned()).unwrap().hash(),
        };
        self.change(|accounts| accounts.add_user(user));
    }

    pub(crate) fn config(&self) -> Config {
        Config {
            access: AccessConfig {
                users_file: Some(self.file().path().to_owned()),
                ..AccessConfig::default()
            },
            ..Config::default()
        }
    }

    pub(crate) async fn start(&self, nats: &NatsServer) -> Service {
        Service::start_with(nats, self.config()).await
    }
}

pub(crate) fn issue(role: Role, lifetime: time::Duration) -> Issued {
    Token::issue(role, OffsetDateTime::now_utc() + lifetime, Note::default())
}

async fn send(request: RequestBuilder, token: &Issued) -> Response {
    request.bearer_auth(token.reveal()).send().await.unwrap()
}

async fn get(service: &Service, path: &str, token: &Issued) -> Response {
    send(service.request(Method::GET, path), token).await
}

const FOLDERS: &str = "/api/v1/folders";

/// The table of docs/access.md: method, path, who.
fn calls() -> Vec<(Method, String, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/access.md");
    let document = fs::read_to_string(path).unwrap();
    let rows = document.lines().filter_map(|line| line.strip_prefix("| `"));
    let calls = rows.map(|row| {
        let (call, rest) = row.split_once("` | ").unwrap();
        let (method, path) = call.split_once(' ').unwrap();
        let (who, _) = rest.split_once(" |").unwrap();
        (method.parse().unwrap(), path.to_owned(), who.to_owned())
    });
    calls.collect()
}

/// A call that would have its effect if it were let through: a picture, an alert and a folder that are there, and a body
/// that is right.
fn real(service: &Service, method: &Method, path: &str, picture: &str) -> RequestBuilder {
    let is_alert = path.contains("/alerts/");
    let path = path
        .replace("{folder}", "folder1")
        .replace("{id}", if is_alert { "folder1-1-a" } else { picture })
        .replace("{name}", "gate.jpg")
        .replace("{*name}", "front_door/style.css");
    let request = service.request(method.clone(), &path);
    match path.as_str() {
        "/folder/folder1" if method == Method::POST => {
            let part = reqwest::multipart::Part::bytes(jpeg(2)).file_name("new.jpg");
            request.multipart(reqwest::multipart::Form::new().part("file", part))
        }
        path if path.ends_with("/images") && method == Method::POST => request.body(jpeg(2)),
        path if path.ends_with("/normals") && method == Method::POST => request.body(jpeg(2)),
        path if path.ends_with("/rule") && method == Method::POST => request.body("threshold=0.5"),
        path if path.ends_with("/acknowledge") => request.body("name=Jo"),
        path if path.ends_with("/acknowledgement") => request.body(r#"{"name": "Jo"}"#),
        path if path.ends_with("/details") => request.body("title=Dock"),
        "/api/v1/folders/folder1" => request.body(r#"{"title": "Dock"}"#),
        _ => request.body(r#"{"threshold": 0.5}"#),
    }
}

/// How many messages each stream and bucket ever took, but for those that come by themselves.
async fn everything(nats: &NatsServer) -> Vec<(String, u64)> {
    use futures::TryStreamExt;
    let client = async_nats::connect(nats.url()).await.unwrap();
    let streams = async_nats::jetstream::new(client).streams();
    let streams = streams.try_collect::<Vec<_>>().await.unwrap().into_iter();
    let mut counted: Vec<_> = streams
        .map(|info| (info.config.name, info.state.last_sequence))
        .collect();
    counted.sort();
    counted
}

#[tokio::test]
async fn each_role_may_do_what_the_table_says_and_what_is_refused_changes_nothing() {
    let nats = NatsServer::start();
    let site = Site::new();
    let service = site.start(&nats).await;
    let uploaded = service
        .request(Method::POST, "/api/v1/folders/folder1/images?name=gate.jpg")
        .body(jpeg(1));
    let uploaded = send(uploaded, &site.operator).await;
    let uploaded: serde_json::Value = uploaded.json().await.unwrap();
    let picture = uploaded["images"][0]["id"].as_str().unwrap();
    let before = everything(&nats).await;

    let ranks = ["everybody", "viewer", "operator", "admin"];
    let rank = |who: &str| ranks.iter().position(|rank| *rank == who).unwrap();
    let calls = calls();
    assert!(calls.len() > 30, "{}", calls.len());
    for (method, path, who) in &calls {
        let visitors = [None, Some(&site.viewer), Some(&site.operator)];
        for (at, token) in visitors.into_iter().enumerate() {
            let is_change = *method != Method::GET;
            let is_allowed = at >= rank(who);
            if is_allowed && is_change {
                continue;
            }
            let request = real(&service, method, path, picture);
            let response = match token {
                Some(token) => send(request, token).await,
                None => request.send().await.unwrap(),
            };
            let status = response.status().as_u16();
            match (is_allowed, token) {
                (true, _) => assert!(![401, 403].contains(&status), "{method} {path}: {status}"),
                (false, None) => {
                    assert_eq!(response.headers()["www-authenticate"], "Bearer");
                    problem(response, 401, "not-logged-in").await;
                }
                (false, Some(_)) => {
                    let detail = problem(response, 403, "not-allowed").await;
                    assert!(detail.contains(&format!("the role {who}")), "{detail}");
                }
            }
        }
    }
    assert_eq!(everything(&nats).await, before, "nothing has changed");

    let rule = real(&service, &Method::PUT, "/api/v1/folders/{folder}/rule", "");
    assert_eq!(send(rule, &site.admin).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn what_is_no_token_of_ours_lets_nobody_in() {
    let nats = NatsServer::start();
    let site = Site::new();
    let expired = issue(Role::Admin, -time::Duration::SECOND);
    site.add(&expired);
    let service = site.start(&nats).await;
    let good = site.admin.reveal();
    assert_eq!(get(&service, FOLDERS, &site.admin).await.status(), 200);

    let detail = problem(get(&service, FOLDERS, &expired).await, 401, "not-logged-in").await;
    assert!(detail.contains("expired"), "{detail}");

    let tampered = format!("{}0", &good[..good.len() - 1]);
    let tampered = match tampered == good {
        true => format!("{}1", &good[..good.len() - 1]),
        false => tampered,
    };
    let long = "x".repeat(10_000);
    for bad in [
        &format!("Bearer {tampered}"),
        "Bearer",
        "Bearer ",
        "bearer fw_",
        &format!("Bearer {good} {good}"),
        &format!("Bearer {long}"),
    ] {
        let request = service.request(Method::GET, FOLDERS);
        let response = request.header("authorization", bad).send().await.unwrap();
        problem(response, 401, "not-logged-in").await;
    }
    let not_ascii = reqwest::header::HeaderValue::from_bytes(b"Bearer \xff").unwrap();
    let request = service.request(Method::GET, FOLDERS);
    let response = request.header("authorization", not_ascii).send().await;
    problem(response.unwrap(), 401, "not-logged-in").await;

    let request = service.request(Method::GET, FOLDERS);
    let twice = request.bearer_auth(&good).bearer_auth(&good).send().await;
    problem(twice.unwrap(), 401, "not-logged-in").await;
    let request = service.request(Method::GET, FOLDERS);
    let in_any_case = request.header("authorization", format!("bEARER  {good}"));
    assert_eq!(in_any_case.send().await.unwrap().status(), 200);

    let request = service.request(Method::GET, "/assets/front_door/style.css");
    let response = request.bearer_auth("nonsense").send().await.unwrap();
    assert_eq!(response.status(), 200, "what everybody may have");
}

#[tokio::test]
async fn the_users_file_is_read_again_when_it_changes() {
    let nats = NatsServer::start();
    let site = Site::new();
    let service = site.start(&nats).await;
    let status = async |token: &Issued| get(&service, FOLDERS, token).await.status().as_u16();
    let until = async |token: &Issued, wanted: u16| {
        eventually("the users file is read again", async || {
            (status(token).await == wanted).then_some(())
        })
        .await;
    };
    let new = issue(Role::Viewer, time::Duration::HOUR);
    assert_eq!(status(&new).await, 401);
    site.add(&new);
    until(&new, 200).await;
    site.change(|accounts| accounts.remove_token(&site.viewer.token.id));
    until(&site.viewer, 401).await;

    site.change(|accounts| accounts.remove_token(&new.token.id));
    until(&new, 401).await;
}

#[tokio::test]
async fn events_end_with_the_token_that_let_in() {
    let nats = NatsServer::start();
    let site = Site::new();
    let brief = issue(Role::Viewer, time::Duration::seconds(3));
    site.add(&brief);
    let service = site.start(&nats).await;
    for path in [
        "/api/v1/events",
        "/api/v1/events/folders",
        "/folders/glances?folders=folder1",
        "/folder/folder1/live",
    ] {
        let follow = async |token: &Issued| {
            let mut events = get(&service, path, token).await;
            let first = soon("an event", events.chunk()).await.unwrap().unwrap();
            assert!(first.starts_with(b"event: ") || first.starts_with(b"id:"));
            events
        };
        let rest = async |mut events: Response| while events.chunk().await.unwrap().is_some() {};
        if brief.token.expires > OffsetDateTime::now_utc() + time::Duration::SECOND {
            let expiring = follow(&brief).await;
            let ended = tokio::time::timeout(Duration::from_secs(20), rest(expiring)).await;
            ended.expect("the stream ends when the token does");
        }
        let removed = issue(Role::Viewer, time::Duration::HOUR);
        site.add(&removed);
        eventually("the token is known", async || {
            (get(&service, FOLDERS, &removed).await.status() == 200).then_some(())
        })
        .await;
        let (ends, goes_on) = (follow(&removed).await, follow(&site.viewer).await);
        site.change(|accounts| accounts.remove_token(&removed.token.id));
        let ended = tokio::time::timeout(Duration::from_secs(20), rest(ends)).await;
        ended.expect("the stream ends when its token is removed");
        let going_on = tokio::time::timeout(Duration::from_millis(300), rest(goes_on)).await;
        assert!(going_on.is_err(), "others go on");
    }
}

#[tokio::test]
async fn without_accounts_nothing_shows_of_them() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let request = service.request(Method::GET, FOLDERS);
    let response = request.bearer_auth("nonsense").send().await.unwrap();
    assert_eq!(response.status(), 200);
    let made = service.put("/api/v1/folders/new", "").await;
    assert_eq!(made.status(), 201);
}

#[tokio::test]
async fn what_is_for_another_host_is_refused() {
    let nats = NatsServer::start();
    let mut config = Config::default();
    config.access.allowed_hosts = vec!["cams.example.org".parse().unwrap()];
    let service = Service::start_with(&nats, config).await;
    for (host, status) in [
        ("localhost:5000", "200"),
        ("cams.example.org", "200"),
        ("evil.example", "421"),
        ("evil.example:5000", "421"),
        ("kim:secret@localhost", "400"),
    ] {
        let request =
            format!("GET /api/v1/folders HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        let answer = service.raw(&request).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{answer}"
        );
        assert!(
            status != "421" || answer.contains("--allowed-hosts"),
            "{answer}"
        );
    }
    let two = "GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert!(service.raw(two).await.starts_with("HTTP/1.1 400"));
    let elsewhere =
        "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert!(service.raw(elsewhere).await.starts_with("HTTP/1.1 421"));
    let none = "GET /api/v1/folders HTTP/1.0\r\n\r\n";
    assert!(service.raw(none).await.contains(" 200 "));
}
