//! Viewers of server-sent events: how many there may be, and how they know that the connection lives.

use std::{sync::Arc, time::Duration};

use axum::http::HeaderName;
use tokio::sync::OwnedSemaphorePermit;

use crate::{
    app::App,
    problem::{Kind, Problem},
};

/// A stream is never silent for longer. Without a word for some time a viewer can know that the connection is gone, of
/// which neither side may have heard; pages say so within 10 s.
pub(crate) const KEEP_ALIVE: Duration = Duration::from_secs(3);

/// The event that says so.
pub(crate) const ALIVE: &str = "alive";

/// Keeps a proxy from holding events back.
pub(crate) const UNBUFFERED: (HeaderName, &str) =
    (HeaderName::from_static("x-accel-buffering"), "no");

/// Whether what viewers are told is current, as JSON.
pub(crate) fn alive(app: &App) -> String {
    serde_json::json!({ "isConnected": app.broker.is_connected() }).to_string()
}

/// A viewer's place among all viewers.
pub(crate) struct Seat {
    _permit: OwnedSemaphorePermit,
}

impl Seat {
    /// Refuses who would be one too many.
    pub(crate) fn take(app: &App) -> Result<Self, Problem> {
        let permit = Arc::clone(&app.viewers).try_acquire_owned().map_err(|_| {
            Kind::Busy.because("Too many viewers follow the events. Try again in a moment.")
        })?;
        metrics::gauge!("framewatch_sse_viewers").increment(1.0);
        Ok(Seat { _permit: permit })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        metrics::gauge!("framewatch_sse_viewers").decrement(1.0);
    }
}
