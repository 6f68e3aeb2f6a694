//! Data of earlier and later versions: who may change them, and who waits.

use std::{collections::HashMap, time::Duration};

use async_nats::jetstream::{self, Context};
use event_bus::{Bus, BusConfig, ConnectError, Role, StorageError};
use futures::{
    StreamExt as _,
    future::{join_all, ready},
};
use proto::v1::Alert;
use test_support::NatsServer;

use crate::{connect, publish_alert, view};

const MARKED: [&str; 6] = [
    "UPLOADS",
    "COMPARISONS",
    "HISTORY",
    "ALERTS",
    "CHANGES",
    "DEAD_LETTERS",
];

/// That of this version.
const FORMAT: &str = "2";
const LATER: &str = "3";

async fn broker(server: &NatsServer) -> Context {
    jetstream::new(async_nats::connect(server.url()).await.unwrap())
}

/// The mark of a stream that is there.
async fn mark(broker: &Context, name: &str) -> Option<String> {
    let stream = broker.get_stream(name).await.unwrap();
    let metadata = &stream.cached_info().config.metadata;
    metadata.get("framewatch-format").cloned()
}

/// Makes what a stream's mark says; `None` takes it away, as it was before there were marks.
async fn set_mark(broker: &Context, name: &str, format: Option<&str>) {
    let stream = broker.get_stream(name).await.unwrap();
    let mut config = stream.cached_info().config.clone();
    config.metadata = HashMap::new();
    if let Some(format) = format {
        let format = ("framewatch-format".to_owned(), format.to_owned());
        config.metadata.extend([format]);
    }
    broker.update_stream(config).await.unwrap();
}

fn impatient(server: &NatsServer) -> BusConfig {
    BusConfig {
        nats_connect_timeout_s: 1,
        ..BusConfig::for_url(server.url())
    }
}

fn unfit(result: Result<Bus, ConnectError>) -> StorageError {
    match result {
        Err(ConnectError::Unfit(error)) => error,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it must not connect"),
    }
}

#[tokio::test]
async fn of_those_that_start_at_once_one_marks_what_an_earlier_version_left() {
    let server = NatsServer::start();
    let bus = connect(&server).await;
    let broker = broker(&server).await;
    publish_alert(&bus, "gate", "1", 0).await;
    for name in MARKED {
        assert_eq!(mark(&broker, name).await.as_deref(), Some(FORMAT), "{name}");
        set_mark(&broker, name, None).await;
    }
    let client = async_nats::connect(server.url()).await.unwrap();
    let changes = client
        .subscribe("$JS.EVENT.ADVISORY.STREAM.UPDATED.>")
        .await
        .unwrap();
    client.flush().await.unwrap();

    let config = BusConfig::for_url(server.url());
    let services = (0..6).map(|_| Bus::connect(&config, "test", Role::Keeper));
    for service in join_all(services).await {
        service.unwrap();
    }
    for name in MARKED {
        assert_eq!(mark(&broker, name).await.as_deref(), Some(FORMAT), "{name}");
    }
    client
        .publish("$JS.EVENT.ADVISORY.STREAM.UPDATED.end", "".into())
        .await
        .unwrap();
    let made = changes.take_while(|change| ready(!change.subject.ends_with(".end")));
    let steps = FORMAT.parse::<usize>().unwrap();
    assert_eq!(
        made.count().await,
        MARKED.len() * steps,
        "each was marked once for each step"
    );
    let kept = bus.latest::<Alert>(&view("gate")).await.unwrap();
    assert_eq!(kept.unwrap().event.id, "1");
}

