//! What readers do where the server's store is damaged.

use std::time::Duration;

use event_bus::{Bus, Extent, Latest};
use proto::v1::{Alert, Phase};
use test_support::NatsServer;
use tokio::{sync::Notify, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::{connect, view};

const SOON: Duration = Duration::from_secs(10);

/// Long enough that 64 bytes from its beginning are within its message.
fn long(id: &str) -> String {
    format!("message {id} {}", "-".repeat(100))
}

async fn publish(bus: &Bus, name: &str, id: &str) {
    let alert = Alert {
        id: id.to_owned(),
        phase: Phase::Firing.into(),
        message: long(id),
        ..Alert::default()
    };
    let expected = bus.last::<Alert>(&view(name)).await.unwrap().expected;
    bus.publish_alert(&view(name), &alert, expected)
        .await
        .unwrap();
}

/// Alerts 1 to 5 of two folders in turn, of which the server can no longer read this one.
async fn with_damaged(id: &str) -> (NatsServer, Bus) {
    let mut server = NatsServer::start();
    let bus = connect(&server).await;
    for (id, name) in ["1", "2", "3", "4", "5"]
        .into_iter()
        .zip(["a", "b"].into_iter().cycle())
    {
        publish(&bus, name, id).await;
    }
    bus.close().await;
    server.stop();
    server.damage("ALERTS", &format!("message {id}"));
    server.start_again();
    let bus = connect(&server).await;
    (server, bus)
}

fn ids<'a>(alerts: impl IntoIterator<Item = &'a Alert>) -> Vec<&'a str> {
    alerts.into_iter().map(|alert| alert.id.as_str()).collect()
}

#[tokio::test]
async fn a_damaged_message_keeps_nobody_from_catching_up() {
    for (damaged, rest) in [
        ("1", ["2", "3", "4", "5"]),
        ("3", ["1", "2", "4", "5"]),
        ("5", ["1", "2", "3", "4"]),
    ] {
        let (_server, bus) = with_damaged(damaged).await;
        let all = timeout(SOON, bus.all::<Alert>()).await;
        let all = all.unwrap_or_else(|_| panic!("{damaged} keeps it waiting"));
        assert_eq!(ids(all.iter().map(|stored| &stored.event)), rest);
    }
}

#[tokio::test]
async fn following_goes_on_after_a_damaged_message() {
    let (_server, bus) = with_damaged("5").await;
    let stop = CancellationToken::new();
    let caught_up = Notify::new();
    let mut seen = Vec::new();
    let following = bus.follow_all::<Alert>(&stop, |latest| {
        seen.push(match latest {
            Latest::Event(stored) => Some(stored.event.id),
            Latest::CaughtUp => {
                caught_up.notify_one();
                None
            }
            Latest::Anew => None,
        });
        if seen.last() == Some(&Some("6".to_owned())) {
            stop.cancel();
        }
    });
    let publishing = async {
        caught_up.notified().await;
        publish(&bus, "c", "6").await;
    };
    let both = timeout(SOON, async { tokio::join!(following, publishing) });
    both.await.unwrap();
    let seen: Vec<_> = seen.iter().map(Option::as_deref).collect();
    let backlog = ["1", "2", "3", "4"].map(Some);
    assert_eq!(seen, [&backlog[..], &[None, Some("6")]].concat());
}

#[tokio::test]
async fn a_snapshot_says_how_many_messages_are_damaged() {
    for (damaged, extent) in [
        ("3", Extent::Everything),
        ("5", Extent::Everything),
        ("5", Extent::LatestOfEachKey),
    ] {
        let (_server, bus) = with_damaged(damaged).await;
        let mut alerts = bus.snapshot::<Alert>(extent).await.unwrap();
        while let Some(_alert) = timeout(SOON, alerts.next()).await.unwrap().unwrap() {}
        assert_eq!(alerts.damaged(), 1, "{damaged}, {extent:?}");
        assert_eq!(alerts.unreadable(), 0);
    }
}

#[tokio::test]
async fn a_reader_comes_to_have_nothing_waiting_after_a_damaged_message() {
    let (_server, bus) = with_damaged("3").await;
    let mut reader = bus.read::<Alert>(0).await.unwrap();
    let mut read = Vec::new();
    while read.len() < 4 {
        read.extend(timeout(SOON, reader.next_batch(10)).await.unwrap().unwrap());
    }
    assert_eq!(
        ids(read.iter().map(|stored| &stored.event)),
        ["1", "2", "4", "5"]
    );
    assert!(reader.next_batch(10).await.unwrap().is_empty());
    assert_eq!(reader.waiting(), 0);
}
