//! Following a stream, from the latest of each folder on.

use std::sync::Arc;

use parking_lot::Mutex;

use event_bus::{Bus, Event, Expected, FrameArrival, Latest, Stored};
use proto::v1::{Alert, Phase};
use test_support::{NatsServer, eventually, soon};
use tokio_util::sync::CancellationToken;

use crate::{connect, folder, publish_alert, publish_frame, view};

/// Follows in the background; what came is in the list.
fn follow<E: Event + Clone>(
    bus: &Bus,
    stop: &CancellationToken,
) -> Arc<Mutex<Vec<Option<Stored<E>>>>> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (bus, stop, sink) = (bus.clone(), stop.clone(), Arc::clone(&seen));
    tokio::spawn(async move {
        bus.follow::<E>(&stop, |latest| {
            sink.lock().push(match latest {
                Latest::Event(stored) => Some(stored),
                Latest::Anew | Latest::CaughtUp => None,
            });
        })
        .await;
    });
    seen
}

#[tokio::test]
async fn following_begins_with_the_latest_of_each_folder_and_goes_on_live() {
    let server = NatsServer::start();
    let bus = connect(&server).await;
    let stop = CancellationToken::new().drop_guard();
    for (name, id, expected) in [("a", "1", 0), ("a", "2", 1), ("b", "3", 0)] {
        publish_alert(&bus, name, id, expected).await;
    }
    let seen = follow::<Alert>(&bus, stop.token());
    eventually("caught up", async || {
        seen.lock().contains(&None).then_some(())
    })
    .await;

    publish_alert(&bus, "b", "4", 3).await;
    let ids = eventually("the live alert", async || {
        let seen = seen.lock();
        let ids: Vec<_> = seen
            .iter()
            .map(|entry| entry.as_ref().map(|stored| stored.event.id.clone()))
            .collect();
        (ids.len() == 4).then_some(ids)
    })
    .await;
    assert_eq!(
        ids,
        [Some("2".into()), Some("3".into()), None, Some("4".into())]
    );
}

#[tokio::test]
async fn an_empty_stream_is_caught_up_at_once() {
    let server = NatsServer::start();
    let bus = connect(&server).await;
    let stop = CancellationToken::new().drop_guard();
    let seen = follow::<Alert>(&bus, stop.token());
    eventually("caught up", async || (*seen.lock() == [None]).then_some(())).await;
}

#[tokio::test]
async fn following_survives_the_loss_of_a_memory_stream() {
    let mut server = NatsServer::start();
    let bus = connect(&server).await;
    let stop = CancellationToken::new().drop_guard();
    for _ in 0..3 {
        publish_frame(&bus, &folder("dock"), b"before").await;
    }
    let seen = follow::<FrameArrival>(&bus, stop.token());
    eventually("the frame before", async || {
        (!seen.lock().is_empty()).then_some(())
    })
    .await;

    server.kill();
    server.start_again();
    let headers = event_bus::FrameHeaders {
        camera: String::new(),
        captured_at: time::OffsetDateTime::now_utc(),
    };
    eventually("the stream is there again", async || {
        bus.publish_frame(&folder("dock"), &headers, None, "after".into())
            .await
            .ok()
    })
    .await;
    eventually(
        "the frame after, although its number is small",
        async || {
            let seen = seen.lock();
            seen.iter()
                .flatten()
                .any(|stored| stored.sequence == 1)
                .then_some(())
        },
    )
    .await;
}

#[tokio::test]
async fn a_message_that_is_no_event_is_passed_over() {
    let server = NatsServer::start();
    let bus = connect(&server).await;
    let stop = CancellationToken::new().drop_guard();
    let client = async_nats::connect(server.url()).await.unwrap();
    client
        .publish("alerts.dock", b"\xff\xff\xff".as_slice().into())
        .await
        .unwrap();
    client
        .publish("alerts.Not-A-Folder", "".into())
        .await
        .unwrap();
    client.flush().await.unwrap();

    let seen = follow::<Alert>(&bus, stop.token());
    let alert = Alert {
        id: "good".into(),
        phase: Phase::Firing.into(),
        ..Alert::default()
    };
    bus.publish_alert(&view("good"), &alert, Expected(0))
        .await
        .unwrap();
    eventually("the good one", async || {
        seen.lock()
            .iter()
            .flatten()
            .any(|stored| stored.event == alert)
            .then_some(())
    })
    .await;
}

#[tokio::test]
async fn alerts_are_heard_as_they_are_published_on_each_connection() {
    let mut server = NatsServer::start();
    let bus = connect(&server).await;
    assert_eq!(bus.connections(), 1);
    let mut heard = bus.hear_alerts().await.unwrap();
    let other = connect(&server).await;
    publish_alert(&other, "a", "1", 0).await;
    assert_eq!(soon("the first", heard.next()).await, Some(view("a")));

    server.kill();
    server.start_again();
    eventually("both are back", async || {
        let is_back = bus.connections() >= 2 && other.connections() >= 2;
        (is_back && bus.is_connected() && other.is_connected()).then_some(())
    })
    .await;
    // What has answered on a connection hears what is published on another from then on.
    bus.last::<Alert>(&view("b")).await.unwrap();
    publish_alert(&other, "b", "2", 0).await;
    assert_eq!(soon("the second", heard.next()).await, Some(view("b")));
}
