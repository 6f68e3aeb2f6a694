//! What is kept of messages that nobody can handle.

use std::time::Duration;

use async_nats::{Client, HeaderMap};
use event_bus::{Bus, DeadLetter, FrameArrival, Latest, ReplayError, Stored, Work};
use test_support::{NatsServer, eventually, soon};
use tokio::{sync::mpsc, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::{connect, folder, publish_frame};

const WORK: Work = Work {
    consumer: "test",
    batch: 4,
    ack_wait: Duration::from_secs(30),
};

const MOST: usize = 8 * 1024 * 1024;

async fn client(server: &NatsServer) -> Client {
    let client = async_nats::connect(server.url()).await.unwrap();
    eventually("the server says what it takes", async || {
        (client.max_payload() > 1_000_000).then_some(())
    })
    .await;
    client
}

fn padding(bytes: usize) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("X-Padding", "x".repeat(bytes));
    headers
}

async fn publish(client: &Client, headers: HeaderMap, payload: Vec<u8>) {
    client
        .publish_with_headers("frames.dock", headers, payload.into())
        .await
        .unwrap();
    client.flush().await.unwrap();
}

async fn the_only_letter(bus: &Bus) -> Stored<DeadLetter> {
    let number = eventually("a dead letter", async || {
        bus.dead_letters()
            .await
            .first()
            .map(|letter| letter.sequence)
    })
    .await;
    bus.dead_letter(number).await.unwrap().unwrap()
}

/// Rejects the frames that a worker is given, until it is given none.
async fn reject_all(bus: &Bus) -> usize {
    let stop = CancellationToken::new().drop_guard();
    let (queue, mut deliveries) = mpsc::channel(4);
    let work = bus.work::<FrameArrival>(WORK, queue, stop.token());
    let rejecting = async {
        let mut rejected = 0;
        // Longer than until a message comes again that was not kept.
        while let Ok(Some(delivery)) = timeout(Duration::from_secs(6), deliveries.recv()).await {
            delivery.reject(bus, "no picture").await;
            rejected += 1;
        }
        rejected
    };
    tokio::select! {
        () = work => unreachable!("it ends with the test"),
        rejected = rejecting => rejected,
    }
}

#[tokio::test]
async fn a_frame_that_fills_a_message_becomes_a_dead_letter_that_says_what_is_left_out() {
    let server = NatsServer::start();
    let bus = connect(&server).await;
    let picture: Vec<u8> = (0..MOST - 100).map(|at| (at % 251) as u8).collect();
    publish(&client(&server).await, HeaderMap::new(), picture.clone()).await;

    assert_eq!(reject_all(&bus).await, 1);
    let letter = the_only_letter(&bus).await;
    let kept = letter.event.payload.len();
    assert!(kept > MOST - 20_000, "{kept}");
    assert_eq!(letter.event.payload, picture[..kept]);
    assert_eq!(
        letter.event.left_out,
        format!(
            "the last {} of {} bytes",
            picture.len() - kept,
            picture.len()
        )
    );
    let refused = bus.replay(&letter).await.unwrap_err();
    assert!(matches!(refused, ReplayError::NotWhole { .. }), "{refused}");
}

#[tokio::test]
async fn a_frame_with_more_than_8_kb_of_headers_becomes_a_dead_letter_without_them() {
    let server = NatsServer::start();
    let bus = connect(&server).await;
    let client = client(&server).await;
    publish(&client, padding(64_000), vec![7; 1000]).await;
    publish(&client, padding(8_000), vec![8; 1000]).await;

    assert_eq!(reject_all(&bus).await, 1);
    let letter = the_only_letter(&bus).await;
    assert_eq!(letter.event.payload, [7; 1000][..]);
    assert_eq!(letter.event.left_out, "64013 bytes of headers");
    assert_eq!(letter.event.cause, "64013 bytes of headers; 8192 at most");
}

#[tokio::test]
async fn a_dead_letter_of_a_frame_has_its_bytes_though_who_follows_headers_was_first() {
    let server = NatsServer::start();
    let bus = connect(&server).await;
    let stop = CancellationToken::new().drop_guard();
    let (follower, token) = (bus.clone(), stop.token().clone());
    let (seen, mut frames) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let hand_on = |latest| {
            if let Latest::Event(frame) = latest {
                seen.send(frame.key).unwrap();
            }
        };
        follower.follow::<FrameArrival>(&token, hand_on).await;
    });
    publish(&client(&server).await, padding(64_000), vec![7; 1000]).await;
    publish_frame(&bus, &folder("after"), b"picture").await;
    assert_eq!(
        soon("the frame after", frames.recv()).await,
        Some(folder("after"))
    );

    reject_all(&bus).await;
    eventually("a dead letter with its bytes", async || {
        let letters = bus.dead_letters().await;
        let of_dock = letters
            .iter()
            .find(|one| one.event.subject == "frames.dock")?;
        assert_eq!(of_dock.event.size, 1000);
        Some(())
    })
    .await;
}
