//! The bus against a real nats-server.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod follow;
mod past;
mod publish;
mod registry;
mod work;

use event_bus::{Bus, BusConfig, Folder, FrameHeaders};
use test_support::NatsServer;
use time::OffsetDateTime;

async fn connect(server: &NatsServer) -> Bus {
    Bus::connect(&BusConfig::for_url(server.url()), "test")
        .await
        .unwrap()
}

fn folder(name: &str) -> Folder {
    name.parse().unwrap()
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
