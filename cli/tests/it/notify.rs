//! `notify` and `silence`.

use std::{fs, time::Duration};

use axum::{Router, http::StatusCode, routing::post};
use event_bus::{AlertSubject, Bus, BusConfig, Expected, Role};
use proto::v1::{Alert, Finding, Kind, Phase};
use serde_json::Value;
use tempfile::TempDir;
use test_support::{NatsServer, eventually};
use tokio::{sync::mpsc, time::timeout};

use crate::{
    run, stderr, stdout,
    up::{Up, until_within},
};

#[test]
fn a_silence_is_made_shown_and_taken_back() {
    let nats = NatsServer::start();
    let url = nats.url();
    let with = |arguments: &[&str]| run(&[arguments, &["--nats-url", &url]].concat());
    let add = &[
        "silence",
        "add",
        "--for",
        "2h",
        "--reason",
        "new switch",
        "--name",
        "Jo",
    ];

    let refused = with(add);
    assert_eq!(refused.status.code(), Some(64));
    assert!(
        stderr(&refused).contains("it names no alerts"),
        "{}",
        stderr(&refused)
    );
    let refused = with(&[&add[..], &["--kind", "stolen"]].concat());
    assert!(
        stderr(&refused).contains("no kind of finding"),
        "{}",
        stderr(&refused)
    );

    let added = with(&[&add[..], &["--site", "ham*", "--kind", "silent"]].concat());
    assert!(added.status.success(), "{}", stderr(&added));
    let id = stdout(&added).split(':').next().unwrap().to_owned();
    let listed = with(&["silence", "list"]);
    let said = stdout(&listed);
    assert!(
        said.contains("site ham*, kind silent") && said.contains(&id),
        "{said}"
    );

    let weekly = &[
        "silence", "add", "--folder", "dock-*", "--reason", "cleaning", "--name", "Jo",
    ];
    assert_eq!(
        with(weekly).status.code(),
        Some(64),
        "it says neither how long nor in which hours"
    );
    let hours = "Sun 02:00-04:00 Europe/Berlin";
    let refused = with(&[&weekly[..], &["--hours", "Sundays"]].concat());
    assert!(
        stderr(&refused).contains("three parts"),
        "{}",
        stderr(&refused)
    );
    let added = with(&[&weekly[..], &["--hours", hours]].concat());
    assert!(
        stdout(&added).contains(&format!(": {hours}, until ")),
        "{}",
        stderr(&added)
    );
    let recurring = stdout(&added).split(':').next().unwrap().to_owned();
    let listed = with(&["silence", "list"]);
    let said = stdout(&listed);
    assert!(
        said.contains(hours) && said.contains("folder dock-*"),
        "{said}"
    );
    assert!(with(&["silence", "remove", &recurring]).status.success());

    assert!(with(&["silence", "remove", &id]).status.success());
    assert_eq!(with(&["silence", "remove", &id]).status.code(), Some(64));
    assert_eq!(
        stdout(&with(&["silence", "list"])),
        "Nothing is silenced.\n"
    );
    assert_eq!(
        stdout(&with(&["notify", "list"])),
        "Nobody was told of anything.\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_is_tried() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new()
        .route("/good", post(|| async {}))
        .route("/bad", post(|| async { StatusCode::NOT_FOUND }));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("notify.toml");
    let receiver = |name: &str| {
        format!("[receiver.{name}]\ntype = \"webhook\"\nurl = \"http://{address}/{name}\"\n")
    };
    fs::write(&file, receiver("good") + &receiver("bad")).unwrap();
    let file = file.to_str().unwrap();

    let tried = run(&["notify", "test", "good", "--notify", file]);
    assert_eq!(stdout(&tried), "good has taken it.\n", "{}", stderr(&tried));
    let tried = run(&["notify", "test", "bad", "--notify", file]);
    assert_eq!(tried.status.code(), Some(69));
    assert!(stderr(&tried).contains("404"), "{}", stderr(&tried));
    let tried = run(&["notify", "test", "other", "--notify", file]);
    assert_eq!(tried.status.code(), Some(64));
    assert!(stderr(&tried).contains("good"), "{}", stderr(&tried));
}

/// A receiver on loopback: its URL, and what it is sent.
async fn hook() -> (String, mpsc::Receiver<Value>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (sender, came) = mpsc::channel(16);
    let take = async move |body: String| {
        let body = serde_json::from_str(&body).unwrap();
        sender.send(body).await.unwrap();
    };
    let router = Router::new().route("/", post(take));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, came)
}

