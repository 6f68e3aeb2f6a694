//! What a stream holds when a consumer is made, up to its end, even where the server cannot read some of it.
//!
//! A message that is damaged on disk is counted as pending and never sent, and nobody is told. So where nothing comes
//! any more, the server is asked what is still to come. Where only the last message of each subject is wanted, a
//! damaged one is not even counted; then there are fewer messages than subjects.

use std::time::Duration;

use async_nats::jetstream::{
    Message,
    consumer::{
        Consumer, DeliverPolicy,
        pull::{Ordered, OrderedConfig},
    },
    stream::Stream,
};
use futures::TryStreamExt;
use tokio::time::timeout;

use super::{bus::Bus, event::Event, store_error::StoreError};

/// After how long without a message to ask what is still to come.
const PAUSE: Duration = Duration::from_millis(1500);

/// How often the server is asked before what does not come is given up, where it does not say how far it is.
const MOST_PAUSES: u32 = 10;

/// How often the server may say the same before it is clear that it has nothing more to send.
const MOST_STANDING: u32 = 3;

/// The messages that were there when an ordered consumer was made.
pub(crate) struct Backlog {
    name: &'static str,
    stream: Stream<()>,
    consumer: String,
    /// How many are still to come, as the server says.
    left: u64,
    /// The last number that the stream had given. `None` of buckets, and where only the last message of each subject comes:
    /// there a message that is replaced meanwhile would look like a damaged one.
    end: Option<u64>,
    /// The number among this consumer's messages of the last one that came.
    received: u64,
    gaps: Gaps,
    standing: Standing,
    unreadable: u64,
}

/// Whether the server makes progress: how far it last said it was, and how often it repeated that.
#[derive(Debug, Default)]
struct Standing {
    last: Option<(u64, u64)>,
    again: u32,
}

impl Standing {
    /// Takes in how far the server is, while it has a request that it could answer; whether it stands still.
    fn learn(&mut self, delivered: u64, pending: u64) -> bool {
        let now = Some((delivered, pending));
        self.again = match self.last == now {
            true => self.again + 1,
            false => 0,
        };
        self.last = now;
        self.again >= MOST_STANDING
    }
}

/// The numbers that are missing among the messages that came. Those messages were removed, or cannot be read.
#[derive(Debug, Default)]
struct Gaps {
    last: Option<u64>,
    missing: Option<(u64, u64)>,
}

impl Gaps {
    fn pass(&mut self, sequence: u64) {
        let expected = self.last.map_or(sequence, |last| last + 1);
        if expected < sequence {
            let first = self.missing.map_or(expected, |(first, _)| first);
            self.missing = Some((first, sequence - 1));
        }
        self.last = Some(sequence);
    }

    /// From where to where. Where all that came was without a gap, it lies after that.
    fn extent(&self) -> String {
        match (self.missing, self.last) {
            (Some((first, last)), _) => format!("{first} to {last}"),
            (None, Some(last)) => format!("after {last}"),
            (None, None) => "all".to_owned(),
        }
    }
}

impl Bus {
    /// Makes a consumer of a stream, which removes itself some time after nobody asks it any more.
    pub(crate) async fn consume<E: Event>(
        &self,
        config: OrderedConfig,
    ) -> Result<(Consumer<OrderedConfig>, Backlog), StoreError> {
        let is_of_each = matches!(config.deliver_policy, DeliverPolicy::LastPerSubject);
        let before = match is_of_each {
            true => Some(self.jetstream.get_stream(E::STREAM).await?),
            false => None,
        };
        let stream = self.jetstream.get_stream_no_info(E::STREAM).await?;
        let consumer = stream.create_consumer(config.clone()).await?;
        let made = consumer.cached_info();
        let after = self.jetstream.get_stream(E::STREAM).await?;
        let may_know_end = !is_of_each && !after.cached_info().config.allow_rollup;
        let mut backlog = Backlog {
            name: E::STREAM,
            stream,
            consumer: made.name.clone(),
            left: made.num_pending,
            end: may_know_end.then(|| after.cached_info().state.last_sequence),
            received: 0,
            gaps: Gaps::default(),
            standing: Standing::default(),
            unreadable: 0,
        };
        if let Some(before) = before {
            let subjects = |stream: &Stream| {
                let info = stream.cached_info();
                let takes_all = info.config.subjects == [config.filter_subject.as_str()];
                takes_all.then_some(info.state.subjects_count)
            };
            // Some may have gone by age at that moment.
            let subjects = subjects(&before).min(subjects(&after)).unwrap_or(0);
            backlog.pass_over(
                subjects.saturating_sub(made.num_pending),
                "each the last of its subject",
            );
        }
        Ok((consumer, backlog))
    }
}

