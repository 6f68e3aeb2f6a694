//! Whether the server answers. A connection that is up says little: the kernel holds it up where the server has stopped, and
//! the client's pings wait behind frames on a slow line, so that they must be patient.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_nats::jetstream;
use tokio::time::{sleep, timeout};

use super::store_error::StoreError;

/// Half a second and two: a server that stops is noticed within three. One that is only busy answers within two.
const ASK_EVERY: Duration = Duration::from_millis(500);
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);

/// Asks for this stream again and again, and keeps in `answers` whether anything was said.
pub(super) async fn ask(jetstream: jetstream::Context, stream: &str, answers: Arc<AtomicBool>) {
    loop {
        sleep(ASK_EVERY).await;
        let answered = match timeout(ANSWERS_WITHIN, jetstream.get_stream(stream)).await {
            Ok(Ok(_)) => true,
            Ok(Err(error)) => !matches!(StoreError::from(error), StoreError::NoAnswer(_)),
            Err(_) => false,
        };
        if answers.swap(answered, Ordering::Relaxed) != answered {
            tracing::debug!(answered, "whether NATS answers has changed");
        }
    }
}
