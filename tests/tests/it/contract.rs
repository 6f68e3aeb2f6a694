//! docs/events.md and docs/redis.md against what really is there.

use std::{collections::BTreeSet, fs, path::Path};

use async_nats::jetstream::{
    self,
    stream::{self, StorageType},
};
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

/// The rows of the tables below a heading, each a list of cells without back-ticks.
fn tables(document: &str, heading: &str) -> Vec<Vec<String>> {
    let (_, section) = document
        .split_once(&format!("\n## {heading}\n"))
        .expect("the heading is there");
    let section = section.split("\n## ").next().unwrap();
    let mut rows = Vec::new();
    let mut lines = section.lines().peekable();
    while let Some(line) = lines.next() {
        let is_title = lines.peek().is_some_and(|next| next.starts_with("|---"));
        if line.starts_with('|') && !line.starts_with("|---") && !is_title {
            let cells = line.trim_matches('|').split('|');
            rows.push(cells.map(|cell| cell.trim().replace('`', "")).collect());
        }
    }
    rows
}

fn row(config: stream::Config) -> Vec<String> {
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
    let bucket = ["KV_", "OBJ_"]
        .iter()
        .find_map(|kind| config.name.strip_prefix(kind));
    vec![
        bucket.unwrap_or(&config.name).to_owned(),
        config.subjects.join(" "),
        storage.to_owned(),
        limit(config.max_messages_per_subject),
        limit(i64::try_from(config.max_age.as_secs()).unwrap() / 60),
        limit(config.max_bytes / 1_000_000),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn the_streams_and_buckets_are_those_of_the_documentation() {
    let stack = Stack::start().await;
    let client = async_nats::connect(stack.nats.url()).await.unwrap();
    let streams: Vec<_> = jetstream::new(client)
        .streams()
        .try_collect()
        .await
        .unwrap();
    let found: BTreeSet<_> = streams.into_iter().map(|info| row(info.config)).collect();
    let documented: BTreeSet<_> = tables(&document("events.md"), "Streams and buckets")
        .into_iter()
        .map(|row| row[..6].to_vec())
        .collect();
    assert_eq!(documented, found);
}

/// What all subjects begin with that it stands for: the parts before its first variable or wildcard.
fn up_to_its_first_variable(subject: &str) -> String {
    let parts = subject.split('.');
    let fixed: Vec<&str> = parts
        .take_while(|part| !part.starts_with(['{', '*', '>']))
        .collect();
    fixed.join(".")
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
        .map(|subject| up_to_its_first_variable(subject))
        .collect();
    let text = document("asyncapi.yaml");
    let addresses = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("address: "));
    let documented: BTreeSet<String> = addresses.map(up_to_its_first_variable).collect();
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
    let files = [
        "alert",
        "camera",
        "change",
        "comparison",
        "finding",
        "fingerprint",
        "folder",
        "history",
        "proposal",
        "rule",
        "source",
        "upload",
    ];
    let contract = files.map(|file| document(&format!("../proto/framewatch/v1/{file}.proto")));
    let contract = declarations(&contract.concat());
    assert!(contract.len() > 40, "{contract:?}");
    assert_eq!(declarations(&document("asyncapi.yaml")), contract);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_redis_keys_are_those_of_the_documentation() {
    let stack = Stack::watching("folder1").await;
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
    let documented: Vec<Vec<String>> = tables(&document("redis.md"), "Keys")
        .into_iter()
        .map(|row| row[..2].to_vec())
        .collect();
    assert_eq!(documented, found);
}
