//! Work that copies of a service share: handed out, retried, rejected.

use std::time::Duration;

use event_bus::{Bus, Delivery, FrameArrival, Work};
use test_support::{NatsServer, eventually, soon};
use tokio::{sync::mpsc, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::{connect, folder, publish_frame};

const WORK: Work = Work {
    consumer: "test",
    batch: 4,
    ack_wait: Duration::from_secs(30),
};

fn work(bus: &Bus, stop: &CancellationToken) -> mpsc::Receiver<Delivery<FrameArrival>> {
    let (queue, deliveries) = mpsc::channel(4);
    let (bus, stop) = (bus.clone(), stop.clone());
    tokio::spawn(async move { bus.work(WORK, queue, &stop).await });
    deliveries
}

async fn next(deliveries: &mut mpsc::Receiver<Delivery<FrameArrival>>) -> Delivery<FrameArrival> {
    soon("a delivery", deliveries.recv()).await.unwrap()
}

#[tokio::test]
async fn two_copies_share_the_work() {
    let server = NatsServer::start();
    let bus = connect(&server).await;
    let stop = CancellationToken::new().drop_guard();
    let (mut one, mut other) = (work(&bus, stop.token()), work(&bus, stop.token()));
    let mut seen = Vec::new();
    for number in 0..12 {
        publish_frame(&bus, &folder(&format!("folder{number}")), b"picture").await;
    }
    while seen.len() < 12 {
        let delivery = tokio::select! {
            delivery = next(&mut one) => delivery,
            delivery = next(&mut other) => delivery,
        };
        seen.push(delivery.stored.sequence);
        delivery.done().await;
    }
    seen.sort();
    assert_eq!(seen, (1..=12).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_late_consumer_gets_the_newest_four_of_each_folder_and_knows_what_it_missed() {
    let server = NatsServer::start();
    let bus = connect(&server).await;
    let stop = CancellationToken::new().drop_guard();
    for _ in 0..10 {
        publish_frame(&bus, &folder("dock"), b"picture").await;
    }
    let mut deliveries = work(&bus, stop.token());
    for sequence in 7..=10 {
        let delivery = next(&mut deliveries).await;
        assert_eq!(delivery.stored.sequence, sequence);
        delivery.done().await;
    }
    let progress = bus.progress::<FrameArrival>(WORK).await.unwrap();
    assert_eq!((progress.waiting, progress.passed_over), (0, 6));
}

#[tokio::test]
async fn what_is_retried_comes_again_and_what_is_rejected_does_not() {
    let server = NatsServer::start();
    let bus = connect(&server).await;
    let stop = CancellationToken::new().drop_guard();
    let mut deliveries = work(&bus, stop.token());
    publish_frame(&bus, &folder("retried"), b"picture").await;
    publish_frame(&bus, &folder("rejected"), b"picture").await;

    next(&mut deliveries)
        .await
        .retry_after(Duration::from_secs(1))
        .await;
    let rejected = next(&mut deliveries).await;
    rejected.reject(&bus, "torn").await;
    let again = next(&mut deliveries).await;
    assert_eq!(again.stored.key, folder("retried"));
    again.done().await;
    assert!(
        timeout(Duration::from_millis(300), deliveries.recv())
            .await
            .is_err()
    );
}

#[tokio::test]
async fn work_goes_on_after_the_server_was_killed() {
    let mut server = NatsServer::start();
    let bus = connect(&server).await;
    let stop = CancellationToken::new().drop_guard();
    let mut deliveries = work(&bus, stop.token());
    publish_frame(&bus, &folder("dock"), b"before").await;
    next(&mut deliveries).await.done().await;

    server.kill();
    server.start_again();
    let headers = event_bus::FrameHeaders {
        camera: String::new(),
        captured_at: time::OffsetDateTime::now_utc(),
    };
    eventually("a frame is taken again", async || {
        bus.publish_frame(&folder("dock"), &headers, None, "after".into())
            .await
            .ok()
    })
    .await;
    let delivery = next(&mut deliveries).await;
    assert_eq!(&delivery.stored.event.picture[..], b"after");
}
