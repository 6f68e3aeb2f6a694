//! One stream into Redis.

use std::time::Duration;

use event_bus::{Bus, ReadError, Reader, Stored, with_causes};
use redis::AsyncCommands as _;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::Span;

use crate::{
    Connection,
    apply::{Applied, Applying, Refused, steps},
    format,
    interrupted::Interrupted,
    position::Held,
    redis_keys::{Commands, Writing, entries_key, is_of_the_key, position_key, removal, time_key},
    standing::Standing,
    wanted::Wanted,
};

const BATCH: usize = 256;

/// After how long reading begins again.
const RETRY: Duration = Duration::from_millis(500);

/// After how long keys that were refused are tried again.
const TRY_AGAIN: Duration = Duration::from_secs(5);

/// Keeps Redis up to date with streams.
pub(crate) struct Sink {
    pub(crate) redis: Connection,
    pub(crate) writing: Writing,
    pub(crate) bus: Bus,
    pub(crate) shutdown: CancellationToken,
}

impl Sink {
    /// Applies a stream until shutdown.
    pub(crate) async fn keep_current<E: Commands>(&self, standing: &Standing) {
        loop {
            let applying = self.apply_stream::<E>(standing);
            let Some(interrupted) = self.shutdown.run_until_cancelled(applying).await else {
                return;
            };
            if !matches!(interrupted, Interrupted::Anew) {
                standing.stopped(interrupted.to_string(), with_causes(&interrupted));
                metrics::counter!("framewatch_sink_interruptions_total", "stream" => E::STREAM)
                    .increment(1);
            }
            let pause = self.shutdown.run_until_cancelled(sleep(RETRY));
            if pause.await.is_none() {
                return;
            }
        }
    }

    /// Returns only why it can't go on.
    async fn apply_stream<E: Commands>(&self, standing: &Standing) -> Interrupted {
        match self.try_apply_stream::<E>(standing).await {
            Err(interrupted) => interrupted,
            Ok(never) => match never {},
        }
    }

    async fn try_apply_stream<E: Commands>(
        &self,
        standing: &Standing,
    ) -> Result<std::convert::Infallible, Interrupted> {
        let mut redis = self.redis.clone();
        format::check(&mut redis).await?;
        format::mark(&mut redis).await?;
        if E::GOES_WITH_ITS_FOLDER {
            self.writing.removals.begin_again();
        }
        let (mut reader, mut applying) = self.begin::<E>(standing, &mut redis).await?;
        standing.begun();
        let mut tried_at = Instant::now();
        loop {
            if E::GOES_WITH_ITS_FOLDER {
                self.forget_removed(&mut applying, &mut redis).await?;
            }
            if applying.is_incomplete() && tried_at.elapsed() >= TRY_AGAIN {
                let (applied, refused) = applying.try_again(&mut redis).await?;
                if applied == Applied::Done {
                    standing.refused(refused);
                }
                tried_at = Instant::now();
            }
            let batch = reader.next_batch(BATCH).await?;
            let spans = continue_traces(&batch);
            // Without events it shows that Redis still holds what was applied, and takes writes.
            let applied = applying.apply(&batch, &self.writing, &mut redis).await?;
            drop(spans);
            go_on(applied)?;
            standing.goes_on();
            metrics::gauge!("framewatch_sink_waiting", "stream" => E::STREAM)
                .set(reader.waiting() as f64);
            metrics::counter!("framewatch_sink_events_total", "stream" => E::STREAM)
                .increment(batch.len() as u64);
        }
    }

