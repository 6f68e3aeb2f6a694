//! Whether a connection is of use, which is what readiness rests on.

use std::time::{Duration, Instant};

use event_bus::Bus;
use test_support::{NatsServer, eventually};

use crate::{connect, folder, publish_frame};

/// Three seconds and what a busy machine adds.
const SOON: Duration = Duration::from_secs(10);

async fn changes_soon_to(bus: &Bus, expected: bool) {
    let began = Instant::now();
    eventually("it is noticed", async || {
        (bus.is_connected() == expected).then_some(())
    })
    .await;
    assert!(began.elapsed() < SOON, "after {:?}", began.elapsed());
}

#[tokio::test]
async fn a_server_that_has_stopped_is_noticed_soon() {
    let server = NatsServer::start();
    let bus = connect(&server).await;
    assert!(bus.is_connected());
    server.pause();
    changes_soon_to(&bus, false).await;
    server.resume();
    changes_soon_to(&bus, true).await;
}

#[tokio::test]
async fn a_server_that_was_killed_is_noticed_soon() {
    let mut server = NatsServer::start();
    let bus = connect(&server).await;
    server.kill();
    changes_soon_to(&bus, false).await;
    server.start_again();
    eventually("it is back", async || bus.is_connected().then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_only_busy_stays_connected() {
    let server = NatsServer::start();
    let bus = connect(&server).await;
    let picture: &'static [u8] = vec![7; 4_000_000].leak();
    let flood = |camera: usize| {
        let bus = bus.clone();
        tokio::spawn(async move {
            for _ in 0..10 {
                publish_frame(&bus, &folder(&format!("camera{camera}")), picture).await;
            }
        })
    };
    let flood = futures::future::join_all((0..4).map(flood));
    let watch = async {
        loop {
            tokio::time::sleep(Duration::from_millis(20)).await;
            assert!(bus.is_connected());
        }
    };
    tokio::select! {
        () = watch => unreachable!("it ends by failing"),
        sent = flood => assert!(sent.iter().all(Result::is_ok)),
    }
}
