//! The program.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
};

use test_support::{Answer, Hook, ServiceBinary};

use crate::site::{Site, to};

const BINARY: &str = env!("CARGO_BIN_EXE_framewatch-notifier");

pub(crate) fn start(site: &Site, routes: &Path) -> Child {
    Command::new(BINARY)
        .args(["--nats-url", &site.nats.url(), "--config"])
        .arg(routes)
        .args(["--ops-listen", "127.0.0.1:0"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[tokio::test]
async fn messages_lead_to_where_people_open_the_page() {
    let (site, hook) = (Site::new().await, Hook::start().await);
    let routes = site.routes(&to(&hook.url(), "group-wait = \"0s\""));
    let mut child = Command::new(BINARY)
        .args([
            "--nats-url",
            &site.nats.url(),
            "--ops-listen",
            "127.0.0.1:0",
        ])
        .env("FRAMEWATCH_NOTIFY", routes)
        .env("FRAMEWATCH_PUBLIC_URL", "https://framewatch.example.org/")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let alert = site.fire_view("dock").await;
    let came = hook.first(1).await;
    let page = format!("https://framewatch.example.org/alerts/{}", alert.id);
    let links = &came[0].body["links"];
    assert_eq!(links["open"], page);
    let told = |notice: &event_bus::Notice| notice.told_at.is_some();
    let pass = site.notice_where(&alert, told).await.pass.unwrap();
    let acting = format!(
        "https://framewatch.example.org/told/{}?to=ops&pass={}",
        alert.id,
        pass.secret()
    );
    assert_eq!(links["acknowledge"], format!("{acting}#acknowledge"));
    assert_eq!(links["snooze"], format!("{acting}#silence"));
    // What is over asks for nothing.
    site.resolve(&alert).await;
    let came = hook.first(2).await;
    let links = came[1].body["links"].as_object().unwrap();
    assert_eq!(links.keys().collect::<Vec<_>>(), ["open"]);
    child.kill().unwrap();
    child.wait().unwrap();
}

pub(crate) fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test]
async fn killed_while_a_receiver_has_the_message_it_sends_the_same_again() {
    let (site, hook) = (Site::new().await, Hook::start().await);
    hook.answer(&[Answer::Silence]);
    let routes = site.routes(&to(&hook.url(), "group-wait = \"0s\""));
    let child = start(&site, &routes);
    let alert = site.fire_view("dock").await;
    hook.first(1).await;
    // The receiver has it, and nobody knows.
    kill(child);
    site.resolve(&alert).await;

    let child = start(&site, &routes);
    site.notice_where(&alert, |notice| notice.end_told_at.is_some())
        .await;
    let came = hook.came();
    let said: Vec<&str> = came.iter().map(|it| it.occasion()).collect();
    assert_eq!(said, ["firing", "firing", "resolved"]);
    assert_eq!(came[0].key, came[1].key);
    kill(child);
}

#[test]
fn it_explains_itself() {
    let service = ServiceBinary {
        name: "framewatch-notifier",
        path: BINARY,
    };
    service.explains_itself();
    service.reads_its_variables();
}

#[test]
fn a_file_that_cannot_be_is_bad_usage() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("notify.toml");
    std::fs::write(&file, "[[route]]\nto = \"ops\"\n").unwrap();
    let output = Command::new(BINARY)
        .arg("--config")
        .arg(&file)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(64));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("line 2, route 1: there is no receiver \"ops\""),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn it_runs_and_ends_in_order() {
    let (site, hook) = (Site::new().await, Hook::start().await);
    let routes = site.routes(&to(&hook.url(), ""));
    let (url, routes) = (site.nats.url(), routes.display().to_string());
    let service = ServiceBinary {
        name: "framewatch-notifier",
        path: BINARY,
    };
    tokio::task::spawn_blocking(move || {
        service.runs_and_ends_in_order(&["--nats-url", &url, "--config", &routes]);
    })
    .await
    .unwrap();
}
