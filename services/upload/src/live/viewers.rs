//! Viewers of server-sent events: how many there may be, and how they know that the connection lives.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{HeaderName, header},
    response::IntoResponse,
};
use bytes::Bytes;
use futures::{
    StreamExt,
    future::ready,
    stream::{once, unfold},
};
use tokio::{
    sync::{OwnedSemaphorePermit, watch},
    time::{Instant, timeout_at},
};

use crate::{
    app::App,
    problem::{Kind, Problem},
};

/// A stream is never silent for longer. Without a word for some time a viewer can know that the connection is gone, of
/// which neither side may have heard; pages say so within 10 s.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(3);

/// The event that says so.
pub(super) const ALIVE: &str = "alive";

/// Keeps a proxy from holding events back.
pub(super) const UNBUFFERED: (HeaderName, &str) =
    (HeaderName::from_static("x-accel-buffering"), "no");

/// Whether what viewers are told is up to date, as JSON.
pub(crate) fn alive(app: &App) -> String {
    serde_json::json!({ "isConnected": app.broker.is_connected() }).to_string()
}

/// The first events for a viewer: how many alerts nobody has in hand, and that the page has been told all that it
/// missed.
fn greeting(app: &App) -> Vec<u8> {
    let hello = format!("event: hello\ndata: {}\n\n", alive(app));
    [&app.pace.unattended()[..], hello.as_bytes()].concat()
}

/// A viewer's place among all viewers.
pub(super) struct Seat {
    _permit: OwnedSemaphorePermit,
}

impl Seat {
    /// Refuses who would be one too many.
    pub(super) fn take(app: &App) -> Result<Self, Problem> {
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

/// Somebody who is told what they have not heard.
pub(crate) trait Viewer: Send + 'static {
    /// Waits for what comes next, as events; `None` when there will be no more. Whoever stops waiting loses nothing.
    fn next(&mut self) -> impl Future<Output = Option<Bytes>> + Send;
}

/// Somebody who is told at the end of a turn what has changed since the last one.
pub(crate) trait InTurns: Send + 'static {
    /// What is known at the end of a turn.
    type Turn: Send + Sync;

    fn turns(&mut self) -> &mut watch::Receiver<Self::Turn>;

    /// All that has changed since it was told, as events.
    fn news(&mut self) -> Vec<u8>;
}

impl<V: InTurns> Viewer for V {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            self.turns().changed().await.ok()?;
            let events = self.news();
            if !events.is_empty() {
                return Some(events.into());
            }
        }
    }
}

/// A viewer's connection, which is never silent for longer than [`KEEP_ALIVE`].
pub(crate) struct Connection {
    app: Arc<App>,
    /// When it is to be told next that the connection is alive.
    alive_at: Instant,
    _seat: Seat,
}

impl Connection {
    /// Refuses who would be one too many.
    pub(crate) fn open(app: &Arc<App>) -> Result<Self, Problem> {
        Ok(Connection {
            _seat: Seat::take(app)?,
            alive_at: Instant::now() + KEEP_ALIVE,
            app: Arc::clone(app),
        })
    }

    /// The answer that tells how all is, and then what changes, until shutdown.
    pub(crate) fn tell_in_turns<V: InTurns>(self, mut viewer: V) -> impl IntoResponse + use<V> {
        let first = [viewer.news(), greeting(&self.app)].concat();
        self.tell(first.into(), viewer)
    }

    /// The answer that tells the viewer these events and then all others, until shutdown.
    pub(crate) fn tell<V: Viewer>(self, first: Bytes, viewer: V) -> impl IntoResponse + use<V> {
        let others = unfold((self, viewer), async |(mut connection, mut viewer)| {
            let shutdown = connection.app.shutdown.clone();
            let next = connection.next(&mut viewer);
            let events = shutdown.run_until_cancelled(next).await??;
            Some((events, (connection, viewer)))
        });
        let events = once(ready(first)).chain(others);
        let headers = [(header::CONTENT_TYPE, "text/event-stream"), UNBUFFERED];
        (headers, Body::from_stream(events.map(Ok::<_, Infallible>)))
    }

    /// `None` when there will be no more.
    async fn next(&mut self, viewer: &mut impl Viewer) -> Option<Bytes> {
        if self.alive_at > Instant::now()
            && let Ok(events) = timeout_at(self.alive_at, viewer.next()).await
        {
            return events;
        }
        self.alive_at = Instant::now() + KEEP_ALIVE;
        Some(format!("event: {ALIVE}\ndata: {}\n\n", alive(&self.app)).into())
    }
}
