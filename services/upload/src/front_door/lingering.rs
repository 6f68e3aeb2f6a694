//! Request bodies that are read to their end even where the answer is known before. Most clients send all before they
//! listen; one whose connection is closed meanwhile never learns why it was refused.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, HttpBody},
    extract::{Request, State},
    http::header,
    middleware::Next,
    response::Response,
};
use bytes::Bytes;
use futures::StreamExt;
use http_body::{Frame, SizeHint};
use tokio::time::timeout;

use crate::app::App;

/// How much is read, and for how long.
const MAX_BYTES: usize = 256_000_000;
const MAX_TIME: Duration = Duration::from_secs(10);

struct Lingering {
    body: Body,
    /// The client sends nothing until it is asked to go on, and nobody has asked.
    is_held_back: bool,
    app: Arc<App>,
}

pub(crate) async fn linger(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Response {
    if !request.body().is_end_stream() {
        let is_held_back = request.headers().contains_key(header::EXPECT);
        request = request.map(|body| {
            Body::new(Lingering {
                body,
                is_held_back,
                app,
            })
        });
    }
    next.run(request).await
}

impl HttpBody for Lingering {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.is_held_back = false;
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        if self.body.is_end_stream() || self.is_held_back || self.app.shutdown.is_cancelled() {
            return;
        }
        let rest = std::mem::take(&mut self.body);
        let shutdown = self.app.shutdown.clone();
        self.app.tracker.spawn(async move {
            let reading = timeout(MAX_TIME, discard(rest));
            if !matches!(shutdown.run_until_cancelled(reading).await, Some(Ok(()))) {
                tracing::debug!("a refused request was not read to its end");
            }
        });
    }
}

async fn discard(body: Body) {
    let mut chunks = body.into_data_stream();
    let mut left = MAX_BYTES;
    while let Some(Ok(chunk)) = chunks.next().await {
        left = left.saturating_sub(chunk.len());
        if left == 0 {
            return;
        }
    }
}
