//! The binary, as an operator runs it.

use std::{
    io::{Read as _, pipe},
    process::{Child, Command},
    time::Duration,
};

use event_bus::{Bus, BusConfig, Folder, Role};
use redis::AsyncCommands;
use test_support::{NatsServer, RedisServer, ServiceBinary, eventually, terminate, wait};
use tokio::time::sleep;

use crate::fixture::{Fixture, similarity};

const SINK: ServiceBinary<'_> = ServiceBinary {
    path: env!("CARGO_BIN_EXE_framewatch-sink"),
    name: "framewatch-sink",
};

#[test]
fn it_explains_itself() {
    SINK.explains_itself();
}

#[test]
fn it_reads_its_variables() {
    SINK.reads_its_variables();
}

#[test]
fn without_redis_it_gives_up_and_says_so() {
    let nats = NatsServer::start();
    let arguments = [
        "--nats-url",
        &nats.url(),
        "--redis-url",
        "redis://127.0.0.1:1/",
    ];
    SINK.needs_servers(
        &[&arguments[..], &["--redis-connect-timeout-s", "1"]].concat(),
        "127.0.0.1:1",
    );
}

#[tokio::test]
async fn it_runs_and_ends_in_order() {
    let (nats, redis) = (NatsServer::start(), RedisServer::start());
    // The sink reads streams and makes none.
    Bus::connect(&BusConfig::for_url(nats.url()), "test", Role::Worker)
        .await
        .unwrap();
    SINK.runs_and_ends_in_order(&["--nats-url", &nats.url(), "--redis-url", &redis.url()]);
}

#[test]
fn it_refuses_data_of_a_later_version() {
    let nats = NatsServer::start_with_newer_data();
    let redis = RedisServer::start();
    let arguments = ["--nats-url", &nats.url(), "--redis-url", &redis.url()];
    SINK.needs_servers(&arguments, "the data format 3");
}

#[tokio::test]
async fn it_refuses_a_redis_of_a_later_version_and_marks_one_that_says_nothing() {
    let (nats, redis) = (NatsServer::start(), RedisServer::start());
    Bus::connect(&BusConfig::for_url(nats.url()), "test", Role::Worker)
        .await
        .unwrap();
    let client = redis::Client::open(redis.url()).unwrap();
    let mut keys = client.get_multiplexed_async_connection().await.unwrap();
    let key = "framewatch:position:format";
    let arguments = ["--nats-url", &nats.url(), "--redis-url", &redis.url()];
    for format in ["3", "", "one", "-1"] {
        keys.set::<_, _, ()>(key, format).await.unwrap();
        SINK.needs_servers(&arguments, "empty Redis: it is filled again");
        let found: String = keys.get(key).await.unwrap();
        assert_eq!(found, format);
    }
    keys.del::<_, ()>(key).await.unwrap();
    keys.set::<_, _, ()>("similarity_gate", "0.5")
        .await
        .unwrap();
    SINK.runs_and_ends_in_order(&arguments);
    let [mark, kept]: [String; 2] = keys.mget(&[key, "similarity_gate"]).await.unwrap();
    assert_eq!((mark.as_str(), kept.as_str()), ("2", "0.5"));
}

#[tokio::test]
async fn what_redis_refuses_is_logged_once_and_once_when_it_is_well_again() {
    let mut fixture = Fixture::start().await;
    fixture.stop_sink().await;
    fixture.do_in_redis("SET folders x").await;
    let (mut log, stderr) = pipe().unwrap();
    let sink = Command::new(SINK.path)
        .args(["--nats-url", &fixture.nats.url()])
        .args(["--redis-url", &fixture.redis.url()])
        .args(["--ops-listen", "127.0.0.1:0", "--log-format", "json"])
        .stderr(stderr)
        .spawn()
        .unwrap();
    let mut sink = EndsWithTheTest(sink);
    let folder: Folder = "dock".parse().unwrap();
    let redis = fixture.redis().await;
    let compare = async |value: f64| {
        fixture.compare(&folder, value).await;
        eventually("the similarity", async || {
            let found = similarity(&redis, &folder).await;
            found.filter(|found| *found == value.to_string())
        })
        .await;
    };
    for value in [0.125, 0.25, 0.375] {
        compare(value).await;
    }
    // So that it is tried again twice.
    sleep(Duration::from_secs(11)).await;
    fixture.do_in_redis("DEL folders").await;
    eventually("the folder", async || {
        let is_there: Result<bool, _> = redis.clone().sismember("folders", "dock").await;
        is_there.unwrap_or_default().then_some(())
    })
    .await;

    fixture.do_in_redis("REPLICAOF 127.0.0.1 1").await;
    // So that both streams are begun again many times.
    sleep(Duration::from_secs(12)).await;
    fixture.do_in_redis("REPLICAOF NO ONE").await;
    compare(0.5).await;
    // A stream in which nothing comes is seen to be written again after five seconds at most.
    sleep(Duration::from_secs(15)).await;
    terminate(&sink.0);
    assert!(wait(&mut sink.0).success());
    let mut text = String::new();
    log.read_to_string(&mut text).unwrap();
    for (said, times) in [
        ("rename or delete the key", 1),
        ("these keys are written again", 1),
        ("give --redis-url the primary", 2),
        ("writing to Redis again", 2),
        ("WARN", 3),
    ] {
        let found = text.lines().filter(|line| line.contains(said)).count();
        assert_eq!(found, times, "{said}: {text}");
    }
}

/// A process that a test which fails leaves behind for nobody.
struct EndsWithTheTest(Child);

impl Drop for EndsWithTheTest {
    fn drop(&mut self) {
        // It has ended already where the test has not failed.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}
