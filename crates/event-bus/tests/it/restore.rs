//! Putting back what a backup holds.

use event_bus::{Bus, BusConfig, ConnectError, Extent, ReferenceChange, Role, StorageError};
use futures::StreamExt as _;
use proto::v1::{Alert, Comparison, Phase, Upload};
use test_support::{NatsServer, soon};

use crate::{connect, folder, publish_alert, view};

fn alert(id: &str) -> Alert {
    Alert {
        id: id.to_owned(),
        phase: Phase::Firing.into(),
        ..Alert::default()
    }
}

async fn ids(bus: &Bus) -> Vec<String> {
    let mut alerts = bus.snapshot::<Alert>(Extent::Everything).await.unwrap();
    let mut ids = Vec::new();
    while let Some(alert) = alerts.next().await.unwrap() {
        ids.push(format!("{} {}", alert.key, alert.event.id));
    }
    ids
}

#[tokio::test]
async fn what_is_restored_is_there_in_its_order_and_nobody_hears_of_it() {
    let server = NatsServer::start();
    let bus = connect(&server).await;
    publish_alert(&bus, "gate", "before", 0).await;
    let listener = async_nats::connect(server.url()).await.unwrap();
    let mut heard = listener.subscribe(">").await.unwrap();
    listener.flush().await.unwrap();

    let mut restoration = bus.begin_restoration("one").await.unwrap();
    for (name, id) in [("gate", "1"), ("dock", "2"), ("gate", "3")] {
        restoration.alert(&view(name), &alert(id)).await.unwrap();
    }
    let upload = ReferenceChange::Uploaded(Upload::default());
    restoration
        .reference(&folder("gate"), &upload)
        .await
        .unwrap();
    let comparison = Comparison::default();
    restoration
        .comparison(&folder("gate"), &comparison)
        .await
        .unwrap();
    restoration.finish().await.unwrap();

    assert_eq!(ids(&bus).await, ["gate 1", "dock 2", "gate 3"]);
    let reference = bus
        .latest::<ReferenceChange>(&folder("gate"))
        .await
        .unwrap();
    assert_eq!(reference.unwrap().event, upload);
    let compared = bus.latest::<Comparison>(&folder("gate")).await.unwrap();
    assert_eq!(compared.unwrap().event, comparison);

    // From now on it is as ever.
    let last = bus.last::<Alert>(&view("gate")).await.unwrap();
    let expected = last.expected;
    bus.publish_alert(&view("gate"), &alert("4"), expected)
        .await
        .unwrap();
    let subject = loop {
        let subject = soon("the alert", heard.next()).await.unwrap().subject;
        if ["alerts.", "uploads.", "comparisons."]
            .iter()
            .any(|usual| subject.starts_with(usual))
        {
            break subject;
        }
    };
    assert_eq!(subject.as_str(), "alerts.gate");
    let stream = async_nats::jetstream::new(listener);
    let stream = stream.get_stream("ALERTS").await.unwrap();
    let config = &stream.cached_info().config;
    assert_eq!(config.subjects, ["alerts.>"]);
    assert_eq!(config.subject_transform, None);
}

#[tokio::test]
async fn nothing_starts_upon_a_restoration_that_has_not_ended() {
    let server = NatsServer::start();
    let bus = connect(&server).await;
    assert!(bus.is_unused().await.unwrap());
    let mut restoration = bus.begin_restoration("one").await.unwrap();
    restoration.alert(&view("gate"), &alert("1")).await.unwrap();
    drop(restoration);

    let config = BusConfig::for_url(server.url());
    let refused = Bus::connect(&config, "test", Role::Worker)
        .await
        .err()
        .unwrap();
    assert!(
        matches!(refused, ConnectError::Unfit(StorageError::Restoring { .. })),
        "{refused}"
    );

    let bus = Bus::connect(&config, "test", Role::Restorer).await.unwrap();
    let begun = bus.unfinished_restoration().await.unwrap();
    assert_eq!(begun.as_deref(), Some("one"));
    let mut restoration = bus.begin_restoration("one").await.unwrap();
    restoration.alert(&view("gate"), &alert("2")).await.unwrap();
    restoration.finish().await.unwrap();
    assert_eq!(bus.unfinished_restoration().await.unwrap(), None);
    assert_eq!(ids(&connect(&server).await).await, ["gate 2"]);
    assert!(!bus.is_unused().await.unwrap());
}
