//! Data of format 1, as version 0.1.0 left them, under the services of today. What they hold says the README beside them.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use async_nats::jetstream::{self, Context};
use event_bus::{AlertSubject, Bus, BusConfig, Role};
use futures::future::join_all;
use proto::v1::{Alert, Kind, Phase, ResolvedBy};
use serde_json::Value;
use tempfile::TempDir;
use test_support::NatsServer;
use tests::{Process, Stack, View, picture};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpStream},
    sync::watch,
    time::timeout,
};

fn server() -> NatsServer {
    let fixtures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    NatsServer::start_with_data(fixtures.join("format-1/jetstream.tar.gz"))
}

async fn broker(nats: &NatsServer) -> Context {
    jetstream::new(async_nats::connect(nats.url()).await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_earlier_version_left_goes_on() {
    let mut stack = Stack::without_comparator_on(server()).await;
    stack.start_comparator().await;

    let dock = stack.get("/api/v1/folders/folder1").await;
    assert_eq!(dock["state"], "alert", "{dock}");
    assert_eq!(dock["acknowledgement"]["name"], "Jo", "{dock}");
    assert_eq!(dock["rule"]["threshold"], 0.8, "{dock}");
    assert_eq!(dock["rule"]["measure"], "phash", "{dock}");
    let old = stack.get("/api/v1/alerts?folder=folder3").await;
    assert_eq!(old["total"], 1, "{old}");
    let firing = stack.firing("yard").await;
    assert_eq!(firing.fired_with(), Some((0.515_625, 0.85)));
    assert_eq!(stack.phases().await.len(), 4, "nothing fires again");

    // It ends under its old id, and says what it fired with although it did not when it fired.
    let id = stack.firing("folder1").await.id;
    let reference = reqwest::get(stack.url("/api/v1/folders/folder1/latest/content")).await;
    let reference = reference.unwrap().bytes().await.unwrap();
    stack.publish("folder1", reference.to_vec()).await;
    stack.quiet("folder1").await;
    let view = AlertSubject::view(&"folder1".parse().unwrap());
    let last = stack.bus().await.latest::<Alert>(&view).await.unwrap();
    let ended = last.unwrap().event;
    assert_eq!((ended.phase(), &ended.id), (Phase::Resolved, &id));
    assert_eq!(ended.resolved_by(), ResolvedBy::View);
    assert_eq!(ended.fired_similarity, Some(0.5));
    assert_eq!(ended.fired_threshold, 0.8);

    // And what is new works: a blank frame is found as such.
    stack.publish("folder1", picture(View::Blank, 0)).await;
    let blank = stack.firing("folder1").await;
    assert_eq!(blank.findings[0].kind(), Kind::Blank);
}

/// Checks what must be true once the data are of format 2.
async fn check(nats: &NatsServer) {
    let broker = broker(nats).await;
    for name in [
        "UPLOADS",
        "COMPARISONS",
        "ALERTS",
        "CHANGES",
        "DEAD_LETTERS",
    ] {
        let stream = broker.get_stream(name).await.unwrap();
        let config = &stream.cached_info().config;
        assert_eq!(config.metadata["framewatch-format"], "2", "{name}");
        if name == "ALERTS" {
            assert_eq!(config.subjects, ["alerts.>"]);
            assert_eq!(stream.cached_info().state.messages, 4);
            assert!(config.max_age.is_zero(), "an operator's settings stay");
        }
    }
    let rules = broker.get_key_value("rules").await.unwrap();
    for (scope, rule) in [
        ("folder1", r#"{"measure":"phash","threshold":0.8}"#),
        ("folder2", r#"{"holdSeconds":3600.0}"#),
        (
            "_default",
            r#"{"keepFiringSeconds":0.0,"measure":"phash","threshold":0.85}"#,
        ),
    ] {
        let found = rules.get(scope).await.unwrap().unwrap();
        let found: Value = serde_json::from_slice(&found).unwrap();
        let wanted: Value = serde_json::from_str(rule).unwrap();
        assert_eq!(found, wanted, "{scope}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn three_services_that_start_at_once_bring_data_to_format_2() {
    let nats = server();
    let config = BusConfig::for_url(nats.url());
    let roles = [Role::Keeper, Role::Keeper, Role::Worker];
    let services = roles.map(|role| Bus::connect(&config, "test", role));
    for service in join_all(services).await {
        service.unwrap();
    }
    check(&nats).await;
}

/// How many requests of the upload service are let through: each number ends at another moment of the migration.
const LET_THROUGH: [usize; 8] = [5, 16, 28, 34, 38, 42, 46, 50];

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_is_killed_anywhere_is_ended_by_those_that_start_next() {
    let stopped = join_all(LET_THROUGH.map(|requests| async move {
        let nats = server();
        let stopped_short = kill_after(&nats, requests).await;
        let config = BusConfig::for_url(nats.url());
        let services = (0..3).map(|_| Bus::connect(&config, "test", Role::Keeper));
        for service in join_all(services).await {
            service.unwrap();
        }
        check(&nats).await;
        stopped_short
    }));
    let stopped = stopped.await;
    assert!(
        stopped.iter().filter(|short| **short).count() >= 4,
        "most must be stopped before the migration is over: {stopped:?}"
    );
}

/// Starts an upload service whose way to NATS ends after so many requests, and kills it there. Says whether the data were
/// not of format 2 by then.
async fn kill_after(nats: &NatsServer, requests: usize) -> bool {
    let logs = TempDir::new().unwrap();
    let (way, mut is_shut) = narrow_way(nats.address(), requests).await;
    let url = format!("nats://{way}");
    let arguments = [
        "--listen",
        "127.0.0.1:0",
        "--ops-listen",
        "127.0.0.1:0",
        "--nats-url",
        &url,
    ];
    let mut service = Process::start("upload", "framewatch-upload", &arguments, logs.path());
    timeout(Duration::from_secs(60), is_shut.wait_for(|shut| *shut))
        .await
        .expect("it asks for so much")
        .unwrap();
    service.kill();
    let broker = broker(nats).await;
    let marks = ["UPLOADS", "COMPARISONS", "ALERTS", "DEAD_LETTERS"].map(|name| {
        let broker = broker.clone();
        async move {
            let stream = broker.get_stream(name).await.unwrap();
            let metadata = &stream.cached_info().config.metadata;
            metadata.get("framewatch-format").cloned()
        }
    });
    let marks = join_all(marks).await;
    marks.iter().any(|mark| mark.as_deref() != Some("2"))
}

/// A way to the server that passes on so many messages of a client and then no more; and whether it does no more.
async fn narrow_way(server: SocketAddr, messages: usize) -> (SocketAddr, watch::Receiver<bool>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (shut, is_shut) = watch::channel(false);
    tokio::spawn(async move {
        let (client, _) = listener.accept().await.unwrap();
        let server = TcpStream::connect(server).await.unwrap();
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        tokio::spawn(async move { copy(&mut from_server, &mut to_client).await.ok() });
        let mut left = messages;
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(read @ 1..) = from_client.read(&mut buffer).await {
            // A client flushes after each request that it waits for.
            let published = buffer[..read].windows(4).filter(|it| it == b"PUB ").count();
            if published > left {
                break;
            }
            left -= published;
            to_server.write_all(&buffer[..read]).await.unwrap();
        }
        shut.send_replace(true);
        // The connection stays, as where a cable was pulled.
        std::future::pending::<()>().await;
    });
    (address, is_shut)
}
