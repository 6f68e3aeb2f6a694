//! Which of the streams that have had one name: a stream that was deleted is made again under it, and counts its events
//! from the beginning.

use std::time::Duration;

use async_nats::jetstream::stream::Stream;
use time::OffsetDateTime;
use tokio::time::sleep;

use super::{bus::Bus, event::Event, store_error::StoreError};

/// A stream as it was found. When it was made tells it from those of its name before and after it.
pub(crate) struct Incarnation {
    stream: Stream<()>,
    made_at: OffsetDateTime,
}

/// How often to look whether it is still there. A client that reads it is not told when it is deleted.
const LOOK_AFTER: Duration = Duration::from_secs(2);

impl Bus {
    /// When the stream of these events was made.
    pub async fn made_at<E: Event>(&self) -> Result<OffsetDateTime, StoreError> {
        Ok(self.incarnation(E::STREAM).await?.made_at())
    }

    /// The stream that has this name now.
    pub(crate) async fn incarnation(
        &self,
        stream: &'static str,
    ) -> Result<Incarnation, StoreError> {
        let stream = self.jetstream.get_stream_no_info(stream).await?;
        Ok(Incarnation {
            made_at: stream.get_info().await?.created,
            stream,
        })
    }
}

impl Incarnation {
    /// When the stream was made.
    pub(crate) fn made_at(&self) -> OffsetDateTime {
        self.made_at
    }

    /// Resolves when the stream is gone, or another one has its name.
    pub(crate) async fn ended(&self) -> StoreError {
        loop {
            sleep(LOOK_AFTER).await;
            match self.stream.get_info().await.map_err(StoreError::from) {
                Ok(info) if info.created != self.made_at => return StoreError::MadeAnew,
                Err(gone @ StoreError::Missing(_)) => return gone,
                // Where nothing answers, whoever reads finds out by itself.
                Ok(_) | Err(_) => {}
            }
        }
    }
}
