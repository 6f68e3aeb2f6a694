//! A body on its way into the multipart parser, which keeps in memory whatever it has not yet made sense of.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use futures::{Stream, StreamExt};

/// How much the parser may be given beyond what it has handed on: a chunk as the connection reads it and the head of a
/// part.
const AHEAD: usize = 1024 * 1024;

/// Hands one chunk at a time to the parser, which otherwise takes all that is there at once, and breaks off where the
/// parser finds neither the end of a head nor a part's data in [`AHEAD`] bytes.
struct Metered {
    chunks: BodyDataStream,
    allowance: Allowance,
    is_time_to_parse: bool,
}

/// What the parser may still be given.
#[derive(Clone)]
pub(super) struct Allowance(Arc<AtomicUsize>);

#[derive(Debug, thiserror::Error)]
enum MeteredError {
    #[error(transparent)]
    Body(#[from] axum::Error),
    #[error("the head of a part is too long")]
    Exhausted,
}

impl Allowance {
    /// To be told of all data that the parser has handed on.
    pub(super) fn give_back(&self, bytes: usize) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }

    fn take(&self, bytes: usize) -> bool {
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(bytes)
            })
            .is_ok()
    }
}

pub(super) fn metered(body: Body) -> (Body, Allowance) {
    let allowance = Allowance(Arc::new(AtomicUsize::new(AHEAD)));
    let metered = Metered {
        chunks: body.into_data_stream(),
        allowance: allowance.clone(),
        is_time_to_parse: false,
    };
    (Body::from_stream(metered), allowance)
}

impl Stream for Metered {
    type Item = Result<Bytes, MeteredError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if std::mem::take(&mut self.is_time_to_parse) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let next = std::task::ready!(self.chunks.poll_next_unpin(context));
        self.is_time_to_parse = true;
        Poll::Ready(next.map(|chunk| {
            let chunk = chunk?;
            match self.allowance.take(chunk.len()) {
                true => Ok(chunk),
                false => Err(MeteredError::Exhausted),
            }
        }))
    }
}
