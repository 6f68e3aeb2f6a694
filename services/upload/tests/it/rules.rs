use event_bus::RuleScope;
use serde_json::{Value, json};
use test_support::NatsServer;

use crate::service::{Service, folder, problem};

const RULE: &str = "/api/v1/folders/folder1/rule";
const DEFAULT: &str = "/api/v1/rules/_default";

#[tokio::test]
async fn a_rule_of_the_folder_goes_before_the_default_before_the_built_in_one() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let effective = async || service.json(RULE).await["effective"].clone();
    assert_eq!(
        effective().await,
        json!({"threshold": 0.9, "source": "built-in"})
    );

    assert_eq!(
        service.put(DEFAULT, r#"{"threshold":0.8}"#).await.status(),
        200
    );
    assert_eq!(
        effective().await,
        json!({"threshold": 0.8, "source": "default"})
    );

    let set = service.put(RULE, r#"{"threshold":1}"#).await;
    let answer: Value = set.json().await.unwrap();
    assert_eq!(answer["rule"], json!({"threshold": 1.0}));
    assert_eq!(
        effective().await,
        json!({"threshold": 1.0, "source": "folder"})
    );
    let registry = service.bus.registry().await.unwrap();
    let stored = registry.rule(&RuleScope::Folder(folder("folder1"))).await;
    assert_eq!(stored.unwrap().unwrap().threshold, Some(1.0));

    assert_eq!(service.delete(RULE).await.status(), 204);
    assert_eq!(service.delete(DEFAULT).await.status(), 204);
    assert_eq!(effective().await["source"], "built-in");
    assert_eq!(service.json(RULE).await["rule"], Value::Null);
}

#[tokio::test]
async fn a_rule_that_cannot_be_is_refused_by_name() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    for (body, status, slug, word) in [
        (r#"{"treshold":0.9}"#, 422, "invalid-rule", "treshold"),
        (r#"{"threshold":1.01}"#, 422, "invalid-rule", "1.01"),
        (r#"{"threshold":-0.1}"#, 422, "invalid-rule", "0 to 1"),
        (r#"{"threshold":"NaN"}"#, 422, "invalid-rule", "NaN"),
        (r#"{"threshold":"high"}"#, 422, "invalid-rule", "threshold"),
        (r#"{"threshold":0.9"#, 400, "invalid-request", "threshold"),
        ("", 400, "invalid-request", "threshold"),
    ] {
        let detail = problem(service.put(RULE, body).await, status, slug).await;
        assert!(detail.contains(word), "{body}: {detail}");
    }
    assert_eq!(service.json(RULE).await["rule"], Value::Null);
    problem(
        service.put("/api/v1/folders/nosuch/rule", "{}").await,
        404,
        "unknown-folder",
    )
    .await;
}
