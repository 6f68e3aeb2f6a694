//! Webhooks, by an HTTP server on loopback.

use std::{fs, time::Duration};

use axum::http::StatusCode;
use receivers::{Handle, Outcome};
use serde_json::{Value, json};
use test_support::Certificates;
use tokio::{io::AsyncReadExt as _, net::TcpListener};

use crate::{
    folder,
    hook::{Hook, Request},
    messages::{again, firing, group, refused, with_picture},
    python::{python, said},
    receiver,
    specs::examples,
};

fn settings(hook: &Hook, more: &str) -> String {
    format!("type = \"webhook\"\nurl = {:?}\n{more}", hook.url("/hook"))
}

#[tokio::test]
async fn a_message_is_posted_as_json_with_its_key() {
    let hook = Hook::start().await;
    let ops = receiver(&folder(), &settings(&hook, "time-zone = \"Europe/Berlin\""));
    assert_eq!(ops.send(&firing(), None).await, Outcome::Delivered(None));
    let request = hook.last();
    assert_eq!(request.path, "/hook");
    assert_eq!(request.header("content-type"), "application/json");
    assert_eq!(request.header("idempotency-key"), "dock-1.ops.firing");
    assert_eq!(request.header("webhook-signature"), "");
    let body = request.json();
    assert_eq!(body["version"], 1);
    assert_eq!(body["key"], "dock-1.ops.firing");
    assert_eq!(body["receiver"], "ops");
    assert_eq!(body["occasion"], "firing");
    let subject = "Loading dock, hamburg: covered since 29 Nov 2020 10:51";
    assert_eq!(body["subject"], subject);
    assert!(body["text"].as_str().unwrap().starts_with(subject));
    let alert = &body["alerts"][0];
    assert_eq!(alert["since"], "2020-11-29T09:51:07Z");
    assert_eq!(alert["ended"], Value::Null);
    assert_eq!(alert["about"], "view");
    assert_eq!(alert["alert"]["firedAt"], "2020-11-29T09:51:07+00:00");
    assert_eq!(alert["alert"]["phase"], "PHASE_FIRING");
    assert_eq!(
        body["links"]["open"],
        "https://framewatch.example.org/alerts/1"
    );
    assert_eq!(body["picture"], Value::Null);
}