async fn fire(nats: &str, id: &str) {
    let config = BusConfig::for_url(nats);
    let bus = Bus::connect(&config, "test", Role::Worker).await.unwrap();
    let folder = "folder1".parse().unwrap();
    let alert = Alert {
        id: id.to_owned(),
        folder: "folder1".to_owned(),
        phase: Phase::Firing.into(),
        findings: vec![Finding::certain(Kind::Covered, "")],
        message: "folder1 is covered".to_owned(),
        ..Alert::default()
    };
    let subject = AlertSubject::view(&folder);
    let published = bus.publish_alert(&subject, &alert, Expected(0));
    published.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_up_leads_to_its_page_or_to_where_people_open_it() {
    let (url, mut came) = hook().await;
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("notify.toml");
    let routes = format!(
        "[receiver.me]\ntype = \"webhook\"\nurl = \"{url}\"\n[[route]]\nto = \"me\"\ngroup-wait = \"0s\"\n"
    );
    fs::write(&file, routes).unwrap();
    for public in [None, Some("https://framewatch.example.org/")] {
        let data = TempDir::new().unwrap();
        let mut settings = vec!["--notify", file.to_str().unwrap()];
        settings.extend(public.iter().flat_map(|url| ["--public-url", url]));
        let up = Up::with_own_servers(data.path(), &settings);
        // An alert of a folder without a reference would be over at once, and perhaps never told.
        up.upload_reference(data.path());
        fire(&up.nats, "folder1-1-a").await;
        let message = timeout(Duration::from_secs(60), came.recv()).await;
        let message = message.expect("a message comes").unwrap();
        assert_eq!(message["occasion"], "firing", "{message}");
        let page = public.unwrap_or(&up.web);
        let leads_to = format!("{page}alerts/folder1-1-a");
        assert_eq!(message["links"]["open"], leads_to, "{message}");
        assert_eq!(message["alerts"][0]["link"], leads_to, "{message}");
    }
}

async fn get(url: &str) -> String {
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let answer = reqwest::get(url).await.unwrap();
    answer.error_for_status().unwrap().text().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_catches_what_people_would_be_told_and_shows_it() {
    let data = TempDir::new().unwrap();
    let up = Up::with_own_servers(data.path(), &["--demo"]);
    let file = data.path().join("demo-notify.toml");
    until_within(
        Duration::from_secs(30),
        "the demo's routes are written",
        || file.exists(),
    );
    let path = file.to_str().unwrap();
    let tried = run(&["notify", "test", "demo", "--notify", path]);
    assert_eq!(stdout(&tried), "demo has taken it.\n", "{}", stderr(&tried));

    let routes = fs::read_to_string(&file).unwrap();
    let url = routes
        .split('"')
        .find(|it| it.starts_with("http://"))
        .unwrap();
    let shown_at = url.strip_suffix("caught").unwrap();
    let shown = get(shown_at).await;
    assert!(
        shown.contains("<h2>Test: Framewatch can send you messages</h2>"),
        "{shown}"
    );
    // The page of messages leads there.
    let messages = get(&format!("{}notices", up.web)).await;
    assert!(
        messages.contains(&format!("href=\"{shown_at}\"")),
        "{messages}"
    );
    eventually("the page of routes says who is told", async || {
        let routes = get(&format!("{}routes", up.web)).await;
        routes.contains("All alerts").then_some(())
    })
    .await;
}