    /// Goes on where Redis is in the stream. Where it does not say, or lacks something, or the stream is another, it is given
    /// what the whole stream says.
    async fn begin<E: Commands>(
        &self,
        standing: &Standing,
        redis: &mut Connection,
    ) -> Result<(Reader<E>, Applying), Interrupted> {
        let key = position_key(E::STREAM);
        let held = Held::load(&key, redis).await?;
        if E::HAS_ENTRIES && matches!(redis, Connection::Server(_)) {
            // It is as much in the way if it is not the sink's.
            Held::load(&entries_key(&key), redis).await?;
        }
        let reader = self.bus.read::<E>(held.sequence()).await?;
        let made_at = reader.made_at();
        let made = made_at.unix_timestamp_nanos().to_string();
        let mut applying = Applying::new::<E>(held.clone(), &made);
        let has_gone_back = reader.begins_after() < held.sequence();
        let least = match &held {
            Held::Number(_) if !has_gone_back => {
                go_on(applying.adopt(redis).await?)?;
                return Ok((reader, applying));
            }
            Held::Of(it) if it.made == made && !has_gone_back => {
                if it.incomplete.is_none() {
                    standing.refused(Refused::new());
                    return Ok((reader, applying));
                }
                it.sequence
            }
            Held::Nothing => 0,
            Held::Number(_) | Held::Of(_) => {
                tracing::warn!(
                    stream = E::STREAM,
                    "the stream was made anew; writing what it holds now"
                );
                0
            }
        };
        let mut reader = match reader.begins_after() {
            0 => reader,
            _ => self.bus.read::<E>(0).await?,
        };
        if reader.made_at() != made_at {
            return Err(Interrupted::Anew);
        }
        let (wanted, last) = self.read_all(&mut reader).await?;
        let to = last.max(least);
        let (applied, refused) = applying
            .write_anew(wanted, to, has_gone_back, redis)
            .await?;
        go_on(applied)?;
        standing.refused(refused);
        Ok((reader, applying))
    }

    /// What keys must hold after all events that are there, and the number of the last event.
    async fn read_all<E: Commands>(
        &self,
        reader: &mut Reader<E>,
    ) -> Result<(Wanted, u64), ReadError> {
        let (mut wanted, mut last) = (Wanted::default(), 0);
        while reader.waiting() > 0 {
            let batch = reader.next_batch(BATCH).await?;
            let Some(stored) = batch.last() else { break };
            last = stored.sequence;
            let steps = batch.iter().flat_map(|stored| steps(stored, &self.writing));
            steps.for_each(|step| wanted.learn(step));
        }
        Ok((wanted, last))
    }

    /// Takes away what Redis holds of folders that are gone. Done between two batches, so that nothing of before comes back.
    async fn forget_removed(
        &self,
        applying: &mut Applying,
        redis: &mut Connection,
    ) -> Result<(), Interrupted> {
        let removals = &self.writing.removals;
        while let Some((folder, removed_at)) = removals.due() {
            let seen_at: Option<String> = match redis.get(time_key(&folder)).await {
                Err(error) if is_of_the_key(error.code()) => None,
                seen_at => seen_at?,
            };
            let seen_at = seen_at.and_then(|text| OffsetDateTime::parse(&text, &Rfc3339).ok());
            // The folder is there again, and has been compared.
            let is_newer = seen_at.is_some_and(|seen_at| seen_at > removed_at);
            if !is_newer {
                applying.remove(removal(&folder), redis).await?;
            }
            removals.done(&folder);
        }
        Ok(())
    }
}

fn go_on(applied: Applied) -> Result<(), Interrupted> {
    match applied {
        Applied::Done => Ok(()),
        Applied::RedisIsBehind => Err(Interrupted::Behind),
        Applied::Incomplete | Applied::Moved => Err(Interrupted::Anew),
    }
}

/// A span for each event of the batch that is traced; they last as long as writing the batch does.
fn continue_traces<E: Commands>(batch: &[Stored<E>]) -> Vec<Span> {
    let traced = batch.iter().filter(|stored| stored.origin.is_known());
    traced
        .map(|stored| {
            let span = tracing::info_span!("write", stream = E::STREAM, folder = %stored.key, event = stored.sequence);
            stored.origin.continue_in(&span);
            span
        })
        .collect()
}