#[tokio::test]
async fn the_picture_goes_along_where_asked_and_is_left_out_where_it_is_too_large() {
    let hook = Hook::start().await;
    let ops = receiver(&folder(), &settings(&hook, "picture = true"));
    assert!(ops.takes_pictures());
    assert_eq!(
        ops.send(&with_picture(), None).await,
        Outcome::Delivered(None)
    );
    let picture = &hook.last().json()["picture"];
    assert_eq!(picture["contentType"], "image/jpeg");
    assert!(picture["data"].as_str().unwrap().starts_with("/9j/4AcH"));

    hook.answer(StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(
        ops.send(&with_picture(), None).await,
        Outcome::Delivered(None)
    );
    assert_eq!(hook.requests().len(), 3);
    assert_eq!(hook.last().json()["picture"], Value::Null);
}

#[tokio::test]
async fn what_an_answer_means_is_told() {
    let hook = Hook::start().await;
    let ops = receiver(&folder(), &settings(&hook, ""));
    let host = hook.address;
    for (status, rest, seconds) in [
        (429, "120", Some(120)),
        (503, "Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
        (500, "", None),
        (408, "", None),
        (502, "soon", None),
    ] {
        let status = StatusCode::from_u16(status).unwrap();
        hook.answer((status, [("retry-after", rest)], "no"));
        let why = format!("{host} answers {}: no", status.as_u16());
        let after = seconds.map(Duration::from_secs);
        assert_eq!(
            ops.send(&firing(), None).await,
            Outcome::TryAgain { after, why }
        );
    }
    for status in [400, 401, 403, 404, 410, 422] {
        hook.answer((StatusCode::from_u16(status).unwrap(), "no such /hook"));
        let why = refused(ops.send(&firing(), None).await);
        assert_eq!(why, format!("{host} answers {status}: no such /hook"));
    }
    hook.answer((StatusCode::FOUND, [("location", hook.url("/elsewhere"))]));
    let why = refused(ops.send(&firing(), None).await);
    assert!(why.contains("302") && why.contains("don't follow"), "{why}");
    assert!(
        hook.requests()
            .iter()
            .all(|request| request.path == "/hook")
    );
}

#[tokio::test]
async fn no_answer_is_tried_again_and_said_so_without_the_url() {
    let folder = folder();
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap();
    let at = format!("type = \"webhook\"\nurl = \"http://{address}/services/SECRETSECRET\"");
    let ops = receiver(&folder, &format!("{at}\ntimeout = \"1s\""));
    let why = again(ops.send(&firing(), None).await);
    assert_eq!(why, format!("{address} was not done within 1s"));

    let ops = receiver(&folder, &at);
    let cutting = tokio::spawn(async move {
        for _ in 0..2 {
            // The first connection is the one before, which was given up.
            let (mut connection, _) = silent.accept().await.unwrap();
            connection.read_u8().await.unwrap();
        }
    });
    let why = again(ops.send(&firing(), None).await);
    assert!(why.starts_with(&format!("{address}: ")), "{why}");
    assert!(!why.contains("SECRET"), "{why}");
    cutting.await.unwrap();

    let why = again(ops.send(&firing(), None).await);
    assert!(why.contains("connection is refused"), "{why}");
    assert!(
        !why.contains("SECRET") && !format!("{ops:?}").contains("SECRET"),
        "{why}"
    );
}

#[tokio::test]
async fn a_secret_url_stands_in_a_file_and_is_never_told() {
    let (folder, hook) = (folder(), Hook::start().await);
    let file = folder.path().join("url");
    fs::write(&file, hook.url("/services/SECRETSECRET\n")).unwrap();
    let ops = receiver(&folder, "type = \"webhook\"\nurl-file = \"url\"");
    assert_eq!(ops.place(), hook.address.to_string());
    hook.answer((StatusCode::NOT_FOUND, "Cannot POST /services/SECRETSECRET"));
    let why = refused(ops.send(&firing(), None).await);
    assert_eq!(why, format!("{} answers 404", hook.address));

    let other = Hook::start().await;
    fs::write(&file, other.url("/services/CHANGED")).unwrap();
    assert_eq!(ops.send(&firing(), None).await, Outcome::Delivered(None));
    assert_eq!(other.last().path, "/services/CHANGED");
    fs::remove_file(&file).unwrap();
    let why = again(ops.send(&firing(), None).await);
    assert!(why.starts_with("url-file: cannot read "), "{why}");
}

#[tokio::test]
async fn logins_are_shown() {
    let (folder, hook) = (folder(), Hook::start().await);
    fs::write(folder.path().join("secret"), "s3cret-s3cret\n").unwrap();
    for (login, shown) in [
        ("token-file = \"secret\"", "Bearer s3cret-s3cret"),
        (
            "username = \"me\"\npassword-file = \"secret\"",
            "Basic bWU6czNjcmV0LXMzY3JldA==",
        ),
    ] {
        let ops = receiver(&folder, &settings(&hook, login));
        hook.answer((StatusCode::UNAUTHORIZED, "not by s3cret-s3cret"));
        let why = refused(ops.send(&firing(), None).await);
        assert_eq!(why, format!("{} answers 401", hook.address));
        assert_eq!(hook.last().header("authorization"), shown);
    }
}

fn as_json(request: &Request) -> String {
    let names = [
        "content-type",
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
    ];
    let headers: Value = names
        .map(|name| (name, request.header(name)))
        .into_iter()
        .collect();
    let body = std::str::from_utf8(&request.body).unwrap();
    json!({ "headers": headers, "body": body }).to_string()
}

#[tokio::test]
async fn signatures_and_cloud_events_are_what_the_standards_libraries_take() {
    let Some(python) = python() else { return };
    let (folder, hook) = (folder(), Hook::start().await);
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    fs::write(folder.path().join("secret"), secret).unwrap();
    let more = "secret-file = \"secret\"\nformat = \"cloudevents\"";
    let ops = receiver(&folder, &settings(&hook, more));
    assert_eq!(ops.send(&firing(), None).await, Outcome::Delivered(None));
    let request = as_json(&hook.last());
    said(&python, "verify.py", &["signature", secret], &request);
    let example = &examples("python")[0];
    said(
        &python,
        "verify.py",
        &["example", secret, example],
        &request,
    );
    let event = said(&python, "verify.py", &["cloudevent"], &request);
    let event: Value = serde_json::from_str(&event).unwrap();
    let expected = json!({
        "type": "framewatch.message.firing",
        "id": "dock-1.ops.firing",
        "subject": "dock",
    });
    assert_eq!(event, expected);
    assert_eq!(hook.last().json()["data"]["occasion"], "firing");
}

#[tokio::test]
async fn a_template_says_what_is_sent_and_a_broken_one_leaves_the_usual() {
    let (folder, hook) = (folder(), Hook::start().await);
    let template = "template = '{\"title\": {{ subject }}, \"places\": [{% for it in alerts %}{{ it.title }}{% if not loop.last %},{% endif %}{% endfor %}]}'";
    let ops = receiver(&folder, &settings(&hook, template));
    ops.send(&group(2), None).await;
    let expected = json!({
        "title": "2 views at hamburg covered since 29 Nov 2020 09:51 UTC",
        "places": ["Loading dock", "Loading dock"],
    });
    assert_eq!(hook.last().json(), expected);
    assert_eq!(hook.last().header("content-type"), "application/json");

    for broken in ["{{ subjct }}", "no JSON", "{{ alerts[7].title }}"] {
        let ops = receiver(&folder, &settings(&hook, &format!("template = {broken:?}")));
        assert_eq!(ops.send(&firing(), None).await, Outcome::Delivered(None));
        assert_eq!(hook.last().json()["version"], 1, "{broken}");
    }
    let text = "content-type = \"text/plain; charset=utf-8\"\ntemplate = \"{{ occasion }}: {{ alerts[0].why }}\"";
    let ops = receiver(&folder, &settings(&hook, text));
    ops.send(&firing(), Some(&Handle("unused".to_owned())))
        .await;
    assert_eq!(hook.last().body, "firing: dock is <covered> & dark");
    assert_eq!(
        hook.last().header("content-type"),
        "text/plain; charset=utf-8"
    );
}

#[tokio::test]
async fn what_is_wrong_with_tls_is_named() {
    let certificates = Certificates::make();
    for (pair, authority, words) in [
        (certificates.server(), None, "nobody who is trusted here"),
        (
            certificates.client(),
            Some(certificates.authority()),
            "for another name",
        ),
        (
            certificates.server(),
            Some(certificates.authority()),
            "closed",
        ),
    ] {
        let address = crate::smtp_server::tls_that_closes(&pair).await;
        let authority = authority
            .map(|path| format!("ca-file = {path:?}"))
            .unwrap_or_default();
        let settings = format!("type = \"webhook\"\nurl = \"https://{address}/\"\n{authority}");
        let why = again(receiver(&folder(), &settings).send(&firing(), None).await);
        assert!(why.contains(words), "{why} has {words}");
    }
}