#[tokio::test]
async fn who_may_not_change_older_data_waits_for_who_may() {
    let server = NatsServer::start();
    connect(&server).await;
    let broker = broker(&server).await;
    set_mark(&broker, "ALERTS", None).await;
    let config = impatient(&server);
    for refused in [
        unfit(Bus::connect(&config, "test", Role::Worker).await),
        unfit(Bus::connect(&config, "test", Role::Reader).await),
    ] {
        assert!(matches!(refused, StorageError::Older { .. }), "{refused}");
        assert!(refused.to_string().contains("upload service"), "{refused}");
    }

    // A holder that died in the middle of it.
    let folders = broker.get_key_value("folders").await.unwrap();
    folders.put("_migration", "".into()).await.unwrap();
    let config = BusConfig::for_url(server.url());
    let keeper = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        Bus::connect(&config, "test", Role::Keeper).await
    };
    let (worker, reader, keeper) = tokio::join!(
        Bus::connect(&config, "test", Role::Worker),
        Bus::connect(&config, "test", Role::Reader),
        keeper
    );
    for connected in [worker, reader, keeper] {
        connected.unwrap();
    }
    assert_eq!(mark(&broker, "ALERTS").await.as_deref(), Some(FORMAT));
}

#[tokio::test]
async fn only_the_keeper_corrects_what_an_earlier_version_has_made() {
    let server = NatsServer::start();
    let broker = broker(&server).await;
    let made = jetstream::stream::Config {
        name: "ALERTS".into(),
        subjects: vec!["alerts.old.*".into()],
        ..Default::default()
    };
    broker.create_stream(made).await.unwrap();
    let subjects = async || {
        let stream = broker.get_stream("ALERTS").await.unwrap();
        stream.cached_info().config.subjects.clone()
    };

    let config = impatient(&server);
    let refused = unfit(Bus::connect(&config, "test", Role::Worker).await);
    assert!(matches!(refused, StorageError::Older { .. }), "{refused}");
    assert_eq!(subjects().await, ["alerts.old.*"]);

    Bus::connect(&config, "test", Role::Keeper).await.unwrap();
    assert_eq!(subjects().await, ["alerts.>"]);
    assert_eq!(mark(&broker, "ALERTS").await.as_deref(), Some(FORMAT));
}

#[tokio::test]
async fn nobody_touches_what_a_later_version_has_written() {
    for format in [LATER, "4000000000", "99999999999999", "two", "-1", ""] {
        let server = NatsServer::start();
        let broker = broker(&server).await;
        let alerts = jetstream::stream::Config {
            name: "ALERTS".into(),
            subjects: vec!["alerts.*".into()],
            ..Default::default()
        };
        broker.create_stream(alerts).await.unwrap();
        set_mark(&broker, "ALERTS", Some(format)).await;
        let config = BusConfig::for_url(server.url());
        for refused in [
            unfit(Bus::connect(&config, "test", Role::Worker).await),
            unfit(Bus::connect(&config, "test", Role::Keeper).await),
            unfit(Bus::connect(&config, "test", Role::Reader).await),
            unfit(Bus::connect(&config, "test", Role::Restorer).await),
        ] {
            assert!(matches!(refused, StorageError::Newer { .. }), "{refused}");
        }
        let names: Vec<_> = broker.stream_names().collect().await;
        assert_eq!(names.len(), 1, "nothing was made: {names:?}");
        assert_eq!(mark(&broker, "ALERTS").await.as_deref(), Some(format));
    }
}

#[tokio::test]
async fn a_service_that_comes_back_to_data_of_a_later_version_is_not_ready_until_they_are_gone() {
    let mut server = NatsServer::start();
    let bus = connect(&server).await;
    set_mark(&broker(&server).await, "ALERTS", Some(LATER)).await;
    assert!(bus.is_connected());
    server.kill();
    server.start_again();
    let it_is = async |expected: bool| {
        test_support::eventually("it says so", async || {
            (bus.is_connected() == expected).then_some(())
        })
        .await;
    };
    test_support::eventually("the connection is back", async || bus.storage().await.ok()).await;
    it_is(false).await;
    let broker = broker(&server).await;
    set_mark(&broker, "ALERTS", Some(FORMAT)).await;
    it_is(true).await;
}
