//! The bus against a real nats-server.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answers;
mod buckets;
mod damage;
mod dead_letters;
mod documents;
mod follow;
mod formats;
mod login;
mod normals;
mod past;
mod publish;
mod restore;
mod work;

use event_bus::{AlertSubject, Bus, BusConfig, Expected, Folder, FrameHeaders, Role};
use proto::v1::{Alert, Phase};
use test_support::NatsServer;
use time::OffsetDateTime;

async fn connect(server: &NatsServer) -> Bus {
    Bus::connect(&BusConfig::for_url(server.url()), "test", Role::Worker)
        .await
        .unwrap()
}

/// The view of a folder, which alerts are about.
fn view(name: &str) -> AlertSubject {
    AlertSubject::view(&folder(name))
}

fn folder(name: &str) -> Folder {
    name.parse().unwrap()
}

async fn publish_alert(bus: &Bus, name: &str, id: &str, expected: u64) {
    let alert = Alert {
        id: id.to_owned(),
        phase: Phase::Firing.into(),
        ..Alert::default()
    };
    bus.publish_alert(&view(name), &alert, Expected(expected))
        .await
        .unwrap();
}

async fn publish_frame(bus: &Bus, folder: &Folder, picture: &'static [u8]) -> u64 {
    let headers = FrameHeaders {
        camera: "cam".to_owned(),
        captured_at: OffsetDateTime::now_utc(),
    };
    bus.publish_frame(folder, &headers, Some("image/jpeg"), picture.into())
        .await
        .unwrap()
}
