//! Following a stream: what it holds, then what comes, across restarts of the server.

use async_nats::jetstream::{
    Message,
    consumer::{DeliverPolicy, pull::OrderedConfig},
};
use futures::TryStreamExt;
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;

use super::{
    bus::Bus,
    event::{Event, Stored},
    readable::LatestReadable,
    store_error::StoreError,
    unreadable::UnreadableLog,
};

/// What [`Bus::follow`] hands on.
#[derive(Debug)]
pub enum Latest<E: Event> {
    /// The latest event of a key, or a new one. After a reconnect the latest ones come again. Of a bucket, the latest that
    /// can be read.
    Event(Stored<E>),
    /// The stream was deleted, and made anew. What it holds comes next; what was handed on before is gone from it, and the
    /// numbers of its events begin again.
    Anew,
    /// All that was there at the beginning has been handed on; from here on it is live.
    CaughtUp,
}

/// How many earlier events to begin with.
#[derive(Clone, Copy)]
pub(crate) enum From {
    LatestOfEachKey,
    TheFirst,
}

impl Bus {
    /// Hands the latest event of every key to `apply`, then every new one, until shutdown; begins again after a lost
    /// connection. A message that can't be read is logged, kept as a dead letter, and passed over.
    pub async fn follow<E: Event>(
        &self,
        shutdown: &CancellationToken,
        apply: impl FnMut(Latest<E>),
    ) {
        self.follow_from(From::LatestOfEachKey, shutdown, apply)
            .await;
    }

    /// Like [`follow`](Bus::follow), but beginning with the oldest event that the stream holds.
    pub async fn follow_all<E: Event>(
        &self,
        shutdown: &CancellationToken,
        apply: impl FnMut(Latest<E>),
    ) {
        self.follow_from(From::TheFirst, shutdown, apply).await;
    }

    /// All events that the stream holds now, oldest first.
    pub async fn all<E: Event>(&self) -> Vec<Stored<E>> {
        let mut events = Vec::new();
        let done = CancellationToken::new();
        self.follow_all(&done, |latest| match latest {
            Latest::Event(event) => events.push(event),
            Latest::Anew => events.clear(),
            Latest::CaughtUp => done.cancel(),
        })
        .await;
        events
    }

    pub(crate) async fn follow_from<E: Event>(
        &self,
        from: From,
        shutdown: &CancellationToken,
        mut apply: impl FnMut(Latest<E>),
    ) {
        let mut attempts = self.attempts(E::STREAM, shutdown);
        let mut followed = None;
        while attempts
            .again(self.follow_once(from, &mut followed, &mut apply))
            .await
        {}
    }

    /// Follows the stream of this name until it is gone; `followed` is when the one was made that was followed before.
    async fn follow_once<E: Event>(
        &self,
        from: From,
        followed: &mut Option<OffsetDateTime>,
        apply: &mut impl FnMut(Latest<E>),
    ) -> Result<(), StoreError> {
        let incarnation = self.incarnation(E::STREAM).await?;
        let before = followed.replace(incarnation.made_at());
        if before.is_some_and(|before| before != incarnation.made_at()) {
            apply(Latest::Anew);
        }
        tokio::select! {
            ended = incarnation.ended() => Err(ended),
            done = self.follow_this(from, apply) => done,
        }
    }

    async fn follow_this<E: Event>(
        &self,
        from: From,
        apply: &mut impl FnMut(Latest<E>),
    ) -> Result<(), StoreError> {
        let config = OrderedConfig {
            filter_subject: E::SUBJECTS.to_owned(),
            deliver_policy: match from {
                From::LatestOfEachKey if !E::FALLS_BACK => DeliverPolicy::LastPerSubject,
                From::LatestOfEachKey | From::TheFirst => DeliverPolicy::All,
            },
            headers_only: E::HEADERS_ONLY,
            ..OrderedConfig::default()
        };
        let (consumer, mut backlog) = self.consume::<E>(config).await?;
        let of_each_key = E::FALLS_BACK && matches!(from, From::LatestOfEachKey);
        let mut latest = LatestReadable::new();
        let mut unreadable = UnreadableLog::default();
        let mut messages = consumer.messages().await?;
        while let Some(message) = backlog.next(&mut messages).await? {
            if of_each_key {
                latest.learn(message);
            } else {
                self.hand_on(&message, &mut unreadable, apply).await;
            }
        }
        latest
            .take_latest()
            .for_each(|stored| apply(Latest::Event(stored)));
        for message in latest.take_unread() {
            if let Err(error) = unreadable.read::<E>(&message) {
                self.pass_over::<E>(&message, &error.to_string()).await;
            }
        }
        self.interruptions.over(E::STREAM);
        apply(Latest::CaughtUp);

        while let Some(message) = messages.try_next().await? {
            self.hand_on(&message, &mut unreadable, apply).await;
        }
        Ok(())
    }

    async fn hand_on<E: Event>(
        &self,
        message: &Message,
        unreadable: &mut UnreadableLog,
        apply: &mut impl FnMut(Latest<E>),
    ) {
        match unreadable.read(message) {
            Ok(stored) => apply(Latest::Event(stored)),
            Err(error) => self.pass_over::<E>(message, &error.to_string()).await,
        }
    }
}
