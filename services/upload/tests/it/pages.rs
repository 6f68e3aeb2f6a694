//! Pages without script: what they show, and what their forms do.

use event_bus::Expected;
use proto::v1::{Alert, Phase};
use reqwest::{Method, StatusCode};
use serde_json::json;
use test_support::{NatsServer, eventually};

use crate::{
    pictures::jpeg,
    service::{Service, folder, problem},
};

#[tokio::test]
async fn pages_show_folders_and_pictures_and_escape_names() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let id = service.upload("folder1", "gate.jpg", jpeg(1)).await;

    let overview = service.get("/").await;
    let policy = overview.headers()["content-security-policy"]
        .to_str()
        .unwrap();
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!policy.contains("unsafe-inline"), "{policy}");
    let html = overview.text().await.unwrap();
    for text in ["folder6", "No reference", "No frames", &id] {
        assert!(html.contains(text), "{text} in {html}");
    }
    let html = service.get("/folder/1").await.text().await.unwrap();
    for text in ["gate.jpg", &format!("/folder/1/delete/{id}"), "?download=1"] {
        assert!(html.contains(text), "{text} in {html}");
    }
    for asset in [
        "/assets/front_door/style.css",
        "/assets/overview/overview.js",
        "/assets/vendor/uplot/uPlot.iife.min.js",
        "/favicon.svg",
    ] {
        assert_eq!(service.get(asset).await.status(), StatusCode::OK, "{asset}");
    }
}

#[tokio::test]
async fn the_form_deletes_a_picture() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let id = service.upload("folder1", "gate.jpg", jpeg(1)).await;
    let path = format!("/folder/1/delete/{id}");
    let response = service.request(Method::POST, &path).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    let html = service.get("/folder/1").await.text().await.unwrap();
    assert!(html.contains("None yet"), "{html}");
}

#[tokio::test]
async fn browsers_are_told_of_problems_by_a_page_and_programs_by_json() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let browse = async |method, path: &str| {
        let request = service.request(method, path);
        let request = request.header("accept", "text/html,*/*;q=0.8");
        request.body("GIF?").send().await.unwrap()
    };
    let page = browse(Method::GET, "/folder/nosuch").await;
    assert_eq!(page.status(), StatusCode::NOT_FOUND);
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    assert!(page.text().await.unwrap().contains("Unknown folder"));

    let page = browse(Method::POST, "/folder/1").await;
    assert_eq!(page.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert!(page.text().await.unwrap().contains("href=\"/folder/1\""));

    problem(service.get("/folder/nosuch").await, 404, "unknown-folder").await;
    let api = browse(Method::GET, "/api/v1/folders/nosuch").await;
    problem(api, 404, "unknown-folder").await;
}

#[tokio::test]
async fn what_is_wrong_comes_first() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    service.upload("folder5", "gate.jpg", jpeg(1)).await;
    let alert = Alert {
        id: "a".into(),
        folder: "folder5".into(),
        phase: Phase::Firing.into(),
        message: "it has changed".into(),
        ..Alert::default()
    };
    let gate = folder("folder5");
    let subject = event_bus::AlertSubject::view(&gate);
    let published = service.bus.publish_alert(&subject, &alert, Expected(0));
    published.await.unwrap();
    let html = eventually("the alert is shown", async || {
        let html = service.get("/").await.text().await.unwrap();
        html.contains("it has changed").then_some(html)
    })
    .await;
    let at = |name: &str| html.find(&format!("data-folder=\"{name}\"")).unwrap();
    assert!(at("folder5") < at("folder1") && at("folder1") < at("folder2"));
}

#[tokio::test]
async fn the_form_of_the_rule_sets_it_and_takes_it_back() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let save = async |form: &'static str| {
        let request = service.request(Method::POST, "/folder/1/rule").body(form);
        request.send().await.unwrap()
    };
    let rule = async || service.json("/api/v1/folders/folder1/rule").await["rule"].clone();

    let saved = save("threshold=0.75&holdSeconds=&keepFiringSeconds=+30+&enabled=false").await;
    assert_eq!(saved.status(), StatusCode::SEE_OTHER);
    let expected = json!({"threshold": 0.75, "keepFiringSeconds": 30.0, "enabled": false, "masks": [], "regions": []});
    assert_eq!(rule().await, expected);
    let html = service.get("/folder/1").await.text().await.unwrap();
    assert!(html.contains("value=\"0.75\""), "{html}");

    let refused = [
        ("threshold=2", "threshold is 2"),
        ("holdSeconds=long", "holdSeconds is \"long\""),
        ("enabled=maybe", "true or false"),
        ("keepFiringSeconds=NaN", "keepFiringSeconds is NaN"),
    ];
    for (form, why) in refused {
        let detail = problem(save(form).await, 422, "invalid-rule").await;
        assert!(detail.contains(why), "{detail}");
    }
    assert_eq!(rule().await, expected, "what is refused changes nothing");

    save("threshold=&enabled=").await;
    assert_eq!(rule().await, serde_json::Value::Null);
}

#[tokio::test]
async fn the_overview_is_filtered_and_sorted_without_script() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    service.upload("folder2", "gate.jpg", jpeg(1)).await;
    let shown = async |query: &str| {
        let html = service
            .get(&format!("/{query}"))
            .await
            .text()
            .await
            .unwrap();
        let cards = html.split("<li class=\"card\" ").skip(1);
        let names = cards.map(|card| card["data-folder=\"".len()..][..7].to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(shown("").await.len(), 6);
    assert_eq!(shown("?q=R3").await, ["folder3"]);
    assert_eq!(shown("?state=no-frames").await, ["folder2"]);
    assert_eq!(shown("?q=nosuch").await.len(), 0);
    assert_eq!(shown("?sort=nosuch&q=%3Cscript%3E").await.len(), 0);
}