impl Backlog {
    /// What the consumer is called.
    pub(crate) fn consumer(&self) -> &str {
        &self.consumer
    }

    /// Whether all of it has come.
    pub(crate) fn is_over(&self) -> bool {
        self.left == 0
    }

    /// The next message; `None` where that was all that can be read.
    pub(crate) async fn next(
        &mut self,
        messages: &mut Ordered,
    ) -> Result<Option<Message>, StoreError> {
        let mut pauses = 0;
        while self.left > 0 {
            let Ok(message) = timeout(PAUSE, messages.try_next()).await else {
                pauses += 1;
                self.ask(pauses).await?;
                continue;
            };
            let gave_up = || StoreError::NoAnswer("the client gave up on the stream".into());
            let message = message?.ok_or_else(gave_up)?;
            self.learn(&message)?;
            return Ok(Some(message));
        }
        Ok(None)
    }

    /// Takes in that this message came.
    pub(crate) fn learn(&mut self, message: &Message) -> Result<(), StoreError> {
        let info = message.info().map_err(StoreError::Refused)?;
        self.received = info.consumer_sequence;
        if self.end.is_some_and(|end| info.stream_sequence > end) {
            self.end_here();
        }
        self.gaps.pass(info.stream_sequence);
        self.standing = Standing::default();
        // What has gone by age meanwhile does not come.
        self.left = self.left.saturating_sub(1).min(info.pending);
        Ok(())
    }

    /// Asks what is still to come, where nothing came; after so many pauses nothing is waited for any more.
    pub(crate) async fn ask(&mut self, pauses: u32) -> Result<(), StoreError> {
        let is_last = pauses >= MOST_PAUSES;
        match self.stream.consumer_info(&self.consumer).await {
            Ok(info) => {
                let is_sent =
                    info.num_pending == 0 && info.delivered.consumer_sequence <= self.received;
                let delivered = info.delivered.stream_sequence;
                let stands =
                    info.num_waiting > 0 && self.standing.learn(delivered, info.num_pending);
                if is_sent || stands || is_last {
                    self.end_here();
                }
                Ok(())
            }
            // The client may have made another consumer meanwhile.
            Err(_) if !is_last => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Gives up what has not come.
    fn end_here(&mut self) {
        self.pass_over(self.left, &self.gaps.extent());
        self.left = 0;
    }

    fn pass_over(&mut self, count: u64, numbers: &str) {
        if count > 0 {
            metrics::counter!("framewatch_messages_damaged_total", "stream" => self.name)
                .increment(count);
            tracing::warn!(
                stream = self.name,
                count,
                numbers,
                "messages that the server holds do not come, and are passed over: they are damaged in its store, or were \
                 removed at this moment"
            );
            self.unreadable += count;
        }
    }

    /// How many messages the server had announced that did not come.
    pub(crate) fn unreadable(&self) -> u64 {
        self.unreadable
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_stands_still_that_says_the_same_again_and_again() {
        let mut standing = Standing::default();
        let said = [(7, 2), (7, 2), (8, 1), (8, 1), (8, 1)];
        for (delivered, pending) in said {
            assert!(!standing.learn(delivered, pending));
        }
        assert!(standing.learn(8, 1));
    }

    #[test]
    fn what_is_missing_lies_where_numbers_are() {
        let mut gaps = Gaps::default();
        assert_eq!(gaps.extent(), "all");
        for sequence in [5, 6, 7] {
            gaps.pass(sequence);
        }
        assert_eq!(gaps.extent(), "after 7");
        for sequence in [9, 10, 13] {
            gaps.pass(sequence);
        }
        assert_eq!(gaps.extent(), "8 to 12");
    }
}
