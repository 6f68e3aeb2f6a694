//! A system as people leave it, and what can be seen of one.

use std::collections::BTreeMap;

use event_bus::RuleScope;
use proto::v1::{Mask, Point, Rule, WatchedRegion};
use redis::AsyncCommands;
use serde_json::{Value, json};
use test_support::eventually;
use tests::{Stack, View, picture};

use crate::{run, stderr};

/// Folders with references, one of them not the newest that was uploaded; normal pictures; rules; a folder that was made and one that was
/// removed; an alert that is over, two that are firing, and one of them acknowledged.
pub(super) async fn lived_in() -> Stack {
    let stack = Stack::start().await;
    for folder in ["dock", "gate", "quiet", "empty", "gone"] {
        stack.make_folder(folder).await;
    }
    stack.remove_folder("gone").await;
    stack.set_rule("gate", r#"{"threshold": 0.85}"#).await;
    draw_on(&stack, "empty").await;
    stack.set_rule("quiet", r#"{"enabled": false}"#).await;

    stack
        .upload("dock", "first.jpg", picture(View::Dock, 0))
        .await;
    stack
        .upload("dock", "second.jpg", picture(View::Dock, 1))
        .await;
    let third = stack
        .upload("dock", "third.jpg", picture(View::Yard, 0))
        .await;
    stack.remove("dock", &third.id).await;
    stack
        .upload("gate", "gate.jpg", picture(View::Dock, 0))
        .await;
    for seed in [5, 6] {
        stack.add_normal("gate", picture(View::Yard, seed)).await;
    }

    stack.publish("dock", picture(View::Wall, 0)).await;
    stack.firing("dock").await;
    stack.publish("dock", picture(View::Dock, 2)).await;
    stack.quiet("dock").await;
    stack.publish("gate", picture(View::Wall, 0)).await;
    stack.firing("gate").await;
    stack.publish("dock", picture(View::Wall, 1)).await;
    let dock = stack.firing("dock").await;

    eventually("the page shows all alerts", async || {
        (stack.get("/api/v1/alerts").await["total"] == 3).then_some(())
    })
    .await;
    let web = stack.url("");
    let acknowledge = [
        "alerts", "ack", &dock.id, "--name", "Jo", "--note", "seen", "--url", &web,
    ];
    let acknowledged = run(&acknowledge);
    assert!(acknowledged.status.success(), "{}", stderr(&acknowledged));
    stack
}

/// Gives a folder a mask and a region. No frames come there: the service itself would ask for the measure view.
async fn draw_on(stack: &Stack, folder: &str) {
    let polygon = [(0.0, 0.0), (0.3, 0.0), (0.3, 0.1)].map(|(x, y)| Point { x, y });
    let rule = Rule {
        masks: vec![Mask {
            polygon: polygon.to_vec(),
        }],
        regions: vec![WatchedRegion {
            name: "lock".to_owned(),
            polygon: polygon.to_vec(),
            threshold: Some(0.95),
            own_detail: true,
        }],
        ..Rule::default()
    };
    let scope = RuleScope::Folder(folder.parse().unwrap());
    let bus = stack.bus().await;
    bus.rules().set(&scope, &rule).await.unwrap();
}

pub(super) type Answers = BTreeMap<String, Value>;

/// What people and programs see of a system: by HTTP and in Redis.
pub(super) async fn seen(stack: &Stack) -> Answers {
    let mut seen = BTreeMap::new();
    let mut folders = stack.get("/api/v1/folders").await;
    let listed = folders["folders"].as_array_mut().unwrap();
    for folder in listed.iter_mut() {
        let name = folder["folder"].as_str().unwrap().to_owned();
        // The last minutes; and what is there only while a camera sends.
        for passing in ["recent", "frame", "frameIsCurrent", "state"] {
            folder.as_object_mut().unwrap().remove(passing);
        }
        for path in ["images", "rule"] {
            let path = format!("/api/v1/folders/{name}/{path}");
            seen.insert(path.clone(), stack.get(&path).await);
        }
        for image in seen[&format!("/api/v1/folders/{name}/images")]["images"]
            .clone()
            .as_array()
            .unwrap()
        {
            let path = format!(
                "/api/v1/folders/{name}/images/{}/content",
                image["id"].as_str().unwrap()
            );
            seen.insert(path.clone(), bytes(stack, &path).await);
        }
        for normal in folder["normals"].as_array().unwrap() {
            let path = format!(
                "/api/v1/folders/{name}/normals/{}",
                normal["id"].as_str().unwrap()
            );
            seen.insert(path.clone(), bytes(stack, &path).await);
        }
    }
    seen.insert("folders".into(), folders);
    seen.insert("rules".into(), stack.get("/api/v1/rules/_default").await);
    let alerts = stack.get("/api/v1/alerts").await;
    for alert in alerts["alerts"].as_array().unwrap() {
        for exhibit in ["frame", "reference"] {
            let id = alert["id"].as_str().unwrap();
            let path = format!("/api/v1/alerts/{id}/evidence/{exhibit}");
            seen.insert(path.clone(), bytes(stack, &path).await);
        }
    }
    seen.insert("alerts".into(), alerts);
    seen.extend(in_redis(stack).await);
    seen
}

async fn bytes(stack: &Stack, path: &str) -> Value {
    let response = reqwest::get(stack.url(path)).await.unwrap();
    let status = response.status().as_u16();
    let bytes = response.bytes().await.unwrap();
    json!([
        status,
        bytes.len(),
        bytes.iter().fold(0_u64, |sum, byte| sum
            .wrapping_mul(31)
            .wrapping_add((*byte).into()))
    ])
}

/// All keys but those that are the sink's own. Entries of the stream have other ids: those are the time of storing.
async fn in_redis(stack: &Stack) -> BTreeMap<String, Value> {
    let mut redis = stack.redis().await;
    let keys: Vec<String> = redis.keys("*").await.unwrap();
    let mut held = BTreeMap::new();
    for key in keys {
        let value = match key.as_str() {
            "alerts" => {
                let entries: Vec<(String, Vec<(String, String)>)> =
                    redis.xrange_all(&key).await.unwrap();
                json!(
                    entries
                        .into_iter()
                        .map(|(_, fields)| fields)
                        .collect::<Vec<_>>()
                )
            }
            "folders" => {
                let mut folders: Vec<String> = redis.smembers(&key).await.unwrap();
                folders.sort();
                json!(folders)
            }
            own if own.starts_with("framewatch:") => continue,
            // It may have gone since it was listed.
            _ => match redis.get::<_, Option<String>>(&key).await.unwrap() {
                Some(value) => json!(value),
                None => continue,
            },
        };
        held.insert(format!("redis {key}"), value);
    }
    held
}
