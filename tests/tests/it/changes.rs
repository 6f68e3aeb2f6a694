//! Who changed what, from the request to what people are told of the alert that ends.

use accounts::{FileError, Note, Role, Token, UsersFile};
use event_bus::AlertSubject;
use proto::v1::{Alert, Phase, ResolvedBy};
use reqwest::{Client, Method, StatusCode};
use tempfile::TempDir;
use test_support::eventually;
use tests::{Stack, View, picture};
use time::{Duration, OffsetDateTime};
use upload::{AccessConfig, Config};

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_that_a_change_ends_says_whose_it_was() {
    let mut stack = Stack::start().await;
    stack.watch("folder1").await;
    stack.publish("folder1", picture(View::Wall, 0)).await;
    let first = stack.firing("folder1").await;

    let users = TempDir::new().unwrap();
    let file = UsersFile::new(users.path().join("users.toml"));
    let expires = OffsetDateTime::now_utc() + Duration::HOUR;
    let token = Token::issue(Role::Admin, expires, Note::default());
    file.change(|accounts| {
        accounts.add_token(token.token.clone());
        Ok::<_, FileError>(())
    })
    .unwrap();
    let access = AccessConfig {
        users_file: Some(file.path().to_owned()),
        ..AccessConfig::default()
    };
    let config = Config {
        access,
        ..Config::default()
    };
    stack.stop_upload().await;
    stack.start_upload_with(config).await;
    let client = Client::new();
    let send = async |method, path: &str, body: Vec<u8>, status: StatusCode| {
        let request = client.request(
            method,
            stack.url(&format!("/api/v1/folders/folder1/{path}")),
        );
        let request = request.bearer_auth(token.reveal()).body(body);
        assert_eq!(request.send().await.unwrap().status(), status, "{path}");
    };
    let bus = stack.bus().await;
    let ended = async |by: ResolvedBy| {
        let subject = AlertSubject::view(&"folder1".parse().unwrap());
        let alert = eventually("the alert ends", async || {
            let latest = bus.latest::<Alert>(&subject).await.ok()??;
            (latest.event.phase() == Phase::Resolved).then_some(latest.event)
        })
        .await;
        assert_eq!(alert.resolved_by(), by, "{alert:?}");
        let name = token.token.id.to_string();
        assert_eq!(alert.resolved_by_name, name);
        let said = format!("(by {name})");
        assert!(alert.message.contains(&said), "{}", alert.message);
    };

    let rule = format!(r#"{{"threshold": {}}}"#, first.similarity.unwrap());
    send(Method::PUT, "rule", rule.into(), StatusCode::OK).await;
    ended(ResolvedBy::Rule).await;

    send(Method::DELETE, "rule", Vec::new(), StatusCode::NO_CONTENT).await;
    eventually("another alert fires", async || {
        let alert = stack.firing("folder1").await;
        (alert.id != first.id).then_some(())
    })
    .await;
    let wall = picture(View::Wall, 0);
    send(Method::POST, "images", wall, StatusCode::CREATED).await;
    ended(ResolvedBy::Reference).await;
}
