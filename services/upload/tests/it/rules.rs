//! Rules: which holds for a folder, and which are refused.

use event_bus::RuleScope;
use proto::v1::Rule;
use serde_json::{Value, json};
use test_support::NatsServer;
use upload::Config;

use crate::service::{Service, folder, problem};

const RULE: &str = "/api/v1/folders/folder1/rule";
const DEFAULT: &str = "/api/v1/rules/_default";

#[tokio::test]
async fn a_rule_of_the_folder_goes_before_the_default_before_the_built_in_one() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let effective = async || {
        let answer = service.json(RULE).await;
        let threshold = answer["effective"]["threshold"].as_f64().unwrap();
        (
            threshold,
            answer["sources"]["threshold"].as_str().unwrap().to_owned(),
        )
    };
    let is = |threshold: f64, source: &str| (threshold, source.to_owned());
    assert_eq!(effective().await, is(0.9, "built-in"));

    assert_eq!(
        service.put(DEFAULT, r#"{"threshold":0.8}"#).await.status(),
        200
    );
    assert_eq!(effective().await, is(0.8, "default"));

    let set = service.put(RULE, r#"{"threshold":1}"#).await;
    let answer: Value = set.json().await.unwrap();
    assert_eq!(
        answer["rule"],
        json!({"threshold": 1.0, "masks": [], "regions": []})
    );
    assert_eq!(effective().await, is(1.0, "folder"));
    let scope = RuleScope::Folder(folder("folder1"));
    let stored = service.bus.rules().get(&scope).await;
    assert_eq!(stored.unwrap().unwrap().threshold, Some(1.0));

    assert_eq!(service.delete(RULE).await.status(), 204);
    assert_eq!(service.delete(DEFAULT).await.status(), 204);
    assert_eq!(effective().await, is(0.9, "built-in"));
    assert_eq!(service.json(RULE).await["rule"], Value::Null);
}

#[tokio::test]
async fn every_field_has_its_own_source() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    service
        .put(DEFAULT, r#"{"holdSeconds":30,"enabled":false}"#)
        .await;
    service
        .put(RULE, r#"{"enabled":true,"keepFiringSeconds":0.5}"#)
        .await;
    let answer = service.json(RULE).await;
    assert_eq!(
        answer["rule"],
        json!({"enabled": true, "keepFiringSeconds": 0.5, "masks": [], "regions": []})
    );
    let effective = json!({"threshold": 0.9, "holdSeconds": 30.0, "keepFiringSeconds": 0.5, "enabled": true, "measure": "phash", "learn": "ask", "frozenSeconds": 120.0, "masks": [], "regions": []});
    assert_eq!(answer["effective"], effective);
    assert_eq!(
        answer["sources"],
        json!({"threshold": "built-in", "holdSeconds": "default", "keepFiringSeconds": "folder", "enabled": "folder", "measure": "built-in", "learn": "built-in", "frozenSeconds": "built-in", "silentSeconds": "built-in"})
    );
    let folder = service.json("/api/v1/folders/folder1").await;
    assert_eq!(folder["rule"], effective);
}

#[tokio::test]
async fn a_rule_that_cannot_be_is_refused_by_name() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    for (body, status, slug, word) in [
        (r#"{"treshold":0.9}"#, 422, "invalid-rule", "treshold"),
        (r#"{"threshold":1.01}"#, 422, "invalid-rule", "1.01"),
        (
            r#"{"holdSeconds":-1}"#,
            422,
            "invalid-rule",
            "holdSeconds is -1",
        ),
        (
            r#"{"keepFiringSeconds":86401}"#,
            422,
            "invalid-rule",
            "0 to 86400",
        ),
        ("[null, null]", 422, "invalid-rule", "list"),
        (r#"{"hold_seconds":1}"#, 422, "invalid-rule", "holdSeconds"),
        (r#"{"enabled":"yes"}"#, 422, "invalid-rule", "yes"),
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

#[test]
fn the_fields_and_their_values_are_those_of_the_documentation() {
    let http = include_str!("../../../../docs/http.md");
    let asyncapi = include_str!("../../../../docs/asyncapi.yaml");
    for field in Rule::FIELDS {
        let row = format!("| `{}` | {} |", field.name, field.built_in);
        let row = http.lines().find(|line| line.starts_with(&row));
        let row = row.unwrap_or_else(|| panic!("{} is in docs/http.md", field.name));
        let begin = format!("        {}: {{type: ", field.name);
        let entry = asyncapi.lines().find(|line| line.starts_with(&begin));
        let entry = entry.unwrap_or_else(|| panic!("{} is in docs/asyncapi.yaml", field.name));
        if let Some((least, most)) = field.kind.range() {
            assert!(row.contains(&format!("{least} to {most}")), "{row}");
            let range = format!("minimum: {least}, maximum: {most}");
            assert!(entry.contains(&range), "{entry}");
        }
    }
}

#[tokio::test]
async fn the_old_threshold_is_the_default_rule_where_none_is_set() {
    let nats = NatsServer::start();
    let with = |threshold| Config {
        default_threshold: Some(threshold),
        ..Config::default()
    };
    let service = Service::start_with(&nats, with(0.85)).await;
    let rule = service.json(DEFAULT).await["rule"].clone();
    assert_eq!(
        rule,
        json!({"threshold": 0.85, "measure": "phash", "masks": [], "regions": []})
    );

    // What people set afterwards stays, whatever the variable says at the next start.
    service.put(DEFAULT, r#"{"threshold":0.7}"#).await;
    service.stop().await;
    let service = Service::start_with(&nats, with(0.85)).await;
    assert_eq!(
        service.json(DEFAULT).await["rule"],
        json!({"threshold": 0.7, "masks": [], "regions": []})
    );
}
