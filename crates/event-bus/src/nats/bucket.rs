//! Key-value buckets of any kind: a value a key, of which the last holds. What a bucket holds is left to `contract`.
//!
//! A write is a message on `$KV.<bucket>.<key>` like any other event, so it has the same headers, trace and errors.

use std::{
    fmt::{Debug, Display},
    marker::PhantomData,
    str::FromStr,
};

use async_nats::jetstream::message::PublishMessage;
use bytes::Bytes;
use time::OffsetDateTime;

use super::{
    bus::Bus,
    event::{Event, Message, Undecodable},
    headers::{BY, value},
    past::Begin,
    publish::Expected,
    publish_error::PublishError,
    store_error::StoreError,
    subject::token,
};

/// What a bucket is called: by people, by the server, for which it is a stream, and its subjects.
#[derive(Debug, Clone, Copy)]
pub struct BucketNames {
    pub(crate) bucket: &'static str,
    pub(crate) stream: &'static str,
    pub(crate) subjects: &'static str,
}

/// The names of a key-value bucket.
macro_rules! key_value_names {
    ($bucket:literal) => {
        $crate::nats::bucket::BucketNames {
            bucket: $bucket,
            stream: concat!("KV_", $bucket),
            subjects: concat!("$KV.", $bucket, ".*"),
        }
    };
}
pub(crate) use key_value_names;

/// How a bucket keeps values whose JSON alone says whether they are valid.
macro_rules! values_as_json {
    () => {
        fn encode(
            value: &Self::Value,
        ) -> Result<bytes::Bytes, $crate::nats::store_error::StoreError> {
            $crate::nats::codec::to_json(value)
        }

        fn decode(
            _: &Self::Key,
            payload: &bytes::Bytes,
        ) -> Result<Self::Value, $crate::nats::event::Undecodable> {
            $crate::nats::codec::from_json(payload)
        }
    };
}
pub(crate) use values_as_json;

/// What a key-value bucket holds.
pub trait KeyValueBucket: Debug + Clone + Copy + PartialEq + Send + Sync + 'static {
    /// What it is called.
    const NAMES: BucketNames;

    /// A key: one token of a subject.
    type Key: Clone + Debug + Display + FromStr<Err: Display> + Send + Sync;

    /// What is kept under a key.
    type Value: Debug + Send + Sync;

    /// The bytes of a value.
    fn encode(value: &Self::Value) -> Result<Bytes, StoreError>;

    /// The value that bytes of this key stand for.
    fn decode(key: &Self::Key, payload: &Bytes) -> Result<Self::Value, Undecodable>;
}

/// A key-value bucket. Made without asking the server; cheap to clone.
#[derive(Clone)]
pub struct KeyValue<B> {
    bus: Bus,
    /// On all that is written.
    headers: Vec<(&'static str, String)>,
    bucket: PhantomData<B>,
}

/// A value was set, or taken back (`None`).
#[derive(Debug, Clone, PartialEq)]
pub struct Change<B: KeyValueBucket> {
    /// What holds from now on.
    pub value: Option<B::Value>,
}

const OPERATION: &str = "KV-Operation";

impl Bus {
    pub(crate) fn key_value<B: KeyValueBucket>(&self) -> KeyValue<B> {
        KeyValue {
            bus: self.clone(),
            headers: Vec::new(),
            bucket: PhantomData,
        }
    }
}

impl<B: KeyValueBucket> KeyValue<B> {
    /// The same bucket, with a header on all that is written through this.
    pub fn with_header(mut self, name: &'static str, text: &str) -> Self {
        self.headers.push((name, value(text)));
        self
    }

    /// The same bucket, for what this user or token writes; nobody is named where the name is empty.
    pub fn by(self, who: &str) -> Self {
        match who {
            "" => self,
            who => self.with_header(BY, who),
        }
    }

    /// What is kept under a key.
    pub async fn get(&self, key: &B::Key) -> Result<Option<B::Value>, StoreError> {
        let latest = self.bus.latest::<Change<B>>(key).await?;
        Ok(latest.and_then(|stored| stored.event.value))
    }

    /// Sets a value, in place of an earlier one; gives its number among all changes of the bucket.
    pub async fn set(&self, key: &B::Key, value: &B::Value) -> Result<u64, StoreError> {
        let set = self.write(key, put_message(B::encode(value)?)).await;
        set.map_err(PublishError::without_conflict)
    }

    /// Sets a value if the last change of the key is still the expected one.
    pub async fn update(
        &self,
        key: &B::Key,
        value: &B::Value,
        expected: Expected,
    ) -> Result<u64, PublishError> {
        let message = put_message(B::encode(value)?).expected_last_subject_sequence(expected.0);
        self.write(key, message).await
    }

    /// Sets a value where there is none; says whether there was none.
    pub async fn create(&self, key: &B::Key, value: &B::Value) -> Result<bool, StoreError> {
        let mut expected = Expected(0);
        loop {
            match self.update(key, value, expected).await {
                Ok(_) => return Ok(true),
                Err(PublishError::Conflict) => {}
                Err(error) => return Err(error.without_conflict()),
            }
            // One that was taken back is followed, and so is what cannot be read where nothing else is in force.
            let last = self.bus.last::<Change<B>>(key).await?;
            if last.expected == expected || self.in_force(key).await?.is_some() {
                return Ok(false);
            }
            expected = last.expected;
        }
    }

    /// The value after the last change that can be read.
    async fn in_force(&self, key: &B::Key) -> Result<Option<B::Value>, StoreError> {
        let mut value = None;
        let past = self
            .bus
            .past::<Change<B>>(Some(key), Begin::After(0), |change| {
                value = change.event.value;
            });
        past.await?;
        Ok(value)
    }

    /// Takes a value back. Where there is none, nothing changes.
    pub async fn unset(&self, key: &B::Key) -> Result<(), StoreError> {
        let unset = self.write(key, delete_message()).await;
        unset.map(drop).map_err(PublishError::without_conflict)
    }

    async fn write(&self, key: &B::Key, message: PublishMessage) -> Result<u64, PublishError> {
        let headers = self.headers.iter();
        let message = headers.fold(message, |message, (name, text)| {
            message.header(*name, text.as_str())
        });
        self.bus.publish::<Change<B>>(key, message).await
    }
}

/// The message that sets a value.
pub(crate) fn put_message(value: Bytes) -> PublishMessage {
    PublishMessage::build().payload(value)
}

/// The message that takes a value back.
pub(crate) fn delete_message() -> PublishMessage {
    PublishMessage::build().header(OPERATION, "DEL")
}

impl<B: KeyValueBucket> Event for Change<B> {
    type Key = B::Key;
    const STREAM: &'static str = B::NAMES.stream;
    const SUBJECTS: &'static str = B::NAMES.subjects;
    const FALLS_BACK: bool = true;

    fn subject(key: &B::Key) -> String {
        format!("$KV.{}.{key}", B::NAMES.bucket)
    }

    fn key(subject: &str) -> Result<B::Key, Undecodable> {
        let key = token(subject, 2)?;
        key.parse().map_err(|error| {
            let bucket = B::NAMES.bucket;
            Undecodable(format!("key {key:?} of the bucket {bucket}: {error}"))
        })
    }

    fn decode(key: &B::Key, message: Message<'_>, _: OffsetDateTime) -> Result<Self, Undecodable> {
        // Whoever takes a value back says so; a value is set without a word.
        let is_set = matches!(message.header(OPERATION), None | Some("PUT"));
        let value = is_set.then(|| B::decode(key, message.payload));
        Ok(Change {
            value: value.transpose()?,
        })
    }
}
