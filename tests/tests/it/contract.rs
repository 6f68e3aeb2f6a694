//! docs/events.md and docs/redis.md against what really is there.

use std::{fs, path::Path};

use async_nats::jetstream::{self, stream::StorageType};
use futures::TryStreamExt;
use redis::AsyncCommands;
use tests::{Stack, View, picture};

fn document(name: &str) -> String {
    fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../docs")
            .join(name),
    )
    .unwrap()
}

/// The rows of the first table below a heading, each a list of cells without back-ticks.
fn table(document: &str, heading: &str) -> Vec<Vec<String>> {
    let (_, section) = document
        .split_once(&format!("\n## {heading}\n"))
        .expect("the heading is there");
    let rows = section
        .lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'));
    rows.skip(2)
        .map(|row| {
            row.trim_matches('|')
                .split('|')
                .map(|cell| cell.trim().replace('`', ""))
                .collect()
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_streams_are_those_of_the_documentation() {
    let stack = Stack::start().await;
    let client = async_nats::connect(stack.nats.url()).await.unwrap();
    let mut found: Vec<Vec<String>> = jetstream::new(client)
        .streams()
        .try_collect::<Vec<_>>()
        .await
        .unwrap()
        .into_iter()
        .filter(|info| {
            let buckets = ["KV_", "OBJ_"];
            !buckets
                .iter()
                .any(|kind| info.config.name.starts_with(kind))
        })
        .map(|info| {
            let config = info.config;
            let storage = match config.storage {
                StorageType::File => "file",
                StorageType::Memory => "memory",
            };
            let limit = |value: i64| {
                if value > 0 {
                    value.to_string()
                } else {
                    "-".to_owned()
                }
            };
            vec![
                config.name,
                config.subjects.join(" "),
                storage.to_owned(),
                limit(config.max_messages_per_subject),
                limit(i64::try_from(config.max_age.as_secs()).unwrap() / 60),
                limit(config.max_bytes / 1_000_000),
            ]
        })
        .collect();
    found.sort();
    assert_eq!(table(&document("events.md"), "Streams"), found);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_redis_keys_are_those_of_the_documentation() {
    let stack = Stack::start().await;
    stack
        .upload("folder1", "dock.jpg", picture(View::Dock, 0))
        .await;
    stack.publish("folder1", picture(View::Wall, 0)).await;
    stack.firing("folder1").await;
    stack.similarity_where("folder1", |_| true).await;

    let mut redis = stack.redis().await;
    let mut found: Vec<Vec<String>> = Vec::new();
    for key in redis.keys::<_, Vec<String>>("*").await.unwrap() {
        let kind: redis::ValueType = redis.key_type(&key).await.unwrap();
        found.push(vec![key.replace("folder1", "<folder>"), String::from(kind)]);
    }
    found.sort();
    let documented: Vec<Vec<String>> = table(&document("redis.md"), "Keys")
        .into_iter()
        .map(|row| row[..2].to_vec())
        .collect();
    assert_eq!(documented, found);
}
