//! docs/events.md and docs/redis.md against what really is there.

use std::{collections::BTreeSet, fs, path::Path};

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

/// With the last part left out, where it is a variable or a wildcard.
fn up_to_its_last_part(subject: &str) -> String {
    let (rest, last) = subject.rsplit_once('.').unwrap();
    assert!(last.starts_with(['{', '*', '>']), "{subject}");
    rest.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_subjects_are_those_of_the_asyncapi_document() {
    let stack = Stack::start().await;
    let client = async_nats::connect(stack.nats.url()).await.unwrap();
    let streams: Vec<_> = jetstream::new(client)
        .streams()
        .try_collect()
        .await
        .unwrap();
    let subjects = streams.iter().flat_map(|info| &info.config.subjects);
    let found: BTreeSet<String> = subjects
        .map(|subject| up_to_its_last_part(subject))
        .collect();
    let text = document("asyncapi.yaml");
    let addresses = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("address: "));
    let documented: BTreeSet<String> = addresses.map(up_to_its_last_part).collect();
    assert_eq!(documented, found);
}

/// The declarations of fields and values in a text: each ends in a number.
fn declarations(text: &str) -> BTreeSet<String> {
    let lines = text.lines().map(str::trim);
    let ends_in_number = |line: &&str| {
        let number = line
            .strip_suffix(';')
            .and_then(|line| line.rsplit_once(" = "));
        number.is_some_and(|(_, number)| number.parse::<u32>().is_ok())
    };
    lines.filter(ends_in_number).map(str::to_owned).collect()
}

#[test]
fn the_asyncapi_document_has_the_messages_as_they_are() {
    let files = ["alert", "comparison", "fingerprint", "upload"];
    let contract = files.map(|file| document(&format!("../proto/framewatch/v1/{file}.proto")));
    let contract = declarations(&contract.concat());
    assert!(contract.len() > 40, "{contract:?}");
    assert_eq!(declarations(&document("asyncapi.yaml")), contract);
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
