//! Acting on an alert by the link of a message.

use event_bus::{Notice, Pass};
use proto::v1::Phase;
use reqwest::{Method, Response, StatusCode};
use test_support::{NatsServer, eventually};
use time::{Duration, OffsetDateTime};

use crate::{
    access::Site,
    alerts::publish,
    login::from_our_page,
    service::{Service, problem},
};

/// A message of these told `ops` of an alert, so long ago.
async fn tell(service: &Service, alert: &str, ago: Duration) -> Pass {
    let pass = Pass::renewed(None, OffsetDateTime::now_utc() - ago);
    let notice = Notice {
        alert: alert.to_owned(),
        pass: Some(pass.clone()),
        ..Notice::default()
    };
    let key = format!("{alert}=ops").parse().unwrap();
    service.bus.notices().set(&key, &notice).await.unwrap();
    pass
}

fn address(alert: &str, part: &str, pass: &Pass) -> String {
    format!("/told/{alert}{part}?to=ops&pass={}", pass.secret())
}

/// A browser that has followed the link, without a cookie.
async fn open(service: &Service, address: &str) -> Response {
    from_our_page(service, service.request(Method::GET, address))
        .send()
        .await
        .unwrap()
}

async fn shown(service: &Service, address: &str) -> String {
    eventually("the page is there", async || {
        let response = open(service, address).await;
        let is_there = response.status() == StatusCode::OK;
        is_there.then_some(response.text().await.unwrap())
    })
    .await
}

async fn send(service: &Service, address: &str, fields: &[(&str, &str)]) -> Response {
    let body = serde_urlencoded::to_string(fields).unwrap();
    let request = service
        .request(Method::POST, address)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body);
    from_our_page(service, request).send().await.unwrap()
}

/// A service where people log in, and an alert of which `ops` was told just now.
async fn with_a_told_alert(nats: &NatsServer, site: &Site) -> (Service, Pass) {
    let service = site.start(nats).await;
    publish(&service, "dock", "dock-1-a", Phase::Firing).await;
    let pass = tell(&service, "dock-1-a", Duration::ZERO).await;
    shown(&service, &address("dock-1-a", "", &pass)).await;
    (service, pass)
}

#[tokio::test]
async fn whoever_has_the_link_acknowledges_and_silences_without_logging_in() {
    let (nats, site) = (NatsServer::start(), Site::new());
    let (service, pass) = with_a_told_alert(&nats, &site).await;
    let page = address("dock-1-a", "", &pass);
    for _ in 0..3 {
        let asks = shown(&service, &page).await;
        assert!(asks.contains("dock changed") && !asks.contains("Acknowledged by"));
    }

    let by_jo = [("name", "Jo"), ("note", "on my way")];
    let to = address("dock-1-a", "/acknowledge", &pass);
    let done = send(&service, &to, &by_jo).await;
    assert_eq!(done.status(), StatusCode::SEE_OTHER);
    assert_eq!(done.headers()["location"], page.as_str());
    let says = shown(&service, &page).await;
    assert!(says.contains("Jo (told as ops)") && says.contains("on my way"));

    // Whoever opened the page before that says nothing in place of it.
    let done = send(&service, &to, &[("name", "Kim"), ("note", "me too")]).await;
    assert_eq!(done.status(), StatusCode::SEE_OTHER);
    let says = shown(&service, &page).await;
    assert!(says.contains("on my way") && !says.contains("Kim"));

    let to = address("dock-1-a", "/silence", &pass);
    let done = send(&service, &to, &[("name", "Jo"), ("for", "4h")]).await;
    assert_eq!(done.status(), StatusCode::SEE_OTHER);
    let says = shown(&service, &page).await;
    assert!(says.contains("Silenced until"), "{says}");
    let silences = service
        .request(Method::GET, "/api/v1/silences")
        .bearer_auth(site.viewer.reveal());
    let silences = silences.send().await.unwrap().text().await.unwrap();
    assert!(silences.contains(r#""folders":["dock"]"#), "{silences}");
    assert!(silences.contains("Jo (told as ops)"), "{silences}");

    for _ in 1..4 {
        let again = send(&service, &to, &[("name", "Jo"), ("for", "1h")]).await;
        assert_eq!(again.status(), StatusCode::SEE_OTHER);
    }
    let one_more = send(&service, &to, &[("name", "Jo"), ("for", "1h")]).await;
    assert_eq!(
        one_more.status(),
        StatusCode::CONFLICT,
        "a link uses up no more"
    );
}

#[tokio::test]
async fn a_link_that_is_wrong_too_old_or_of_another_alert_lets_nobody_act() {
    let (nats, site) = (NatsServer::start(), Site::new());
    let (service, pass) = with_a_told_alert(&nats, &site).await;
    publish(&service, "gate", "gate-1-a", Phase::Firing).await;
    let old = tell(&service, "gate-1-a", Duration::days(8)).await;
    let other = Pass::renewed(None, OffsetDateTime::now_utc());
    for wrong in [
        address("dock-1-a", "", &other),
        address("gate-1-a", "", &pass),
        address("yard-1-a", "", &pass),
        "/told/dock-1-a".to_owned(),
        "/told/dock-1-a?to=O%20ps&pass=".to_owned(),
        "/told/dock-1-a?to=oncall&pass=x".to_owned(),
    ] {
        problem(service.get(&wrong).await, 404, "unknown-link").await;
        let forms = wrong.replacen("-1-a", "-1-a/silence", 1);
        let refused = send(&service, &forms, &[("name", "Jo"), ("for", "1h")]).await;
        assert_eq!(refused.status(), StatusCode::NOT_FOUND, "{forms}");
    }
    let old_page = address("gate-1-a", "", &old);
    eventually("the old one is known", async || {
        let status = service.get(&old_page).await.status();
        (status == StatusCode::GONE).then_some(())
    })
    .await;
    let to = address("gate-1-a", "/acknowledge", &old);
    let refused = send(&service, &to, &[("name", "Jo")]).await;
    assert_eq!(refused.status(), StatusCode::GONE);
}

#[tokio::test]
async fn a_form_of_a_link_is_checked_and_its_secret_is_listed_nowhere() {
    let (nats, site) = (NatsServer::start(), Site::new());
    let (service, pass) = with_a_told_alert(&nats, &site).await;
    let to = address("dock-1-a", "/silence", &pass);
    let refused = send(&service, &to, &[("name", "Jo"), ("for", "7d")]).await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    let to = address("dock-1-a", "/acknowledge", &pass);
    let refused = send(&service, &to, &[("name", " ")]).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let from_elsewhere = service
        .request(Method::POST, &to)
        .header("origin", "https://elsewhere.example")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("name=Jo");
    let refused = from_elsewhere.send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    for path in ["/api/v1/notices", "/notices", "/alerts/dock-1-a"] {
        let asked = service.request(Method::GET, path);
        let asked = asked.bearer_auth(site.admin.reveal()).send().await.unwrap();
        assert_eq!(asked.status(), StatusCode::OK, "{path}");
        let text = asked.text().await.unwrap();
        assert!(!text.contains(pass.secret()), "{path}");
    }
}
