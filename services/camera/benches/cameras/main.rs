//! What a camera costs: `cameras DOCS_FOLDER` writes what it finds into performance.md there, between its two marks. The same streams
//! are read by this service, by an ffmpeg for each that decodes all frames, by one that decodes key frames alone, and by go2rtc, where
//! `GO2RTC` names it; in turns, some rounds. Only what reads them is counted; servers share the machine.
//!
//! `VIDEO` names what the cameras show; without it, a moving picture is drawn.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]
#![expect(
    clippy::print_stderr,
    reason = "whoever runs it wants to see how far it is"
)]

mod contender;
mod report;
mod server;
mod usage;

use std::{path::PathBuf, thread::sleep, time::Duration};

use test_support::NatsServer;

use contender::Contender;
use event_bus::{Bus, BusConfig, Role};
use report::Measured;
use server::Server;
use usage::{cpu_seconds, resident_bytes};

/// How many cameras are read at the same time.
const CAMERAS: usize = 8;

const ROUNDS: usize = 3;

/// Connecting is not counted.
const WARM_UP: Duration = Duration::from_secs(8);
const MEASURED: Duration = Duration::from_secs(20);

#[tokio::main]
async fn main() {
    // Cargo adds a flag of its own.
    let docs = std::env::args()
        .skip(1)
        .find(|text| !text.starts_with("--"));
    let docs = PathBuf::from(docs.unwrap_or_else(|| "docs".into()));
    let server = Server::start();
    let nats = NatsServer::start();
    let config = BusConfig::for_url(nats.url());
    // It makes the streams.
    let bus = Bus::connect(&config, "bench", Role::Keeper).await.unwrap();
    let mut measured: Vec<Measured> = Vec::new();
    for round in 1..=ROUNDS {
        for contender in Contender::ALL {
            let Some(running) = contender.start(&server, &nats.url()) else {
                continue;
            };
            sleep(WARM_UP);
            let before = cpu_seconds(running.processes());
            sleep(MEASURED);
            let cores = (cpu_seconds(running.processes()) - before) / MEASURED.as_secs_f64();
            let result = Measured {
                contender,
                cores: cores / CAMERAS as f64,
                bytes: resident_bytes(running.processes()) / CAMERAS as u64,
            };
            eprintln!("round {round}: {result}");
            measured.push(result);
        }
    }
    bus.close().await;
    report::write(&docs, &measured).unwrap();
}
