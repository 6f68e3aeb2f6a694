//! What people call alerts, and which changes of the rule that speaks for.

use event_bus::{AlertSubject, Expected};
use proto::v1::{Alert, Phase, ResolvedBy, Subject};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use test_support::{NatsServer, eventually};
use time::{Duration, OffsetDateTime};

use crate::service::{Service, folder, problem};

const CHOICES: &str = "/api/v1/folders/folder1/what-if/choices";

/// An alert by pHash that fired a day ago and lasted a minute.
pub(crate) async fn publish(service: &Service, id: &str, worst: f64) {
    let subject = AlertSubject::view(&folder("folder1"));
    let fired_at = OffsetDateTime::now_utc() - Duration::DAY;
    let firing = Alert {
        id: id.to_owned(),
        folder: "folder1".to_owned(),
        phase: Phase::Firing.into(),
        subject: Subject::View.into(),
        fired_similarity: Some(worst),
        fired_at: Some(proto::timestamp(fired_at)),
        ..Alert::default()
    };
    let resolved = Alert {
        phase: Phase::Resolved.into(),
        resolved_by: Some(ResolvedBy::View.into()),
        resolved_at: Some(proto::timestamp(fired_at + Duration::MINUTE)),
        worst_similarity: Some(worst),
        ..firing.clone()
    };
    for alert in [firing, resolved] {
        let latest = service.bus.latest::<Alert>(&subject).await.unwrap();
        let expected = Expected::after(latest.as_ref());
        let published = service.bus.publish_alert(&subject, &alert, expected);
        published.await.unwrap();
    }
    eventually("the alert is known", async || {
        let answer = service.get(&format!("/api/v1/alerts/{id}")).await;
        (answer.status() == 200).then_some(())
    })
    .await;
}

pub(crate) async fn call(service: &Service, id: &str, label: Value) -> Response {
    let path = format!("/api/v1/alerts/{id}/acknowledgement");
    let said = json!({"name": "Jo", "label": label});
    let request = service.request(Method::PUT, &path).json(&said);
    request.send().await.unwrap()
}

async fn page(service: &Service, path: &str) -> String {
    service.get(path).await.text().await.unwrap()
}

#[tokio::test]
async fn labels_speak_for_a_threshold_that_spares_what_was_normal() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let nothing = service.json(CHOICES).await;
    assert_eq!(nothing, json!({"real": 0, "normal": 0, "choices": []}));
    assert!(!page(&service, "/folder/1").await.contains("data-choices"));

    for (id, worst, label) in [
        ("a", 0.87, Some("normal")),
        ("b", 0.89, Some("normal")),
        ("c", 0.81, Some("real")),
        ("d", 0.85, None),
    ] {
        publish(&service, id, worst).await;
        if let Some(label) = label {
            let answer = call(&service, id, label.into()).await;
            assert_eq!(answer.status(), 200);
            let holds: Value = answer.json().await.unwrap();
            assert_eq!(holds["label"], format!("LABEL_{}", label.to_uppercase()));
        }
    }
    let answer = service.json(CHOICES).await;
    assert_eq!((&answer["real"], &answer["normal"]), (&json!(1), &json!(2)));
    let [choice] = &answer["choices"].as_array().unwrap()[..] else {
        panic!("{answer}");
    };
    assert_eq!(choice["threshold"], 0.84);
    assert_eq!(choice["kept"], json!(["c"]));
    assert_eq!(
        (choice.get("holdSeconds"), choice.get("masks")),
        (None, None)
    );
    let words = "A threshold of 0.84 would have dropped both alerts called normal, and kept the one called real.";
    assert_eq!(choice["words"], words);
    let html = page(&service, "/folder/1").await;
    assert!(html.contains(words), "{html}");
    assert!(
        html.contains(r#"data-try="threshold" value="0.84""#),
        "{html}"
    );

    // Somebody changes their mind: nothing tells these apart.
    call(&service, "b", "real".into()).await;
    eventually("no threshold is proposed", async || {
        let answer = service.json(CHOICES).await;
        (answer["choices"] == json!([])).then_some(())
    })
    .await;
    let html = page(&service, "/folder/1").await;
    assert!(html.contains("would have told them apart"), "{html}");
}

#[tokio::test]
async fn a_label_is_set_by_the_form_shown_and_kept_to_its_words() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    publish(&service, "a", 0.5).await;
    let form = service
        .request(Method::POST, "/alerts/a/acknowledge")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("name=Jo&note=&label=real");
    assert_eq!(form.send().await.unwrap().status(), 303);
    let html = page(&service, "/alerts/a").await;
    assert!(html.contains("It was real"), "{html}");
    assert!(html.contains(r#"value="real" checked"#), "{html}");

    let refused = call(&service, "a", "Real".into()).await;
    let detail = problem(refused, 422, "invalid-acknowledgement").await;
    assert_eq!(detail, "label is \"Real\"; it must be real or normal.");
    let refused = call(&service, "a", 7.into()).await;
    problem(refused, 422, "invalid-acknowledgement").await;
    let said = service.json("/api/v1/alerts/a").await;
    assert_eq!(said["acknowledgement"]["label"], "LABEL_REAL", "{said}");

    // Who says nothing of it takes it back, as of every field.
    assert_eq!(call(&service, "a", Value::Null).await.status(), 200);
    assert!(!page(&service, "/alerts/a").await.contains("It was real"));
}
