//! A restoration that was killed half-way.

use event_bus::{AlertSubject, Bus, BusConfig, Expected, Extent, Folder, Role};
use proto::v1::{Alert, Phase};
use tempfile::TempDir;
use test_support::{NatsServer, eventually};

use super::{path_of, refused, succeeded};
use crate::{framewatch, run, stderr};

const ALERTS: u64 = 4000;

async fn connect(server: &NatsServer) -> Bus {
    let config = BusConfig::for_url(server.url());
    Bus::connect(&config, "test", Role::Restorer).await.unwrap()
}

async fn ids(bus: &Bus) -> Vec<String> {
    let mut alerts = bus.snapshot::<Alert>(Extent::Everything).await.unwrap();
    let mut ids = Vec::new();
    while let Some(alert) = alerts.next().await.unwrap() {
        ids.push(alert.event.id);
    }
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_that_was_killed_is_begun_again_and_until_then_nothing_starts() {
    let (source, target) = (NatsServer::start(), NatsServer::start());
    let from = connect(&source).await;
    let folder: Folder = "gate".parse().unwrap();
    for number in 0..ALERTS {
        let alert = Alert {
            id: number.to_string(),
            phase: Phase::Firing.into(),
            ..Alert::default()
        };
        let subject = AlertSubject::view(&folder);
        let published = from.publish_alert(&subject, &alert, Expected(number));
        published.await.unwrap();
    }
    let files = TempDir::new().unwrap();
    let [file, other] = [path_of(&files, "backup"), path_of(&files, "other")];
    for file in [&file, &other] {
        succeeded(&run(&["backup", file, "--nats-url", &source.url()]));
    }

    let nats = target.url();
    let to = connect(&target).await;
    let mut restoring = framewatch()
        .args(["restore", &file, "--nats-url", &nats])
        .spawn()
        .unwrap();
    eventually("it has begun", async || {
        to.unfinished_restoration().await.unwrap()
    })
    .await;
    restoring.kill().unwrap();
    restoring.wait().unwrap();
    assert!(to.unfinished_restoration().await.unwrap().is_some());

    let unfit = run(&["dead-letters", "list", "--nats-url", &nats]);
    assert_eq!(unfit.status.code(), Some(69), "{}", stderr(&unfit));
    assert!(
        stderr(&unfit).contains("framewatch restore"),
        "{}",
        stderr(&unfit)
    );
    refused(
        &run(&["restore", &other, "--nats-url", &nats]),
        "another backup",
    );
    let said = succeeded(&run(&["restore", &file, "--nats-url", &nats]));
    assert!(said.contains("broken off; beginning it again"), "{said}");
    assert_eq!(ids(&to).await, ids(&from).await);
    succeeded(&run(&["dead-letters", "list", "--nats-url", &nats]));
}
