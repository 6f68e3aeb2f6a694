//! Whether our nats-server can write to its disk. A stream to which one write has failed goes on failing until the
//! server is started anew, even when there is room again. Whoever publishes there gets no answer.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use reqwest::Client;
use rustix::fs::statvfs;
use serde::Deserialize;
use tokio::time::sleep;

use crate::api::choose_cryptography;

/// Asks nats-server how it is, and its file system how much room there is.
#[derive(Clone)]
pub(super) struct Disk {
    folder: PathBuf,
    monitor_port: u16,
    client: Client,
    is_written: Arc<AtomicBool>,
}

/// What nats-server answers on `/healthz`.
#[derive(Deserialize)]
struct Health {
    #[serde(default)]
    error: String,
}

const INTERVAL: Duration = Duration::from_secs(2);

/// With less room than this, in bytes, a server that is started again would soon fail again.
const ROOM_TO_START: u64 = 64 * 1024 * 1024;

impl Disk {
    /// Watches the server whose data are in `folder` and which answers on this port of loopback.
    pub(super) fn new(folder: PathBuf, monitor_port: u16) -> Self {
        choose_cryptography();
        // On loopback, where no proxy has any business.
        let client = Client::builder().no_proxy().build().unwrap_or_default();
        Disk {
            folder,
            monitor_port,
            client,
            is_written: Arc::new(AtomicBool::new(true)),
        }
    }

    pub(super) fn monitor_port(&self) -> u16 {
        self.monitor_port
    }

    /// Whether everything was written that was to be, as far as is known.
    pub(super) fn is_written(&self) -> bool {
        self.is_written.load(Ordering::Relaxed)
    }

    /// Resolves when a write has failed and there is room again; says what had failed.
    pub(super) async fn has_room_again(&self) -> String {
        loop {
            sleep(INTERVAL).await;
            let Some(failure) = self.failure().await else {
                self.is_written.store(true, Ordering::Relaxed);
                continue;
            };
            let room = self.room();
            if self.is_written.swap(false, Ordering::Relaxed) {
                tracing::error!(
                    failure,
                    room,
                    "nats-server cannot write to {}: nothing is stored until there is room for {ROOM_TO_START} bytes",
                    self.folder.display()
                );
            }
            if room >= ROOM_TO_START {
                return failure;
            }
        }
    }

    /// The write that has failed, in the server's words.
    async fn failure(&self) -> Option<String> {
        let url = format!("http://127.0.0.1:{}/healthz", self.monitor_port);
        let answer = self.client.get(url).timeout(INTERVAL).send().await.ok()?;
        let health: Health = answer.json().await.ok()?;
        health.error.contains("write error").then_some(health.error)
    }

    fn room(&self) -> u64 {
        statvfs(&self.folder).map_or(0, |it| it.f_bavail.saturating_mul(it.f_frsize))
    }
}
